// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import Testing
import USB

extension Kernel {
    /// QEMU's disk with USB attached SCSI, where a command, its data and its status belong together by the number of a stream
    /// (UAS-3 section 4.2, INCITS 530).
    @Suite("Bulk streams", .serialized, .enabled(if: Lab.has("uas")))
    struct BulkStreamTests {
        private static let block = 512

        /// The command IU for a READ(10) (UAS-3 table 18, SBC-4 section 5.11).
        private static func read(_ blocks: Int, at address: Int, tag: UInt16) -> [UInt8] {
            var unit = [UInt8](repeating: 0, count: 32)
            unit[0] = 1
            unit[2] = UInt8(tag >> 8)
            unit[3] = UInt8(tag & 255)
            unit[16] = 0x28
            for place in 0..<4 { unit[18 + place] = UInt8(truncatingIfNeeded: address >> (24 - 8 * place)) }
            unit[23] = UInt8(blocks >> 8)
            unit[24] = UInt8(blocks & 255)
            return unit
        }

        private struct Disk: Sendable {
            var command: OutPipe<Bulk>
            var status: InPipe<Bulk>
            var data: InPipe<Bulk>

            /// The data and the status of a READ, each by the stream of its tag.
            func read(_ blocks: Int, at address: Int, tag: UInt16) async throws -> (data: [UInt8], status: [UInt8]) {
                var dataTransfer = data.makeTransfer(capacity: blocks * BulkStreamTests.block)
                dataTransfer.streamID = tag
                var statusTransfer = status.makeTransfer(capacity: 64)
                statusTransfer.streamID = tag
                let dataFlight = try dataTransfer.submit(timeout: .seconds(20))
                let statusFlight = try statusTransfer.submit(timeout: .seconds(20))
                try await command.write(BulkStreamTests.read(blocks, at: address, tag: tag), timeout: .seconds(20))
                let answer = await statusFlight.completion()
                let content = await dataFlight.completion()
                if let error = content.outcome.error ?? answer.outcome.error { throw error }
                func bytes(_ transfer: borrowing Transfer<Bulk>, _ count: Int) -> [UInt8] {
                    transfer.withBytes { all in (0..<count).map { all[$0] } }
                }
                return (
                    bytes(content.transfer, content.outcome.byteCount), bytes(answer.transfer, answer.outcome.byteCount)
                )
            }
        }

        @Test("Commands under way at the same time get their own data, by their streams") func streams() async throws {
            let content = [UInt8](try Data(contentsOf: try Lab.shared("streams")))
            let bus = try LinuxBus()
            let found = try #require(
                try bus.devices().first { device in
                    device.configurations.contains { configuration in
                        configuration.interfaces.contains {
                            $0.alternateSettings.contains {
                                $0.descriptor.interfaceClass == ClassCode(base: 8, subclass: 6, protocol: 0x62)
                            }
                        }
                    }
                })
            #expect(found.speed == .superSpeed)
            let interface = try bus.open(found).claim(0, detachingDriver: true)
            let endpoints: [EndpointAddress] = [0x82, 0x83, 0x04]
            let granted = try interface.enableStreams(8, on: endpoints)
            #expect((2...8).contains(granted))
            let disk = Disk(
                command: try interface.outPipe(0x01, Bulk.self), status: try interface.inPipe(0x82, Bulk.self),
                data: try interface.inPipe(0x83, Bulk.self))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for tag in 1...UInt16(granted) {
                    group.addTask {
                        for round in 0..<16 {
                            let blocks = 1 + (round * 7 + Int(tag)) % 32
                            let address = (round * 61 + Int(tag) * 17) % (content.count / BulkStreamTests.block - 32)
                            let result = try await disk.read(blocks, at: address, tag: tag)
                            // The first command of a unit may be told that it was reset.
                            guard result.status.count > 6, result.status[6] == 0 else { continue }
                            let start = address * BulkStreamTests.block
                            #expect(result.data[...] == content[start..<start + blocks * BulkStreamTests.block])
                            #expect(UInt16(result.status[2]) << 8 | UInt16(result.status[3]) == tag)
                        }
                    }
                }
                try await group.waitForAll()
            }
            Lab.tell("\(granted) streams, \(granted * 16) commands, each with its own data")
            var waiting = disk.data.makeTransfer(capacity: 512)
            waiting.streamID = 1
            let busy = try waiting.submit(timeout: .seconds(20))
            #expect(throws: USBError.self) { try interface.disableStreams(on: endpoints) }
            busy.cancel()
            _ = await busy.completion()
            try interface.disableStreams(on: endpoints)
            await interface.release()
        }

        @Test("Streams are refused where there are none") func refused() async throws {
            let bus = try LinuxBus()
            let found = try #require(try bus.devices().first { $0.speed == .superSpeed })
            let interface = try bus.open(found).claim(0, detachingDriver: true)
            for (count, endpoints) in [(0, [0x82]), (8, [0x01]), (8, [0x85])] as [(Int, [EndpointAddress])] {
                #expect(throws: USBError.self) { try interface.enableStreams(count, on: endpoints) }
            }
            await interface.release()
        }
    }
}
#endif
