// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@testable import USBHost

@Suite("Races")
struct RaceTests {
    /// Counts what a race must keep: one completion for each accepted submit.
    private final class Tally: @unchecked Sendable {
        let submitted = Counter()
        let completed = Counter()
        let cancelled = Counter()
    }

    @Test(
        "Exactly one completion under 100,000 cancels, timeouts and drops in simulated time", arguments: [true, false])
    func simulated(continuation: Bool) throws {
        let wire = ScriptedWire(bulkContinuation: continuation)
        let service = SharedGenerator(seed: 1)
        for address: EndpointAddress in [0x81, 0x02] {
            wire.script(address) { request in
                switch service.next(in: 0..<8) {
                case 0: .never(moving: 1)
                case 1: .short(service.next(in: 0..<512)).after(Int64(service.next(in: 0..<20)) * 1_000)
                case 2: .fault(.transaction, after: 0).after(2_000)
                default: .all.after(Int64(service.next(in: 0..<20)) * 1_000)
                }
            }
        }
        wire.letCancelsLose { _ in service.next(in: 0..<4) == 0 }
        wire.refuse { _, _ in service.next(in: 0..<16) == 0 ? USBError(.outOfMemory) : nil }
        let tally = Tally()
        try wire.simulate { interface in
            let pipes = (try interface.outPipe(0x02, Bulk.self), try interface.inPipe(0x81, Bulk.self))
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(number))
                        for _ in 0..<lengthy(3_200) {
                            let size = [8, 512, 20_000].randomElement(using: &generator) ?? 8
                            let transfer =
                                number % 2 == 0
                                ? pipes.0.makeTransfer(capacity: size) : pipes.1.makeTransfer(capacity: size)
                            await RaceTests.race(transfer, &generator, wire, tally)
                        }
                    }
                }
            }
            await pipes.0.abort()
            await pipes.1.abort()
        }
        #expect(tally.submitted.value > 11 * lengthy(3_200))
        #expect(tally.completed.value == tally.submitted.value)
        #expect(tally.cancelled.value > lengthy(3_200) * 5 / 16)
    }

    /// One transfer that is submitted and, at some point, cancelled, timed out, dropped or left alone.
    private static func race(
        _ transfer: consuming Transfer<Bulk>, _ generator: inout SeededGenerator, _ wire: ScriptedWire, _ tally: Tally
    ) async {
        let choice = Int.random(in: 0..<5, using: &generator)
        let wait = Duration.microseconds(Int.random(in: 0..<30, using: &generator))
        do throws(USBError) {
            let timeout: Duration? = choice == 0 ? wait : .microseconds(500)
            if choice == 1 {
                try transfer.submit(timeout: timeout) { _ in tally.completed.next() }
                tally.submitted.next()
                return
            }
            let flight = try transfer.submit(timeout: timeout)
            if choice == 2 { return _ = consume flight }
            tally.submitted.next()
            if choice == 3 {
                let canceller = flight.canceller
                async let cancel: Void = {
                    try? await wire.clock.sleep(for: wait)
                    canceller.cancel()
                }()
                let outcome = await flight.completion().outcome
                await cancel
                if outcome.status == .cancelled { tally.cancelled.next() }
            } else {
                if choice == 4 { flight.cancel() }
                if await flight.completion().outcome.status == .cancelled { tally.cancelled.next() }
            }
            tally.completed.next()
        } catch {}
    }

    @Test("Exactly one completion when threads and tasks cancel against real completions", arguments: [true, false])
    func threads(continuation: Bool) async throws {
        let wire = ScriptedWire(flow: .real, driver: .thread(name: "wire"), bulkContinuation: continuation)
        let service = SharedGenerator(seed: 2)
        wire.script(0x02) { _ in
            service.next(in: 0..<6) == 0 ? .never : .all.after(Int64(service.next(in: 0..<40)) * 500)
        }
        wire.letCancelsLose { _ in service.next(in: 0..<3) == 0 }
        let tally = Tally()
        do {
            let pipe = try wire.openFirstInterface().interface.outPipe(0x02, Bulk.self)
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        await onThread { RaceTests.raceBlocking(pipe, seed: UInt64(number), tally) }
                    }
                }
                for number in 4..<8 {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(number))
                        for _ in 0..<lengthy(1_000, by: 4) {
                            let size = Bool.random(using: &generator) ? 16 : 20_000
                            await RaceTests.race(pipe.makeTransfer(capacity: size), &generator, wire, tally)
                        }
                    }
                }
            }
            await pipe.abort()
            // A thread that has just found an end may not have handed it to the handler's place yet.
            for _ in 0..<10_000 where tally.completed.value < tally.submitted.value { await wire.run {} }
        }
        #expect(tally.submitted.value > 4 * lengthy(1_000, by: 4))
        #expect(tally.completed.value == tally.submitted.value)
        #expect(wire.outstanding == 0)
        #expect(wire.violations == [])
    }

    private static func raceBlocking(_ pipe: OutPipe<Bulk>, seed: UInt64, _ tally: Tally) {
        var generator = SeededGenerator(seed: seed)
        let bytes = [UInt8](repeating: 1, count: 20_000)
        for _ in 0..<lengthy(1_000, by: 4) {
            let size = [0, 16, 20_000].randomElement(using: &generator) ?? 0
            let timeout = Duration.microseconds(Int.random(in: 0..<60, using: &generator))
            tally.submitted.next()
            do throws(USBError) {
                if try pipe.blocking.write(bytes.span.extracting(first: size), timeout: timeout) == size {
                    tally.completed.next()
                }
            } catch {
                if error.kind == .timedOut { tally.completed.next() }
            }
        }
    }

    @Test("Many threads block on one pipe", arguments: [TimeFlow.real, .free])
    func manyThreads(flow: TimeFlow) async throws {
        let wire = ScriptedWire(flow: flow, driver: .thread(name: "wire"))
        wire.script(0x02) { _ in .all.after(1_000) }
        let written = Counter()
        let pipe = try wire.openFirstInterface().interface.outPipe(0x02, Bulk.self)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    await onThread {
                        for _ in 0..<lengthy(200, by: 4) {
                            let count = try? pipe.blocking.write([1, 2, 3].span)
                            if count == 3 { written.next() }
                        }
                    }
                }
            }
        }
        #expect(written.value == 12 * lengthy(200, by: 4))
        #expect(wire.outstanding == 0)
    }

    @Test("Threads hold, start and purge a pipe while others write: nothing is lost and nothing hangs")
    func gates() async throws {
        let wire = ScriptedWire(flow: .real, driver: .thread(name: "wire"))
        wire.script(0x02) { _ in .all.after(1_000) }
        let pipe = try wire.openFirstInterface().interface.outPipe(0x02, Bulk.self)
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    for _ in 0..<lengthy(500, by: 2) {
                        do throws(USBError) {
                            tally.submitted.next()
                            try await pipe.write([UInt8(number)])
                            tally.completed.next()
                        } catch {
                            if error.kind == .cancelled || error.kind == .notAccepting { tally.completed.next() }
                        }
                    }
                }
            }
            group.addTask {
                var generator = SeededGenerator(seed: 9)
                for _ in 0..<lengthy(500, by: 2) {
                    switch Int.random(in: 0..<5, using: &generator) {
                    case 0: pipe.hold()
                    case 1: pipe.purge()
                    case 2: await pipe.abort()
                    case 3: pipe.policy.isSerialized.toggle()
                    default: pipe.start()
                    }
                    await Task.yield()
                }
                pipe.start()
            }
        }
        #expect(tally.submitted.value == 4 * lengthy(500, by: 2))
        #expect(tally.completed.value == 4 * lengthy(500, by: 2))
        #expect(wire.outstanding == 0)
    }

    @Test("Unplugging while threads and tasks are at work ends all of it")
    func unplug() async throws {
        for round in 0..<20 {
            let wire = ScriptedWire(flow: .real, driver: .thread(name: "wire"), bulkContinuation: round % 2 == 0)
            wire.script(0x02) { _ in .all.after(1_000) }
            wire.script(0x81) { _ in .never }
            do {
                let interface = try wire.openFirstInterface().interface
                let (out, back) = (try interface.outPipe(0x02, Bulk.self), try interface.inPipe(0x81, Bulk.self))
                let kinds = await withTaskGroup(of: USBError.Kind?.self) { group in
                    for _ in 0..<3 {
                        group.addTask { await failure { _ = try await back.read(upTo: 512) }?.kind }
                        group.addTask {
                            await failure { while true { try await out.write([UInt8](repeating: 0, count: 20_000)) } }?
                                .kind
                        }
                        group.addTask {
                            await onThread { failure { while true { try out.blocking.write([1].span) } }?.kind }
                        }
                    }
                    for _ in 0..<round { await Task.yield() }
                    wire.unplug()
                    var kinds: [USBError.Kind?] = []
                    for await kind in group { kinds.append(kind) }
                    return kinds
                }
                #expect(kinds == [USBError.Kind?](repeating: .deviceGone, count: 9))
            }
            #expect(wire.outstanding == 0)
            #expect(wire.violations == [])
        }
    }
}

/// A seeded generator for behaviours, which are called under the wire's lock.
private final class SharedGenerator: @unchecked Sendable {
    private let lock = Lock()
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    func next(in range: Range<Int>) -> Int { lock.withLock { Int.random(in: range, using: &generator) } }
}
