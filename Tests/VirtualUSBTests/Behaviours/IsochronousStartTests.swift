// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviours 1 to 4: what a frame number means, and what becomes of a transfer that names one.
@Suite("Isochronous starts at a frame")
struct IsochronousStartTests {
    // MARK: 1

    @Test(
        "Frames are milliseconds and packets take one service interval each, so that the next start is known",
        arguments: [
            (Recorder.Grid.all[0], 32, Int64(4)), (Recorder.Grid.all[1], 32, 8), (Recorder.Grid.all[2], 32, 16),
            (Recorder.Grid.all[3], 32, 32), (Recorder.Grid.all[4], 32, 64), (Recorder.Grid.frames, 8, 8),
            (Recorder.Grid.all[6], 8, 16),
        ])
    func frames(grid: Recorder.Grid, packets: Int, frames: Int64) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(grid))
            let frame = bus.frame().frame + 3
            let outcome = try await plugged.out.send(packets, .at(frame)).completion().outcome
            #expect(outcome.firstPosition == frame.firstMicroframe)
            #expect(outcome.nextPosition == (frame + frames).firstMicroframe)
            let positions = (0..<Int64(packets)).map { frame.firstMicroframe + $0 * grid.interval }
            #expect(plugged.received.map(\.position) == positions)
        }
    }

    @Test("Frame numbers have 64 bits: nothing happens where 32 of them, or 32 bits of microframes, are used up")
    func wide() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let pipe = try plugged.out
            var expected: [Microframe] = []
            for limit in [Microframe(1 << 32), Frame(1 << 32).firstMicroframe] {
                let start = limit - 5
                expected += (0..<10).map { start + $0 }
                let outcome = try await pipe.send(10, .at(start)).completion().outcome
                #expect(outcome.firstPosition == start)
                #expect(outcome.nextPosition == limit + 5)
                #expect(bus.frame().microframe >= limit + 5)
            }
            #expect(plugged.received.map(\.position) == expected)
        }
    }

    // MARK: 2

    @Test("An explicit start is exact, for 10,000 random positions in the window", arguments: Recorder.Grid.all)
    func randomStarts(grid: Recorder.Grid) throws {
        // The grid of the first is the finest; what the others add is seen sooner.
        let rounds = lengthy(grid.interval == 1 ? 10_000 : 1_000)
        let trace = Log<TransactionRecord>()
        let (planned, received) = try VirtualBus.simulate(seed: 1) { bus in
            let plugged = try await bus.plug(Recorder(grid))
            let pipe = try plugged.out
            bus.setTrace { trace.add($0) }
            var random = bus.makeGenerator()
            var planned: [Recorder.Packet] = []
            var transfer = pipe.makeTransfer(capacity: 64)
            for round in 0..<rounds {
                let sizes = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                    Int.random(in: 0...8, using: &random)
                }
                try transfer.setPackets(sizes)
                let value = UInt8(truncatingIfNeeded: round)
                transfer.withMutableBytes { bytes in for index in 0..<bytes.count { bytes[index] = value } }
                let now = bus.frame().microframe
                // A look costs a microsecond, so that the next microframe may just have begun.
                let ahead = Int64.random(in: 2...1023 * 8, using: &random)
                let start = (now + ahead).roundedUp(toMultipleOf: grid.step)
                let done = try await transfer.submit(.at(start), policy: StartPolicy(window: .apple)).completion()
                #expect(done.outcome.status == .completed)
                #expect(done.outcome.firstPosition == start)
                #expect(done.outcome.nextPosition == start + Int64(sizes.count) * grid.interval)
                #expect(done.outcome.positionQuality == .exact)
                #expect(done.outcome.byteCount == sizes.reduce(0, +))
                for (index, size) in sizes.enumerated() {
                    let position = start + Int64(index) * grid.interval
                    planned.append(.init(position: position, bytes: [UInt8](repeating: value, count: size)))
                    #expect(done.transfer.packet(index).time == instant(position))
                }
                transfer = done.transfer
            }
            return (planned, plugged.received)
        }
        #expect(received == planned)
        let traced = trace.elements.filter { $0.type == .isochronous }
        #expect(traced.map(\.microframe) == planned.map(\.position))
        #expect(traced.map(\.byteCount) == planned.map(\.bytes.count))
        #expect(traced.allSatisfy { $0.result == .done && $0.kind == .out })
    }

    @Test("A start hours ahead is kept, and the time till then passes at once")
    func farAhead() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let start = microframe(8_000 * 3_600 * 5 + 3)
            let outcome = try await plugged.out.send(2, .at(start)).completion().outcome
            #expect(outcome.firstPosition == start)
            #expect(plugged.received.map(\.position) == [start, start + 1])
            #expect(bus.clock.presentInstant == instant(start + 2))
        }
    }

    // MARK: 3

    @Test("From the lead to the horizon a start is taken, beyond them refused; a refused transfer never completes")
    func range() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let pipe = try plugged.out
        let now = microframe(8 * 2000 + 3)
        bus.advance(to: now)
        let lead = bus.capabilities.leadMicroframes
        let policy = StartPolicy(window: .apple)
        let horizon = (now.frame + 1024).firstMicroframe + 7
        let ends = Log<Microframe?>()
        func submit(_ position: Microframe) -> USBError? {
            failure {
                try pipe.makePackets([1]).submit(.at(position), policy: policy) { ends.add($0.outcome.firstPosition) }
            }
        }
        for position in [now + lead - 1, now, now - 1, now - 1000 * 8, now - 1025 * 8] {
            #expect(submit(position)?.kind == .tooLate)
        }
        for position in [horizon + 1, horizon + 1000] { #expect(submit(position)?.kind == .tooEarly) }
        bus.advance(by: .zero)
        #expect(ends.elements.isEmpty)
        #expect(submit(now + lead) == nil)
        #expect(submit(horizon) == nil)
        bus.advance(to: horizon + 100)
        #expect(ends.elements == [now + lead, horizon])
        #expect(plugged.received.map(\.position) == [now + lead, horizon])
    }

    @Test("A refusal says what was under way and what is the first start in reach")
    func refusalText() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let pipe = try bus.plugBlocking(Recorder()).out
        bus.advance(to: microframe(100))
        let error = failure { _ = try pipe.send(1, .at(microframe(90))) }
        #expect(error?.message.contains("\(microframe(100))") == true)
        #expect(error?.message.contains("\(microframe(100 + bus.capabilities.leadMicroframes))") == true)
        #expect(error?.endpoint == Recorder.out)
    }

    @Test("The limits of a window belong to it or not, as it says", arguments: [true, false], [Int64(0), 5, 7])
    func windows(inclusive: Bool, offset: Int64) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let pipe = try plugged.out
        let now = Frame(1_000_100)
        bus.advance(to: now.firstMicroframe + offset)
        let policy = StartPolicy(
            window: StartWindow(behind: 10, ahead: 20, inclusive: inclusive), late: .dropExpired)
        func tryStart(_ frame: Frame) throws -> USBError.Kind? {
            // The distance is counted in frames, wherever in them the two positions lie.
            for position in [frame.firstMicroframe, frame.firstMicroframe + 7] {
                let error = failure {
                    let inFlight = try pipe.send(1, .at(position), policy: policy)
                    inFlight.cancel()
                    _ = inFlight.blockingCompletion()
                }
                if let error { return error.kind }
            }
            return nil
        }
        #expect(try tryStart(now + 19) == nil)
        #expect(try tryStart(now + 20) == (inclusive ? nil : .tooEarly))
        #expect(try tryStart(now + 21) == .tooEarly)
        #expect(try tryStart(now - 9) == nil)
        #expect(try tryStart(now - 10) == (inclusive ? nil : .tooLate))
        #expect(try tryStart(now - 11) == .tooLate)
        bus.advance(by: .milliseconds(100))
        #expect(plugged.received.isEmpty)
    }

    @Test(
        "1024 frames are inside the window of Apple and outside that of Windows",
        arguments: [(StartWindow.windows, Int64(1023)), (.apple, 1024)])
    func knownWindows(window: StartWindow, last: Int64) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(.frames))
            try await bus.wait(until: microframe(8 * 5000))
            let policy = StartPolicy(window: window, late: .dropExpired)
            let now = Frame(1_005_000)
            #expect(failure { _ = try plugged.out.send(1, .at(now + last + 1), policy: policy) }?.kind == .tooEarly)
            #expect(failure { _ = try plugged.out.send(1, .at(now - last - 1), policy: policy) }?.kind == .tooLate)
            let past = try await plugged.out.send(1, .at(now - last), policy: policy).completion().outcome
            #expect(past.status == .expired)
            let future = try await plugged.out.send(1, .at(now + last), policy: policy).completion().outcome
            #expect(future.status == .completed)
            #expect(plugged.received.map(\.position) == [(now + last).firstMicroframe])
        }
    }

    @Test(
        "Positions beyond all reason are refused, whatever the policy",
        arguments: [Int64.min, .min + 1, -1 << 50, 1 << 50, .max - 1, .max], [StartPolicy.Late.refuse, .dropExpired])
    func extremes(count: Int64, late: StartPolicy.Late) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            for window in [nil, StartWindow.apple, StartWindow(behind: .max, ahead: .max, inclusive: true)] {
                let policy = StartPolicy(window: window, late: late)
                let error = failure { _ = try plugged.out.send(8, .at(Microframe(count)), policy: policy) }
                #expect(error?.kind == (count < 0 ? .tooLate : .tooEarly))
                _ = failure { _ = try plugged.out.send(8, .at(Frame(count)), policy: policy) }
            }
            #expect(try await plugged.out.send(1, .asSoonAsPossible).completion().outcome.status == .completed)
            #expect(plugged.received.count == 1)
        }
    }

    // MARK: 4

    @Test(
        "A start inside queued work is refused, and the position directly behind it is free",
        arguments: Recorder.Grid.all)
    func overlap(grid: Recorder.Grid) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(grid))
            let pipe = try plugged.out
            let start = microframe(1600)
            let end = start + 4 * grid.interval
            let first = try pipe.send(4, .at(start))
            for position in [start, start + grid.step, end - grid.step, start - 4 * grid.interval] {
                let error = failure { _ = try pipe.send(4, .at(position)) }
                #expect(error?.kind == .tooLate)
                #expect(error?.endpoint == Recorder.out)
            }
            let second = try pipe.send(4, .at(end))
            let third = try pipe.send(1, .at(end + 100 * grid.interval))
            let outcomes = [
                await first.completion().outcome, await second.completion().outcome, await third.completion().outcome,
            ]
            #expect(outcomes.map(\.status) == [.completed, .completed, .completed])
            #expect(outcomes.map(\.firstPosition) == [start, end, end + 100 * grid.interval])
            let positions = (0..<8).map { start + Int64($0) * grid.interval } + [end + 100 * grid.interval]
            #expect(plugged.received.map(\.position) == positions)
        }
    }
}
