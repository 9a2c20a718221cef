// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USB
import USBHost
import USBSpecification
import Win32

/// Tells which frame is under way, and when that was so (WinUsb_GetCurrentFrameNumber function, winusb.h).
///
/// The number counts frames of 1 ms modulo 2^32, and is the one that the isochronous calls take. `TimeStamp` is what
/// QueryPerformanceCounter showed at that moment. On a wire that cannot read the bus's count, the count runs on from the
/// host's clock with an origin of its own.
///
/// Fails with ERROR_INVALID_HANDLE (6), and ERROR_INVALID_PARAMETER (87) when one of the pointers is NULL.
@c @implementation
public func WinUsb_GetCurrentFrameNumber(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ CurrentFrameNumber: PULONG!,
    _ TimeStamp: UnsafeMutablePointer<LARGE_INTEGER>!
) -> BOOL {
    guard let interface = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let number = unsafe CurrentFrameNumber, let time = unsafe TimeStamp else {
        return failure(SystemError.invalidParameter)
    }
    let reading = interface.file.host.controller.frame()
    // Sound: the caller's places for the answers, not NULL.
    unsafe number.pointee = reading.frame.truncated32
    unsafe time.pointee = LARGE_INTEGER(PerformanceCounter.value(at: reading.time))
    return 1
}

/// Adds to a frame number the milliseconds that have passed since a time stamp (WinUsb_GetAdjustedFrameNumber function,
/// winusb.h).
///
/// `TimeStamp` is a value of QueryPerformanceCounter. Begun milliseconds do not count, the sum is taken modulo 2^32, and
/// the bus is not asked: only the clock is.
///
/// Fails with ERROR_INVALID_PARAMETER (87) for a NULL pointer.
@c @implementation
public func WinUsb_GetAdjustedFrameNumber(_ CurrentFrameNumber: PULONG!, _ TimeStamp: LARGE_INTEGER) -> BOOL {
    guard let number = unsafe CurrentFrameNumber else { return failure(SystemError.invalidParameter) }
    let now = PerformanceCounter.value(at: ProcessHost.current.clock.now)
    // Sound: the caller's number, not NULL.
    unsafe number.pointee = FrameArithmetic.adjusted(number.pointee, from: TimeStamp.QuadPart, to: now)
    return 1
}

/// Frame numbers of 32 bits.
enum FrameArithmetic {
    /// The number of the frame that is under way at `end` if `number` was at `start`, as the performance counter counts.
    static func adjusted(_ number: UInt32, from start: Int64, to end: Int64) -> UInt32 {
        let (steps, overflow) = end.subtractingReportingOverflow(start)
        let elapsed = overflow ? (end < start ? Int64.min : .max) : steps
        let (quotient, remainder) = elapsed.quotientAndRemainder(dividingBy: PerformanceCounter.stepsPerFrame)
        // Rounded down, before the time stamp too.
        return number &+ UInt32(truncatingIfNeeded: remainder < 0 ? quotient - 1 : quotient)
    }
}
