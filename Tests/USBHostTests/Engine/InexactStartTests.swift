// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import USBHost

@Suite("Isochronous starts on a wire that cannot start at a frame")
struct InexactStartTests {
    static func transfer(_ pipe: OutPipe<Isochronous>, packets: Int) throws -> Transfer<Isochronous> {
        var transfer = pipe.makeTransfer(capacity: packets * 16)
        try transfer.setPackets([Int](repeating: 16, count: packets))
        return transfer
    }

    @Test("A named frame is refused with the reason, at once, whatever is queued", arguments: [false, true])
    func refused(behindHeld: Bool) throws {
        let wire = ScriptedWire()
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let flights = Flights<Isochronous>()
            let start = wire.frame().microframe + 800
            if behindHeld {
                flights.add(
                    try InexactStartTests.transfer(pipe, packets: 8)
                        .submit(.at(start), policy: StartPolicy(accuracy: .bestEffort)))
            }
            let error = try await InexactStartTests.transfer(pipe, packets: 8).submitError(.at(start + 80))
            #expect(error?.kind == .unsupported)
            #expect(wire.submits == 0)
            _ = await flights.outcomes()
        }
    }

    @Test("Best effort holds until the frame less the lead, and keeps the order behind it")
    func bestEffort() throws {
        let wire = ScriptedWire()
        let outcomes = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let start = wire.frame().microframe + 800
            let flights = Flights<Isochronous>()
            flights.add(
                try InexactStartTests.transfer(pipe, packets: 8)
                    .submit(.at(start), policy: StartPolicy(accuracy: .bestEffort)))
            flights.add(try InexactStartTests.transfer(pipe, packets: 16).submit(.continuing))
            flights.add(try InexactStartTests.transfer(pipe, packets: 24).submit(.asSoonAsPossible))
            try await wire.clock.sleep(for: .microseconds(125 * 791))
            #expect(wire.submits == 0, "the lead is eight microframes")
            let outcomes = await flights.outcomes()
            #expect(outcomes.first?.firstPosition == start)
            return outcomes
        }
        #expect(outcomes.map(\.status) == [.completed, .completed, .completed])
        #expect(wire.spans.map(\.packets) == [8, 16, 24])
        #expect((wire.spans.first?.start ?? 0) >= 792)
        for (left, right) in zip(wire.spans, wire.spans.dropFirst()) {
            #expect(left.start + Int64(left.packets) == right.start)
        }
    }

    @Test("Cancelling the one that is held lets those behind it go", arguments: [false, true])
    func cancelHeld(byTimeout: Bool) throws {
        let wire = ScriptedWire()
        let (held, behind) = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let start = wire.frame().microframe + 8_000_000
            let held = try InexactStartTests.transfer(pipe, packets: 8)
                .submit(
                    .at(start), policy: StartPolicy(accuracy: .bestEffort), timeout: byTimeout ? .milliseconds(3) : nil)
            let behind = try InexactStartTests.transfer(pipe, packets: 8).submit(.asSoonAsPossible)
            if !byTimeout { held.cancel() }
            return (await held.completion().outcome, await behind.completion().outcome)
        }
        #expect(held.status == (byTimeout ? .timedOut : .cancelled))
        #expect(behind.status == .completed)
    }

    @Test("Continuing needs a queue that is not empty")
    func continuing() throws {
        let wire = ScriptedWire()
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            func refusal() async throws -> USBError.Kind? {
                try await InexactStartTests.transfer(pipe, packets: 8).submitError(.continuing)?.kind
            }
            #expect(try await refusal() == .discontinuous)
            let flights = Flights<Isochronous>()
            flights.add(try InexactStartTests.transfer(pipe, packets: 8).submit(.asSoonAsPossible))
            flights.add(try InexactStartTests.transfer(pipe, packets: 8).submit(.continuing))
            let outcomes = await flights.outcomes()
            #expect(outcomes.map(\.status) == [.completed, .completed])
            #expect(outcomes[0].nextPosition == outcomes[1].firstPosition)
            #expect(try await refusal() == .discontinuous)
            // The same refusal as the one completion, for those who want it so.
            let done = await
                (try InexactStartTests.transfer(pipe, packets: 8)
                .submit(.continuing, deliveringRefusal: true)).completion()
            #expect(done.outcome.status == .failed(.discontinuous))
        }
        #expect(wire.submits == 2)
    }

    @Test("Starts that are late or outside the window are refused with the reason")
    func windows() throws {
        let wire = ScriptedWire()
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let now = wire.frame().microframe
            func refusal(_ offset: Int64, _ window: StartWindow?) async throws -> USBError.Kind? {
                let policy = StartPolicy(window: window, accuracy: .bestEffort)
                let transfer = try InexactStartTests.transfer(pipe, packets: 1)
                return await transfer.submitError(.at(now + offset), policy: policy)?.kind
            }
            #expect(try await refusal(-8, nil) == .tooLate)
            #expect(try await refusal(7, nil) == .tooLate, "within the lead")
            #expect(try await refusal(1024 * 8, .windows) == .tooEarly)
            #expect(try await refusal(-1024 * 8, .windows) == .tooLate)
            #expect(try await refusal(.max / 2, nil) == .tooEarly)
        }
    }

    @Test("Packets are checked against the interval and the memory")
    func packets() throws {
        let wire = ScriptedWire()
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            for sizes in [[193], [-1], [100, 100, 100], []] {
                var transfer = pipe.makeTransfer(capacity: 256)
                do throws(USBError) {
                    try transfer.setPackets(sizes)
                    Issue.record("\(sizes) were taken")
                } catch {
                    #expect(error.kind == .invalidArgument)
                }
                let refused = await transfer.submitError(.asSoonAsPossible)
                #expect(refused?.kind == .invalidArgument)
            }
        }
    }
}
