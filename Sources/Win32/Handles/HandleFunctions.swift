// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

@_exported public import CMicrosoftUSB

/// BOOL's word for yes.
public let TRUE: BOOL = 1
/// BOOL's word for no.
public let FALSE: BOOL = 0

extension LastError {
    /// Sets the calling thread's code and gives what a function that fails returns: FALSE.
    public static func fail(_ code: some BinaryInteger) -> BOOL {
        current = UInt32(truncatingIfNeeded: code)
        return FALSE
    }

    /// Sets the calling thread's code and gives `result`.
    public static func fail<Result>(_ code: some BinaryInteger, returning result: Result) -> Result {
        current = UInt32(truncatingIfNeeded: code)
        return result
    }
}

/// What stands for the calling thread in place of a handle (GetCurrentThread).
let currentThreadPseudoHandle = -2
/// What stands for the process in place of a handle (GetCurrentProcess), and the value of INVALID_HANDLE_VALUE.
let currentProcessPseudoHandle = -1

/// The code of the last function that failed on this thread; functions that succeed leave it alone unless their
/// description says otherwise.
///
/// Microsoft's page: "GetLastError function (errhandlingapi.h)".
@c @implementation
public func GetLastError() -> DWORD { LastError.current }

/// Sets the calling thread's last-error code.
///
/// Microsoft's page: "SetLastError function (errhandlingapi.h)".
@c @implementation
public func SetLastError(_ code: DWORD) { LastError.current = code }

/// Gives a handle of a file, an event, a semaphore, a mutex or a thread back.
///
/// Operations under way on a file end with ERROR_OPERATION_ABORTED. Whoever waits for the object goes on waiting: closing
/// an event sets it for nobody. A thread runs on.
///
/// ERROR_INVALID_HANDLE: the handle was closed before, is INVALID_HANDLE_VALUE, or names something with a function of its
/// own for giving it back.
///
/// Microsoft's page: "CloseHandle function (handleapi.h)".
@c @implementation
public func CloseHandle(_ object: HANDLE!) -> BOOL {
    if Int(bitPattern: object) == currentThreadPseudoHandle { return TRUE }
    guard unsafe HandleTable.shared.remove(object, as: WaitableObject.self) != nil else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    return TRUE
}
