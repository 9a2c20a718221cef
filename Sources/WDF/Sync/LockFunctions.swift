// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBHost
import Win32

/// Takes the lock of a device's, a queue's or a file's callbacks. Where they are called at PASSIVE_LEVEL only, the thread
/// may wait for it and with it; otherwise it is at DISPATCH_LEVEL until it gives it back.
///
/// Bug check 0x10D: 5: the handle names no object; 0xB: an object without such a lock; 2: the thread has it already.
/// 0xA: the level is too high to wait.
///
/// Microsoft's page: "WdfObjectAcquireLock function (wdfsync.h)".
@c @implementation
public func WdfObjectAcquireLock(_ Object: WDFOBJECT!) {
    let name = "WdfObjectAcquireLock"
    guard let object = unsafe try? Handles.object(Object, FrameworkObject.self, .any, in: name) else { return }
    guard let constraints = object.constraints else {
        _ = Violation.lock(0, object, in: name)
        return
    }
    let limit = constraints.isPassive ? InterruptLevel.apc : InterruptLevel.dispatch
    guard InterruptLevel.isAtMost(limit, in: name, UInt(bitPattern: Object)) else { return }
    if !constraints.lock.acquire() { _ = Violation.recursiveLock(object, in: name) }
}

/// Gives the lock of a device's, a queue's or a file's callbacks back, and the thread the level that it had.
///
/// Bug check 0x10D: 5: the handle names no object; 0xB: an object without such a lock, or one that the thread does not
/// have.
///
/// Microsoft's page: "WdfObjectReleaseLock function (wdfsync.h)".
@c @implementation
public func WdfObjectReleaseLock(_ Object: WDFOBJECT!) {
    let name = "WdfObjectReleaseLock"
    guard let object = unsafe try? Handles.object(Object, FrameworkObject.self, .any, in: name) else { return }
    guard let constraints = object.constraints else {
        _ = Violation.lock(0, object, in: name)
        return
    }
    if !constraints.lock.release() { _ = Violation.lock(1, object, in: name) }
}

/// Makes a lock that a thread waits for. Its parent is the driver, unless the attributes name one.
///
/// What wrong attributes are answered with, ``ObjectAttributes`` says. STATUS_DELETE_PENDING: the parent is being
/// deleted. STATUS_INSUFFICIENT_RESOURCES. Bug check 0x10D: 5: the parent's handle; 4: no place for the handle.
///
/// Microsoft's page: "WdfWaitLockCreate function (wdfsync.h)".
@c @implementation
public func WdfWaitLockCreate(
    _ LockAttributes: PWDF_OBJECT_ATTRIBUTES!, _ Lock: UnsafeMutablePointer<WDFWAITLOCK?>!
) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfWaitLockCreate"
        let parent = unsafe try ObjectAttributes.parent(LockAttributes, in: name)
        guard let out = unsafe Lock else { throw Violation.missingParameter("Lock", in: name) }
        let attributes = unsafe try ObjectAttributes(LockAttributes, in: name)
        let lock = WaitLockObject(host: parent?.host ?? .current)
        try lock.publish(attributes, parent: DriverObject.shared)
        unsafe out.pointee = unsafe WDFWAITLOCK(bitPattern: UInt(bitPattern: lock.handle))
    }
}

/// Takes a lock, waiting in bus time if another thread has it: for `Timeout` units of 100 ns, negative from now,
/// positive since 1601; 0 only looks, and NULL waits for ever.
///
/// STATUS_SUCCESS; STATUS_TIMEOUT. STATUS_INVALID_DEVICE_REQUEST: a wait above PASSIVE_LEVEL with the verifier on. Bug
/// check 0x10D: 5: the handle names no such lock; 2: the thread has the lock, and would wait for ever. 0xA: a wait at
/// DISPATCH_LEVEL.
///
/// Microsoft's page: "WdfWaitLockAcquire function (wdfsync.h)".
@c @implementation
public func WdfWaitLockAcquire(_ Lock: WDFWAITLOCK!, _ Timeout: UnsafeMutablePointer<LONGLONG>!) -> NTSTATUS {
    let name = "WdfWaitLockAcquire"
    var end = OwnedLock.End.taken
    let status = statusOf { () throws(Refusal) in
        let lock = unsafe try Handles.object(Lock, WaitLockObject.self, .waitLock, in: name)
        let timeout: Int64? = unsafe Timeout?.pointee
        if timeout != 0 {
            if Verifier.isOn { try Verifier.requirePassive() }
            guard InterruptLevel.isAtMost(InterruptLevel.apc, in: name, UInt(bitPattern: Lock)) else {
                throw .bugCheck
            }
        }
        end = lock.waitLock.acquire(timeout: timeout)
        if end == .recursive { throw Violation.recursiveLock(lock, in: name) }
    }
    return end == .timedOut ? NTStatus.timeout.rawValue : status
}

/// Gives a lock back.
///
/// Bug check 0x10D: 5: the handle names no such lock; 0xB: the thread does not have it.
///
/// Microsoft's page: "WdfWaitLockRelease function (wdfsync.h)".
@c @implementation
public func WdfWaitLockRelease(_ Lock: WDFWAITLOCK!) {
    let name = "WdfWaitLockRelease"
    guard let lock = unsafe try? Handles.object(Lock, WaitLockObject.self, .waitLock, in: name) else { return }
    if !lock.waitLock.release() { _ = Violation.lock(1, lock, in: name) }
}

/// Makes a spin lock. Its parent is the driver, unless the attributes name one.
///
/// What wrong attributes are answered with, ``ObjectAttributes`` says. STATUS_DELETE_PENDING: the parent is being
/// deleted. STATUS_INSUFFICIENT_RESOURCES. Bug check 0x10D: 5: the parent's handle; 4: no place for the handle.
///
/// Microsoft's page: "WdfSpinLockCreate function (wdfsync.h)".
@c @implementation
public func WdfSpinLockCreate(
    _ SpinLockAttributes: PWDF_OBJECT_ATTRIBUTES!, _ SpinLock: UnsafeMutablePointer<WDFSPINLOCK?>!
) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfSpinLockCreate"
        let parent = unsafe try ObjectAttributes.parent(SpinLockAttributes, in: name)
        guard let out = unsafe SpinLock else { throw Violation.missingParameter("SpinLock", in: name) }
        let attributes = unsafe try ObjectAttributes(SpinLockAttributes, in: name)
        unsafe out.pointee = nil
        let lock = SpinLockObject(host: parent?.host ?? .current)
        try lock.publish(attributes, parent: DriverObject.shared)
        unsafe out.pointee = unsafe WDFSPINLOCK(bitPattern: UInt(bitPattern: lock.handle))
    }
}

/// Takes a spin lock. The thread is at DISPATCH_LEVEL until it gives it back.
///
/// Bug check 0x10D: 5: the handle names no spin lock; 2: the thread has it already. 0xA: the level is above
/// DISPATCH_LEVEL.
///
/// Microsoft's page: "WdfSpinLockAcquire function (wdfsync.h)".
@c @implementation
public func WdfSpinLockAcquire(_ SpinLock: WDFSPINLOCK!) {
    let name = "WdfSpinLockAcquire"
    guard let lock = unsafe try? Handles.object(SpinLock, SpinLockObject.self, .spinLock, in: name),
        InterruptLevel.isAtMost(InterruptLevel.dispatch, in: name, UInt(bitPattern: SpinLock))
    else { return }
    if !lock.spinLock.acquire() { _ = Violation.recursiveLock(lock, in: name) }
}

/// Gives a spin lock back, and the thread the level that it had.
///
/// Bug check 0x10D: 5: the handle names no spin lock; 0xB: the thread does not have it.
///
/// Microsoft's page: "WdfSpinLockRelease function (wdfsync.h)".
@c @implementation
public func WdfSpinLockRelease(_ SpinLock: WDFSPINLOCK!) {
    let name = "WdfSpinLockRelease"
    guard let lock = unsafe try? Handles.object(SpinLock, SpinLockObject.self, .spinLock, in: name) else { return }
    if !lock.spinLock.release() { _ = Violation.lock(1, lock, in: name) }
}
