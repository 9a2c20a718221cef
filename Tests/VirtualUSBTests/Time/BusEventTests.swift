// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import VirtualUSB

@testable import USBHost

@Suite("Events of a bus")
struct BusEventTests {
    private func wait(
        _ events: [BusEvent], all: Bool = false, milliseconds: Int64? = nil, _ bus: VirtualBus
    ) -> BusEvent.WaitEnd {
        let deadline = milliseconds.map { bus.clock.presentInstant.advanced(byNanoseconds: $0 * 1_000_000) }
        return blocking { BusEvent.wait(for: events, all: all, until: deadline, on: bus.executor) }
    }

    @Test("A wait takes nothing from a manual event, and one count from an automatic one")
    func reset() {
        let bus = VirtualBus(flow: .free)
        let manual = BusEvent(on: bus.executor, count: 1)
        let automatic = BusEvent(on: bus.executor, count: 1, reset: .automatic)
        let semaphore = BusEvent(on: bus.executor, count: 2, limit: 3, reset: .automatic)
        for _ in 0..<3 { #expect(wait([manual], milliseconds: 0, bus) == .set(0)) }
        #expect(wait([automatic], milliseconds: 0, bus) == .set(0))
        #expect(wait([automatic], milliseconds: 0, bus) == .timedOut)
        #expect(semaphore.set(adding: 2) == nil, "the limit would be exceeded")
        #expect(semaphore.set(adding: 1) == 2)
        for _ in 0..<3 { #expect(wait([semaphore], milliseconds: 0, bus) == .set(0)) }
        #expect(wait([semaphore], milliseconds: 0, bus) == .timedOut)
        manual.clear()
        #expect(wait([manual], milliseconds: 0, bus) == .timedOut)
        #expect(manual.set() == 0)
        #expect(manual.set() == 1)
        #expect(manual.isSet)
    }

    @Test("A wait for any names the first that is set; one for all takes from all or from none")
    func several() {
        let bus = VirtualBus(flow: .free)
        let events = (0..<3).map { _ in BusEvent(on: bus.executor, reset: .automatic) }
        events[1].set()
        events[2].set()
        #expect(wait(events, milliseconds: 1, bus) == .set(1))
        #expect(wait(events, all: true, milliseconds: 1, bus) == .timedOut)
        #expect(events[2].isSet, "nothing was taken")
        events[0].set()
        events[1].set()
        #expect(wait(events, all: true, milliseconds: 1, bus) == .set(0))
        #expect(events.allSatisfy { !$0.isSet })
    }

    @Test("A wait ends at its deadline in bus time, on a clock that runs free and on one that moves by hand")
    func deadlines() {
        for bus in [VirtualBus(flow: .free), VirtualBus(flow: .manual)] {
            let event = BusEvent(on: bus.executor)
            let before = bus.clock.presentInstant
            #expect(wait([event], milliseconds: 1_000, bus) == .timedOut)
            #expect(before.duration(to: bus.clock.presentInstant) == .seconds(1))
            #expect(wait([], milliseconds: 500, bus) == .timedOut, "without events it is a sleep")
            #expect(before.duration(to: bus.clock.presentInstant) == .milliseconds(1_500))
        }
        let manual = VirtualBus(flow: .manual)
        #expect(wait([BusEvent(on: manual.executor)], manual) == .neverSet)
    }

    @Test("A poll with no time to wait comes to an end on a clock that runs free")
    func polling() {
        let bus = VirtualBus(flow: .free)
        let event = BusEvent(on: bus.executor)
        let limit = bus.clock.presentInstant.advanced(byNanoseconds: 100_000)
        while bus.clock.presentInstant < limit { #expect(wait([event], milliseconds: 0, bus) == .timedOut) }
    }

    @Test("Threads hand a token round, and each turn takes its time on the bus", arguments: [2, 5])
    func threads(count: Int) {
        let bus = VirtualBus(flow: .free)
        let events = (0..<count).map { _ in BusEvent(on: bus.executor, reset: .automatic) }
        let turns = Log<Int>()
        let threads = Threads()
        let rounds = 50
        for index in 0..<count {
            threads.start {
                for _ in 0..<rounds {
                    _ = BusEvent.wait(for: [events[index]], on: bus.executor)
                    turns.add(index)
                    bus.clock.blockingSleep(until: bus.clock.presentInstant.advanced(byNanoseconds: 1_000_000))
                    events[(index + 1) % count].set()
                }
            }
        }
        events[0].set()
        threads.join()
        #expect(turns.elements == (0..<rounds * count).map { $0 % count })
        #expect(bus.clock.presentInstant.nanoseconds == Int64(rounds * count) * 1_000_000)
    }

    @Test("An event that counts wakes as many as it counts, and no more")
    func wakesAsManyAsItCounts() {
        let bus = VirtualBus(flow: .free)
        let semaphore = BusEvent(on: bus.executor, limit: 100, reset: .automatic)
        let woken = BusEvent(on: bus.executor, limit: 100, reset: .automatic)
        let ends = Log<BusEvent.WaitEnd>()
        let threads = Threads()
        for _ in 0..<6 {
            threads.start {
                ends.add(BusEvent.wait(for: [semaphore], on: bus.executor))
                woken.set()
            }
        }
        for count in [4, 2] {
            semaphore.set(adding: count)
            for _ in 0..<count { #expect(wait([woken], bus) == .set(0)) }
            #expect(!semaphore.isSet)
            #expect(!woken.isSet)
        }
        threads.join()
        #expect(ends.elements == [BusEvent.WaitEnd](repeating: .set(0), count: 6))
    }
}
