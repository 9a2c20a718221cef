// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// Writes a file to a bulk or interrupt pipe.
struct DataWriter<Kind: DataKind> {
    let pipe: OutPipe<Kind>
    let clock: BusClock
    let settings: MoveSettings

    /// Writes until the end of the file, the limit, or a failure; everything has come back when it returns.
    func run(_ file: DataFile) async -> MoveReport {
        let size = MoveSettings.transferBytes(pipe.endpoint)
        let input = InputReader(file, pieceSize: size, limit: settings.count)
        var report = MoveReport()
        var ring = TransferRing(count: MoveSettings.dataDepth) { pipe.makeTransfer(capacity: size) }
        var hasMore = true
        while report.stop == nil, hasMore || ring.inFlight > 0 {
            if Task.isCancelled {
                report.stop(.interrupted)
            } else if hasMore, ring.hasRoom {
                hasMore = await launchNext(from: input, &ring, &report)
            } else {
                await collect(&ring, &report)
            }
        }
        input.stop()
        if report.stop != nil { await pipe.abort() }
        while ring.inFlight > 0 { await collect(&ring, &report) }
        return report
    }

    /// Submits the next piece. False when there is none.
    private func launchNext(
        from input: InputReader, _ ring: inout TransferRing<Kind>, _ report: inout MoveReport
    ) async -> Bool {
        do {
            guard let piece = try await input.next() else {
                if Task.isCancelled { report.stop(.interrupted) }
                return false
            }
            if report.start == nil { report.start = clock.presentInstant }
            try ring.launch { (transfer) throws(USBError) in
                var transfer = transfer
                try transfer.fill(from: piece.span)
                return try transfer.submit(timeout: settings.timeout)
            }
            return true
        } catch let error as FileError {
            report.stop(.file(error))
        } catch let error as USBError {
            report.stop(.failed(error))
        } catch {
            report.stop(.interrupted)
        }
        return false
    }

    private func collect(_ ring: inout TransferRing<Kind>, _ report: inout MoveReport) async {
        if let outcome = await ring.collect({ $1 }) { report.add(outcome, bytes: outcome.byteCount) }
    }
}
