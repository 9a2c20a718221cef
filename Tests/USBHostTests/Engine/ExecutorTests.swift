// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@testable import USBHost

@Suite("The executor and the clock")
struct ExecutorTests {
    /// Tasks, groups, sleeps and transfers, with a trace of what happened when.
    private static func busyRun(_ wire: ScriptedWire) throws -> [String] {
        let log = Log<String>()
        wire.startTrace()
        wire.script(0x02) { request in .all.after(Int64(request.bytes.count) * 1_000) }
        wire.script(0x81) { request in request.bytes.count % 3 == 0 ? .never : .short(1) }
        try wire.simulate { interface in
            let out = try interface.outPipe(0x02, Bulk.self)
            let back = try interface.inPipe(0x81, Bulk.self)
            await withTaskGroup(of: Void.self) { group in
                for number in 1...12 {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(number))
                        for _ in 0..<8 {
                            let size = Int.random(in: 0..<900, using: &generator)
                            let bytes = [UInt8](repeating: 0, count: size)
                            let outcome: String
                            do {
                                switch size % 3 {
                                case 0: outcome = "wrote \(try await out.write(bytes, timeout: .microseconds(700)))"
                                case 1:
                                    outcome =
                                        "read \(try await back.read(upTo: size, timeout: .microseconds(300)).count)"
                                default:
                                    try await wire.clock.sleep(for: .microseconds(size))
                                    outcome = "slept"
                                }
                            } catch { outcome = "\(error)" }
                            log.add("\(wire.clock.presentInstant.nanoseconds) task \(number): \(outcome)")
                        }
                    }
                }
            }
        }
        return log.elements + wire.trace
    }

    @Test("A simulation repeats itself exactly")
    func determinism() throws {
        let first = try ExecutorTests.busyRun(ScriptedWire())
        #expect(first.count > 200)
        for _ in 0..<sparing(49) {
            #expect(try ExecutorTests.busyRun(ScriptedWire()) == first)
        }
    }

    @Test("A simulation that waits for something that never happens says so")
    func stuck() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .never }
        #expect(throws: SimulationError.stuck) {
            try wire.simulate { interface in _ = try await interface.inPipe(0x81, Bulk.self).read(upTo: 8) }
        }
        try wire.expectClean()
        // A blocking call in a simulation fails by itself, so the body can go on.
        try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let error = blocking { failure { _ = try pipe.blocking.read(upTo: 8) } }
            #expect(error?.kind == .neverCompletes)
        }
    }

    @Test("What the body throws comes out")
    func bodyThrows() {
        let wire = ScriptedWire()
        #expect(throws: USBError(.notFound)) {
            try wire.executor.simulate { () async throws -> Void in throw USBError(.notFound) }
        }
    }

    @Test("A job from another thread is reported as lost determinism")
    func lostDeterminism() throws {
        let wire = ScriptedWire()
        let executor = wire.executor
        #expect {
            try executor.simulate {
                let isDone = Counter()
                startThread(name: "stranger") {
                    Task(executorPreference: executor) { isDone.next() }
                }
                while isDone.value == 0 { await Task.yield() }
            }
        } throws: { error in
            guard case SimulationError.lostDeterminism(let jobs) = error else { return false }
            return jobs > 0
        }
        // The next run is not blamed for it.
        #expect(try executor.simulate { 7 } == 7)
    }

    @Test("A body given to run runs on the executor's thread, and gives back its value or error")
    func run() async throws {
        let wire = ScriptedWire(flow: .real, driver: .thread(name: "wire"))
        #expect(!wire.executor.isCurrent)
        let here = await wire.run { wire.executor.isCurrent }
        #expect(here)
        await #expect(throws: USBError(.busy)) {
            try await wire.run { () async throws(USBError) -> Void in throw USBError(.busy) }
        }
        let (device, interface) = try wire.openFirstInterface()
        let pipe = try interface.outPipe(0x02, Bulk.self)
        let stays = try await wire.run {
            var stays = true
            for _ in 0..<20 {
                try await pipe.write([1])
                stays = stays && wire.executor.isCurrent
            }
            // A blocking call in a job of the executor reaps by itself.
            _ = try blocking { try pipe.blocking.write([2].span) }
            return stays
        }
        #expect(stays)
        #expect(device.speed == .high)
    }

    @Test("A sleeping task wakes at its time, or at once when it is cancelled")
    func sleep() throws {
        let wire = ScriptedWire()
        try wire.executor.simulate {
            let clock = wire.clock
            let start = clock.presentInstant
            try await clock.sleep(for: .milliseconds(250))
            #expect(start.duration(to: clock.presentInstant) == .milliseconds(250))
            try await clock.sleep(until: start)
            let cancelled = await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do { try await clock.sleep(for: .seconds(3600)) } catch { return error is CancellationError }
                    return false
                }
                try? await clock.sleep(for: .milliseconds(1))
                group.cancelAll()
                return await group.next() ?? false
            }
            #expect(cancelled)
            #expect(start.duration(to: clock.presentInstant) == .milliseconds(251))
            blocking { clock.blockingSleep(until: clock.presentInstant.advanced(by: .milliseconds(9))) }
            #expect(start.duration(to: clock.presentInstant) == .milliseconds(260))
        }
    }

    @Test("Looking at a free-running clock costs time, so that polling it ends")
    func polling() throws {
        let clock = BusClock(flow: .free)
        let start = clock.now
        var looks = 0
        while start.duration(to: clock.now) < .milliseconds(1) { looks += 1 }
        #expect(looks == 999)
    }

    @Test("Manual time moves by steps: jobs and completions run in order, and no further than asked")
    func steps() throws {
        let wire = ScriptedWire(flow: .manual, driver: .caller)
        wire.script(0x81) { _ in .short(2).after(3_000_000) }
        let log = Log<String>()
        do {
            let pipe = try wire.openFirstInterface().interface.inPipe(0x81, Bulk.self)
            Task(executorPreference: wire.executor) {
                let count = try? await pipe.read(upTo: 8).count
                log.add("read \(count ?? -1) at \(wire.clock.presentInstant.nanoseconds)")
                try? await wire.clock.sleep(for: .milliseconds(2))
                log.add("woke at \(wire.clock.presentInstant.nanoseconds)")
            }
            try pipe.makeTransfer(capacity: 8).submit { _ in
                log.add("handled at \(wire.clock.presentInstant.nanoseconds)")
            }
            wire.executor.step(until: BusInstant(nanoseconds: 2_999_999))
            #expect(log.elements == [])
            #expect(wire.clock.now == BusInstant(nanoseconds: 2_999_999))
            wire.executor.step(until: BusInstant(nanoseconds: 3_000_000))
            #expect(log.elements == ["handled at 3000000"])
            wire.executor.step(until: BusInstant(nanoseconds: 20_000_000))
        }
        #expect(log.elements == ["handled at 3000000", "read 2 at 6000000", "woke at 8000000"])
        #expect(wire.clock.now == BusInstant(nanoseconds: 20_000_000))
    }

    @Test("Stepping from inside a job moves the time and leaves the jobs to the one that steps")
    func nestedStep() throws {
        let wire = ScriptedWire(flow: .manual, driver: .caller)
        let log = Log<String>()
        try wire.executor.simulate {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await wire.clock.sleep(for: .milliseconds(1))
                    log.add("woke")
                }
                await Task.yield()
                wire.executor.step(until: BusInstant(nanoseconds: 5_000_000))
                log.add("stepped")
            }
        }
        #expect(log.elements == ["stepped", "woke"])
        #expect(wire.clock.now == BusInstant(nanoseconds: 5_000_000))
    }

    @Test("A thread that blocks goes on when the loop turns to other work")
    func loopTurnsAway() throws {
        let wire = ScriptedWire(flow: .real, driver: .thread(name: "wire"))
        wire.script(0x81) { _ in .short(1).after(2_000_000) }
        wire.script(0x02) { _ in .all.after(100_000) }
        let interface = try wire.openFirstInterface().interface
        let (back, out) = (try interface.inPipe(0x81, Bulk.self), try interface.outPipe(0x02, Bulk.self))
        for _ in 0..<50 {
            // The loop polls for the handler, and has nothing to wait for once that has run.
            try out.makeTransfer(capacity: 8).submit { _ in }
            #expect(try back.blocking.read(upTo: 8).count == 1)
        }
    }
}
