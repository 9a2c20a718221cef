// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import Glibc
import Testing
import USB

extension Kernel {
    /// Devices in memory, driven through the kernel: the pattern that Gadget Zero sends or checks is byte j modulo 63 of each
    /// packet.
    @Suite("Devices in memory through the kernel", .serialized, .enabled(if: Lab.has("stub")))
    struct ThroughTheKernelTests {
        /// What is set up: a device in memory, and the same device as the kernel shows it.
        struct Setup: Sendable {
            var zero: AttachedPeripheral<GadgetZero>
            var exported: ExportedDevice
            var local: LinuxBus
            var device: Device
            /// The microframes in which packets of the isochronous endpoints went, in order.
            var trace: Trace
        }

        final class Trace: @unchecked Sendable {
            private let lock = NSLock()
            private var records: [TransactionRecord] = []
            func add(_ record: TransactionRecord) { lock.withLock { records.append(record) } }
            func microframes(at endpoint: EndpointAddress) -> [Int64] {
                lock.withLock { records.filter { $0.endpoint == endpoint }.map(\.microframe.count) }
            }
        }

        /// Plugs a Gadget Zero into the kernel, opens it on the machine's own bus, and unplugs it at the end.
        static func withZero<Value>(
            _ speed: Speed = .high, _ options: GadgetZero.Options, _ body: (Setup) async throws -> Value
        ) async throws -> Value {
            let memory = VirtualBus(flow: .real)
            // Both directions together need more than the bus gives to periodic endpoints; only one is used at a time.
            memory.setAdmission(false)
            let zero = try memory.attach(GadgetZero(speed: speed, options: options))
            let trace = Trace()
            memory.setTrace { trace.add($0) }
            let description = try #require(try memory.devices().first)
            let local = try LinuxBus()
            let events = local.events.stream()
            let exported = try ExportedDevice(description, on: memory)
            var device: Device?
            for await case .arrived(let found) in events where found.descriptor.vendorID == 0x0525 {
                device = try local.open(found)
                break
            }
            let setup = Setup(
                zero: zero, exported: exported, local: local, device: try #require(device), trace: trace)
            do {
                let value = try await body(setup)
                exported.unplug()
                return value
            } catch {
                exported.unplug()
                throw error
            }
        }

        static func isPattern(_ span: Span<UInt8>) -> Bool { span.indices.allSatisfy { span[$0] == UInt8($0 % 63) } }

        @Test("High speed, isochronous IN, every packet in its own place", arguments: [(0, 1), (2, 1), (0, 4), (2, 8)])
        func isochronousIn(additional: Int, bInterval: UInt8) async throws {
            let options = GadgetZero.Options(
                pattern: .modulo63, isochronousInterval: bInterval, additionalTransactions: additional)
            try await ThroughTheKernelTests.withZero(.high, options) { setup in
                let interface = try setup.device.claim(0)
                try await interface.selectAlternateSetting(1)
                let pipe = try interface.inPipe(0x82, Isochronous.self)
                let size = 1024 * (additional + 1)
                #expect(pipe.endpoint.maximumBytesPerInterval == size)
                let count = 300
                var transfer = pipe.makeTransfer(capacity: count * size)
                try transfer.setPackets([Int](repeating: size, count: count))
                let done = await (try transfer.submit(.asSoonAsPossible, timeout: .seconds(10))).completion()
                #expect(done.outcome.status == .completed)
                #expect(done.outcome.byteCount == count * size)
                for index in 0..<count {
                    #expect(done.transfer.packet(index).status == .completed)
                    #expect(done.transfer.withPacket(index) { ThroughTheKernelTests.isPattern($0) })
                }
                // The kernel takes 128 packets at a time. Whether a seam shows between them depends on how fast this machine
                // is, but none may come twice or out of its place.
                let seen = setup.trace.microframes(at: 0x82)
                let step = Int64(1) << Int64(bInterval - 1)
                let steps = zip(seen, seen.dropFirst()).map { $1 - $0 }
                #expect(steps.allSatisfy { $0 > 0 && $0 % step == 0 })
                Lab.tell("isochronous IN, \(size) bytes at bInterval \(bInterval): \(steps.count { $0 != step }) seams")
                #expect(seen.count == count)
            }
        }

        @Test("High speed, isochronous OUT: the device gets every byte", arguments: [(0, 1), (2, 1), (2, 4)])
        func isochronousOut(additional: Int, bInterval: UInt8) async throws {
            let options = GadgetZero.Options(
                pattern: .modulo63, isochronousInterval: bInterval, additionalTransactions: additional)
            try await ThroughTheKernelTests.withZero(.high, options) { setup in
                let interface = try setup.device.claim(0)
                try await interface.selectAlternateSetting(1)
                let pipe = try interface.outPipe(0x02, Isochronous.self)
                let size = 1024 * (additional + 1)
                let batches = 40
                var stream = try pipe.stream(
                    .filling, options: StreamOptions(depth: .milliseconds(64), batch: .milliseconds(8)))
                var sent = 0
                let statistics = try await stream.run { batch in
                    let count = batch.packetCount
                    batch.withMutableBytes { bytes in
                        for place in 0..<count * size { bytes[place] = UInt8(place % size % 63) }
                    }
                    sent += count
                    return sent < batches * count ? .next : .stop
                }
                #expect(statistics.packetsCompleted == sent)
                #expect(statistics.packetsFailed == 0 && statistics.packetsMissed == 0)
                let (mismatches, packets) = setup.zero.withPeripheral { ($0.mismatches, $0.packetsReceived) }
                #expect(mismatches == 0)
                #expect(packets == sent)
                print(
                    "isochronous OUT, \(size) bytes at bInterval \(bInterval): \(sent) packets, \(statistics.gapCount) gaps"
                )
            }
        }

        @Test("Interrupt transfers go both ways") func interrupt() async throws {
            let options = GadgetZero.Options(pattern: .modulo63)
            try await ThroughTheKernelTests.withZero(.high, options) { setup in
                let interface = try setup.device.claim(0)
                try await interface.selectAlternateSetting(2)
                let input = try interface.inPipe(0x83, Interrupt.self)
                let output = try interface.outPipe(0x03, Interrupt.self)
                for _ in 0..<20 {
                    let bytes = try await input.read(upTo: 1024, timeout: .seconds(5))
                    #expect(bytes.count == 1024 && ThroughTheKernelTests.isPattern(bytes.span))
                    #expect(try await output.write(bytes, timeout: .seconds(5)) == 1024)
                }
                #expect(setup.zero.withPeripheral { $0.mismatches } == 0)
            }
        }

        @Test("A packet that the device refuses halts the pipe until the halt is cleared") func stall() async throws {
            try await ThroughTheKernelTests.withZero(.high, GadgetZero.Options(pattern: .modulo63)) { setup in
                let pipe = try setup.device.claim(0).outPipe(0x01, Bulk.self)
                let good = (0..<512).map { UInt8($0 % 63) }
                try await pipe.write(good, timeout: .seconds(5))
                let error = await #expect(throws: USBError.self) {
                    try await pipe.write([UInt8](repeating: 200, count: 512), timeout: .seconds(5))
                }
                #expect(error?.kind == .stalled)
                try await pipe.clearHalt()
                #expect(try await pipe.write(good, timeout: .seconds(5)) == 512)
            }
        }

        @Test("Cancelled isochronous transfers end once, with what had moved", arguments: 0..<8)
        func cancel(round: Int) async throws {
            let options = GadgetZero.Options(pattern: .modulo63, isochronousInterval: 4)
            try await ThroughTheKernelTests.withZero(.high, options) { setup in
                let interface = try setup.device.claim(0)
                try await interface.selectAlternateSetting(1)
                let pipe = try interface.inPipe(0x82, Isochronous.self)
                var transfer = pipe.makeTransfer(capacity: 100 * 1024)
                try transfer.setPackets([Int](repeating: 1024, count: 100))
                let flight = try transfer.submit(.asSoonAsPossible)
                try await setup.local.clock.sleep(for: .milliseconds(round * 10))
                flight.cancel()
                let done = await flight.completion()
                #expect(done.outcome.status == .cancelled)
                var moved = 0
                for index in 0..<100 {
                    let packet = done.transfer.packet(index)
                    if packet.status == .completed {
                        moved += packet.actualLength
                    } else {
                        #expect(packet.actualLength == 0)
                    }
                }
                #expect(done.outcome.byteCount == moved)
                var again = pipe.makeTransfer(capacity: 8 * 1024)
                try again.setPackets([Int](repeating: 1024, count: 8))
                let next = await (try again.submit(.asSoonAsPossible, timeout: .seconds(5))).completion()
                #expect(next.outcome.status == .completed)
            }
        }

        @Test("Unplugging in mid-stream ends everything once, and is told") func unplug() async throws {
            let memory = VirtualBus(flow: .real)
            _ = try memory.attach(GadgetZero(options: GadgetZero.Options(pattern: .modulo63, isochronousInterval: 4)))
            let description = try #require(try memory.devices().first)
            let local = try LinuxBus()
            let events = local.events.stream()
            let exported = try ExportedDevice(description, on: memory)
            var iterator = events.makeAsyncIterator()
            // The device of the test before may still be leaving.
            var arrival: DeviceDescription?
            while arrival == nil, let event = await iterator.next() {
                if case .arrived(let found) = event { arrival = found }
            }
            let found = try #require(arrival)
            let device = try local.open(found)
            let interface = try device.claim(0)
            try await interface.selectAlternateSetting(1)
            let pipe = try interface.inPipe(0x82, Isochronous.self)
            async let outcomes = withTaskGroup(of: TransferStatus?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do {
                            var transfer = pipe.makeTransfer(capacity: 128 * 1024)
                            try transfer.setPackets([Int](repeating: 1024, count: 128))
                            let done = await (try transfer.submit(.asSoonAsPossible)).completion()
                            return done.outcome.status
                        } catch {
                            return nil
                        }
                    }
                }
                return await group.reduce(into: [TransferStatus?]()) { $0.append($1) }
            }
            try await local.clock.sleep(for: .milliseconds(200))
            exported.unplug()
            let ends = await outcomes
            #expect(ends.count == 8)
            #expect(ends.allSatisfy { $0 == .deviceGone || $0 == .completed })
            #expect(ends.contains(.deviceGone))
            var gone: DeviceID?
            while gone != found.id, let event = await iterator.next() {
                if case .left(let id) = event { gone = id }
            }
            #expect(gone == found.id)
            #expect(device.isDetached)
        }
    }
}
#endif
