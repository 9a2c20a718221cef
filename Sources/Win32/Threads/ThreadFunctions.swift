// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Starts a thread and gives its handle, and its number if `threadId` is not NULL. Calls of the thread mean the same bus
/// as those of its maker.
///
/// Of the flags CREATE_SUSPENDED counts (see ``ResumeThread(_:)``). The attributes are not looked at.
///
/// NULL with ERROR_INVALID_PARAMETER: no function, or an unknown flag; ERROR_NOT_ENOUGH_MEMORY: the system has no thread.
///
/// Microsoft's page: "CreateThread function (processthreadsapi.h)".
@c @implementation
public func CreateThread(
    _ attributes: LPSECURITY_ATTRIBUTES!, _ stackSize: SIZE_T, _ start: LPTHREAD_START_ROUTINE!, _ parameter: LPVOID!,
    _ creationFlags: DWORD, _ threadId: LPDWORD!
) -> HANDLE! {
    guard let start = unsafe start, creationFlags & ~DWORD(CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION) == 0
    else { return unsafe LastError.fail(ERROR_INVALID_PARAMETER, returning: nil) }
    let thread = unsafe ThreadObject.start(
        stackSize: Int(clamping: stackSize), isSuspended: creationFlags & DWORD(CREATE_SUSPENDED) != 0,
        swiftusb_routine(function: start, procedure: nil, parameter: parameter))
    guard let thread, let handle = unsafe HandleTable.shared.insert(thread) else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    unsafe threadId?.pointee = DWORD(truncatingIfNeeded: thread.id)
    return unsafe handle
}

/// Ends the calling thread with an exit code. Functions of it that are under way do not return.
///
/// Microsoft's page: "ExitThread function (processthreadsapi.h)".
@c @implementation
public func ExitThread(_ exitCode: DWORD) -> Never {
    ThreadObject.current.willExit(with: exitCode)
    pthread_exit(nil)
}

/// What a thread ended with, or STILL_ACTIVE (259) while it runs.
///
/// ERROR_INVALID_HANDLE: it is no thread's handle. ERROR_INVALID_PARAMETER: `exitCode` is NULL.
///
/// Microsoft's page: "GetExitCodeThread function (processthreadsapi.h)".
@c @implementation
public func GetExitCodeThread(_ thread: HANDLE!, _ exitCode: LPDWORD!) -> BOOL {
    guard let object = unsafe ThreadObject.of(thread) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    guard let exitCode = unsafe exitCode else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    unsafe exitCode.pointee = object.exitCode
    return TRUE
}

/// Lets a thread run that was made with CREATE_SUSPENDED; gives 1 then, and 0 for one that runs. There is no function
/// that stops a thread later.
///
/// 0xFFFFFFFF with ERROR_INVALID_HANDLE: it is no thread's handle.
///
/// Microsoft's page: "ResumeThread function (processthreadsapi.h)".
@c @implementation
public func ResumeThread(_ thread: HANDLE!) -> DWORD {
    guard let object = unsafe ThreadObject.of(thread) else {
        return LastError.fail(ERROR_INVALID_HANDLE, returning: .max)
    }
    return object.resume()
}

/// What stands for the calling thread in place of a handle: -2.
///
/// Microsoft's page: "GetCurrentThread function (processthreadsapi.h)".
@c @implementation
public func GetCurrentThread() -> HANDLE! { unsafe HANDLE(bitPattern: currentThreadPseudoHandle) }

/// The number of the calling thread.
///
/// Microsoft's page: "GetCurrentThreadId function (processthreadsapi.h)".
@c @implementation
public func GetCurrentThreadId() -> DWORD { DWORD(truncatingIfNeeded: CurrentThread.id) }

/// Keeps a priority for ``GetThreadPriority(_:)`` to give back. It has no effect: how long a thread computes takes no
/// time of a bus in memory, and on a real one the system asks for a privilege that programs do not have.
///
/// ERROR_INVALID_HANDLE: it is no thread's handle. ERROR_INVALID_PARAMETER: there is no such priority.
///
/// Microsoft's page: "SetThreadPriority function (processthreadsapi.h)".
@c @implementation
public func SetThreadPriority(_ thread: HANDLE!, _ priority: CInt) -> BOOL {
    guard let object = unsafe ThreadObject.of(thread) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    guard (-2...2).contains(priority) || priority == THREAD_PRIORITY_IDLE || priority == THREAD_PRIORITY_TIME_CRITICAL
    else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    object.priority = priority
    return TRUE
}

/// The priority that a thread was given; THREAD_PRIORITY_NORMAL at first.
///
/// THREAD_PRIORITY_ERROR_RETURN with ERROR_INVALID_HANDLE: it is no thread's handle.
///
/// Microsoft's page: "GetThreadPriority function (processthreadsapi.h)".
@c @implementation
public func GetThreadPriority(_ thread: HANDLE!) -> CInt {
    guard let object = unsafe ThreadObject.of(thread) else {
        return LastError.fail(ERROR_INVALID_HANDLE, returning: CInt.max)
    }
    return object.priority
}

/// Lets another thread run. On a clock that runs free it costs a microsecond, so that a loop of it comes to an end.
///
/// Microsoft's page: "SwitchToThread function (processthreadsapi.h)".
@c @implementation
public func SwitchToThread() -> BOOL {
    _ = ProcessHost.current.clock.now
    return sched_yield() == 0 ? TRUE : FALSE
}

/// What stands for the process in place of a handle: -1.
///
/// Microsoft's page: "GetCurrentProcess function (processthreadsapi.h)".
@c @implementation
public func GetCurrentProcess() -> HANDLE! { unsafe HANDLE(bitPattern: currentProcessPseudoHandle) }

/// The number of the process.
///
/// Microsoft's page: "GetCurrentProcessId function (processthreadsapi.h)".
@c @implementation
public func GetCurrentProcessId() -> DWORD { DWORD(getpid()) }

/// Takes a priority class for the process, without effect; see ``SetThreadPriority(_:_:)``.
///
/// ERROR_INVALID_HANDLE: it is not the value of ``GetCurrentProcess()``. ERROR_INVALID_PARAMETER: there is no such class.
///
/// Microsoft's page: "SetPriorityClass function (processthreadsapi.h)".
@c @implementation
public func SetPriorityClass(_ process: HANDLE!, _ priorityClass: DWORD) -> BOOL {
    guard Int(bitPattern: process) == currentProcessPseudoHandle else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    let classes = [
        IDLE_PRIORITY_CLASS, BELOW_NORMAL_PRIORITY_CLASS, NORMAL_PRIORITY_CLASS, ABOVE_NORMAL_PRIORITY_CLASS,
        HIGH_PRIORITY_CLASS, REALTIME_PRIORITY_CLASS,
    ]
    return classes.contains { DWORD($0) == priorityClass } ? TRUE : LastError.fail(ERROR_INVALID_PARAMETER)
}

/// Ends the process, as `exit` does: of the code the system keeps the lowest eight bits.
///
/// Microsoft's page: "ExitProcess function (processthreadsapi.h)".
@c @implementation
public func ExitProcess(_ exitCode: UINT) -> Never { exit(CInt(truncatingIfNeeded: exitCode)) }
