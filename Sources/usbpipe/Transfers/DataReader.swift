// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// Reads from a bulk or interrupt pipe into a file.
struct DataReader<Kind: DataKind> {
    let pipe: InPipe<Kind>
    let clock: BusClock
    let settings: MoveSettings

    /// Reads until the limit or a failure; everything has come back and is written when it returns.
    func run(_ file: DataFile) async -> MoveReport {
        let size = MoveSettings.transferBytes(pipe.endpoint)
        let packet = max(1, pipe.endpoint.maximumPacketSize)
        let output = OutputWriter(file)
        let limit = settings.count ?? .max
        var report = MoveReport()
        var ring = TransferRing(count: MoveSettings.dataDepth) { pipe.makeTransfer(capacity: size) }
        /// Bytes that are asked for but have not come.
        var asked = 0
        while report.stop == nil {
            let missing = limit - report.bytes - asked
            if Task.isCancelled {
                report.stop(.interrupted)
            } else if missing > 0, ring.hasRoom {
                // Whole packets, since a device sends no others; what is too much is dropped.
                let request = missing >= size ? size : (missing + packet - 1) / packet * packet
                launch(request, &ring, &report)
                asked += request
            } else if ring.inFlight > 0 {
                asked -= await collect(&ring, &report, limit: limit, output)
            } else {
                break
            }
        }
        if report.stop != nil { await pipe.abort() }
        while ring.inFlight > 0 { _ = await collect(&ring, &report, limit: limit, output) }
        do throws(FileError) { try await output.finish() } catch { report.stop(.file(error)) }
        return report
    }

    private func launch(_ request: Int, _ ring: inout TransferRing<Kind>, _ report: inout MoveReport) {
        if report.start == nil { report.start = clock.presentInstant }
        do throws(USBError) {
            try ring.launch { (transfer) throws(USBError) in
                var transfer = transfer
                try transfer.setByteCount(request)
                return try transfer.submit(timeout: settings.timeout)
            }
        } catch {
            report.stop(.failed(error))
        }
    }

    /// Waits for a transfer and passes its bytes on.
    ///
    /// - Returns: the bytes that it had asked for.
    private func collect(
        _ ring: inout TransferRing<Kind>, _ report: inout MoveReport, limit: Int, _ output: OutputWriter
    ) async -> Int {
        let room = limit - report.bytes
        let collected = await ring.collect { transfer, outcome in
            let bytes = transfer.withBytes { [UInt8](copying: $0.extracting(0..<max(0, min(outcome.byteCount, room)))) }
            return (bytes, outcome)
        }
        guard let (bytes, outcome) = collected else { return 0 }
        report.add(outcome, bytes: bytes.count)
        do throws(FileError) { try await output.write(bytes) } catch { report.stop(.file(error)) }
        return outcome.requestedByteCount
    }
}
