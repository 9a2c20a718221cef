// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Threads that block: they poll themselves where nobody else does, and a clock that runs free waits for them.
extension BusExecutor {
    /// How a blocking wait ended.
    enum BlockResult { case done, neverCompletes }

    /// Blocks the calling thread until `isDone`, which is called with ``lock`` held, and polls meanwhile.
    func block(until isDone: () -> Bool) -> BlockResult {
        let current = currentThreadIdentity()
        lock.lock()
        defer { lock.unlock() }
        let isOwner = current == ownerThread
        park(current, isOwner: isOwner)
        defer { unpark(current, isOwner: isOwner) }
        while !isDone() {
            if isPolling {
                followers += 1
                followerCondition.wait()
                followers -= 1
            } else if !mayAdvance {
                waitForClients { followerCondition.wait(nanoseconds: patience) }
            } else if isExhausted {
                let isStill = unparkedWorkers == 0 && (workers.isEmpty || endedWaits == 0)
                if isStill, clock.flow == .manual || isSimulating || source == nil {
                    // Others who wait for this thread's poll look for themselves.
                    if followers > 0 { followerCondition.broadcast() }
                    return .neverCompletes
                }
                followers += 1
                followerCondition.wait()
                followers -= 1
            } else {
                _ = pollLocked(until: nil, wait: true)
            }
        }
        if endedWaits > 0 { endedWaits -= 1 }
        passOnPolling()
        return .done
    }

    /// Marks a blocking waiter's condition as met, and wakes it if it is not the one that polls.
    func finishBlocking(_ change: () -> Void) {
        finishBlockingWaits {
            change()
            return 1
        }
    }

    /// Like ``finishBlocking(_:)``, for a change that meets the conditions of as many waiters as `change` returns.
    func finishBlockingWaits(_ change: () -> Int) {
        lock.lock()
        let ended = change()
        guard ended > 0 else { return lock.unlock() }
        // From here on those threads compute, though it may be some time until they wake.
        if clock.flow == .free || !workers.isEmpty { endedWaits += ended }
        followersNeedWaking = true
        if !isPolling, followers > 0 {
            followersNeedWaking = false
            followerCondition.broadcast()
        }
        // Whoever polls must not sleep, or run on, before it has passed the news on.
        let source = isPolling && pollingThread != currentThreadIdentity() ? self.source : nil
        lock.unlock()
        source?.wake()
    }

    /// Counts the calling thread among the clients although its blocking call had nothing to wait for. When this
    /// returns, nobody moves the time any more.
    func noteClient() {
        guard clock.flow == .free else { return }
        let current = currentThreadIdentity()
        lock.lock()
        defer { lock.unlock() }
        guard current != ownerThread else { return }
        park(current, isOwner: false)
        unpark(current, isOwner: false)
        awaitStandstillLocked()
    }

    /// The calling thread, as ``addClient(_:)`` and ``removeClient(_:)`` know it.
    public static var currentThread: UInt { currentThreadIdentity() }

    /// Counts a thread among the clients before its first blocking call. A clock that runs free stands still from now on
    /// until the thread waits for something of this bus, or until it is taken out again. Without effect on other clocks.
    public func addClient(_ thread: UInt = currentThread) {
        guard clock.flow == .free else { return }
        lock.lock()
        defer { lock.unlock() }
        guard thread != ownerThread, clients[thread] == nil else { return }
        clients[thread] = 0
        unparkedClients += 1
        awaitStandstillLocked()
    }

    /// Takes a thread out of the clients: it makes no more blocking calls for now, and time need not wait for it.
    public func removeClient(_ thread: UInt = currentThread) {
        guard clock.flow == .free else { return }
        lock.lock()
        defer { lock.unlock() }
        guard let depth = clients.removeValue(forKey: thread), depth == 0 else { return }
        unparkedClients -= 1
        signalClientsChanged()
    }

    /// Waits for a poll of another thread that began before a client was counted: it goes on to its next event unless it
    /// is woken.
    private func awaitStandstillLocked() {
        guard isPolling, pollingThread != currentThreadIdentity() else { return }
        let poll = pollCount
        lock.unlock()
        wakeSource()
        lock.lock()
        while isPolling, pollCount == poll {
            followersNeedWaking = true
            followers += 1
            followerCondition.wait()
            followers -= 1
        }
    }

    private func wakeSource() {
        let source = lock.withLock { self.source }
        source?.wake()
    }

    private func park(_ thread: UInt, isOwner: Bool) {
        if isOwner {
            ownerBlocks = true
        } else if clock.flow == .free {
            let depth = clients[thread]
            if depth == 0 { unparkedClients -= 1 }
            clients[thread] = (depth ?? 0) + 1
            // Nobody need be woken: the thread polls next, unless somebody does already.
            if mayAdvance { standstills &+= 1 }
        } else if let depth = workers[thread] {
            if depth == 0 { unparkedWorkers -= 1 }
            workers[thread] = depth + 1
        }
    }

    private func unpark(_ thread: UInt, isOwner: Bool) {
        if isOwner {
            ownerBlocks = false
        } else if clock.flow == .free {
            let depth = (clients[thread] ?? 1) - 1
            clients[thread] = depth
            if depth == 0 { unparkedClients += 1 }
        } else if let depth = workers[thread] {
            workers[thread] = depth - 1
            if depth == 1 { unparkedWorkers += 1 }
        }
    }

    private func signalClientsChanged() {
        guard mayAdvance else { return }
        ownerCondition.signal()
        if followers > 0 { followerCondition.broadcast() }
    }

    /// Waits for the clients that compute; the ones that take too long are no longer counted.
    func waitForClients(_ wait: () -> Bool) {
        let standstillsBefore = standstills
        followers += 1
        let wasSignalled = wait()
        followers -= 1
        if !wasSignalled, standstills == standstillsBefore, unparkedClients + endedWaits > 0 {
            clients = clients.filter { $0.value > 0 }
            unparkedClients = 0
            endedWaits = 0
        }
    }
}
