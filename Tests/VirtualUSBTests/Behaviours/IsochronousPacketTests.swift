// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviours 10 and 12 to 14: what a packet may carry, and how each reports its own fate.
@Suite("Isochronous packets")
struct IsochronousPacketTests {
    // MARK: 10

    /// An endpoint and the most bytes of its interval.
    struct Cap: Sendable, CustomTestStringConvertible {
        var speed: Speed
        var layout: EndpointLayout
        var bytes: Int
        var testDescription: String { "\(speed): \(bytes) bytes" }

        init(_ speed: Speed, _ layout: EndpointLayout, _ bytes: Int) {
            (self.speed, self.layout, self.bytes) = (speed, layout, bytes)
        }
    }

    /// A SuperSpeed endpoint whose companions name its bytes themselves.
    private static func named(bytes: UInt16, attributes: UInt8 = 0, plus: UInt32? = nil) -> EndpointLayout {
        EndpointLayout(
            EndpointDescriptor(address: 0x01, transferType: .isochronous, maximumPacketSize: 1_024, interval: 1),
            companion: .init(maxBurst: 15, attributes: attributes, bytesPerInterval: bytes),
            isochronousCompanion: plus.map { .init(bytesPerInterval: $0) })
    }

    @Test(
        "An interval carries the packet size times its transactions, or what the companion says, and not a byte more",
        arguments: [
            Cap(.full, endpoint(0x01, .isochronous, 1_023), 1_023), Cap(.full, endpoint(0x01, .isochronous, 9), 9),
            Cap(.high, endpoint(0x01, .isochronous, 1_024), 1_024),
            Cap(.high, endpoint(0x01, .isochronous, 1_024, transactions: 2), 2_048),
            Cap(.high, endpoint(0x01, .isochronous, 1_024, transactions: 3), 3_072),
            Cap(.superSpeed, endpoint(0x01, .isochronous, 1_024, bursts: (1, 1)), 1_024),
            Cap(.superSpeed, endpoint(0x01, .isochronous, 1_024, bursts: (4, 2)), 8_192),
            Cap(.superSpeed, endpoint(0x01, .isochronous, 1_024, bursts: (16, 3)), 49_152),
            Cap(.superSpeed, named(bytes: 5_000), 5_000),
            Cap(.superSpeedPlus, named(bytes: 1, attributes: 0x80, plus: 40_000), 40_000),
            Cap(.superSpeedPlus, named(bytes: 5_000), 5_000),
        ])
    func capacity(_ cap: Cap) throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(BandwidthDevice(cap.speed, [cap.layout]))
            let interface = try bus.open(attachment).claim(0)
            bus.setAdmission(false)
            try await interface.selectAlternateSetting(1)
            let pipe = try interface.outPipe(0x01, Isochronous.self)
            #expect(pipe.endpoint.maximumBytesPerInterval == cap.bytes)
            var transfer = pipe.makeTransfer(capacity: 4 * cap.bytes)
            let tooLarge = failure { try transfer.setPackets([cap.bytes, cap.bytes + 1]) }
            #expect(tooLarge?.kind == .invalidArgument)
            #expect(tooLarge?.message.contains("packet 1 has \(cap.bytes + 1) bytes") == true)
            try transfer.setPackets([cap.bytes, 0, cap.bytes])
            let done = try await transfer.submit(.asSoonAsPossible).completion()
            #expect(done.outcome.status == .completed)
            #expect(done.transfer.packets.map(\.actualLength) == [cap.bytes, 0, cap.bytes])
        }
    }

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

    // MARK: 13 and 14

    @Test(
        "Short and empty packets are success, and data stay at their own offsets: a gap is never shown as data",
        arguments: [false, true])
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

    // MARK: 12

    @Test("With one packet in ten broken, the other nine and the transfer are success")
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

    @Test(
        "Only a cancel, a late start or the device's end fails a transfer as a whole; each packet has its own status",
        arguments: [TransferStatus.completed, .cancelled, .expired, .deviceGone])
    func aggregates(_ status: TransferStatus) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        // Every packet is longer than the endpoint allows.
        let plugged = try bus.plugBlocking(Recorder(packetSize: 4, answer: { _ in [1, 2, 3, 4, 5] }))
        let pipe = try plugged.in
        bus.advance(to: microframe(100))
        let start = microframe(status == .expired ? 50 : 200)
        let flight = try pipe.makePackets([4, 4, 4, 4]).submit(.at(start), policy: StartPolicy(late: .dropExpired))
        bus.advance(to: microframe(202))
        if status == .cancelled { flight.cancel() }
        if status == .deviceGone { plugged.attachment.unplug() }
        bus.advance(to: microframe(300))
        let done = flight.blockingCompletion()
        #expect(done.outcome.status == status)
        #expect(done.outcome.byteCount == 0)
        let (bad, none, late) = (PacketStatus.failed(.babble), PacketStatus.notAttempted, PacketStatus.expired)
        let expected =
            switch status {
            case .completed: [bad, bad, bad, bad]
            case .expired: [late, late, late, late]
            default: [bad, bad, none, none]
            }
        #expect(done.transfer.packets.map(\.status) == expected)
        #expect(done.transfer.packets.allSatisfy { $0.actualLength == 0 })
    }
}
