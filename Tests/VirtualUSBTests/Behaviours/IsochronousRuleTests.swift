// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 9: whole frames and aligned starts, which some interfaces demand and the bus does not.
@Suite("Rules for isochronous transfers that the bus does not make")
struct IsochronousRuleTests {
    /// One request, with what the rules of Apple and Windows say to it.
    struct Row: Sendable, CustomTestStringConvertible {
        var grid: Recorder.Grid
        var packets: Int
        var frame: Int64 = 0
        var violation: IsochronousViolation?
        var testDescription: String { "\(grid.testDescription): \(packets) packets from frame \(frame)" }

        /// What is wrong for an interface that wants whole frames and, above a frame, starts on the interval's grid.
        func check(_ start: Frame) -> IsochronousViolation? {
            guard let interval = ServiceInterval(microframes: grid.interval) else { return .empty }
            return IsochronousRules.wholeFrames(packets: packets, interval: interval)
                ?? IsochronousRules.alignedStart(start, interval: interval)
        }
    }

    static let rows = [
        Row(grid: Recorder.Grid.all[0], packets: 8), Row(grid: Recorder.Grid.all[0], packets: 32),
        Row(grid: Recorder.Grid.all[0], packets: 7, violation: .packetsNotWholeFrames(7, multiple: 8)),
        Row(grid: Recorder.Grid.all[0], packets: 9, violation: .packetsNotWholeFrames(9, multiple: 8)),
        Row(grid: Recorder.Grid.all[1], packets: 4),
        Row(grid: Recorder.Grid.all[1], packets: 6, violation: .packetsNotWholeFrames(6, multiple: 4)),
        Row(grid: Recorder.Grid.all[2], packets: 2),
        Row(grid: Recorder.Grid.all[2], packets: 1, violation: .packetsNotWholeFrames(1, multiple: 2)),
        Row(grid: Recorder.Grid.all[3], packets: 1), Row(grid: Recorder.Grid.all[3], packets: 5, frame: 1),
        Row(grid: Recorder.Grid.all[4], packets: 3),
        Row(
            grid: Recorder.Grid.all[4], packets: 3, frame: 1, violation: .startNotAligned(firstFrame + 101, multiple: 2)
        ),
        Row(grid: Recorder.Grid.frames, packets: 1, frame: 1), Row(grid: Recorder.Grid.all[6], packets: 2, frame: 2),
        Row(
            grid: Recorder.Grid.all[6], packets: 2, frame: 3, violation: .startNotAligned(firstFrame + 103, multiple: 2)
        ),
    ]

    @Test(
        "Partial frames and misaligned starts break the rules before anything is sent; the bus itself takes them",
        arguments: rows)
    func rules(_ row: Row) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(row.grid))
            let start = firstFrame + 100 + row.frame
            #expect(row.check(start) == row.violation)
            // Without those rules any number of packets goes out, from any frame on.
            let outcome = try await plugged.out.send(row.packets, .at(start)).completion().outcome
            #expect(outcome.status == .completed)
            #expect(outcome.firstPosition == start.firstMicroframe)
            let positions = (0..<Int64(row.packets)).map { start.firstMicroframe + $0 * row.grid.interval }
            #expect(plugged.received.map(\.position) == positions)
        }
    }

    @Test("A start inside a full-speed frame is refused by the bus itself", arguments: [Int64(1), 4, 7])
    func fullSpeedAlignment(offset: Int64) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(.frames))
            #expect(failure { _ = try plugged.out.send(1, .at(microframe(800 + offset))) }?.kind == .invalidArgument)
            let outcome = try await plugged.out.send(1, .at(microframe(808))).completion().outcome
            #expect(outcome.firstPosition == microframe(808))
        }
    }

    @Test("A transfer without packets is refused, and one with a thousand is one transfer")
    func counts() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let pipe = try plugged.out
            #expect(await pipe.makeTransfer(capacity: 0).submitError(.asSoonAsPossible)?.kind == .invalidArgument)
            #expect(plugged.received.isEmpty)
            let done = try await pipe.send(1_000, .at(microframe(800))).completion()
            #expect(done.transfer.packets.allSatisfy { $0.status == .completed })
            #expect(plugged.received.map(\.position) == (0..<1_000).map { microframe(800 + $0) })
        }
    }
}
