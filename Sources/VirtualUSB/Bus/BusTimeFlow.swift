// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost
public import USBSpecification

/// How time passes on the bus.
extension VirtualBus: EventSource {
    /// How many microframes are served before the lock is given to others for a moment.
    private static let turn = 64

    /// Serves the bus until something is delivered, `deadline` has come or ``wake()`` is called; called by the executor.
    public func poll(until deadline: BusInstant?, wait: Bool) -> PollResult {
        lock.lock()
        defer { lock.unlock() }
        var now = clock.presentInstant.nanoseconds
        schedule.catchUp(to: now)
        var served = 0
        while true {
            if !schedule.completed.isEmpty {
                deliver()
                isWoken = false
                return .progressed
            }
            if isWoken {
                isWoken = false
                return .idle
            }
            if schedule.pending == 0, deadline == nil { return .exhausted }
            if let deadline, now >= deadline.nanoseconds { return .idle }
            let next = schedule.nextWork()
            if next == .max, deadline == nil { return .exhausted }
            guard wait else { return .idle }
            let end = next == .max ? Int64.max : Schedule.nanoseconds(at: next &+ 1)
            if clock.flow == .real {
                isWaiting = true
                changed.wait(nanoseconds: min(end, deadline?.nanoseconds ?? .max) &- now)
                isWaiting = false
                now = clock.presentInstant.nanoseconds
                schedule.catchUp(to: now)
                continue
            }
            if let deadline, end > deadline.nanoseconds {
                clock.advance(to: deadline)
                return .idle
            }
            let last = deadline.map { Schedule.position(at: $0.nanoseconds) &- 1 } ?? .max
            let count = schedule.serveRun(from: next, through: last, atMost: VirtualBus.turn &- served)
            if count == 0 { schedule.serve(next) }
            now = Schedule.nanoseconds(at: schedule.nextToServe)
            clock.advance(to: BusInstant(nanoseconds: now))
            served &+= max(1, count)
            if served == VirtualBus.turn {
                served = 0
                lock.unlock()
                lock.lock()
            }
        }
    }

    /// Makes `poll` return soon.
    public func wake() {
        lock.lock()
        isWoken = true
        if isWaiting { changed.signal() }
        lock.unlock()
    }

    /// Delivers what has ended so far, in order. The lock is held on entry and on return, but not meanwhile.
    private func deliver() {
        let last = schedule.completedCount
        while let record = schedule.popCompleted(upTo: last) {
            lock.unlock()
            VirtualBus.handOver(record)
            lock.lock()
            schedule.recycle(record)
        }
    }

    /// Delivers one request and lets go of everything that it held. No lock is held: what is let go of may close its
    /// pipe.
    @inline(never)
    private static func handOver(_ record: RequestRecord) {
        let completion = record.completion
        let request = record.request
        let sink = record.sink
        record.clear()
        if let request, let sink { sink.complete(request, completion) }
    }

    // MARK: Moving time by hand

    /// Moves manual time forward, serving everything on the way and running the jobs that it makes ready.
    ///
    /// - Precondition: the flow is manual.
    public func advance(by duration: Duration) {
        advance(to: clock.presentInstant.advanced(by: duration))
    }

    /// Moves manual time to the beginning of a microframe; one that lies in the past changes nothing.
    ///
    /// - Precondition: the flow is manual.
    public func advance(to microframe: Microframe) {
        let position = min(max(microframe.count, Schedule.origin), Schedule.lastPosition)
        advance(to: BusInstant(nanoseconds: Schedule.nanoseconds(at: position)))
    }

    private func advance(to instant: BusInstant) {
        precondition(clock.flow == .manual, "only manual time is moved by hand")
        executor.step(until: max(instant, clock.presentInstant))
    }

    // MARK: Simulating

    /// Runs `body` with a bus of its own, on the calling thread: its child tasks and the default actors they use run
    /// there too, and time jumps ahead whenever all of them wait. The same seed gives the same run, every time.
    ///
    /// Unstructured `Task {}` and `Task.sleep` escape the simulation; use task groups and `bus.clock.sleep(for:)`.
    ///
    /// Throws what `body` throws, and `SimulationError` when it waits for something that can never happen or when the run
    /// cannot be repeated.
    public static func simulate<Value: Sendable>(
        seed: UInt64 = 0, _ body: @Sendable @escaping (VirtualBus) async throws -> Value
    ) throws -> Value {
        let bus = VirtualBus(flow: .free, seed: seed, driver: .caller)
        // Transfers that the body let go of refer to the bus until they have been handed back.
        defer {
            bus.unplugAll()
            bus.executor.deliverReady()
        }
        return try bus.executor.simulate { try await body(bus) }
    }
}
