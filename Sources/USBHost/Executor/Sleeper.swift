// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Ties a clock to the executor that serves its sleepers.
final class SleeperHandle: @unchecked Sendable {
    private let lock = Lock()
    private weak var executor: BusExecutor?

    init() {}

    func attach(_ executor: BusExecutor) {
        lock.withLock { self.executor = executor }
    }

    func sleep(until deadline: BusInstant) async throws {
        guard let executor = lock.withLock({ executor }) else { throw CancellationError() }
        try await executor.sleep(until: deadline)
    }

    func sleepBlocking(until deadline: BusInstant) {
        guard let executor = lock.withLock({ executor }) else { return }
        executor.sleepBlocking(until: deadline)
    }
}

/// One sleeping task.
private final class Sleeper: DeadlineNode, @unchecked Sendable {
    private enum State { case idle, sleeping(Resumption), over, cancelled }

    private let executor: BusExecutor
    private let lock = Lock()
    private var state = State.idle

    init(executor: BusExecutor) { self.executor = executor }

    var isCancelled: Bool { lock.withLock { if case .cancelled = state { true } else { false } } }

    func begin(_ continuation: Resumption, until deadline: BusInstant) {
        lock.lock()
        guard case .idle = state else {
            lock.unlock()
            return continuation.resume()
        }
        state = .sleeping(continuation)
        executor.arm(self, at: deadline, withInterest: true)
        lock.unlock()
    }

    func cancel() {
        lock.lock()
        guard case .sleeping(let continuation) = state, executor.disarm(self, withInterest: true) else {
            if case .idle = state { state = .cancelled }
            return lock.unlock()
        }
        state = .cancelled
        lock.unlock()
        continuation.resume()
    }

    override func deadlineReached() {
        executor.removeInterest()
        lock.lock()
        guard case .sleeping(let continuation) = state else { return lock.unlock() }
        state = .over
        lock.unlock()
        continuation.resume()
    }
}

/// A thread that sleeps in bus time.
private final class BlockingSleeper: DeadlineNode, @unchecked Sendable {
    private let executor: BusExecutor
    var isOver = false

    init(executor: BusExecutor) { self.executor = executor }

    override func deadlineReached() {
        executor.finishBlocking { isOver = true }
    }
}

extension BusExecutor {
    func sleep(until deadline: BusInstant) async throws {
        try Task.checkCancellation()
        guard deadline > clock.presentInstant else { return }
        let sleeper = Sleeper(executor: self)
        await withTaskCancellationHandler {
            await withResumption { sleeper.begin($0, until: deadline) }
        } onCancel: {
            sleeper.cancel()
        }
        if sleeper.isCancelled { throw CancellationError() }
    }

    func sleepBlocking(until deadline: BusInstant) {
        guard deadline > clock.presentInstant else { return noteClient() }
        let sleeper = BlockingSleeper(executor: self)
        arm(sleeper, at: deadline)
        if block(until: { sleeper.isOver }) == .neverCompletes { disarm(sleeper) }
    }
}

extension BusClock {
    /// Blocks the calling thread until `deadline`, as this clock counts. On a manual clock that steps the time.
    @available(*, noasync, message: "use sleep(until:), which suspends the task instead of blocking its thread")
    public func blockingSleep(until deadline: BusInstant) {
        sleepers.sleepBlocking(until: deadline)
    }
}
