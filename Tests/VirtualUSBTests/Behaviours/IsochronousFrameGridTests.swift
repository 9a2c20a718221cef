// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Transfers that keep to whole frames: where they start, and when they complete.
@Suite("Isochronous transfers on the grid of frames")
struct IsochronousFrameGridTests {
    private static let frames = StartPolicy(grid: .frames)

    @Test("As soon as possible is the next frame, from every microframe", arguments: Recorder.Grid.all, 0..<8)
    func start(grid: Recorder.Grid, offset: Int64) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(grid))
            try await bus.wait(until: bus.present.frame.firstMicroframe + 16 + offset)
            let outcome = try await plugged.out.send(8, .asSoonAsPossible, policy: Self.frames).completion().outcome
            let first = try #require(plugged.received.first).position
            #expect(first.indexInFrame == 0)
            #expect(outcome.firstPosition == first)
            #expect(outcome.nextPosition == first + 8 * grid.interval)
        }
    }

    @Test("Nothing completes before the service interval of the last packet has ended", arguments: Recorder.Grid.all)
    func end(grid: Recorder.Grid) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(grid))
            let flights = Flights<Isochronous>()
            for start in [IsochronousStart.asSoonAsPossible, .continuing, .asSoonAsPossible, .continuing] {
                flights.add(try plugged.out.send(8, start, policy: Self.frames))
            }
            let outcomes = await flights.outcomes()
            for outcome in outcomes {
                let next = try #require(outcome.nextPosition)
                #expect(outcome.time == instant(next))
                #expect(outcome.status == .completed)
            }
            #expect(zip(outcomes, outcomes.dropFirst()).allSatisfy { $0.nextPosition == $1.firstPosition })
        }
    }

    @Test("A transfer that was served and awaits the end of its interval is done, whatever is cancelled then")
    func servedAndCancelled() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(Recorder.Grid.all[3]))
            let flight = try plugged.out.send(1, .at(bus.frame().frame + 2), policy: Self.frames)
            let start = (bus.present.frame + 2).firstMicroframe
            try await bus.wait(until: start + 4)
            #expect(plugged.received.count == 1)
            flight.cancel()
            let outcome = await flight.completion().outcome
            #expect(outcome.status == .completed)
            #expect(outcome.time == instant(start + 8))
            // An abort waits for such a one.
            let second = try plugged.out.send(1, .asSoonAsPossible, policy: Self.frames)
            try await bus.wait(until: start + 20)
            try await plugged.out.abort()
            #expect(bus.present >= start + 24)
            #expect(second.outcomeIfComplete?.status == .completed)
        }
    }

    @Test("Other transfers complete with their last packet", arguments: Recorder.Grid.all)
    func others(grid: Recorder.Grid) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(grid))
            let outcome = try await plugged.out.send(3, .asSoonAsPossible).completion().outcome
            let last = try #require(plugged.received.last).position
            #expect(outcome.time == instant(last + grid.step))
        }
    }
    @Test("What goes forward only is refused before the end of the transfer before it, also when that has ended")
    func forward() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(Recorder.Grid.all[0]))
            let first = bus.present.frame + 4
            let late = StartPolicy(late: .dropExpired)
            let forward = StartPolicy(late: .dropExpired, goesForward: true)
            _ = try await plugged.out.send(8, .at(first), policy: forward).completion()
            let next = first.firstMicroframe + 8 * Recorder.Grid.all[0].interval
            #expect(
                try await plugged.out.makePackets([1]).submitError(.at(next - 1), policy: forward)?.kind == .tooLate)
            #expect(try await plugged.out.send(1, .at(next), policy: forward).completion().outcome.status != .cancelled)
            // Others may begin in the past, as far as their window goes; what has passed there is dropped.
            #expect(try await plugged.out.send(1, .at(first), policy: late).completion().outcome.status == .expired)
        }
    }
}
