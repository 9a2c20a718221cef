// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Isochronous packets")
struct PacketTests {
    @Test("Sizes are kept, those of zero-length packets too", arguments: Recorder.Grid.all)
    func explicitSizes(grid: Recorder.Grid) throws {
        try VirtualBus.simulate(seed: 2) { bus in
            let plugged = try await bus.plug(Recorder(grid))
            let pipe = try plugged.out
            var random = bus.makeGenerator()
            var plans: [[Int]] = [[0], [0, 0, 0], [1000], [1000, 0, 1000], [0, 1, 0], [44, 44, 45]]
            for _ in 0..<20 { plans.append((0..<20).map { _ in Int.random(in: 0...1000, using: &random) }) }
            for sizes in plans {
                let before = plugged.received.count
                let done = try await pipe.makePackets(sizes).submit(.asSoonAsPossible).completion()
                let packets = plugged.received.dropFirst(before)
                #expect(packets.map(\.bytes.count) == sizes)
                #expect(packets.flatMap(\.bytes) == (0..<sizes.reduce(0, +)).map { UInt8(truncatingIfNeeded: $0) })
                #expect(done.transfer.packets.map(\.length) == sizes)
                #expect(done.transfer.packets.map(\.actualLength) == sizes)
                #expect(done.outcome.status == .completed)
                #expect(!done.outcome.isShort)
            }
        }
    }

    @Test("A plan for 44.1 kHz makes nine packets of 176 bytes and one of 180")
    func samplePlan() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(.frames))
            let rate = try #require(SampleRatePlan(rate: 44_100, bytesPerSampleFrame: 4, interval: .frame))
            var transfer = try plugged.out.makeTransfer(capacity: 1_764)
            try transfer.setPackets(.samples(rate, first: 0, count: 10))
            #expect(transfer.byteCount == 1_764)
            _ = try await transfer.submit(.asSoonAsPossible).completion()
            let sizes = plugged.received.map(\.bytes.count)
            #expect(sizes.sorted() == [Int](repeating: 176, count: 9) + [180])
        }
    }

    @Test("Short packets leave gaps in the memory, which are never shown as data", arguments: [false, true])
    func shortPackets(isHighBandwidth: Bool) throws {
        // What the device has to say in successive packets.
        let sizes = isHighBandwidth ? [3072, 0, 1025, 1, 2048, 3071] : [1000, 0, 999, 1, 500, 7]
        let largest = isHighBandwidth ? 3072 : 1000
        try VirtualBus.simulate { bus in
            let start = microframe(80)
            let plugged = try await bus.plug(
                Recorder(
                    packetSize: isHighBandwidth ? 1024 : 1000, additionalTransactions: isHighBandwidth ? 2 : 0,
                    answer: { position in
                        let index = Int(position - start)
                        return [UInt8](repeating: UInt8(index + 1), count: sizes[index])
                    }))
            let pipe = try plugged.in
            #expect(pipe.endpoint.maximumBytesPerInterval == largest)
            var transfer = try pipe.makePackets([Int](repeating: largest, count: sizes.count))
            transfer.withMutableBytes { bytes in for index in 0..<bytes.count { bytes[index] = 0xEE } }
            let done = try await transfer.submit(.at(start)).completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.isShort)
            #expect(done.outcome.error == nil)
            #expect(done.outcome.byteCount == sizes.reduce(0, +))
            for (index, packet) in done.transfer.packets.enumerated() {
                #expect(packet.offset == index * largest)
                #expect(packet.length == largest)
                #expect(packet.actualLength == sizes[index])
                #expect(packet.status == .completed)
                #expect(packet.time == instant(start + Int64(index)))
                let bytes = done.transfer.withPacket(index) { bytes in (0..<bytes.count).map { bytes[$0] } }
                #expect(bytes == [UInt8](repeating: UInt8(index + 1), count: sizes[index]))
            }
            let memory = done.transfer.withBytes { bytes in (0..<bytes.count).map { bytes[$0] } }
            let expected = sizes.enumerated().flatMap { index, size in
                [UInt8](repeating: UInt8(index + 1), count: size)
                    + [UInt8](repeating: 0xEE, count: largest - size)
            }
            #expect(memory == expected)
        }
    }

    @Test("Three packets of 1024 bytes go out in one microframe, and one byte more is refused")
    func highBandwidth() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(packetSize: 1024, additionalTransactions: 2))
            let pipe = try plugged.out
            let sizes = [3072, 3071, 1025, 1024, 0, 3072]
            let transfer = try pipe.makePackets(sizes)
            let sent = transfer.withBytes { bytes in (0..<bytes.count).map { bytes[$0] } }
            let outcome = try await transfer.submit(.asSoonAsPossible).completion().outcome
            #expect(outcome.byteCount == 11_264)
            #expect(plugged.received.map(\.bytes.count) == sizes)
            #expect(plugged.received.flatMap(\.bytes) == sent)
            let first = try #require(outcome.firstPosition)
            #expect(plugged.received.map(\.position) == (0..<6).map { first + Int64($0) })
            #expect(failure { _ = try pipe.makePackets([3073]) }?.kind == .invalidArgument)
        }
    }

    @Test(
        "What an interval cannot carry is refused, by the packet's number",
        arguments: [(Speed.full, 1023), (.high, 1024), (.high, 8)])
    func caps(speed: Speed, limit: Int) throws {
        try VirtualBus.simulate { bus in
            let grid = speed == .full ? Recorder.Grid.frames : .microframes
            let plugged = try await bus.plug(Recorder(grid, packetSize: limit))
            let pipe = try plugged.out
            var transfer = pipe.makeTransfer(capacity: 4 * limit)
            try transfer.setPackets([limit, limit])
            let tooLarge = failure { try transfer.setPackets([limit, limit + 1]) }
            #expect(tooLarge?.kind == .invalidArgument)
            #expect(tooLarge?.message.contains("packet 1 has \(limit + 1) bytes") == true)
            for sizes in [[], [-1], [Int.min], [Int.max], [limit, limit, limit, limit, 1]] {
                #expect(failure { try transfer.setPackets(sizes) }?.kind == .invalidArgument, "\(sizes)")
            }
            // A transfer whose packets were refused has none.
            #expect(transfer.packetCount == 0)
            #expect(await transfer.submitError(.asSoonAsPossible)?.kind == .invalidArgument)
            #expect(await pipe.makeTransfer(capacity: 0).submitError(.asSoonAsPossible)?.kind == .invalidArgument)
            #expect(plugged.received.isEmpty)
            // A new transfer fills every interval.
            let filled = try await pipe.makeTransfer(capacity: 3 * limit - 2).submit(.asSoonAsPossible).completion()
            #expect(filled.transfer.packets.map(\.length) == [limit, limit, limit - 2])
            #expect(plugged.received.map(\.bytes.count) == [limit, limit, limit - 2])
        }
    }

    @Test("A fault in one packet leaves the others and the transfer whole")
    func mixedSuccess() throws {
        try VirtualBus.simulate { bus in
            // One packet in ten is longer than the endpoint allows.
            let plugged = try await bus.plug(
                Recorder(packetSize: 16, answer: { [UInt8](repeating: 9, count: $0.count % 10 == 0 ? 17 : 16) }))
            let done = try await plugged.in.makePackets([Int](repeating: 16, count: 40)).submit(.at(microframe(80)))
                .completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == 36 * 16)
            for (index, packet) in done.transfer.packets.enumerated() {
                let isBad = (microframe(80) + Int64(index)).count % 10 == 0
                #expect(packet.status == (isBad ? .failed(.babble) : .completed))
                #expect(packet.actualLength == (isBad ? 0 : 16))
                #expect(packet.offset == index * 16)
            }
        }
    }
}
