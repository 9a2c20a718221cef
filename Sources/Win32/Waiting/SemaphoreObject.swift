// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

/// A semaphore that a program made.
final class SemaphoreObject: WaitableObject, @unchecked Sendable {}

private func createSemaphore(initial: LONG, maximum: LONG, name: String?) -> HANDLE? {
    guard maximum > 0, initial >= 0, initial <= maximum else {
        return unsafe LastError.fail(ERROR_INVALID_PARAMETER, returning: nil)
    }
    let host = ProcessHost.current
    return unsafe NamedObjects.shared.handle(named: name, on: host) {
        SemaphoreObject(
            event: BusEvent(on: host.executor, count: Int(initial), limit: Int(maximum), reset: .automatic))
    }
}

/// Makes a semaphore, or gives another handle of the one that has the name already (ERROR_ALREADY_EXISTS).
///
/// ERROR_INVALID_PARAMETER: the maximum is not above 0, or the initial count is not between 0 and it.
/// ERROR_INVALID_HANDLE: something else has the name.
///
/// Microsoft's page: "CreateSemaphoreA function (winbase.h)".
@c @implementation
public func CreateSemaphoreA(
    _ attributes: LPSECURITY_ATTRIBUTES!, _ initialCount: LONG, _ maximumCount: LONG, _ name: LPCSTR!
) -> HANDLE! {
    unsafe createSemaphore(initial: initialCount, maximum: maximumCount, name: Text.read(name))
}

/// ``CreateSemaphoreA(_:_:_:_:)`` with a wide name.
///
/// Microsoft's page: "CreateSemaphoreW function (synchapi.h)".
@c @implementation
public func CreateSemaphoreW(
    _ attributes: LPSECURITY_ATTRIBUTES!, _ initialCount: LONG, _ maximumCount: LONG, _ name: LPCWSTR!
) -> HANDLE! {
    unsafe createSemaphore(initial: initialCount, maximum: maximumCount, name: Text.read(name))
}

/// Adds to a semaphore's count and lets as many waiters pass; `previousCount`, which may be NULL, gets the count before.
///
/// ERROR_INVALID_HANDLE: it is no semaphore's handle. ERROR_INVALID_PARAMETER: `releaseCount` is not above 0.
/// ERROR_TOO_MANY_POSTS: the maximum would be exceeded, and nothing has changed.
///
/// Microsoft's page: "ReleaseSemaphore function (synchapi.h)".
@c @implementation
public func ReleaseSemaphore(_ semaphore: HANDLE!, _ releaseCount: LONG, _ previousCount: LPLONG!) -> BOOL {
    guard let object = unsafe HandleTable.shared.object(semaphore, as: SemaphoreObject.self) else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    guard releaseCount > 0 else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    // An event that counts to 1 can be set again and again; a semaphore of 1 cannot.
    let isFull = object.event.limit == 1 && (releaseCount > 1 || object.event.isSet)
    guard !isFull, let before = object.event.set(adding: Int(releaseCount)) else {
        return LastError.fail(ERROR_TOO_MANY_POSTS)
    }
    unsafe previousCount?.pointee = LONG(before)
    return TRUE
}
