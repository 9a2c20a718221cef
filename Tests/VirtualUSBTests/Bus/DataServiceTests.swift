// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite struct DataServiceTests {
    @Test(arguments: [(Speed.high, 13, 512), (.full, 19, 64)])
    func bulkFillsTheBusAsTheSpecificationSays(speed: Speed, packets: Int, size: Int) throws {
        // USB 2.0 tables 5-9 and 5-10: so many transactions fit, and no more.
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(speed: speed))
            let pipe = try bus.open(attachment).claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
            try await pipe.write([UInt8](repeating: 1, count: size * packets * 3))
            let times = attachment.withPeripheral { $0.events.compactMap(\.microframe) }
            let perService = Dictionary(grouping: times, by: { $0 }).mapValues(\.count)
            #expect(perService.values.allSatisfy { $0 == packets })
            #expect(perService.count == 3)
            let step: Int64 = speed == .high ? 1 : 8
            #expect(perService.keys.sorted() == [microframe(0), microframe(step), microframe(2 * step)])
            // It completes at the end of its last (micro)frame.
            #expect(bus.clock.presentInstant.nanoseconds == 3 * step * 125_000)
        }
    }

    @Test(arguments: [
        (0, false, [0]), (1, false, [1]), (512, false, [512]), (512, true, [512, 0]), (700, true, [512, 188]),
        (1024, true, [512, 512, 0]),
    ])
    func outTransfersAreCutIntoPackets(count: Int, terminated: Bool, sizes: [Int]) throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try await pipe.write(bytes, terminated: terminated) == count)
            let events = attachment.withPeripheral { $0.events }
            #expect(events.compactMap(\.outSize) == sizes)
            let received = events.flatMap { if case .out(_, let bytes, _) = $0 { bytes } else { [UInt8]() } }
            #expect(received == bytes)
        }
    }

    @Test func inTransfersEndWithAShortPacket() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral {
                $0.packets[TestDevice.bulkIn] = [
                    [UInt8](repeating: 1, count: 512), [UInt8](repeating: 2, count: 100), [3], [],
                    [UInt8](repeating: 4, count: 512), [5],
                ]
            }
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            #expect(try await pipe.read(upTo: 4096).count == 612)
            #expect(try await pipe.read(upTo: 4096) == [3])
            #expect(try await pipe.read(upTo: 4096) == [])
            // A full buffer ends a transfer too.
            #expect(try await pipe.read(upTo: 512) == [UInt8](repeating: 4, count: 512))
            #expect(try await pipe.read(upTo: 1) == [5])
        }
    }

    @Test(arguments: [Reply.data(513), .data(-1), .data(.max), .data(.min)])
    func impossibleCountsAreBabble(reply: Reply) throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral { $0.replies[TestDevice.bulkIn] = reply }
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            var transfer = pipe.makeTransfer(capacity: 512)
            try transfer.setByteCount(512)
            let completed = try await transfer.submit().completion()
            #expect(completed.outcome.error?.kind == .overflow || completed.outcome.error?.kind == .bus(.babble))
            #expect(completed.outcome.byteCount == 0)
        }
    }

    @Test func stallHaltsUntilCleared() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral { $0.handshakes[TestDevice.bulkOut] = .stall }
            let device = try bus.open(attachment)
            let pipe = try device.claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
            await #expect(throws: USBError.self) { try await pipe.write([1]) }
            #expect(try await device.read(.getStatus(of: .endpoint(TestDevice.bulkOut))) == [1, 0])
            attachment.withPeripheral { $0.handshakes = [:] }
            try await pipe.clearHalt()
            #expect(try await device.read(.getStatus(of: .endpoint(TestDevice.bulkOut))) == [0, 0])
            #expect(try await pipe.write([2]) == 1)
            let events = attachment.withPeripheral { $0.events }
            #expect(events.contains(.haltCleared(TestDevice.bulkOut)))
            #expect(events.compactMap(\.outSize) == [1])
        }
    }

    @Test func haltSetByTheHostStallsTransfers() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let device = try bus.open(attachment)
            let pipe = try device.claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
            try await device.control(.setFeature(.endpointHalt, of: .endpoint(TestDevice.bulkOut)))
            let completed = try await pipe.makeTransfer(capacity: 3).submit().completion()
            #expect(completed.outcome.status == .stalled)
            #expect(attachment.withPeripheral { $0.events.compactMap(\.outSize) }.isEmpty)
        }
    }

    @Test func bulkEndpointsTakeTurns() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral {
                $0.packets = [
                    TestDevice.bulkIn: [[UInt8](repeating: 1, count: 512)],
                    TestDevice.secondBulkIn: [[UInt8](repeating: 2, count: 512)],
                ]
                $0.repeats = [TestDevice.bulkIn, TestDevice.secondBulkIn]
                $0.notesTokens = true
            }
            let interface = try bus.open(attachment).claim(0)
            let first = try interface.inPipe(TestDevice.bulkIn, Bulk.self).makeTransfer(capacity: 13 * 512).submit()
            let second = try interface.inPipe(TestDevice.secondBulkIn, Bulk.self).makeTransfer(capacity: 13 * 512)
                .submit()
            let one = await first.completion()
            let two = await second.completion()
            // 13 packets a microframe for both together: 7 and 6, then 6 and 7.
            #expect(one.outcome.time == two.outcome.time)
            #expect(one.outcome.time.nanoseconds == 250_000)
            let tokens = attachment.withPeripheral { $0.events }
            let firstMicroframe = tokens.filter { $0.microframe == microframe(0) }
            #expect(firstMicroframe.count == 13)
            #expect(
                firstMicroframe.count { if case .asked(TestDevice.bulkIn, _, _) = $0 { true } else { false } } == 7)
        }
    }

    @Test func interruptEndpointsAreAskedAtTheirInterval() throws {
        // bInterval 4 at high speed: every 8 microframes.
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(interruptInterval: 4))
            attachment.withPeripheral {
                $0.packets[TestDevice.interruptIn] = [[1], [2], [3]]
                $0.notesTokens = true
            }
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.interruptIn, Interrupt.self)
            for value: UInt8 in 1...3 { #expect(try await pipe.read(upTo: 64) == [value]) }
            let times = attachment.withPeripheral { $0.events.compactMap(\.microframe) }
            #expect(times == [microframe(0), microframe(8), microframe(16)])
        }
    }

    @Test func fullSpeedInterruptIntervalsAreLinear() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(speed: .full, interruptInterval: 10))
            attachment.withPeripheral {
                $0.packets[TestDevice.interruptIn] = [[1], [2]]
                $0.notesTokens = true
            }
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.interruptIn, Interrupt.self)
            _ = try await pipe.read(upTo: 64)
            _ = try await pipe.read(upTo: 64)
            let times = attachment.withPeripheral { $0.events.compactMap(\.microframe) }
            #expect(times == [microframe(0), microframe(80)])
        }
    }

    @Test func timeoutKeepsTheBytesThatMoved() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[UInt8](repeating: 9, count: 512)] }
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            let completed = try await pipe.makeTransfer(capacity: 1024).submit(timeout: .milliseconds(3)).completion()
            #expect(completed.outcome.status == .timedOut)
            #expect(completed.outcome.byteCount == 512)
            #expect(completed.outcome.time.nanoseconds == 3_000_000)
        }
    }

    @Test func faultsReachTheHost() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral { $0.replies[TestDevice.bulkIn] = .fault(.cyclicRedundancyCheck) }
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            let completed = try await pipe.makeTransfer(capacity: 512).submit().completion()
            #expect(completed.outcome.error?.kind == .bus(.cyclicRedundancyCheck))
        }
    }
}
