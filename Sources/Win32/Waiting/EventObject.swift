// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

/// An event that a program made.
public final class EventObject: WaitableObject, @unchecked Sendable {}

private func createEvent(isManual: Bool, isSet: Bool, name: String?) -> HANDLE? {
    let host = ProcessHost.current
    return unsafe NamedObjects.shared.handle(named: name, on: host) {
        EventObject(event: BusEvent(on: host.executor, count: isSet ? 1 : 0, reset: isManual ? .manual : .automatic))
    }
}

private func createEvent(flags: DWORD, name: String?) -> HANDLE? {
    guard flags & ~UInt32(CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET) == 0 else {
        return unsafe LastError.fail(ERROR_INVALID_PARAMETER, returning: nil)
    }
    return unsafe createEvent(
        isManual: flags & UInt32(CREATE_EVENT_MANUAL_RESET) != 0,
        isSet: flags & UInt32(CREATE_EVENT_INITIAL_SET) != 0, name: name)
}

/// Makes an event, or gives another handle of the one that has the name already; then the last error is
/// ERROR_ALREADY_EXISTS and the other arguments do not count. The attributes are not looked at.
///
/// NULL with ERROR_INVALID_HANDLE: something else has the name.
///
/// Microsoft's page: "CreateEventA function (synchapi.h)".
@c @implementation
public func CreateEventA(
    _ attributes: LPSECURITY_ATTRIBUTES!, _ manualReset: BOOL, _ initialState: BOOL, _ name: LPCSTR!
) -> HANDLE! {
    unsafe createEvent(isManual: manualReset != 0, isSet: initialState != 0, name: Text.read(name))
}

/// ``CreateEventA(_:_:_:_:)`` with a wide name.
///
/// Microsoft's page: "CreateEventW function (synchapi.h)".
@c @implementation
public func CreateEventW(
    _ attributes: LPSECURITY_ATTRIBUTES!, _ manualReset: BOOL, _ initialState: BOOL, _ name: LPCWSTR!
) -> HANDLE! {
    unsafe createEvent(isManual: manualReset != 0, isSet: initialState != 0, name: Text.read(name))
}

/// ``CreateEventA(_:_:_:_:)`` with flags in place of truth values; the access asked for is not looked at.
///
/// ERROR_INVALID_PARAMETER: an unknown flag.
///
/// Microsoft's page: "CreateEventExA function (synchapi.h)".
@c @implementation
public func CreateEventExA(
    _ attributes: LPSECURITY_ATTRIBUTES!, _ name: LPCSTR!, _ flags: DWORD, _ desiredAccess: DWORD
) -> HANDLE! {
    unsafe createEvent(flags: flags, name: Text.read(name))
}

/// ``CreateEventExA(_:_:_:_:)`` with a wide name.
///
/// Microsoft's page: "CreateEventExW function (synchapi.h)".
@c @implementation
public func CreateEventExW(
    _ attributes: LPSECURITY_ATTRIBUTES!, _ name: LPCWSTR!, _ flags: DWORD, _ desiredAccess: DWORD
) -> HANDLE! {
    unsafe createEvent(flags: flags, name: Text.read(name))
}

/// Sets an event: a manual one lets everybody pass until it is reset, another one lets one waiter pass.
///
/// ERROR_INVALID_HANDLE: it is no event's handle.
///
/// Microsoft's page: "SetEvent function (synchapi.h)".
@c @implementation
public func SetEvent(_ event: HANDLE!) -> BOOL {
    guard let object = unsafe HandleTable.shared.object(event, as: EventObject.self) else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    object.event.set()
    return TRUE
}

/// Takes back that an event was set.
///
/// ERROR_INVALID_HANDLE: it is no event's handle.
///
/// Microsoft's page: "ResetEvent function (synchapi.h)".
@c @implementation
public func ResetEvent(_ event: HANDLE!) -> BOOL {
    guard let object = unsafe HandleTable.shared.object(event, as: EventObject.self) else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    object.event.clear()
    return TRUE
}
