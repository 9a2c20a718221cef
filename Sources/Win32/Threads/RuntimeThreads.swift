// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB

/// ``CreateThread(_:_:_:_:_:_:)`` by the C library's name, with a function that returns an unsigned int; 0 when it fails.
///
/// Microsoft's page: "_beginthread, _beginthreadex".
@c @implementation
public func _beginthreadex(
    _ security: UnsafeMutableRawPointer!, _ stackSize: UInt32, _ start: _beginthreadex_proc_type!,
    _ parameter: UnsafeMutableRawPointer!, _ flags: UInt32, _ threadId: UnsafeMutablePointer<UInt32>!
) -> UInt {
    UInt(bitPattern: unsafe CreateThread(nil, SIZE_T(stackSize), start, parameter, flags, threadId))
}

/// Starts a thread that gives its handle back itself when it ends, as the C library's oldest function does; the largest
/// value of `uintptr_t` when it fails. A program that waits for the thread uses ``_beginthreadex(_:_:_:_:_:_:)``.
///
/// Microsoft's page: "_beginthread, _beginthreadex".
@c @implementation
public func _beginthread(
    _ start: _beginthread_proc_type!, _ stackSize: UInt32, _ parameter: UnsafeMutableRawPointer!
) -> UInt {
    guard let start = unsafe start else { return LastError.fail(ERROR_INVALID_PARAMETER, returning: .max) }
    let thread = unsafe ThreadObject.start(
        stackSize: Int(stackSize), isSuspended: false,
        swiftusb_routine(function: nil, procedure: start, parameter: parameter))
    guard let thread, let handle = unsafe HandleTable.shared.insert(thread) else {
        return LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: .max)
    }
    thread.closeAtEnd(UInt(bitPattern: handle))
    return UInt(bitPattern: handle)
}

/// ``ExitThread(_:)`` with code 0, by the C library's name.
///
/// Microsoft's page: "_endthread, _endthreadex".
@c @implementation
public func _endthread() -> Never { ExitThread(0) }

/// ``ExitThread(_:)`` by the C library's name.
///
/// Microsoft's page: "_endthread, _endthreadex".
@c @implementation
public func _endthreadex(_ exitCode: UInt32) -> Never { ExitThread(exitCode) }
