// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import USBHost
import Win32

/// A lock that a thread waits for, in bus time, and may wait with.
@safe final class OwnedLock: @unchecked Sendable {
    /// How taking the lock ended.
    enum End { case taken, recursive, timedOut }

    private let event: BusEvent
    private let lock = Lock()
    private let released: Condition
    private var owner: UInt64?
    private var waiters = 0

    init(on executor: BusExecutor) {
        event = BusEvent(on: executor, reset: .automatic)
        released = Condition(lock)
    }

    /// Takes the lock.
    ///
    /// - Parameter timeout: how long to wait for it, in units of 100 ns, negative from now, positive since 1601; 0 only
    ///   looks, nil waits for ever, unless the thread has the lock itself.
    func acquire(timeout: Int64? = nil) -> End {
        let executor = event.executor
        let deadline = timeout.map { KernelTime.deadline($0, on: executor) }
        let me = CurrentThread.id
        lock.lock()
        defer { lock.unlock() }
        while let owner {
            if timeout == nil, owner == me { return .recursive }
            if timeout == 0 { return .timedOut }
            waiters += 1
            defer { waiters -= 1 }
            if deadline == nil, executor.clock.flow == .manual {
                // Nothing need be scheduled for whoever has the lock to give it back.
                released.wait()
                continue
            }
            lock.unlock()
            let end = event.wait(until: deadline)
            lock.lock()
            if end == .timedOut, self.owner != nil { return .timedOut }
        }
        owner = me
        return .taken
    }

    /// Gives the lock back. Returns false when the thread does not have it.
    func release() -> Bool {
        let me = CurrentThread.id
        let isAwaited: Bool? = lock.withLock {
            guard owner == me else { return nil }
            owner = nil
            if waiters > 0 { released.signal() }
            return waiters > 0
        }
        guard let isAwaited else { return false }
        if isAwaited { event.set() }
        return true
    }
}
