// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

/// What a CRITICAL_SECTION stands for: one thread is inside, as often as it has entered.
///
/// The structure holds a handle and nothing else, so that one which was never made, or is gone, is recognised. Entering
/// waits in bus time like every other wait: a clock that runs free moves on while one thread sleeps inside and another
/// waits outside.
private final class CriticalSectionObject: HandleObject, @unchecked Sendable {
    private let event: BusEvent
    private let lock = Lock()
    private var owner: UInt64?
    private var depth = 0
    private var waiters = 0

    override init() {
        event = BusEvent(on: ProcessHost.current.executor, reset: .automatic)
        super.init()
    }

    /// Enters, waiting for another thread to leave if `waits` says so.
    func enter(waits: Bool) -> Bool {
        let current = CurrentThread.id
        lock.lock()
        defer { lock.unlock() }
        while let owner, owner != current {
            guard waits else { return false }
            waiters += 1
            lock.unlock()
            _ = BusEvent.wait(for: [event], on: event.executor)
            lock.lock()
            waiters -= 1
        }
        owner = current
        depth += 1
        return true
    }

    /// Leaves once; nothing happens for a thread that is not inside.
    func leave() {
        let current = CurrentThread.id
        let mustWake = lock.withLock {
            guard owner == current else { return false }
            depth -= 1
            guard depth == 0 else { return false }
            owner = nil
            return waiters > 0
        }
        if mustWake { event.set() }
    }
}

/// Guards that sections are made: a program may let two threads meet at one that was not.
private let making = Lock()

private func object(of section: LPCRITICAL_SECTION?) -> CriticalSectionObject? {
    guard let section = unsafe section else { return nil }
    return making.withLock {
        let handle = unsafe section.pointee.LockSemaphore
        if let object = unsafe HandleTable.shared.object(handle, as: CriticalSectionObject.self) { return object }
        return unsafe make(section)
    }
}

private func make(_ section: LPCRITICAL_SECTION) -> CriticalSectionObject? {
    let object = CriticalSectionObject()
    unsafe section.initialize(to: CRITICAL_SECTION())
    unsafe section.pointee.LockSemaphore = unsafe HandleTable.shared.insert(object)
    return object
}

/// Makes a critical section, which one thread at a time can be inside.
///
/// Microsoft's page: "InitializeCriticalSection function (synchapi.h)".
@c @implementation
public func InitializeCriticalSection(_ section: LPCRITICAL_SECTION!) {
    guard let section = unsafe section else { return }
    making.withLock { _ = unsafe make(section) }
}

/// ``InitializeCriticalSection(_:)``; nobody spins. Always TRUE, but for NULL (ERROR_INVALID_PARAMETER).
///
/// Microsoft's page: "InitializeCriticalSectionAndSpinCount function (synchapi.h)".
@c @implementation
public func InitializeCriticalSectionAndSpinCount(_ section: LPCRITICAL_SECTION!, _ spinCount: DWORD) -> BOOL {
    guard unsafe section != nil else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    unsafe InitializeCriticalSection(section)
    return TRUE
}

/// ``InitializeCriticalSectionAndSpinCount(_:_:)``; the flags are not looked at.
///
/// Microsoft's page: "InitializeCriticalSectionEx function (synchapi.h)".
@c @implementation
public func InitializeCriticalSectionEx(
    _ section: LPCRITICAL_SECTION!, _ spinCount: DWORD, _ flags: DWORD
) -> BOOL {
    unsafe InitializeCriticalSectionAndSpinCount(section, spinCount)
}

/// Waits until no other thread is inside, and goes in. A section that was not made, or was deleted, is made.
///
/// Microsoft's page: "EnterCriticalSection function (synchapi.h)".
@c @implementation
public func EnterCriticalSection(_ section: LPCRITICAL_SECTION!) {
    _ = unsafe object(of: section)?.enter(waits: true)
}

/// Goes in if no other thread is inside, and tells whether it did.
///
/// Microsoft's page: "TryEnterCriticalSection function (synchapi.h)".
@c @implementation
public func TryEnterCriticalSection(_ section: LPCRITICAL_SECTION!) -> BOOL {
    unsafe object(of: section)?.enter(waits: false) == true ? TRUE : FALSE
}

/// Goes out once. Nothing happens when the calling thread is not inside.
///
/// Microsoft's page: "LeaveCriticalSection function (synchapi.h)".
@c @implementation
public func LeaveCriticalSection(_ section: LPCRITICAL_SECTION!) {
    unsafe object(of: section)?.leave()
}

/// Gives a critical section back.
///
/// Microsoft's page: "DeleteCriticalSection function (synchapi.h)".
@c @implementation
public func DeleteCriticalSection(_ section: LPCRITICAL_SECTION!) {
    guard let section = unsafe section else { return }
    making.withLock {
        _ = unsafe HandleTable.shared.remove(section.pointee.LockSemaphore, as: CriticalSectionObject.self)
        unsafe section.initialize(to: CRITICAL_SECTION())
    }
}
