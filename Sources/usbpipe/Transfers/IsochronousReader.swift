// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// Reads from an isochronous pipe into a file: the bytes of one packet behind those of the other.
struct IsochronousReader {
    let pipe: InPipe<Isochronous>
    let controller: any HostController
    let settings: MoveSettings

    /// Reads until the limit or a failure; everything has come back and is written when it returns.
    ///
    /// Packets are asked for until enough bytes have come, since the device decides how many are in each; those behind
    /// are cancelled and not counted.
    func run(_ file: DataFile) async -> MoveReport {
        let packetBytes = settings.packetBytes ?? max(1, pipe.endpoint.maximumBytesPerInterval)
        let most = MoveSettings.packetsPerTransfer(pipe.endpoint)
        let limit = settings.count ?? .max
        let output = OutputWriter(file, behind: 2 * MoveSettings.isochronousDepth)
        var report = MoveReport()
        var ring = TransferRing(count: MoveSettings.isochronousDepth) {
            pipe.makeTransfer(capacity: most * packetBytes)
        }
        /// Room in the transfers submitted so far.
        var planned = 0
        while report.stop == nil, report.bytes < limit {
            if Task.isCancelled {
                report.stop(.interrupted)
            } else if ring.hasRoom {
                // Not longer than it need be if the packets are full.
                let missing = planned < limit ? (limit - planned - 1) / packetBytes + 1 : most
                let packets = min(most, missing)
                launch(packets: packets, of: packetBytes, &ring, &report)
                planned = planned.addingReportingOverflow(packets * packetBytes).partialValue
            } else {
                await collect(&ring, &report, limit: limit, output)
            }
        }
        let mustCount = report.stop != nil
        if ring.inFlight > 0 { await pipe.abort() }
        while ring.inFlight > 0 {
            if mustCount {
                await collect(&ring, &report, limit: limit, output)
            } else {
                _ = await ring.collect { _, _ in }
            }
        }
        do throws(FileError) { try await output.finish() } catch { report.stop(.file(error)) }
        return report
    }

    private func launch(
        packets: Int, of packetBytes: Int, _ ring: inout TransferRing<Isochronous>, _ report: inout MoveReport
    ) {
        var start = IsochronousStart.asSoonAsPossible
        if report.start == nil {
            report.start = controller.clock.presentInstant
            start = settings.firstStart(on: controller)
        }
        do throws(USBError) {
            try ring.launch { (transfer) throws(USBError) in
                var transfer = transfer
                try transfer.setPackets(.filling(bytes: packets * packetBytes, maximum: packetBytes))
                return try transfer.submit(start, timeout: settings.timeout)
            }
        } catch {
            report.stop(.failed(error))
        }
    }

    private func collect(
        _ ring: inout TransferRing<Isochronous>, _ report: inout MoveReport, limit: Int, _ output: OutputWriter
    ) async {
        let interval = pipe.endpoint.intervalMicroframes
        var result = report
        let bytes = await ring.collect { transfer, outcome in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(outcome.byteCount)
            let room = limit - result.bytes
            for index in 0..<transfer.packetCount where bytes.count < room {
                let position = outcome.firstPosition.map { $0 + Int64(index) * interval }
                result.add(transfer.packet(index), at: position, next: position.map { $0 + interval })
                transfer.withPacket(index) { packet in
                    bytes += [UInt8](copying: packet.extracting(0..<min(packet.count, room - bytes.count)))
                }
            }
            result.add(outcome, bytes: bytes.count)
            return bytes
        }
        report = result
        do throws(FileError) { try await output.write(bytes ?? []) } catch { report.stop(.file(error)) }
    }
}
