// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite struct IsochronousServiceTests {
    /// Opens the streaming interface of a new device.
    private static func streaming(
        _ bus: VirtualBus, _ device: sending TestDevice
    ) async throws -> (AttachedPeripheral<TestDevice>, Interface) {
        // Two endpoints of the largest size in one setting are more than a bus admits.
        bus.setAdmission(false)
        let attachment = try bus.attach(device)
        let interface = try bus.open(attachment).claim(1)
        try await interface.selectAlternateSetting(1)
        attachment.withPeripheral { $0.forgetEvents() }
        return (attachment, interface)
    }

    @Test(arguments: [
        (Speed.high, UInt8(1), Int64(1)), (.high, 2, 2), (.high, 4, 8), (.high, 6, 32), (.full, 1, 8), (.full, 3, 32),
    ])
    func packetsGoOutOneAnInterval(speed: Speed, bInterval: UInt8, interval: Int64) throws {
        try VirtualBus.simulate { bus in
            let (attachment, interface) = try await Self.streaming(
                bus, TestDevice(speed: speed, isochronousBytes: 100, isochronousInterval: bInterval))
            let pipe = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 1000)
            let sizes = [0, 1, 100, 50, 7]
            try transfer.setPackets(sizes)
            let start = microframe(64)
            let done = try await transfer.submit(.at(start)).completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.firstPosition == start)
            #expect(done.outcome.nextPosition == start + 5 * interval)
            #expect(done.outcome.byteCount == 158)
            let events = attachment.withPeripheral { $0.events }
            #expect(events.compactMap(\.outSize) == sizes)
            #expect(events.compactMap(\.microframe) == (0..<5).map { start + $0 * interval })
            for index in 0..<5 {
                let packet = done.transfer.packet(index)
                #expect(packet.status == .completed)
                #expect(packet.actualLength == sizes[index])
                #expect(packet.time.nanoseconds == (64 + Int64(index) * interval) * 125_000)
            }
            // The completion comes at the end of the last packet's (micro)frame.
            let last = 64 + 4 * interval + (speed == .high ? 1 : 8)
            #expect(done.outcome.time.nanoseconds == last * 125_000)
        }
    }

    @Test func receivedPacketsKeepTheirPlaces() throws {
        try VirtualBus.simulate { bus in
            let (attachment, interface) = try await Self.streaming(
                bus, TestDevice(isochronousBytes: 1024, additionalTransactions: 2))
            attachment.withPeripheral {
                $0.packets[TestDevice.isochronousIn] = [
                    [UInt8](repeating: 1, count: 3072), [], [2, 2], [UInt8](repeating: 3, count: 2000),
                ]
            }
            let pipe = try interface.inPipe(TestDevice.isochronousIn, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 5 * 3072)
            try transfer.setPackets([Int](repeating: 3072, count: 5))
            let done = try await transfer.submit(.asSoonAsPossible).completion()
            let counts = (0..<5).map { done.transfer.packet($0).actualLength }
            // After its packets the device has nothing to say, which is no error.
            #expect(counts == [3072, 0, 2, 2000, 0])
            #expect(done.outcome.byteCount == 3072 + 2 + 2000)
            for (index, value) in [(0, UInt8(1)), (2, 2), (3, 3)] {
                let isRight = done.transfer.withPacket(index) { bytes in bytes.indices.allSatisfy { bytes[$0] == value }
                }
                #expect(isRight)
            }
        }
    }

    @Test(arguments: [Reply.data(101), .data(-1), .data(.max), .fault(.noResponse), .stall])
    func faultsConcernOnePacketOnly(reply: Reply) throws {
        try VirtualBus.simulate { bus in
            let (attachment, interface) = try await Self.streaming(bus, TestDevice(isochronousBytes: 100))
            attachment.withPeripheral { $0.replies[TestDevice.isochronousIn] = reply }
            let pipe = try interface.inPipe(TestDevice.isochronousIn, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 200)
            try transfer.setPackets([100, 100])
            let done = try await transfer.submit(.asSoonAsPossible).completion()
            #expect(done.outcome.status == .completed)
            for index in 0..<2 {
                guard case .failed = done.transfer.packet(index).status else {
                    Issue.record("packet \(index) is \(done.transfer.packet(index).status)")
                    continue
                }
                #expect(done.transfer.packet(index).actualLength == 0)
            }
            #expect(done.outcome.byteCount == 0)
        }
    }

    @Test func latePacketsExpireAndTheRestKeepTheirSlots() throws {
        try VirtualBus.simulate { bus in
            let (attachment, interface) = try await Self.streaming(bus, TestDevice())
            try await bus.clock.sleep(until: BusInstant(nanoseconds: 10 * 125_000))
            let pipe = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 80)
            try transfer.setPackets([Int](repeating: 10, count: 8))
            let done = try await transfer.submit(.at(microframe(6)), policy: StartPolicy(late: .dropExpired))
                .completion()
            #expect(done.outcome.status == .completed)
            let statuses = (0..<8).map { done.transfer.packet($0).status }
            #expect(
                statuses == [PacketStatus](repeating: .expired, count: 4)
                    + [PacketStatus](repeating: .completed, count: 4))
            #expect(done.outcome.firstPosition == microframe(6))
            #expect(done.outcome.nextPosition == microframe(14))
            #expect(done.outcome.byteCount == 40)
            #expect(attachment.withPeripheral { $0.events.compactMap(\.microframe) } == (10..<14).map(microframe))
        }
    }

    @Test func whatIsAllTooLateExpires() throws {
        try VirtualBus.simulate { bus in
            let (attachment, interface) = try await Self.streaming(bus, TestDevice())
            try await bus.clock.sleep(for: .seconds(1))
            let pipe = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 80)
            try transfer.setPackets([10, 10])
            let done = try await transfer.submit(.at(microframe(6)), policy: StartPolicy(late: .dropExpired))
                .completion()
            #expect(done.outcome.status == .expired)
            #expect(done.transfer.packet(1).status == .expired)
            #expect(attachment.withPeripheral { $0.events }.isEmpty)
        }
    }

    @Test func transfersFollowEachOtherWithoutAGap() throws {
        try VirtualBus.simulate { bus in
            let (attachment, interface) = try await Self.streaming(bus, TestDevice())
            let pipe = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            func submit(_ start: IsochronousStart) throws -> InFlight<Isochronous> {
                var transfer = pipe.makeTransfer(capacity: 30)
                try transfer.setPackets([10, 10, 10])
                return try transfer.submit(start)
            }
            let first = try submit(.at(microframe(100)))
            let second = try submit(.continuing)
            let third = try submit(.asSoonAsPossible)
            let positions = [
                await first.completion().outcome.firstPosition, await second.completion().outcome.firstPosition,
                await third.completion().outcome.firstPosition,
            ]
            #expect(positions == [microframe(100), microframe(103), microframe(106)])
            #expect(attachment.withPeripheral { $0.events.compactMap(\.microframe) } == (100..<109).map(microframe))
        }
    }

    @Test func cancellingLeavesLaterTransfersInPlace() throws {
        try VirtualBus.simulate { bus in
            let (attachment, interface) = try await Self.streaming(bus, TestDevice())
            let pipe = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            func submit(_ start: IsochronousStart) throws -> InFlight<Isochronous> {
                var transfer = pipe.makeTransfer(capacity: 40)
                try transfer.setPackets([10, 10, 10, 10])
                return try transfer.submit(start)
            }
            let first = try submit(.at(microframe(100)))
            let second = try submit(.continuing)
            let third = try submit(.continuing)
            let (cancelFirst, cancelSecond) = (first.canceller, second.canceller)
            try await bus.clock.sleep(until: BusInstant(nanoseconds: 102 * 125_000))
            cancelFirst.cancel()
            cancelSecond.cancel()
            let one = await first.completion()
            #expect(one.outcome.status == .cancelled)
            #expect(one.outcome.byteCount == 20)
            #expect(
                (0..<4).map { one.transfer.packet($0).status } == [
                    .completed, .completed, .notAttempted, .notAttempted,
                ])
            let two = await second.completion()
            #expect(two.outcome.status == .cancelled)
            #expect(two.outcome.byteCount == 0)
            let three = await third.completion()
            #expect(three.outcome.firstPosition == microframe(108))
            #expect(
                attachment.withPeripheral { $0.events.compactMap(\.microframe) }
                    == [100, 101, 108, 109, 110, 111].map(microframe))
        }
    }

    @Test func packetsThatDoNotFitTheMicroframeAreMissed() throws {
        // 7,500 byte times carry two packets of 3 x 1,024 bytes, and no third one (USB 2.0 table 5-5).
        try VirtualBus.simulate { bus in
            var pipes: [OutPipe<Isochronous>] = []
            for _ in 0..<3 {
                let device = TestDevice(isochronousBytes: 1024, additionalTransactions: 2)
                let (_, interface) = try await Self.streaming(bus, device)
                pipes.append(try interface.outPipe(TestDevice.isochronousOut, Isochronous.self))
            }
            let statuses = try await withThrowingTaskGroup(of: (Int, PacketStatus).self) { group in
                for (index, pipe) in pipes.enumerated() {
                    group.addTask {
                        var transfer = pipe.makeTransfer(capacity: 3072)
                        try transfer.setPackets([3072])
                        let done = try await transfer.submit(.at(microframe(800))).completion()
                        return (index, done.transfer.packet(0).status)
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(statuses == [0: .completed, 1: .completed, 2: .missed])
        }
    }

    @Test func isochronousComesBeforeBulk() throws {
        try VirtualBus.simulate { bus in
            let (attachment, interface) = try await Self.streaming(
                bus, TestDevice(isochronousBytes: 1024, additionalTransactions: 2))
            let log = TraceLog()
            let bulk = try interface.device.claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
            let streaming = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            bus.setTrace { log.append($0) }
            var transfer = streaming.makeTransfer(capacity: 3072)
            try transfer.setPackets([3072])
            let position = bus.frame().microframe + 2
            let inFlight = try transfer.submit(.at(position))
            try await bulk.write([UInt8](repeating: 0, count: 512 * 40))
            _ = await inFlight.completion()
            bus.setTrace(nil)
            let records = log.all.filter { $0.microframe == position }
            // 3,186 of 7,500 byte times are taken; seven bulk packets of 567 fit into the rest.
            #expect(records.map(\.type) == [.isochronous] + [TransferType](repeating: .bulk, count: 7))
            let path = attachment.path
            #expect(records.first?.description == "\(position) \(path) 0x04 isochronous OUT 3072 done")
        }
    }
}
