// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Time by hand")
struct ManualTimeTests {
    @Test("Looks are free, and nothing moves by itself")
    func looks() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let before = bus.clock.now
        let inFlight = try plugged.out.send(3, .asSoonAsPossible)
        for _ in 0..<1_000 { #expect(bus.clock.now == before) }
        #expect(inFlight.outcomeIfComplete == nil)
        #expect(plugged.received.isEmpty)
        // A bus that its caller drives has nobody else to hand the transfer back.
        #expect(inFlight.blockingCompletion().outcome.status == .completed)
    }

    @Test("A step serves exactly the microframes that have ended", arguments: [Int64(1), 2, 3, 10])
    func steps(microframes: Int64) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let inFlight = try plugged.out.send(1_000, .at(microframe(100)))
        bus.advance(to: microframe(100))
        #expect(plugged.received.isEmpty)
        for step in 1...50 as ClosedRange<Int64> {
            bus.advance(by: .microseconds(125 * microframes) - .nanoseconds(1))
            #expect(plugged.received.count == Int(step * microframes - 1))
            bus.advance(by: .nanoseconds(1))
            #expect(plugged.received.count == Int(step * microframes))
            #expect(bus.present == microframe(100 + step * microframes))
        }
        bus.advance(by: .seconds(1))
        #expect(inFlight.outcomeIfComplete?.status == .completed)
        #expect(inFlight.outcomeIfComplete?.time == instant(microframe(1_100)))
    }

    @Test("Steps back, and steps of nothing, change nothing")
    func noStep() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        bus.advance(to: microframe(1_000))
        for duration in [Duration.zero, .seconds(-5), .seconds(Int64.min)] { bus.advance(by: duration) }
        for position in [microframe(999), microframe(0), Microframe(0), Microframe(.min)] { bus.advance(to: position) }
        #expect(bus.present == microframe(1_000))
        #expect(bus.clock.presentInstant == instant(microframe(1_000)))
    }

    @Test("A blocking call steps the time to its own end and no further", arguments: [1, 7, 1_000])
    func blockingCalls(packets: Int) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        bus.advance(to: microframe(100))
        let done = try plugged.out.send(packets, .at(microframe(200))).blockingCompletion()
        #expect(done.outcome.status == .completed)
        #expect(bus.clock.presentInstant == instant(microframe(200 + Int64(packets))))
        bus.clock.blockingSleep(until: bus.clock.presentInstant.advanced(by: .nanoseconds(12_345)))
        #expect(bus.clock.presentInstant == instant(microframe(200 + Int64(packets))).advanced(byNanoseconds: 12_345))
        bus.clock.blockingSleep(until: BusInstant(nanoseconds: 0))
        #expect(bus.clock.presentInstant == instant(microframe(200 + Int64(packets))).advanced(byNanoseconds: 12_345))
    }

    @Test("A timeout ends a blocking call at exactly its time", arguments: [1, 125_000, 1_234_567] as [Int64])
    func timeouts(nanoseconds: Int64) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let attachment = try bus.attach(GadgetZero(options: .init(loopbackFirst: true)))
        let description = try #require(try bus.devices().first { $0.id == attachment.id })
        let interface = try bus.open(description).claim(0)
        let pipe = try interface.inPipe(0x81, Bulk.self)
        let before = bus.clock.presentInstant
        #expect(
            failure { _ = try pipe.blocking.read(upTo: 512, timeout: .nanoseconds(nanoseconds)) }?.kind == .timedOut)
        #expect(bus.clock.presentInstant == before.advanced(byNanoseconds: nanoseconds))
        // A device that has nothing to say, and no timeout: that is told instead of waiting for ever.
        let stopped = bus.clock.presentInstant
        #expect(failure { _ = try pipe.blocking.read(upTo: 512) }?.kind == .neverCompletes)
        #expect(
            failure { _ = try pipe.blocking.read(upTo: 512, timeout: .seconds(Int64.max)) }?.kind == .neverCompletes)
        // The device was asked once for each.
        #expect(bus.clock.presentInstant <= stopped.advanced(byNanoseconds: 3 * Microframe.nanoseconds))
        // The pipe is as good as new.
        try interface.outPipe(0x01, Bulk.self).blocking.write([1, 2, 3].span)
        #expect(try pipe.blocking.read(upTo: 512) == [1, 2, 3])
    }

    @Test("Stepping runs the tasks of the bus in the order of time")
    func tasks() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let log = Log<String>()
        for number in [3, 1, 2] {
            Task(executorPreference: bus.executor) {
                for round in 1...2 {
                    try await bus.clock.sleep(for: .milliseconds(number * 10))
                    log.add("\(number).\(round) \(bus.clock.presentInstant.nanoseconds / 1_000_000)")
                }
            }
        }
        bus.advance(by: .milliseconds(5))
        #expect(log.elements.isEmpty)
        bus.advance(by: .milliseconds(5))
        #expect(log.elements == ["1.1 10"])
        bus.advance(by: .milliseconds(15))
        #expect(log.elements == ["1.1 10", "1.2 20", "2.1 20"] || log.elements == ["1.1 10", "2.1 20", "1.2 20"])
        bus.advance(by: .seconds(1))
        #expect(log.elements.suffix(3) == ["3.1 30", "2.2 40", "3.2 60"])
    }

    @Test("A stream in a task of the bus runs by steps, and sees an underrun where the steps make one")
    func stream() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder(.frames))
        let statistics = Log<StreamStatistics>()
        Task(executorPreference: bus.executor) {
            var stream = try plugged.out.stream(.fixed(bytes: 1), options: .init(depth: .milliseconds(4)))
            for _ in 0..<100 { try await stream.next { _ in } }
            try await bus.clock.sleep(for: .milliseconds(50))
            for _ in 0..<100 { try await stream.next { _ in } }
            statistics.add(try await stream.finish())
        }
        for _ in 0..<1_000 where statistics.elements.isEmpty { bus.advance(by: .microseconds(700)) }
        let result = try #require(statistics.elements.first)
        #expect(result.packetsCompleted == 200)
        #expect(result.gapCount == 1)
        #expect(result.packetsMissed == 0)
        let distances = zip(plugged.received, plugged.received.dropFirst()).map { $1.position - $0.position }
        #expect(distances.filter { $0 != 8 }.count == 1)
        #expect(distances.reduce(0) { $0 + $1 - 8 } == result.gapMicroframes)
    }
}
