// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 25: the order of completions, and what may be done inside one.
@Suite("Completions")
struct CompletionTests {
    @Test(
        "Completions of a pipe come in the order of submission, at times that never step back",
        arguments: sparing(0..<20 as Range<UInt64>))
    func order(seed: UInt64) throws {
        try VirtualBus.simulate(seed: seed) { bus in
            let attachment = try bus.attach(GadgetZero())
            let interface = try bus.open(attachment).claim(0)
            let (back, out) = (try interface.inPipe(0x81, Bulk.self), try interface.outPipe(0x01, Bulk.self))
            var random = bus.makeGenerator()
            let ends = [Log<(Int, BusInstant)>(), Log<(Int, BusInstant)>()]
            var submitted = [0, 0]
            for _ in 0..<300 {
                let direction = Int.random(in: 0...1, using: &random)
                let number = submitted[direction]
                submitted[direction] += 1
                let size = Int.random(in: 0...4, using: &random) * 512
                let log = ends[direction]
                if direction == 0 {
                    try back.makeTransfer(capacity: size).submit { log.add((number, $0.outcome.time)) }
                } else {
                    try out.makeTransfer(capacity: size).submit { log.add((number, $0.outcome.time)) }
                }
                if Bool.random(using: &random) {
                    try await bus.clock.sleep(for: .microseconds(Int.random(in: 0...100, using: &random)))
                }
            }
            try await bus.clock.sleep(for: .seconds(1))
            for direction in 0...1 {
                #expect(ends[direction].elements.map(\.0) == Array(0..<submitted[direction]))
                let times = ends[direction].elements.map(\.1)
                #expect(times == times.sorted())
            }
        }
    }

    /// Submits a transfer again whenever it ends, until a moment has come.
    private final class Loop: @unchecked Sendable {
        let outcomes = Counter()
        let problems = Log<String>()
        private let bus: VirtualBus
        private let end: BusInstant
        private var next: Microframe?

        init(on bus: VirtualBus, until end: BusInstant) {
            self.bus = bus
            self.end = end
        }

        func submit(_ transfer: consuming Transfer<Isochronous>, _ start: IsochronousStart) {
            do {
                try transfer.submit(start) { [self] done in
                    outcomes.next()
                    let outcome = done.outcome
                    if outcome.status != .completed { problems.add("\(outcome)") }
                    if let next, outcome.firstPosition != next { problems.add("a gap before \(outcome)") }
                    next = outcome.nextPosition
                    if bus.clock.presentInstant < end { submit(done.transfer, .continuing) }
                }
            } catch {
                problems.add("\(error)")
            }
        }
    }

    @Test("Ten minutes of submitting again from inside each completion leave no gap")
    func soak() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(.frames, keepsPackets: false))
            let pipe = try plugged.out
            let seconds = lengthy(600)
            let loop = Loop(on: bus, until: BusInstant(nanoseconds: Int64(seconds) * 1_000_000_000))
            let packets = [Int](repeating: 4, count: 20)
            loop.submit(try pipe.makePackets(packets), .asSoonAsPossible)
            for _ in 0..<2 { loop.submit(try pipe.makePackets(packets), .continuing) }
            try await bus.clock.sleep(for: .seconds(seconds + 1))
            #expect(loop.problems.elements.isEmpty)
            // One every 20 ms, and those that are queued at the end.
            #expect((seconds * 50...seconds * 50 + 4).contains(loop.outcomes.value))
        }
    }

    @Test("Blocking calls from inside a completion do not hang, on the same pipe and on others")
    func blockingInside() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(GadgetZero())
            let device = try bus.open(attachment)
            let interface = try device.claim(0)
            let (back, out) = (try interface.inPipe(0x81, Bulk.self), try interface.outPipe(0x01, Bulk.self))
            let seen = Log<String>()
            for number in 0..<5 {
                try back.makeTransfer(capacity: 512).submit { _ in
                    do {
                        seen.add("\(number) in \(try back.blocking.read(upTo: 512).count)")
                        seen.add("\(number) out \(try out.blocking.write([0, 0, 0].span))")
                        seen.add("\(number) control \(try device.blocking.read(.getConfiguration()))")
                    } catch {
                        seen.add("\(number) \(error)")
                    }
                }
            }
            try await bus.clock.sleep(for: .seconds(1))
            #expect(seen.elements == (0..<5).flatMap { ["\($0) in 512", "\($0) out 3", "\($0) control [3]"] })
        }
    }

    @Test("A submit that fails inside a completion is thrown there, or is the next completion with the transfer in it")
    func failedResubmission() throws {
        try VirtualBus.simulate { bus in
            _ = try bus.attach(GadgetZero())
            let plan = FaultPlan([
                FaultRule(ControllerFault.refuse(.outOfMemory), .packet(1), endpoint: 0x81, limit: 2)
            ])
            let faults = FaultInjector(bus, plan: plan)
            let pipe = try faults.open(try faults.devices()[0]).claim(0).inPipe(0x81, Bulk.self)
            let seen = Log<String>()
            try pipe.makeTransfer(capacity: 512).submit { first in
                seen.add("\(first.outcome.status)")
                do throws(USBError) {
                    try first.transfer.submit { _ in seen.add("never") }
                } catch {
                    seen.add("thrown \(error.kind)")
                }
                do {
                    try pipe.makeTransfer(capacity: 512).submit(deliveringRefusal: true) { refused in
                        seen.add("\(refused.outcome.status)")
                        // The slot came back and is as good as before.
                        do {
                            try refused.transfer.submit(deliveringRefusal: true) { seen.add("\($0.outcome.status)") }
                        } catch {
                            seen.add("thrown")
                        }
                    }
                    seen.add("not yet delivered")
                } catch {
                    seen.add("thrown")
                }
            }
            try await bus.clock.sleep(for: .seconds(1))
            let expected: [TransferStatus] = [.completed, .failed(.outOfMemory), .completed]
            #expect(
                seen.elements == [
                    "\(expected[0])", "thrown \(USBError.Kind.outOfMemory)", "not yet delivered",
                    "\(expected[1])", "\(expected[2])",
                ])
        }
    }

    @Test("An isochronous refusal reaches the handler too, for callers who want all refusals there")
    func refusedStart() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let pipe = try plugged.out
            let seen = Log<TransferStatus>()
            for start in [IsochronousStart.continuing, .at(microframe(0)), .at(Microframe(1 << 50))] {
                try pipe.makePackets([1]).submit(start, deliveringRefusal: true) { seen.add($0.outcome.status) }
            }
            #expect(seen.elements.isEmpty)
            try await bus.clock.sleep(for: .milliseconds(1))
            #expect(seen.elements == [.failed(.discontinuous), .failed(.tooLate), .failed(.tooEarly)])
            #expect(plugged.received.isEmpty)
        }
    }

    /// What lets a transfer be submitted during an abort, if anything does.
    enum DuringAbort: CaseIterable, Sendable { case nothing, policy, transfer }

    @Test(
        "During an abort a submit is refused, or kept until its end where the policy or the transfer says so",
        arguments: DuringAbort.allCases)
    func submitDuringAbort(_ leave: DuringAbort) throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            if leave == .policy { pipe.policy.whileAborting = .hold }
            let seen = Log<String>()
            try pipe.makeTransfer(capacity: 512).submit { done in
                seen.add("\(done.outcome.status)")
                var again = done.transfer
                again.ignoresPipeState = leave == .transfer
                do throws(USBError) {
                    try again.submit { seen.add("\($0.outcome.status) \($0.outcome.byteCount)") }
                    seen.add("kept")
                } catch {
                    seen.add("refused \(error.kind)")
                }
            }
            try await bus.clock.sleep(for: .milliseconds(1))
            await pipe.abort()
            seen.add("abort ended")
            try await bus.clock.sleep(for: .milliseconds(1))
            attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[1, 2, 3]] }
            try await bus.clock.sleep(for: .milliseconds(1))
            let expected =
                leave == .nothing
                ? ["cancelled", "refused notAccepting", "abort ended"]
                : ["cancelled", "kept", "abort ended", "completed 3"]
            #expect(seen.elements == expected)
        }
    }

    @Test("A transfer that ignores the pipe's state passes a held and a purged pipe; the others wait or are refused")
    func ignoringState() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
            func send(_ byte: UInt8) throws -> InFlight<Bulk> {
                var transfer = pipe.makeTransfer(capacity: 1)
                try transfer.fill(from: [byte].span)
                transfer.ignoresPipeState = true
                return try transfer.submit()
            }
            let flights = Flights<Bulk>()
            pipe.hold()
            let held = try pipe.makeTransfer(capacity: 7).submit()
            flights.add(try send(1))
            #expect(await flights.statuses() == [.completed])
            #expect(held.outcomeIfComplete == nil)
            pipe.purge()
            flights.add(try send(2))
            #expect(await flights.statuses() == [.completed])
            #expect(await failure { try await pipe.write([9]) }?.kind == .notAccepting)
            let status = await held.completion().outcome.status
            #expect(status == .cancelled)
            pipe.start()
            try await pipe.write([3, 4, 5])
            #expect(attachment.withPeripheral { $0.events.compactMap(\.outSize) } == [1, 1, 3])
        }
    }

    @Test("What was cancelled ends at once, also when the device still refuses the transfer before it")
    func cancelledOutOfOrder() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            let ends = Log<String>()
            try pipe.makeTransfer(capacity: 8).submit { ends.add("first \($0.outcome.status)") }
            try pipe.makeTransfer(capacity: 8).submit(timeout: .milliseconds(2)) {
                ends.add("second \($0.outcome.status)")
            }
            try pipe.makeTransfer(capacity: 8).submit { ends.add("third \($0.outcome.status)") }
            try await bus.clock.sleep(for: .milliseconds(5))
            #expect(ends.elements == ["second timed out"])
            attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[1], [2]] }
            try await bus.clock.sleep(for: .milliseconds(5))
            #expect(ends.elements == ["second timed out", "first completed", "third completed"])
        }
    }
}
