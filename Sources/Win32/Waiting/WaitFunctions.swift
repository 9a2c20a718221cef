// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
public import USBHost

/// Waits of a thread, in bus time.
@safe public enum Waits {
    /// When a wait of `milliseconds` from now ends; nil for INFINITE.
    public static func deadline(after milliseconds: DWORD, on executor: BusExecutor) -> BusInstant? {
        guard milliseconds != INFINITE else { return nil }
        return executor.clock.presentInstant.advanced(byNanoseconds: Int64(milliseconds) * 1_000_000)
    }

    /// Waits for one of the objects or for all, and gives what the wait functions return.
    static func wait(for objects: [WaitableObject], all: Bool, milliseconds: DWORD) -> DWORD {
        let events = objects.map(\.eventForThisThread)
        guard let executor = events.first?.executor, events.allSatisfy({ $0.executor === executor }) else {
            return LastError.fail(ERROR_INVALID_PARAMETER, returning: WAIT_FAILED)
        }
        let deadline = deadline(after: milliseconds, on: executor)
        switch BusEvent.wait(for: events, all: all, until: deadline, on: executor) {
        case .set(let index):
            if all {
                for object in objects { object.waitSucceeded() }
            } else {
                objects[index].waitSucceeded()
            }
            return WAIT_OBJECT_0 + DWORD(index)
        case .timedOut: return DWORD(WAIT_TIMEOUT)
        case .neverSet: return LastError.fail(ERROR_POSSIBLE_DEADLOCK, returning: WAIT_FAILED)
        }
    }

    /// The object of a handle that can be waited for.
    static func object(_ handle: HANDLE?) -> WaitableObject? {
        if Int(bitPattern: handle) == currentThreadPseudoHandle { return ThreadObject.current }
        return unsafe HandleTable.shared.object(handle, as: WaitableObject.self)
    }
}

/// Waits until an object is signalled: an event, a semaphore, a mutex, a thread that ends, or a file on which an
/// operation without an event of its own ends.
///
/// WAIT_OBJECT_0, or WAIT_TIMEOUT after `milliseconds` of the bus's time, or WAIT_FAILED with ERROR_INVALID_HANDLE or, on
/// a clock that moves by hand when nothing can ever end the wait, ERROR_POSSIBLE_DEADLOCK.
///
/// Microsoft's page: "WaitForSingleObject function (synchapi.h)".
@c @implementation
public func WaitForSingleObject(_ object: HANDLE!, _ milliseconds: DWORD) -> DWORD {
    guard let waited = unsafe Waits.object(object) else {
        return LastError.fail(ERROR_INVALID_HANDLE, returning: WAIT_FAILED)
    }
    return Waits.wait(for: [waited], all: false, milliseconds: milliseconds)
}

/// ``WaitForSingleObject(_:_:)``. There are no calls that an alertable wait would run: WAIT_IO_COMPLETION is never
/// returned.
///
/// Microsoft's page: "WaitForSingleObjectEx function (synchapi.h)".
@c @implementation
public func WaitForSingleObjectEx(_ object: HANDLE!, _ milliseconds: DWORD, _ alertable: BOOL) -> DWORD {
    unsafe WaitForSingleObject(object, milliseconds)
}

/// Waits until one of up to 64 objects is signalled, or all of them at the same moment.
///
/// WAIT_OBJECT_0 plus the place of the first that is signalled (plus 0 when all are waited for), WAIT_TIMEOUT, or
/// WAIT_FAILED with ERROR_INVALID_PARAMETER (no objects, more than 64, NULL, or one named twice in a wait for all),
/// ERROR_INVALID_HANDLE, or ERROR_POSSIBLE_DEADLOCK as for ``WaitForSingleObject(_:_:)``.
///
/// Microsoft's page: "WaitForMultipleObjects function (synchapi.h)".
@c @implementation
public func WaitForMultipleObjects(
    _ count: DWORD, _ objects: UnsafePointer<HANDLE?>!, _ waitAll: BOOL, _ milliseconds: DWORD
) -> DWORD {
    guard count > 0, count <= MAXIMUM_WAIT_OBJECTS, let objects = unsafe objects else {
        return LastError.fail(ERROR_INVALID_PARAMETER, returning: WAIT_FAILED)
    }
    var waited: [WaitableObject] = []
    waited.reserveCapacity(Int(count))
    for index in 0..<Int(count) {
        // Sound: the caller says that there are `count` handles.
        guard let object = unsafe Waits.object(objects[index]) else {
            return LastError.fail(ERROR_INVALID_HANDLE, returning: WAIT_FAILED)
        }
        waited.append(object)
    }
    if waitAll != 0, Set(waited.map { ObjectIdentifier($0) }).count < waited.count {
        return LastError.fail(ERROR_INVALID_PARAMETER, returning: WAIT_FAILED)
    }
    return Waits.wait(for: waited, all: waitAll != 0, milliseconds: milliseconds)
}

/// ``WaitForMultipleObjects(_:_:_:_:)``; see ``WaitForSingleObjectEx(_:_:_:)``.
///
/// Microsoft's page: "WaitForMultipleObjectsEx function (synchapi.h)".
@c @implementation
public func WaitForMultipleObjectsEx(
    _ count: DWORD, _ objects: UnsafePointer<HANDLE?>!, _ waitAll: BOOL, _ milliseconds: DWORD, _ alertable: BOOL
) -> DWORD {
    unsafe WaitForMultipleObjects(count, objects, waitAll, milliseconds)
}

/// Lets `milliseconds` of the bus's time pass; with INFINITE it does not return, unless nothing can ever happen on a clock
/// that moves by hand.
///
/// Microsoft's page: "Sleep function (synchapi.h)".
@c @implementation
public func Sleep(_ milliseconds: DWORD) {
    let executor = ProcessHost.current.executor
    _ = BusEvent.wait(for: [], until: Waits.deadline(after: milliseconds, on: executor), on: executor)
}

/// ``Sleep(_:)``; returns 0, since there are no calls that would end it early.
///
/// Microsoft's page: "SleepEx function (synchapi.h)".
@c @implementation
public func SleepEx(_ milliseconds: DWORD, _ alertable: BOOL) -> DWORD {
    Sleep(milliseconds)
    return 0
}
