// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite struct BusTimeFlowTests {
    @Test(arguments: [TimeFlow.free, .manual])
    func countsBeginWellAboveZero(flow: TimeFlow) {
        let bus = VirtualBus(flow: flow)
        let reading = bus.frame()
        #expect(reading.frame == firstFrame)
        #expect(reading.quality == .exact)
    }

    @Test func looksAtAFreeClockMoveIt() {
        let bus = VirtualBus(flow: .free)
        let start = bus.frame()
        var looks = 0
        while bus.frame().microframe < start.microframe + 8 { looks += 1 }
        #expect(looks > 900 && looks <= 1000)
    }

    @Test func anHourPassesAtOnce() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            let reading = try pipe.makeTransfer(capacity: 512).submit(timeout: .seconds(3600))
            // The device answers NAK, and nothing could change that: an hour of NAKs is not played through.
            #expect(await reading.completion().outcome.status == .timedOut)
            #expect(bus.clock.presentInstant.nanoseconds == 3_600_000_000_000)
            // A deadline inside a microframe is met exactly.
            try await bus.clock.sleep(for: .nanoseconds(12_345))
            #expect(bus.clock.presentInstant.nanoseconds == 3_600_000_012_345)
        }
    }

    @Test func nothingScheduledIsReported() {
        #expect(throws: SimulationError.stuck) {
            try VirtualBus.simulate { bus in
                let attachment = try bus.attach(TestDevice())
                let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
                _ = try await pipe.read(upTo: 512)
            }
        }
    }

    @Test func manualTimeMovesOnlyByHand() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let attachment = try bus.attach(TestDevice())
        attachment.withPeripheral {
            $0.packets[TestDevice.bulkIn] = [[1]]
            $0.notesTokens = true
        }
        let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
        let reading = try pipe.makeTransfer(capacity: 512).submit()
        #expect(reading.outcomeIfComplete == nil)
        bus.advance(by: .nanoseconds(124_999))
        #expect(reading.outcomeIfComplete == nil)
        #expect(attachment.withPeripheral { $0.events.compactMap(\.microframe) }.isEmpty)
        bus.advance(by: .nanoseconds(1))
        #expect(reading.outcomeIfComplete?.status == .completed)
        #expect(bus.frame().microframe == microframe(1))
        bus.advance(to: microframe(1000))
        #expect(bus.frame().microframe == microframe(1000))
        #expect(bus.clock.presentInstant.nanoseconds == 125_000_000)
        bus.advance(to: microframe(5))
        #expect(bus.frame().microframe == microframe(1000))
    }

    @Test func framesAreAnnouncedToThoseWhoWantThem() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral {
                $0.forgetEvents()
                $0.wantsFrames = true
                $0.dataFrame = firstFrame + 5
            }
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            // The device says NAK until it finds data by itself.
            #expect(try await pipe.read(upTo: 512) == [7])
            #expect(bus.frame().microframe == (firstFrame + 5).firstMicroframe + 1)
            let frames = attachment.withPeripheral { $0.events }
            #expect(frames == (0...5).map { .frame(firstFrame + $0) })
            attachment.withPeripheral {
                $0.wantsFrames = false
                $0.forgetEvents()
            }
            try await bus.clock.sleep(for: .seconds(1))
            #expect(attachment.withPeripheral { $0.events }.isEmpty)
        }
    }

    @Test func whatAPeripheralIsToldWakesItsReader() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            async let read = pipe.read(upTo: 512)
            try await bus.clock.sleep(for: .milliseconds(10))
            attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[5]] }
            #expect(try await read == [5])
            #expect(bus.clock.presentInstant.nanoseconds == 10_125_000)
        }
    }

    @Test func fullSpeedIsServedOnceAFrame() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(speed: .full))
            attachment.withPeripheral {
                $0.packets[TestDevice.bulkIn] = [[1], [2]]
                $0.notesTokens = true
            }
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            try await bus.clock.sleep(until: BusInstant(nanoseconds: 300_000))
            #expect(try await pipe.read(upTo: 64) == [1])
            #expect(bus.clock.presentInstant.nanoseconds == 2_000_000)
            #expect(try await pipe.read(upTo: 64) == [2])
            #expect(bus.clock.presentInstant.nanoseconds == 3_000_000)
            let times = attachment.withPeripheral { $0.events.compactMap(\.microframe) }
            #expect(times == [microframe(8), microframe(16)])
        }
    }

    @Test func realTimeServesBlockingCallers() throws {
        let bus = VirtualBus(flow: .real)
        let attachment = try bus.attach(TestDevice())
        attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[1], [2], [3]] }
        let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
        let before = bus.frame().microframe
        for value: UInt8 in 1...3 { #expect(try pipe.blocking.read(upTo: 512) == [value]) }
        #expect(bus.frame().microframe >= before + 3)
        #expect(throws: USBError.self) { _ = try pipe.blocking.read(upTo: 512, timeout: .milliseconds(2)) }
    }

    @Test func realTimeServesTasks() async throws {
        let bus = VirtualBus(flow: .real)
        let attachment = try bus.attach(TestDevice())
        let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
        async let read = pipe.read(upTo: 512)
        try await bus.clock.sleep(for: .milliseconds(2))
        attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[9]] }
        #expect(try await read == [9])
        let second = try pipe.makeTransfer(capacity: 512).submit()
        try await bus.clock.sleep(for: .milliseconds(2))
        attachment.unplug()
        #expect(await second.completion().outcome.status == .deviceGone)
    }

    @Test func freeTimeServesThreadsAndTasks() async throws {
        let bus = VirtualBus(flow: .free)
        let attachment = try bus.attach(TestDevice())
        let pipe = try bus.open(attachment).claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
        for _ in 0..<100 { try await pipe.write([1, 2, 3]) }
        let count = attachment.withPeripheral { $0.events.compactMap(\.outSize).count }
        #expect(count == 100)
    }

    @Test func theSameSeedGivesTheSameRun() throws {
        func run(_ seed: UInt64) throws -> [String] {
            try VirtualBus.simulate(seed: seed) { bus in
                let log = TraceLog()
                bus.setTrace { log.append($0) }
                let attachment = try bus.attach(TestDevice(interruptInterval: 3))
                attachment.withPeripheral {
                    $0.packets = [TestDevice.bulkIn: [[1, 2, 3]], TestDevice.interruptIn: [[4]]]
                    $0.repeats = [TestDevice.bulkIn, TestDevice.interruptIn]
                }
                let device = try bus.open(attachment)
                let interface = try device.claim(0)
                var random = bus.makeGenerator()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<4 {
                        var random = random.split()
                        group.addTask {
                            for _ in 0..<20 {
                                try await bus.clock.sleep(for: .microseconds(Int64.random(in: 1...500, using: &random)))
                                switch task {
                                case 0: _ = try await interface.inPipe(TestDevice.bulkIn, Bulk.self).read(upTo: 512)
                                case 1:
                                    let size = Int.random(in: 0...5000, using: &random)
                                    let pipe = try interface.outPipe(TestDevice.bulkOut, Bulk.self)
                                    try await pipe.write([UInt8](repeating: 0, count: size))
                                case 2:
                                    _ = try await interface.inPipe(TestDevice.interruptIn, Interrupt.self)
                                        .read(upTo: 64)
                                default: _ = try await device.read(.getConfiguration())
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                return log.lines
            }
        }
        let first = try run(1)
        #expect(first.count > 100)
        for _ in 0..<5 { #expect(try run(1) == first) }
        #expect(try run(2) != first)
    }
}
