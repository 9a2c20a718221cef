// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A flag or a count that threads can wait for, with time-outs in bus time.
///
/// A completion handler sets it, or another thread. Who waits delivers completions meanwhile, as every blocking call of
/// this library does, and on a free-running clock time moves on while all threads wait. So interfaces that are made of
/// blocking calls and events can stand on any bus.
public final class BusEvent: @unchecked Sendable {
    /// What a wait that succeeds takes from the event.
    public enum Reset: Sendable, Hashable {
        /// Nothing: the event stays set until it is reset.
        case manual
        /// One count: an event that is set lets one waiter pass, and one that was set `n` times lets `n` pass.
        case automatic
    }

    /// The executor of the bus by whose clock is waited.
    public let executor: BusExecutor
    /// What a wait that succeeds takes from the event.
    public let reset: Reset
    /// How far the event counts; 1 for one that is set or not.
    public let limit: Int

    // Guarded by the executor's lock.
    private var count: Int
    private var waits: [Wait] = []
    /// Of a wait for this event alone that is over, for the next one.
    private var idleWait: Wait?

    /// Makes an event.
    ///
    /// - Parameters:
    ///   - executor: of the bus by whose clock is waited.
    ///   - count: how often the event is set at first: 0 for not at all.
    ///   - limit: how far it counts.
    ///   - reset: what a wait that succeeds takes from the event.
    public init(on executor: BusExecutor, count: Int = 0, limit: Int = 1, reset: Reset = .manual) {
        self.executor = executor
        self.limit = max(1, limit)
        self.count = min(max(0, count), self.limit)
        self.reset = reset
    }

    /// Whether a wait would succeed at once.
    public var isSet: Bool { executor.lock.withLock { count > 0 } }

    /// Sets the event, or adds `increment` to its count, and wakes whoever waited for that. Returns the count before; nil
    /// if the limit would be exceeded, and then nothing happens. An event whose limit is 1 can be set again and again.
    @discardableResult
    public func set(adding increment: Int = 1) -> Int? {
        var before: Int? = 0
        executor.finishBlockingWaits {
            before = count
            guard limit == 1 || increment <= limit - count else {
                before = nil
                return 0
            }
            count = limit == 1 ? 1 : count + increment
            var ended = 0
            for wait in waits where wait.endIfMet() { ended += 1 }
            return ended
        }
        return before
    }

    /// Takes back what was set.
    public func clear() {
        executor.lock.withLock { count = 0 }
    }

    /// How a wait ended.
    public enum WaitEnd: Sendable, Hashable {
        /// The event at this place in the list was set; of a wait for all, the first.
        case set(Int)
        /// The time was up.
        case timedOut
        /// Nothing is scheduled on a clock that moves by hand, so that nothing can ever set the event.
        case neverSet
    }

    /// Blocks the calling thread until one of `events` is set, or all at the same time if `all` says so, or until
    /// `deadline`. What a success takes from the events is taken in one step.
    ///
    /// The events belong to one executor; a list without events only waits for the deadline.
    @available(*, noasync, message: "a blocked thread runs no tasks; await a completion instead")
    public static func wait(
        for events: [BusEvent], all: Bool = false, until deadline: BusInstant? = nil, on executor: BusExecutor
    ) -> WaitEnd {
        precondition(events.allSatisfy { $0.executor === executor }, "events of another bus")
        if !all, events.count == 1 { return events[0].wait(until: deadline) }
        let wait = Wait(for: events, all: all, on: executor)
        executor.lock.lock()
        if let index = wait.takeIfMet() {
            executor.lock.unlock()
            executor.noteClient()
            return .set(index)
        }
        if let deadline, deadline <= executor.clock.presentInstant {
            executor.lock.unlock()
            // A look at the time: a program that polls comes to an end on a free-running clock too.
            _ = executor.clock.now
            executor.noteClient()
            return .timedOut
        }
        for event in events { event.waits.append(wait) }
        executor.lock.unlock()
        if let deadline { executor.arm(wait, at: deadline) }
        let result = executor.block { wait.end != nil }
        if deadline != nil { executor.disarm(wait) }
        return executor.lock.withLock {
            for event in events { event.waits.removeAll { $0 === wait } }
            return result == .neverCompletes ? wait.end ?? .neverSet : wait.end ?? .timedOut
        }
    }

    /// Blocks the calling thread until the event is set, or until `deadline`, as ``wait(for:all:until:on:)`` does. Event
    /// and wait are used again and again without an allocation.
    @available(*, noasync, message: "a blocked thread runs no tasks; await a completion instead")
    public func wait(until deadline: BusInstant? = nil) -> WaitEnd {
        executor.lock.lock()
        if takeIfSet() {
            executor.lock.unlock()
            executor.noteClient()
            return .set(0)
        }
        if let deadline, deadline <= executor.clock.presentInstant {
            executor.lock.unlock()
            _ = executor.clock.now
            executor.noteClient()
            return .timedOut
        }
        // A deadline may be served late, when the wait that armed it is over: such a wait is not used again.
        let wait = deadline == nil ? idleWait.take() ?? Wait(for: self) : Wait(for: self)
        wait.end = nil
        waits.append(wait)
        executor.lock.unlock()
        if let deadline { executor.arm(wait, at: deadline) }
        let result = executor.block { wait.end != nil }
        if deadline != nil { executor.disarm(wait) }
        executor.lock.lock()
        defer { executor.lock.unlock() }
        waits.removeAll { $0 === wait }
        if deadline == nil { idleWait = wait }
        return result == .neverCompletes ? wait.end ?? .neverSet : wait.end ?? .timedOut
    }

    /// Takes what a success takes, if the event is set. The lock is held.
    private func takeIfSet() -> Bool {
        guard count > 0 else { return false }
        if reset == .automatic { count -= 1 }
        return true
    }

    /// One thread's wait. Guarded by the executor's lock.
    private final class Wait: DeadlineNode {
        private let events: [BusEvent]
        private let all: Bool
        private let executor: BusExecutor
        /// The event of a wait for one alone, which has the wait and outlives it.
        private unowned let only: BusEvent?
        var end: WaitEnd?

        init(for events: [BusEvent], all: Bool, on executor: BusExecutor) {
            self.events = events
            self.all = all
            self.executor = executor
            only = nil
        }

        init(for event: BusEvent) {
            events = []
            all = false
            executor = event.executor
            only = event
        }

        /// The place of the event that the condition is met by; what a success takes is then taken.
        func takeIfMet() -> Int? {
            if let only { return only.takeIfSet() ? 0 : nil }
            if all {
                guard !events.isEmpty, events.allSatisfy({ $0.count > 0 }) else { return nil }
                for event in events where event.reset == .automatic { event.count -= 1 }
                return 0
            }
            guard let index = events.firstIndex(where: { $0.count > 0 }) else { return nil }
            if events[index].reset == .automatic { events[index].count -= 1 }
            return index
        }

        /// Whether the wait ends by this.
        func endIfMet() -> Bool {
            guard end == nil, let index = takeIfMet() else { return false }
            end = .set(index)
            return true
        }

        override func deadlineReached() {
            executor.finishBlockingWaits {
                guard end == nil else { return 0 }
                end = .timedOut
                return 1
            }
        }
    }
}
