// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import USB
public import USBHost
import Win32

/// The kernel's times: counts of 100 ns of the bus's clock.
public enum KernelTime {
    /// Units of 100 ns since the beginning of 1601.
    public static var system: Int64 {
        var time = FILETIME()
        unsafe GetSystemTimeAsFileTime(&time)
        return Int64(time.dwHighDateTime) << 32 | Int64(time.dwLowDateTime)
    }

    /// When a timeout ends: negative counts from now, positive since 1601; 0 is now.
    public static func deadline(_ timeout: Int64, on executor: BusExecutor) -> BusInstant {
        let now = executor.clock.presentInstant
        let wait = timeout <= 0 ? (timeout == .min ? .max : -timeout) : max(0, timeout - system)
        let (nanoseconds, overflow) = wait.multipliedReportingOverflow(by: 100)
        let room = Int64.max - max(0, now.nanoseconds)
        return now.advanced(byNanoseconds: overflow ? room : min(nanoseconds, room))
    }
}

/// The time of day in units of 100 ns since 1601: the machine's at first, and from then on as the bus's clock counts.
///
/// Microsoft's page: "KeQuerySystemTime function (wdm.h)".
@c @implementation
public func KeQuerySystemTime(_ CurrentTime: PLARGE_INTEGER!) {
    guard let time = unsafe CurrentTime else { return }
    unsafe time.pointee.QuadPart = KernelTime.system
}

/// The bus's clock in units of 100 ns.
///
/// Microsoft's page: "KeQueryInterruptTime function (wdm.h)".
@c @implementation
public func KeQueryInterruptTime() -> ULONGLONG {
    ULONGLONG(max(0, ProcessHost.current.clock.now.nanoseconds) / 100)
}

/// The count of QueryPerformanceCounter; `Frequency`, unless it is NULL, gets its counts in a second.
///
/// Microsoft's page: "KeQueryPerformanceCounter function (wdm.h)".
@c @implementation
public func KeQueryPerformanceCounter(_ Frequency: PLARGE_INTEGER!) -> LARGE_INTEGER {
    if let frequency = unsafe Frequency { _ = unsafe QueryPerformanceFrequency(frequency) }
    var count = LARGE_INTEGER()
    _ = unsafe QueryPerformanceCounter(&count)
    return count
}

/// Lets the bus's time pass: until `Interval`, units of 100 ns, negative from now, positive since 1601.
///
/// STATUS_SUCCESS; STATUS_INVALID_PARAMETER for NULL. Bug check 0xA: above APC_LEVEL.
///
/// Microsoft's page: "KeDelayExecutionThread function (wdm.h)".
@c @implementation
public func KeDelayExecutionThread(
    _ WaitMode: KPROCESSOR_MODE, _ Alertable: BOOLEAN, _ Interval: PLARGE_INTEGER!
) -> NTSTATUS {
    guard let interval = unsafe Interval else { return NTStatus.invalidParameter.rawValue }
    guard InterruptLevel.isAtMost(InterruptLevel.apc, in: "KeDelayExecutionThread") else {
        return NTStatus.unsuccessful.rawValue
    }
    let executor = ProcessHost.current.executor
    let deadline = KernelTime.deadline(unsafe interval.pointee.QuadPart, on: executor)
    _ = BusEvent.wait(for: [], until: deadline, on: executor)
    return NTStatus.success.rawValue
}

/// Looks at the bus's clock until so much time has passed, at any level. On a clock that moves by hand it returns though
/// none has.
///
/// Microsoft's page: "KeStallExecutionProcessor function (wdm.h)".
@c @implementation
public func KeStallExecutionProcessor(_ MicroSeconds: ULONG) {
    let clock = ProcessHost.current.clock
    let end = clock.presentInstant.advanced(byNanoseconds: Int64(MicroSeconds) * 1_000)
    // A look takes longer than a nanosecond.
    var looks = Int64(MicroSeconds) * 1_000
    while looks > 0, clock.now < end { looks -= 1 }
}
