// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import USBHost

@Suite("Early ends: timeouts, cancels, aborts")
struct EarlyEndTests {
    @Test("A timeout ends the call at its time and reports what had moved", arguments: [false, true])
    func timeout(blockingCall: Bool) throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .never(moving: 300) }
        try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let start = wire.clock.presentInstant
            let error =
                blockingCall
                ? blocking { failure { _ = try pipe.blocking.read(upTo: 1024, timeout: .milliseconds(5)) } }
                : await failure { _ = try await pipe.read(upTo: 1024, timeout: .milliseconds(5)) }
            #expect(error?.kind == .timedOut)
            #expect(error?.byteCount == 300)
            #expect(start.duration(to: wire.clock.presentInstant) == .milliseconds(5))
            wire.script(0x81) { _ in .short(1) }
            #expect(try await pipe.read(upTo: 512, timeout: .milliseconds(5)).count == 1)
        }
    }

    @Test("Timeouts count from submission, or from service", arguments: [PipePolicy.TimeoutStart.submission, .service])
    func timeoutStart(_ start: PipePolicy.TimeoutStart) throws {
        let wire = ScriptedWire()
        // Each takes 3 ms, and may take 4.
        wire.script(0x02) { _ in .all.after(3_000_000) }
        let statuses = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            pipe.policy.timeoutStart = start
            return try await sendThree(pipe, timeout: .milliseconds(4))
        }
        #expect(
            statuses
                == (start == .service ? [.completed, .completed, .completed] : [.completed, .timedOut, .timedOut]))
    }

    @Test("In a serialised pipe the wire has one transfer at a time; the held ones time out as well")
    func serialised() throws {
        let wire = ScriptedWire()
        wire.script(0x02) { _ in .all.after(3_000_000) }
        let most = Counter()
        let (counted, service) = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            pipe.policy.isSerialized = true
            let counted = try await sendThree(pipe, timeout: .milliseconds(4)) {
                if wire.outstanding > 1 { most.next() }
            }
            pipe.policy.timeoutStart = .service
            let service = try await sendThree(pipe, timeout: .milliseconds(4)) {
                if wire.outstanding > 1 { most.next() }
            }
            return (counted, service)
        }
        #expect(counted == [.completed, .timedOut, .timedOut])
        #expect(service == [.completed, .completed, .completed])
        #expect(most.value == 0)
    }

    @Test("A timeout from service does not fall on a transfer that is used again while it waits its turn")
    func timeoutAndReuse() throws {
        let wire = ScriptedWire()
        wire.script(0x02) { _ in .all.after(3_000_000) }
        let statuses = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            pipe.policy.timeoutStart = .service
            var statuses: [TransferStatus] = []
            var first = pipe.makeTransfer(capacity: 8)
            var second = pipe.makeTransfer(capacity: 8)
            for _ in 0..<5 {
                let one = try first.submit(timeout: .milliseconds(4))
                let two = try second.submit(timeout: .milliseconds(4))
                let doneOne = await one.completion()
                statuses.append(doneOne.outcome.status)
                first = doneOne.transfer
                let doneTwo = await two.completion()
                statuses.append(doneTwo.outcome.status)
                second = doneTwo.transfer
            }
            return statuses
        }
        #expect(statuses == [TransferStatus](repeating: .completed, count: 10))
    }

    @Test("A transfer is cancelled alone; the others go on")
    func cancelOne() throws {
        let wire = ScriptedWire()
        wire.script(0x02) { _ in .all.after(1_000_000) }
        let statuses = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let first = try pipe.makeTransfer(capacity: 10).submit()
            let second = try pipe.makeTransfer(capacity: 10).submit()
            let third = try pipe.makeTransfer(capacity: 10).submit()
            second.cancel()
            let canceller = third.canceller
            let two = await second.completion().outcome.status
            let one = await first.completion().outcome.status
            let done = await third.completion()
            canceller.cancel()
            // The canceller belongs to the use that has ended, not to the next one.
            let again = try done.transfer.submit()
            canceller.cancel()
            return [one, two, done.outcome.status, await again.completion().outcome.status]
        }
        #expect(statuses == [.completed, .cancelled, .completed, .completed])
    }

    @Test("A real completion beats the cancel and keeps its status")
    func lostRace() throws {
        let wire = ScriptedWire()
        wire.letCancelsLose { _ in true }
        wire.script(0x81) { _ in .short(77).after(1_000_000) }
        let outcome = try wire.simulate { interface in
            let transfer = try interface.inPipe(0x81, Bulk.self).makeTransfer(capacity: 512).submit()
            transfer.cancel()
            transfer.cancel()
            return await transfer.completion().outcome
        }
        #expect(outcome.status == .completed)
        #expect(outcome.byteCount == 77)
    }

    @Test("An abort hands everything back and refuses meanwhile", arguments: [false, true])
    func abort(blockingCall: Bool) throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .never }
        try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let flights = Flights<Bulk>()
            for _ in 0..<5 { flights.add(try pipe.makeTransfer(capacity: 512).submit()) }
            if blockingCall {
                blocking { pipe.blocking.abort() }
            } else {
                await pipe.abort()
            }
            #expect(wire.outstanding == 0)
            #expect(await flights.statuses() == [TransferStatus](repeating: .cancelled, count: 5))
            wire.script(0x81) { _ in .short(1) }
            #expect(try await pipe.read(upTo: 512).count == 1)
        }
    }

    @Test("What is submitted during an abort is refused, or kept until it has ended, as the policy says")
    func submitDuringAbort() throws {
        for policy in [PipePolicy.WhileAborting.refuse, .hold] {
            let wire = ScriptedWire()
            wire.script(0x81, replies: [.never, .short(9)])
            try wire.simulate { interface in
                let pipe = try interface.inPipe(0x81, Bulk.self)
                pipe.policy.whileAborting = policy
                let spare = Log<String>()
                try pipe.makeTransfer(capacity: 512).submit { done in
                    // The handler runs when the abort has taken the transfer back, before abort() returns.
                    do throws(USBError) {
                        try done.transfer.submit { spare.add("\($0.outcome.status) \($0.outcome.byteCount)") }
                    } catch { spare.add("\(error.kind)") }
                }
                async let aborted: Void = pipe.abort()
                let error = await failure {
                    await Task.yield()
                    _ = try await pipe.read(upTo: 512)
                }
                await aborted
                #expect(error?.kind == (policy == .refuse ? .notAccepting : nil))
                if policy == .hold { #expect(try await pipe.read(upTo: 512).count == 9) }
                #expect(!spare.elements.isEmpty)
            }
        }
    }

    @Test("A held pipe keeps transfers and gives them in order when started; a purged one refuses")
    func gate() throws {
        let wire = ScriptedWire()
        let order = Log<UInt8>()
        wire.script(0x02) { request in
            order.add(request.bytes[0])
            return .all
        }
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            pipe.hold()
            let flights = Flights<Bulk>()
            for number in 1...4 {
                var transfer = pipe.makeTransfer(capacity: 1)
                try transfer.fill(from: [UInt8(number)].span)
                flights.add(try transfer.submit())
            }
            #expect(wire.submits == 0)
            pipe.start()
            #expect(await flights.statuses() == [TransferStatus](repeating: .completed, count: 4))
            pipe.hold()
            flights.add(try pipe.makeTransfer(capacity: 1).submit())
            pipe.purge()
            #expect(await flights.statuses() == [.cancelled])
            #expect(await failure { try await pipe.write([9]) }?.kind == .notAccepting)
            pipe.start()
            try await pipe.write([5])
        }
        #expect(order.elements == [1, 2, 3, 4, 5])
    }

    @Test("Cancelling the task cancels the call, before or after it begins")
    func taskCancellation() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .never(moving: 5) }
        try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            for wait in [0, 1_000] {
                let error = await withTaskGroup(of: USBError?.self) { group in
                    group.addTask { await failure { _ = try await pipe.read(upTo: 512) } }
                    if wait > 0 { try? await wire.clock.sleep(for: .microseconds(wait)) }
                    group.cancelAll()
                    return await group.next() ?? nil
                }
                #expect(error?.kind == .cancelled)
                #expect(error?.byteCount == 5)
            }
        }
    }

    @Test("Letting go of a transfer in flight cancels it and frees it")
    func dropped() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .never }
        let leak = Weak<TransferCore>()
        try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            do {
                let transfer = pipe.makeTransfer(capacity: 512)
                leak.object = transfer.core
                let flight = try transfer.submit()
                #expect(wire.outstanding == 1)
                _ = consume flight
            }
            try await wire.clock.sleep(for: .milliseconds(1))
            #expect(wire.outstanding == 0)
            #expect(leak.object == nil)
        }
    }

    @Test("On a manual clock a blocking call steps the time to its own end, or says that there is none")
    func manual() throws {
        let wire = ScriptedWire(flow: .manual, driver: .caller)
        wire.script(0x81, replies: [.short(3).after(2_000_000), .never(moving: 1), .never(moving: 2)])
        do {
            let interface = try wire.openFirstInterface().interface
            let pipe = try interface.inPipe(0x81, Bulk.self).blocking
            #expect(try pipe.read(upTo: 8).count == 3)
            #expect(wire.clock.now == BusInstant(nanoseconds: 2_000_000))
            let timed = failure { _ = try pipe.read(upTo: 8, timeout: .milliseconds(4)) }
            #expect(timed?.kind == .timedOut)
            #expect(wire.clock.now == BusInstant(nanoseconds: 6_000_000))
            let stuck = failure { _ = try pipe.read(upTo: 8) }
            #expect(stuck?.kind == .neverCompletes)
            #expect(stuck?.byteCount == 2)
            wire.clock.blockingSleep(until: BusInstant(nanoseconds: 9_000_000))
            #expect(wire.clock.now == BusInstant(nanoseconds: 9_000_000))
        }
        try wire.expectClean()
    }
}

/// Submits three transfers and waits for all; `look` is called at each submit and each end.
private func sendThree(
    _ pipe: OutPipe<Bulk>, timeout: Duration, look: () -> Void = {}
) async throws -> [TransferStatus] {
    let flights = Flights<Bulk>()
    for _ in 0..<3 {
        flights.add(try pipe.makeTransfer(capacity: 8).submit(timeout: timeout))
        look()
    }
    return await flights.statuses(look: look)
}
