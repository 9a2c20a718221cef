// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Isochronous starts at a position")
struct ExactStartTests {
    @Test("Every packet goes out in its own microframe, at thousands of random starts", arguments: Recorder.Grid.all)
    func randomStarts(grid: Recorder.Grid) throws {
        let trace = Log<TransactionRecord>()
        let (planned, received) = try VirtualBus.simulate(seed: 1) { bus in
            let plugged = try await bus.plug(Recorder(grid))
            let pipe = try plugged.out
            bus.setTrace { trace.add($0) }
            var random = bus.makeGenerator()
            var planned: [Recorder.Packet] = []
            var transfer = pipe.makeTransfer(capacity: 64)
            for round in 0..<2_000 * depth {
                let sizes = (0..<Int.random(in: 1...8, using: &random)).map { _ in Int.random(in: 0...8, using: &random)
                }
                try transfer.setPackets(sizes)
                let value = UInt8(truncatingIfNeeded: round)
                transfer.withMutableBytes { bytes in for index in 0..<bytes.count { bytes[index] = value } }
                let now = bus.frame().microframe
                // A look costs a microsecond, so that the next microframe may just have begun.
                let ahead = Int64.random(in: 2...1024 * 8, using: &random)
                let start = (now + ahead).roundedUp(toMultipleOf: grid.step)
                let done = try await transfer.submit(.at(start)).completion()
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

    @Test(
        "Packets take one service interval each",
        arguments: [
            (Recorder.Grid.all[0], 32, Int64(4)), (Recorder.Grid.all[1], 32, 8), (Recorder.Grid.all[3], 32, 32),
            (Recorder.Grid.all[4], 32, 64), (Recorder.Grid.frames, 8, 8), (Recorder.Grid.all[6], 8, 16),
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

    @Test("The first position in reach is taken, the one before it refused; a refusal sends nothing")
    func lead() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let pipe = try plugged.out
        bus.advance(to: microframe(100))
        let lead = bus.capabilities.leadMicroframes
        for late in [0, 1, 2, 1000] {
            let position = microframe(100 + lead - 1 - Int64(late))
            #expect(failure { _ = try pipe.send(1, .at(position)) }?.kind == .tooLate)
        }
        let inFlight = try pipe.send(1, .at(microframe(100 + lead)))
        bus.advance(to: microframe(200))
        #expect(inFlight.outcomeIfComplete?.status == .completed)
        #expect(plugged.received.map(\.position) == [microframe(100 + lead)])
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

    @Test("The windows of 1024 frames", arguments: [(StartWindow.windows, Int64(1023)), (.apple, 1024)])
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

    @Test("A start inside queued work is refused; the position behind it is free", arguments: Recorder.Grid.all)
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

    @Test("At full speed a start lies on a frame", arguments: [Int64(1), 4, 7])
    func fullSpeedAlignment(offset: Int64) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(.frames))
            #expect(failure { _ = try plugged.out.send(1, .at(microframe(800 + offset))) }?.kind == .invalidArgument)
            let outcome = try await plugged.out.send(1, .at(microframe(808))).completion().outcome
            #expect(outcome.firstPosition == microframe(808))
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
}
