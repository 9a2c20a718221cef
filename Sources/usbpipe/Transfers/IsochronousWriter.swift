// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// Writes a file to an isochronous pipe, one packet in every service interval.
struct IsochronousWriter {
    let pipe: OutPipe<Isochronous>
    let controller: any HostController
    let settings: MoveSettings

    /// Writes until the end of the file, the limit, or a failure; everything has come back when it returns.
    ///
    /// The first transfer starts as the settings say and each of the others directly behind the one before it. If the
    /// file does not keep up there is a gap, and the next one starts as soon as possible.
    func run(_ file: DataFile) async -> MoveReport {
        let packetBytes = settings.packetBytes ?? max(1, pipe.endpoint.maximumBytesPerInterval)
        let size = packetBytes * MoveSettings.packetsPerTransfer(pipe.endpoint)
        let input = InputReader(file, pieceSize: size, limit: settings.count, ahead: MoveSettings.isochronousDepth)
        var report = MoveReport()
        var ring = TransferRing(count: MoveSettings.isochronousDepth) { pipe.makeTransfer(capacity: size) }
        var hasMore = true
        while report.stop == nil, hasMore || ring.inFlight > 0 {
            if Task.isCancelled {
                report.stop(.interrupted)
            } else if hasMore, ring.hasRoom {
                hasMore = await launchNext(from: input, packetBytes: packetBytes, &ring, &report)
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
        from input: InputReader, packetBytes: Int, _ ring: inout TransferRing<Isochronous>,
        _ report: inout MoveReport
    ) async -> Bool {
        do {
            guard let piece = try await input.next() else {
                if Task.isCancelled { report.stop(.interrupted) }
                return false
            }
            var start = IsochronousStart.asSoonAsPossible
            if report.start == nil {
                report.start = controller.clock.presentInstant
                start = settings.firstStart(on: controller)
            }
            try ring.launch { (transfer) throws(USBError) in
                var transfer = transfer
                transfer.withMutableBytes { bytes in
                    for index in piece.indices { bytes[index] = piece[index] }
                }
                try transfer.setPackets(.filling(bytes: piece.count, maximum: packetBytes))
                return try transfer.submit(start, timeout: settings.timeout)
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

    private func collect(_ ring: inout TransferRing<Isochronous>, _ report: inout MoveReport) async {
        let interval = pipe.endpoint.intervalMicroframes
        var result = report
        _ = await ring.collect { transfer, outcome in
            result.add(outcome, bytes: outcome.byteCount)
            for index in 0..<transfer.packetCount {
                let position = outcome.firstPosition.map { $0 + Int64(index) * interval }
                result.add(transfer.packet(index), at: position, next: position.map { $0 + interval })
            }
        }
        report = result
    }
}
