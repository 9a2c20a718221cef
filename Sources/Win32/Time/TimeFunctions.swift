// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
public import USBHost

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Counts of the performance counter in a second: it counts units of 100 ns.
let performanceFrequency: Int64 = 10_000_000

extension BusInstant {
    /// The performance counter at this moment.
    public var performanceCount: Int64 { nanoseconds / (1_000_000_000 / performanceFrequency) }
}

/// The time of day: that of the machine when the process first asks, and from then on as the bus counts.
private enum TimeOfDay {
    /// From the epoch of Windows, the beginning of 1601, to that of Unix, in seconds.
    static let secondsTo1970: Int64 = 11_644_473_600
    /// The time of day at the origin of the bus's clock, in units of 100 ns since 1601.
    static let origin: Int64 = {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let wall = (Int64(now.tv_sec) + secondsTo1970) * 10_000_000 + Int64(now.tv_nsec) / 100
        return wall - ProcessHost.current.clock.presentInstant.nanoseconds / 100
    }()

    /// Units of 100 ns since 1601.
    static var now: Int64 {
        let origin = origin
        return origin + ProcessHost.current.clock.now.nanoseconds / 100
    }

    static func write(isLocal: Bool, to time: LPSYSTEMTIME?) {
        guard let time = unsafe time else { return }
        let now = now
        var seconds = time_t(now / 10_000_000 - secondsTo1970)
        var parts = unsafe tm()
        _ = unsafe isLocal ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts)
        unsafe time.pointee = SYSTEMTIME(
            wYear: WORD(clamping: parts.tm_year + 1900), wMonth: WORD(clamping: parts.tm_mon + 1),
            wDayOfWeek: WORD(clamping: parts.tm_wday), wDay: WORD(clamping: parts.tm_mday),
            wHour: WORD(clamping: parts.tm_hour), wMinute: WORD(clamping: parts.tm_min),
            wSecond: WORD(clamping: parts.tm_sec), wMilliseconds: WORD(now / 10_000 % 1_000))
    }
}

/// The bus's clock in units of 100 ns; always TRUE, but for NULL (ERROR_INVALID_PARAMETER).
///
/// Microsoft's page: "QueryPerformanceCounter function (profileapi.h)".
@c @implementation
public func QueryPerformanceCounter(_ count: UnsafeMutablePointer<LARGE_INTEGER>!) -> BOOL {
    guard let count = unsafe count else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    unsafe count.pointee.QuadPart = ProcessHost.current.clock.now.performanceCount
    return TRUE
}

/// Counts in a second of the bus's time: 10,000,000; always TRUE, but for NULL (ERROR_INVALID_PARAMETER).
///
/// Microsoft's page: "QueryPerformanceFrequency function (profileapi.h)".
@c @implementation
public func QueryPerformanceFrequency(_ frequency: UnsafeMutablePointer<LARGE_INTEGER>!) -> BOOL {
    guard let frequency = unsafe frequency else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    unsafe frequency.pointee.QuadPart = performanceFrequency
    return TRUE
}

/// The bus's clock in milliseconds, modulo 2^32.
///
/// Microsoft's page: "GetTickCount function (sysinfoapi.h)".
@c @implementation
public func GetTickCount() -> DWORD { DWORD(truncatingIfNeeded: GetTickCount64()) }

/// The bus's clock in milliseconds.
///
/// Microsoft's page: "GetTickCount64 function (sysinfoapi.h)".
@c @implementation
public func GetTickCount64() -> ULONGLONG {
    ULONGLONG(max(0, ProcessHost.current.clock.now.nanoseconds) / 1_000_000)
}

/// The time of day in units of 100 ns since the beginning of 1601, in UTC: the machine's when the process first asks for
/// it, and from then on as the bus's clock counts. NULL is left alone.
///
/// Microsoft's page: "GetSystemTimeAsFileTime function (sysinfoapi.h)".
@c @implementation
public func GetSystemTimeAsFileTime(_ time: LPFILETIME!) {
    guard let time = unsafe time else { return }
    let now = UInt64(bitPattern: TimeOfDay.now)
    unsafe time.pointee = FILETIME(
        dwLowDateTime: DWORD(truncatingIfNeeded: now), dwHighDateTime: DWORD(truncatingIfNeeded: now >> 32))
}

/// ``GetSystemTimeAsFileTime(_:)``, which is as precise.
///
/// Microsoft's page: "GetSystemTimePreciseAsFileTime function (sysinfoapi.h)".
@c @implementation
public func GetSystemTimePreciseAsFileTime(_ time: LPFILETIME!) { unsafe GetSystemTimeAsFileTime(time) }

/// The time of day of ``GetSystemTimeAsFileTime(_:)`` in its parts.
///
/// Microsoft's page: "GetSystemTime function (sysinfoapi.h)".
@c @implementation
public func GetSystemTime(_ time: LPSYSTEMTIME!) { unsafe TimeOfDay.write(isLocal: false, to: time) }

/// The time of day in its parts, in the time zone of the process.
///
/// Microsoft's page: "GetLocalTime function (sysinfoapi.h)".
@c @implementation
public func GetLocalTime(_ time: LPSYSTEMTIME!) { unsafe TimeOfDay.write(isLocal: true, to: time) }
