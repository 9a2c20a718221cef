// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A mutual-exclusion lock whose conditions can be waited for.
///
/// It is a POSIX mutex rather than `Synchronization.Mutex` because the thread sanitizer does not understand the latter
/// on Linux, and because the event loop needs condition variables beside it.
@safe public final class Lock: @unchecked Sendable {
    // Sound: allocated once, never moved, freed when the last reference goes; only passed to the pthread calls.
    fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// Makes an unlocked lock.
    public init() {
        unsafe mutex = .allocate(capacity: 1)
        let status = unsafe pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init failed with \(status)")
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Takes the lock, waiting for it if another thread holds it.
    public func lock() {
        let status = unsafe pthread_mutex_lock(mutex)
        assert(status == 0, "pthread_mutex_lock failed with \(status)")
    }

    /// Gives the lock back; the calling thread must hold it.
    public func unlock() {
        let status = unsafe pthread_mutex_unlock(mutex)
        assert(status == 0, "pthread_mutex_unlock failed with \(status)")
    }

    /// Runs `body` while holding the lock.
    public func withLock<Value: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value
    {
        lock()
        defer { unlock() }
        return try body()
    }
}

/// A condition variable that belongs to one ``Lock``.
@safe public final class Condition: @unchecked Sendable {
    // Sound for the same reason as `Lock.mutex`.
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private let lock: Lock

    /// Makes a condition whose waiters hold `lock`.
    public init(_ lock: Lock) {
        self.lock = lock
        unsafe condition = .allocate(capacity: 1)
        #if canImport(Darwin)
        let status = unsafe pthread_cond_init(condition, nil)
        #else
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        let status = unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
        #endif
        precondition(status == 0, "pthread_cond_init failed with \(status)")
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe condition.deallocate()
    }

    /// Gives the lock back, waits to be signalled, and takes the lock again. It may also return for no reason.
    public func wait() {
        unsafe pthread_cond_wait(condition, lock.mutex)
    }

    /// Waits like ``wait()``, but no longer than `nanoseconds`. Returns false when the time ran out.
    @discardableResult
    public func wait(nanoseconds: Int64) -> Bool {
        guard nanoseconds > 0 else { return false }
        var limit = timespec()
        #if canImport(Darwin)
        limit.tv_sec = Int(nanoseconds / 1_000_000_000)
        limit.tv_nsec = Int(nanoseconds % 1_000_000_000)
        return unsafe pthread_cond_timedwait_relative_np(condition, lock.mutex, &limit) == 0
        #else
        let (end, overflow) = MonotonicTime.nanoseconds.addingReportingOverflow(nanoseconds)
        let deadline = overflow ? Int64.max : end
        limit.tv_sec = Int(deadline / 1_000_000_000)
        limit.tv_nsec = Int(deadline % 1_000_000_000)
        return unsafe pthread_cond_timedwait(condition, lock.mutex, &limit) == 0
        #endif
    }

    /// Wakes one waiter, if there is one.
    public func signal() {
        unsafe pthread_cond_signal(condition)
    }

    /// Wakes every waiter.
    public func broadcast() {
        unsafe pthread_cond_broadcast(condition)
    }
}

/// The machine's monotonic clock.
public enum MonotonicTime {
    /// Nanoseconds since an arbitrary origin; never steps back.
    public static var nanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// Which thread is running; compared, never used to reach the thread.
///
/// The look-up must not be inlined into an asynchronous function, where its result could be carried across a
/// suspension to another thread.
@inline(never)
@_optimize(none)
func currentThreadIdentity() -> UInt {
    #if canImport(Darwin)
    return UInt(bitPattern: unsafe UnsafeRawPointer(pthread_self()))
    #else
    return UInt(pthread_self())
    #endif
}
