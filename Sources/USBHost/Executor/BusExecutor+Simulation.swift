// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension BusExecutor {
    /// Moves manual time to `instant`: runs the jobs that are ready, then the next event, and so on. On return all jobs
    /// that were ready have run and the clock shows `instant`. Called from inside a job of this executor it moves the
    /// time only: jobs run one at a time, so those that become ready wait for the one that steps.
    public func step(until instant: BusInstant) {
        let current = currentThreadIdentity()
        lock.lock()
        defer { lock.unlock() }
        let isNested = ownerIsBusy && ownerThread == current
        while true {
            if !isNested { runWorkBeforeStep(on: current) }
            guard !isPolling else {
                followers += 1
                followerCondition.wait()
                followers -= 1
                continue
            }
            let isLast = clock.presentInstant >= instant
            _ = pollLocked(until: instant, wait: !isLast)
            if isLast, !isKicked, isNested || incoming.isEmpty && !ownerIsBusy { break }
        }
        passOnPolling()
    }

    private func runWorkBeforeStep(on thread: UInt) {
        if case .caller = driver {
            let previousOwner = ownerThread
            ownerThread = thread
            while !incoming.isEmpty { runReadyWorkLocked() }
            ownerThread = previousOwner
        } else {
            while !incoming.isEmpty || ownerIsBusy {
                followers += 1
                ownerCondition.signal()
                followerCondition.wait()
                followers -= 1
            }
        }
    }

    /// Delivers what is ready without any passing of time, and, with driver `.caller`, runs the jobs that this makes
    /// ready. A wire that is driven by its caller does this at its end, so that nothing stays behind in flight.
    public func deliverReady() {
        lock.lock()
        defer { lock.unlock() }
        let previousOwner = ownerThread
        ownerThread = currentThreadIdentity()
        defer { ownerThread = previousOwner }
        while true {
            if case .caller = driver, !incoming.isEmpty {
                runReadyWorkLocked()
            } else if isKicked, !isPolling {
                _ = pollLocked(until: nil, wait: false)
            } else {
                return
            }
        }
    }

    /// Runs `body`, its child tasks and the default actors they use on the calling thread. Time moves when no job is
    /// runnable and somebody waits. The same body gives the same run, every time.
    ///
    /// Throws ``SimulationError/stuck`` when the body waits for something that can never happen, and
    /// ``SimulationError/lostDeterminism(jobs:)`` when jobs came from other threads (from an unstructured `Task {}` or
    /// from `Task.sleep`), since the run cannot then be repeated.
    public func simulate<Value: Sendable>(
        _ body: @Sendable @escaping () async throws -> Value
    ) throws -> Value {
        guard case .caller = driver else { preconditionFailure("only an executor driven by its caller can simulate") }
        let outcome = SimulationOutcome<Value>()
        lock.withLock {
            ownerThread = currentThreadIdentity()
            isSimulating = true
            foreignJobs = 0
        }
        defer {
            lock.withLock {
                isSimulating = false
                ownerThread = 0
            }
        }
        let task = Task(executorPreference: self) {
            let result: Result<Value, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            self.lock.withLock { outcome.result = result }
        }
        var end = runOwner { outcome.result != nil }
        if end == .stuck {
            // Waits that observe cancellation end; what they return is not wanted.
            task.cancel()
            end = runOwner { outcome.result != nil }
            throw SimulationError.stuck
        }
        let jobs = lock.withLock { foreignJobs }
        guard let result = outcome.result else { throw SimulationError.stuck }
        let value = try result.get()
        if jobs > 0 { throw SimulationError.lostDeterminism(jobs: jobs) }
        return value
    }
}

/// Why a simulated run has no result.
public enum SimulationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The body waits, and nothing that is scheduled can ever wake it.
    case stuck
    /// So many jobs came from other threads; the run depends on their timing.
    case lostDeterminism(jobs: Int)

    /// A sentence for a person.
    public var description: String {
        switch self {
        case .stuck:
            "the simulation waits for something that will never happen (an unstructured Task is not waited for)"
        case .lostDeterminism(let jobs):
            "\(jobs) jobs came from outside the simulation (an unstructured Task or Task.sleep), so it cannot be repeated"
        }
    }
}

/// Where the simulated task leaves its result. Guarded by the executor's lock.
private final class SimulationOutcome<Value: Sendable>: @unchecked Sendable {
    var result: Result<Value, any Error>?
}
