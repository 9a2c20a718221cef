// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification
import VirtualUSB

@testable import USBHost

@Suite("Time that runs free")
struct FreeTimeTests {
    @Test("Each look costs a microsecond, on however many threads; the engine's own look costs nothing")
    func looks() {
        let bus = VirtualBus(flow: .free)
        let threads = Threads()
        let seen = Log<[Int64]>()
        for _ in 0..<4 {
            threads.start { seen.add((0..<1_000).map { _ in bus.clock.now.nanoseconds }) }
        }
        threads.join()
        #expect(bus.clock.presentInstant.nanoseconds == 4_000_000)
        #expect(seen.elements.flatMap(\.self).sorted() == (1...4_000).map { $0 * 1_000 }, "no two looks are alike")
        for looks in seen.elements { #expect(looks == looks.sorted()) }
        for _ in 0..<100 { _ = bus.clock.presentInstant }
        #expect(bus.clock.presentInstant.nanoseconds == 4_000_000)
        // A program that polls the frame count comes to an end.
        let target = bus.frame().frame + 5
        while bus.frame().frame < target {}
        #expect(bus.frame().frame == target)
    }

    @Test("The clock never goes back, by hand either")
    func advance() {
        let clock = BusClock(flow: .free)
        clock.advance(to: BusInstant(nanoseconds: 500))
        clock.advance(to: BusInstant(nanoseconds: 499))
        clock.advance(to: BusInstant(nanoseconds: .min))
        #expect(clock.presentInstant.nanoseconds == 500)
    }

    @Test("A thousand sleepers wake in the order of their deadlines, each at its own", arguments: [4, 5] as [UInt64])
    func sleepers(seed: UInt64) throws {
        let woken = Log<(due: Int64, now: Int64)>()
        try VirtualBus.simulate(seed: seed) { bus in
            var random = bus.makeGenerator()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<1_000 {
                    // Some at the same time, some in the past.
                    let due = Int64.random(in: -50...700, using: &random) * 10_000 + 7
                    group.addTask {
                        try await bus.clock.sleep(until: BusInstant(nanoseconds: due))
                        woken.add((due, bus.clock.presentInstant.nanoseconds))
                    }
                }
                try await group.waitForAll()
            }
        }
        let all = woken.elements
        #expect(all.count == 1_000)
        #expect(all.allSatisfy { $0.now == max(0, $0.due) })
        #expect(all.map(\.now) == all.map(\.now).sorted())
    }

    @Test("A cancelled sleeper ends at once and the others sleep on", arguments: [0, 1, 999_999])
    func cancelledSleepers(nanoseconds: Int64) throws {
        try VirtualBus.simulate { bus in
            let clock = bus.clock
            async let other: Void = clock.sleep(until: BusInstant(nanoseconds: 5_000_000))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        await #expect(throws: CancellationError.self) { try await clock.sleep(for: .milliseconds(1)) }
                        #expect(clock.presentInstant.nanoseconds == nanoseconds)
                    }
                }
                try? await clock.sleep(until: BusInstant(nanoseconds: nanoseconds))
                group.cancelAll()
                await group.waitForAll()
                // In a task that is cancelled already nobody falls asleep, not for the past either.
                group.addTask {
                    await #expect(throws: CancellationError.self) { try await clock.sleep(for: .seconds(1)) }
                }
            }
            try await other
            #expect(clock.presentInstant.nanoseconds == 5_000_000)
        }
    }

    @Test("Nobody wakes at the end of time")
    func never() throws {
        #expect(throws: SimulationError.stuck) {
            try VirtualBus.simulate { try await $0.clock.sleep(for: .seconds(Int64.max)) }
        }
        #expect(throws: SimulationError.stuck) {
            try VirtualBus.simulate { bus in
                _ = try bus.attach(GadgetZero(options: .init(loopbackFirst: true)))
                let pipe = try bus.open(vendorID: 0x0525, productID: 0xA4A0).claim(0).inPipe(0x81, Bulk.self)
                _ = try await pipe.read(upTo: 512, timeout: .seconds(Int64.max))
            }
        }
        // Centuries do pass.
        try VirtualBus.simulate { bus in
            for _ in 0..<2 { try await bus.clock.sleep(for: .seconds(4_000_000_000)) }
            #expect(bus.clock.presentInstant.nanoseconds == 8_000_000_000_000_000_000)
            #expect(bus.frame().frame.count == 1_000_000 + 8_000_000_000_000)
        }
    }

    @Test("While a known client computes no time passes for the others")
    func computing() {
        let bus = VirtualBus(flow: .free)
        // However slow the machine is, a client that computes is waited for.
        bus.executor.patience = .max / 4
        let threads = Threads()
        let isOver = Signal()
        let rounds = Counter()
        let moved = Log<Int64>()
        let stop = Counter()
        threads.start {
            // This one would carry the time far away.
            while stop.value == 0 { bus.clock.blockingSleep(until: bus.clock.presentInstant.advanced(by: .seconds(1))) }
        }
        threads.start {
            for _ in 0..<50 {
                bus.clock.blockingSleep(until: bus.clock.presentInstant.advanced(by: .milliseconds(1)))
                // From here on this thread is a client that computes.
                let before = bus.clock.presentInstant.nanoseconds
                var sum: UInt64 = 0
                for index in 0..<20_000 as Range<UInt64> { sum = sum &* 31 &+ index }
                let after = bus.clock.presentInstant.nanoseconds
                // Uses the sum, which is never 1, so that it is computed.
                if sum != 1 { rounds.next() }
                moved.add(after - before)
            }
            stop.next()
            // It goes away, so that from now on it must not be waited for.
            bus.executor.lock.withLock { bus.executor.patience = 1 }
            bus.executor.kick()
            isOver.give()
        }
        isOver.wait()
        threads.join()
        #expect(moved.elements.allSatisfy { $0 == 0 })
        #expect(rounds.value == 50)
    }

    @Test("A blocked thread is woken by a cancel from outside, while another one polls", arguments: 0..<10)
    func wokenByOthers(round: Int) throws {
        let bus = VirtualBus(flow: .real)
        let plugged = try bus.plugBlocking(Recorder())
        let (out, back) = (try plugged.out, try plugged.in)
        let (polling, waiting) = (Threads(), Threads())
        let isPolling = Signal()
        let isWaiting = Signal()
        let cancellers = Log<Canceller>()
        let ends = Log<String>()
        polling.start {
            let start = bus.frame().microframe + 5 * 8_000
            guard let reading = try? back.makePackets([8]).submit(.at(start)) else { return isPolling.give() }
            isPolling.give()
            ends.add("reading \(reading.blockingCompletion().outcome.status)")
        }
        isPolling.wait()
        out.hold()
        waiting.start {
            guard let held = try? out.send(1, .asSoonAsPossible) else { return isWaiting.give() }
            cancellers.add(held.canceller)
            isWaiting.give()
            ends.add("held \(held.blockingCompletion().outcome.status)")
        }
        isWaiting.wait()
        cancellers.elements.first?.cancel()
        waiting.join()
        plugged.attachment.unplug()
        polling.join()
        #expect(ends.elements == ["held cancelled", "reading the device has gone"])
    }

    @Test("A client that stays away does not stop the bus for ever")
    func absence() {
        let bus = VirtualBus(flow: .free)
        let threads = Threads()
        let isKnown = Signal()
        let isOver = Signal()
        threads.start {
            bus.clock.blockingSleep(until: BusInstant(nanoseconds: 1_000))
            isKnown.give()
            // It waits for something that is no business of the bus.
            isOver.wait()
            bus.clock.blockingSleep(until: bus.clock.presentInstant.advanced(by: .seconds(1)))
        }
        threads.start {
            isKnown.wait()
            for _ in 0..<100 {
                bus.clock.blockingSleep(until: bus.clock.presentInstant.advanced(by: .seconds(1)))
            }
            isOver.give()
        }
        threads.join()
        #expect(bus.clock.presentInstant.nanoseconds >= 101_000_000_000)
    }

    @Test("Threads that sleep wake in the order of their deadlines")
    func blockingSleepers() {
        let bus = VirtualBus(flow: .free)
        let threads = Threads()
        let woken = Log<Bool>()
        for number in 0..<8 as Range<Int64> {
            threads.start {
                for round in 1...20 as ClosedRange<Int64> {
                    let due = BusInstant(nanoseconds: (round * 8 + number) * 1_000_000)
                    bus.clock.blockingSleep(until: due)
                    woken.add(bus.clock.presentInstant >= due)
                }
            }
        }
        threads.join()
        #expect(woken.elements.count == 160)
        #expect(woken.elements.allSatisfy { $0 })
    }

    @Test("Threads stream to devices side by side, each without loss")
    func blockingTransfers() throws {
        let bus = VirtualBus(flow: .free)
        let plugged = try (0..<3).map { _ in try bus.plugBlocking(Recorder(.frames)) }
        let threads = Threads()
        let failures = Log<String>()
        for device in plugged {
            threads.start {
                do {
                    let pipe = try device.out
                    for _ in 0..<100 {
                        let done = try pipe.send(4, .asSoonAsPossible).blockingCompletion()
                        if done.outcome.status != .completed { failures.add("\(done.outcome)") }
                    }
                } catch {
                    failures.add("\(error)")
                }
            }
        }
        threads.join()
        #expect(failures.elements.isEmpty)
        for device in plugged { #expect(device.received.count == 400) }
    }
}
