// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The event loop of one controller, and the executor of everything that wants to run beside it.
///
/// A task that prefers this executor is resumed on the very thread that finds its completion: no other thread is woken.
/// That is the fast path:
///
///     await bus.run { ... }
///
/// A blocking caller needs no loop at all: it takes the role of polling if that is free, delivers what it finds to
/// everyone, returns on its own completion and hands the role on. Whoever polls runs engine code only; jobs and
/// completion handlers run on the loop's own thread, one at a time.
public final class BusExecutor: TaskExecutor, SerialExecutor, @unchecked Sendable {
    /// Who runs the jobs.
    public enum Driver: Sendable {
        /// A thread of the executor's own, started when it is first needed.
        case thread(name: String)
        /// The thread that calls ``simulate(_:)`` or ``step(until:)``.
        case caller
    }

    /// What the executor runs: a job of the concurrency runtime, or a completion handler.
    @safe enum Work {
        case job(UnownedJob)
        case isolatedJob(UnownedJob)
        /// Holds a reference to its transfer, which running it takes over: so that an array of work is plain memory.
        case handler(Unmanaged<TransferCore>)
    }

    /// The clock by which deadlines are kept.
    public let clock: BusClock
    let driver: Driver
    private let isolatedDoor = IsolatedDoor()
    weak var source: (any EventSource)?

    /// Guards everything below.
    let lock = Lock()
    let ownerCondition: Condition
    let followerCondition: Condition
    var incoming: [Work] = []
    /// Storage for the work that runs, kept for the next time.
    private var spare: [Work] = []
    /// What the owner's thread enqueues while it polls; it goes to ``incoming`` when the poll ends. That thread's alone.
    // Sound unchecked: one thread has it, and appending to an array of plain memory calls nothing that comes back here.
    @exclusivity(unchecked) private var found: [Work] = []
    private var deadlines = DeadlineHeap()

    var ownerThread: UInt = 0
    private var ownerHasStarted = false
    var ownerIsBusy = false
    var ownerBlocks = false
    var isPolling = false
    var pollingThread: UInt = 0
    private var isShutDown = false
    var followers = 0
    var followersNeedWaking = false
    /// The owner's thread while it polls; 0 at other times. Looked at without the lock by a thread that asks for itself.
    private let pollingOwner = Atomic<UInt>(0)
    /// Completions, sleeps and the like that somebody awaits. Who makes it 1 takes the lock afterwards to wake the owner.
    private let interestCount = Atomic(0)
    private var interest: Int { interestCount.load(ordering: .sequentiallyConsistent) }
    /// The source has something to deliver that needs no passing of time.
    var isKicked = false
    /// The last poll found that nothing is scheduled, and nothing has changed since.
    var isExhausted: Bool {
        get { exhaustion.load(ordering: .sequentiallyConsistent) }
        set { exhaustion.store(newValue, ordering: .sequentiallyConsistent) }
    }
    private let exhaustion = Atomic(false)
    /// Tells one poll from the next.
    var pollCount: UInt64 = 0
    /// Counts what may have given the source something to do, so that a poll which finds nothing is not believed when
    /// something came in the meantime.
    private let changeCount = Atomic<UInt64>(0)
    private var changes: UInt64 { changeCount.load(ordering: .sequentiallyConsistent) }
    /// Threads that have made blocking calls, and how many of those calls are under way. Kept in free flow only.
    var clients: [UInt: Int] = [:]
    var unparkedClients = 0
    /// Threads of ``addWorker(_:)``, and how many of their blocking calls are under way. Kept in manual flow only.
    var workers: [UInt: Int] = [:]
    var unparkedWorkers = 0
    /// Blocking waits that are over while their threads have not woken yet. Kept in free flow, and in manual flow while
    /// there are workers.
    var endedWaits = 0
    /// How often the last of the clients has begun to wait: a sign that none of them takes too long. Kept in free flow
    /// only.
    var standstills: UInt64 = 0
    /// The owner has nothing to do but to wait until the clients wait, or for too long do not.
    var ownerAwaitsClients = false
    /// Jobs that came from another thread than the one that simulates.
    var foreignJobs = 0
    var isSimulating = false

    /// How long a free-running clock stands still for a known client that computes, in nanoseconds of wall time, or up
    /// to twice as long. After that the client is taken to be waiting for something else.
    var patience: Int64 = 100_000_000

    /// Makes an executor for a controller that has `clock`.
    public init(clock: BusClock, driver: Driver) {
        self.clock = clock
        self.driver = driver
        ownerCondition = Condition(lock)
        followerCondition = Condition(lock)
        clock.sleepers.attach(self)
        unsafe isolatedDoor.executor = self
    }

    deinit {
        for case .handler(let transfer) in incoming { unsafe transfer.release() }
    }

    /// Sets what the loop waits on; called once, by the wire. The source is not kept alive.
    public func attach(_ source: any EventSource) {
        lock.withLock { self.source = source }
    }

    /// Ends the loop's thread after the work that is ready. Called by the wire that owns the executor when it goes.
    public func shutDown() {
        lock.withLock {
            isShutDown = true
            ownerCondition.broadcast()
            followerCondition.broadcast()
        }
    }

    // MARK: Executor

    /// Takes a job of the concurrency runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        enqueue(.job(UnownedJob(job)))
    }

    /// Takes an unowned job of the concurrency runtime.
    public func enqueue(_ job: UnownedJob) {
        enqueue(.job(job))
    }

    /// A reference for actors that are pinned to the executor.
    ///
    /// Jobs of actors come in by a door of their own: run as if they were isolated, the other jobs would be enqueued
    /// anew whenever they call a function that is not.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe isolatedDoor.asUnownedSerialExecutor()
    }

    /// Tells the runtime that code on the loop's thread is isolated to the executor.
    public func checkIsolated() {
        precondition(isCurrent, "not on the bus's executor")
    }

    /// Whether the calling thread is the one that runs the executor's jobs.
    public var isCurrent: Bool {
        lock.withLock { ownerThread == currentThreadIdentity() }
    }

    /// Runs `body` as a task on this executor: inside, awaiting a transfer costs no change of thread.
    public func run<Value: Sendable, Failure: Error>(
        _ body: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await withTaskExecutorPreference(self) { try await body() }
        } catch {
            throw error as! Failure
        }
    }

    func enqueue(_ work: Work, endingInterest: Bool = false) {
        let current = currentThreadIdentity()
        if pollingOwner.load(ordering: .relaxed) == current {
            // The poll returns to this thread before it runs anything or waits, so that there is nobody to tell.
            unsafe found.append(work)
            if endingInterest { removeInterest() }
            return
        }
        lock.lock()
        incoming.append(work)
        isExhausted = false
        changeCount.add(1, ordering: .sequentiallyConsistent)
        if isSimulating, current != ownerThread { foreignJobs += 1 }
        let mustWakeSource =
            isPolling && pollingThread != current && (pollingThread == ownerThread || clock.flow == .free)
        if current != ownerThread || !ownerHasStarted {
            startOwnerIfNeeded()
            ownerCondition.signal()
        }
        let source = mustWakeSource ? self.source : nil
        lock.unlock()
        source?.wake()
        if endingInterest { removeInterest() }
    }

    // MARK: Interest, deadlines and kicks

    /// Says that somebody awaits an event: the loop polls while anybody does.
    public func addInterest() {
        guard interestCount.add(1, ordering: .sequentiallyConsistent).oldValue == 0 else { return }
        lock.lock()
        wakeOwnerLocked()
        lock.unlock()
    }

    /// Takes back one ``addInterest()``.
    public func removeInterest() {
        let left = interestCount.subtract(1, ordering: .sequentiallyConsistent).newValue
        guard left == 0, clock.flow == .real else { return }
        // A loop that waits for nobody would keep the wire alive for ever.
        lock.lock()
        let mustWake = isPolling && pollingThread == ownerThread && pollingThread != currentThreadIdentity()
        let source = mustWake ? self.source : nil
        lock.unlock()
        source?.wake()
    }

    func wakeOwnerLocked() {
        if !ownerHasStarted { startOwnerIfNeeded() }
        // An owner that awaits the clients looks at everything else when they wait or its patience ends.
        if ownerIsBusy || (ownerAwaitsClients && !isKicked && !mayAdvance) { return }
        ownerCondition.signal()
    }

    /// Says that the source has something to deliver, or that its schedule has changed.
    public func kick() {
        let current = currentThreadIdentity()
        lock.lock()
        isKicked = true
        isExhausted = false
        changeCount.add(1, ordering: .sequentiallyConsistent)
        let source = isPolling && pollingThread != current ? self.source : nil
        if !isPolling {
            wakeOwnerLocked()
            if followers > 0 { followerCondition.broadcast() }
        }
        lock.unlock()
        source?.wake()
    }

    /// Says that a request was given to the wire: what is scheduled has changed.
    func scheduleChanged() {
        if clock.flow == .real {
            // Nobody's wait depends on the schedule then, unless a wire has said that nothing is scheduled. A poll that
            // is about to believe so looks at the count again after it has set the flag.
            changeCount.add(1, ordering: .sequentiallyConsistent)
            guard isExhausted else { return }
        }
        let current = currentThreadIdentity()
        lock.lock()
        changeCount.add(1, ordering: .sequentiallyConsistent)
        guard isExhausted || (isPolling && pollingThread != current) else { return lock.unlock() }
        let source = isPolling && pollingThread != current && clock.flow != .real ? self.source : nil
        if isExhausted {
            isExhausted = false
            wakeOwnerLocked()
            if followers > 0 { followerCondition.broadcast() }
        }
        lock.unlock()
        source?.wake()
    }

    func arm(_ node: DeadlineNode, at deadline: BusInstant, withInterest: Bool = false) {
        let current = currentThreadIdentity()
        lock.lock()
        let earliest = deadlines.earliest ?? .max
        deadlines.arm(node, at: deadline.nanoseconds)
        changeCount.add(1, ordering: .sequentiallyConsistent)
        if withInterest, interestCount.add(1, ordering: .sequentiallyConsistent).oldValue == 0 { wakeOwnerLocked() }
        let isNewEarliest = deadline.nanoseconds < earliest
        if isNewEarliest, isExhausted {
            isExhausted = false
            wakeOwnerLocked()
            if followers > 0 { followerCondition.broadcast() }
        }
        let source = isNewEarliest && isPolling && pollingThread != current ? self.source : nil
        lock.unlock()
        source?.wake()
    }

    /// Takes a deadline back. Returns false when it had come already.
    @discardableResult
    func disarm(_ node: DeadlineNode, withInterest: Bool = false) -> Bool {
        let wasArmed = lock.withLock {
            guard node.isArmed else { return false }
            deadlines.remove(node)
            return true
        }
        if wasArmed, withInterest { removeInterest() }
        return wasArmed
    }

    /// Serves the deadlines that have come. The lock is not held.
    private func serveDeadlines() {
        let now = clock.presentInstant.nanoseconds
        while let (node, keeper) = lock.withLock({ popDue(now: now) }) {
            withExtendedLifetime(keeper) { node.deadlineReached() }
        }
    }

    /// A node whose deadline has come, and what must outlive its call.
    private func popDue(now: Int64) -> (DeadlineNode, AnyObject?)? {
        // Asked before the node is taken out: only while it is armed does it stand by its word.
        let keeper = deadlines.first?.keeper
        return deadlines.popDue(now: now).map { ($0, keeper) }
    }

    // MARK: Polling

    /// Polls once. The lock is held on entry and on return, and the role of polling is free on both.
    func pollLocked(until limit: BusInstant?, wait: Bool) -> PollResult {
        var source = self.source
        guard source != nil else {
            // The wire has gone, and with it everything that could complete.
            isExhausted = true
            isKicked = false
            return .exhausted
        }
        let current = currentThreadIdentity()
        isPolling = true
        pollCount &+= 1
        pollingThread = current
        let isOwner = current == ownerThread
        if isOwner { pollingOwner.store(current, ordering: .relaxed) }
        isKicked = false
        let changesBefore = changes
        var deadline = deadlines.earliest.map { BusInstant(nanoseconds: $0) }
        if let limit { deadline = deadline.map { min($0, limit) } ?? limit }
        lock.unlock()
        let result = source?.poll(until: deadline, wait: wait) ?? .exhausted
        // If this was the last reference, the wire goes and shuts the executor down, for which the lock must be free.
        source = nil
        lock.lock()
        if !deadlines.isEmpty {
            lock.unlock()
            serveDeadlines()
            lock.lock()
        }
        isPolling = false
        pollingThread = 0
        if isOwner {
            pollingOwner.store(0, ordering: .relaxed)
            takeFoundLocked()
        }
        if result == .exhausted, deadline == nil, changes == changesBefore {
            isExhausted = true
            if changes != changesBefore { isExhausted = false }
        }
        if followersNeedWaking {
            followersNeedWaking = false
            if followers > 0 { followerCondition.broadcast() }
        }
        return result
    }

    /// Makes what the poll has found work for the loop.
    private func takeFoundLocked() {
        guard unsafe !found.isEmpty else { return }
        if incoming.isEmpty { unsafe swap(&incoming, &found) } else { incoming += unsafe found }
        unsafe found.removeAll(keepingCapacity: true)
        isExhausted = false
        changeCount.add(1, ordering: .sequentiallyConsistent)
        if !ownerHasStarted { ownerCondition.signal() }
    }

    /// Whether free-running time may move: every known client waits, and no job is ready.
    var mayAdvance: Bool {
        guard clock.flow == .free else { return true }
        return unparkedClients == 0 && endedWaits == 0 && (ownerBlocks || (incoming.isEmpty && !ownerIsBusy))
    }

    func passOnPolling() {
        if isPolling { return }
        if followers > 0 {
            followerCondition.signal()
        } else if interest > 0 || isKicked {
            wakeOwnerLocked()
        } else if case .caller = driver {
            ownerCondition.signal()
        }
    }

    /// The owner turns to something else than polling: a blocked thread takes that over.
    private func passOnPollingToFollower() {
        if !isPolling, followers > 0 { followerCondition.signal() }
    }

    // MARK: The loop

    private func startOwnerIfNeeded() {
        guard case .thread(let name) = driver, !ownerHasStarted, !isShutDown else { return }
        ownerHasStarted = true
        startThread(name: name) { [self] in _ = runOwner { false } }
    }

    /// Why the loop returned.
    enum LoopEnd { case stopped, stuck }

    /// Runs jobs and polls until `isDone`, which is called with the lock held, or until the executor is shut down. With
    /// driver `.caller` it also returns when nothing can ever happen.
    func runOwner(until isDone: () -> Bool) -> LoopEnd {
        lock.lock()
        defer { lock.unlock() }
        let previousOwner = ownerThread
        ownerThread = currentThreadIdentity()
        defer { ownerThread = previousOwner }
        while true {
            if !incoming.isEmpty {
                passOnPollingToFollower()
                runReadyWorkLocked()
                continue
            }
            if isDone() || isShutDown {
                passOnPollingToFollower()
                return .stopped
            }
            if isPolling {
                ownerCondition.wait()
            } else if isKicked {
                _ = pollLocked(until: nil, wait: false)
            } else if interest == 0 || clock.flow == .manual {
                passOnPollingToFollower()
                if case .caller = driver { return .stuck }
                ownerCondition.wait()
            } else if !mayAdvance {
                ownerAwaitsClients = true
                waitForClients { ownerCondition.wait(nanoseconds: patience) }
                ownerAwaitsClients = false
            } else if isExhausted {
                if case .caller = driver { return .stuck }
                ownerCondition.wait()
            } else {
                _ = pollLocked(until: nil, wait: true)
            }
        }
    }

    func runReadyWorkLocked() {
        var running: [Work] = []
        swap(&running, &spare)
        swap(&running, &incoming)
        ownerIsBusy = true
        lock.unlock()
        for work in running {
            switch work {
            case .job(let job):
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            case .isolatedJob(let job):
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            case .handler(let transfer):
                unsafe transfer.takeRetainedValue().runHandler()
            }
        }
        running.removeAll(keepingCapacity: true)
        lock.lock()
        ownerIsBusy = false
        swap(&running, &spare)
        if clock.flow != .real, followers > 0 { followerCondition.broadcast() }
    }
}

/// Where jobs of actors that are pinned to a bus's executor come in.
private final class IsolatedDoor: SerialExecutor, @unchecked Sendable {
    // Sound: set once before the executor is known to anybody, and the executor owns the door.
    unowned(unsafe) var executor: BusExecutor!

    func enqueue(_ job: consuming ExecutorJob) {
        unsafe executor.enqueue(.isolatedJob(UnownedJob(job)))
    }

    func checkIsolated() {
        unsafe executor.checkIsolated()
    }
}
