// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// A program's wish to have the frames of a bus related to the performance counter: what a time tracking handle stands
/// for. The frame clock runs all the time, so that there is nothing to be kept.
private final class TimeTracking: HandleObject, @unchecked Sendable {
    let interface: InterfaceObject

    init(_ interface: InterfaceObject) { self.interface = interface }

    /// The tracking that a handle stands for; nil when it is none of this interface.
    static func named(by handle: HANDLE?, of interface: InterfaceObject) -> TimeTracking? {
        guard let found = unsafe HandleTable.shared.object(handle, as: TimeTracking.self),
            found.interface === interface
        else { return nil }
        return found
    }
}

/// Begins to relate frames to the performance counter (WinUsb_StartTrackingForTimeSync function, winusb.h) and gives a
/// handle for it in `TimeTrackingHandle`.
///
/// The first answer is there at once, whether a delay is tolerable or not.
///
/// Fails with ERROR_INVALID_HANDLE (6) for no open interface, ERROR_INVALID_PARAMETER (87) for NULL, and
/// ERROR_NOT_ENOUGH_MEMORY (8) when there are too many handles.
@c @implementation
public func WinUsb_StartTrackingForTimeSync(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ StartTrackingInfo: PUSB_START_TRACKING_FOR_TIME_SYNC_INFORMATION!
) -> BOOL {
    guard let interface = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let information = unsafe StartTrackingInfo else { return failure(SystemError.invalidParameter) }
    guard let handle = unsafe HandleTable.shared.insert(TimeTracking(interface)) else {
        return failure(SystemError.notEnoughMemory)
    }
    // Sound: the caller's structure, not NULL.
    unsafe information.pointee.TimeTrackingHandle = unsafe handle
    return 1
}

/// Tells what the performance counter shows at a frame, and how frames stand now (WinUsb_GetCurrentFrameNumberAndQpc
/// function, winusb.h).
///
/// The program gives the handle of the tracking, a frame number and a microframe in it, 0 to 7. The answer has the counter
/// at the beginning of that microframe, the counter's frequency, how far that can be wrong in microseconds, and the present
/// by the counter, by the controller's register (a frame of 11 bits and a microframe) and by the running count. The
/// generation changes when the count begins anew.
///
/// Fails with ERROR_INVALID_HANDLE (6) for no open interface or no tracking of it, and ERROR_INVALID_PARAMETER (87) for
/// NULL or a microframe beyond 7.
@c @implementation
public func WinUsb_GetCurrentFrameNumberAndQpc(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!,
    _ FrameQpcInfo: PUSB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION!
) -> BOOL {
    guard let interface = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let information = unsafe FrameQpcInfo else { return failure(SystemError.invalidParameter) }
    // Sound: the caller's structure, not NULL, here and below.
    var answer = unsafe information.pointee
    guard unsafe TimeTracking.named(by: answer.TimeTrackingHandle, of: interface) != nil else {
        return failure(SystemError.invalidHandle)
    }
    guard unsafe answer.InputMicroFrameNumber < ULONG(Frame.microframes) else {
        return failure(SystemError.invalidParameter)
    }
    let reading = interface.file.host.controller.frame()
    let frame = unsafe Frame(extending: answer.InputFrameNumber, near: reading.frame)
    let distance = unsafe frame.firstMicroframe + Int64(answer.InputMicroFrameNumber) - reading.microframe
    let now = PerformanceCounter.value(at: reading.time)
    unsafe answer.QueryPerformanceCounterAtInputFrameOrMicroFrame = LARGE_INTEGER(
        PerformanceCounter.value(at: reading.time.advanced(byNanoseconds: distance * Microframe.nanoseconds)))
    unsafe answer.QueryPerformanceCounterFrequency = LARGE_INTEGER(PerformanceCounter.frequency)
    unsafe answer.PredictedAccuracyInMicroSeconds = accuracy(reading.quality)
    unsafe answer.CurrentGenerationID = ULONG(truncatingIfNeeded: reading.epoch)
    unsafe answer.CurrentQueryPerformanceCounter = LARGE_INTEGER(now)
    unsafe answer.CurrentHardwareFrameNumber = ULONG(reading.frame.truncated(toBits: 11))
    unsafe answer.CurrentHardwareMicroFrameNumber = ULONG(reading.microframe.indexInFrame)
    unsafe answer.CurrentUSBFrameNumber = reading.frame.truncated32
    unsafe information.pointee = unsafe answer
    return 1
}

/// How far the counter at a frame can be wrong, in microseconds: a reading tells the microframe and not how much of it has
/// passed.
private func accuracy(_ quality: FrameReading.Quality) -> ULONG {
    switch quality {
    case .exact: 125
    case .reference: 250
    case .estimated: 1_000
    case .unavailable: .max
    }
}

/// Ends what ``WinUsb_StartTrackingForTimeSync(_:_:)`` began (WinUsb_StopTrackingForTimeSync function, winusb.h).
///
/// Fails with ERROR_INVALID_HANDLE (6) for no open interface or no tracking of it, and ERROR_INVALID_PARAMETER (87) for
/// NULL.
@c @implementation
public func WinUsb_StopTrackingForTimeSync(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ StopTrackingInfo: PUSB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION!
) -> BOOL {
    guard let interface = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let information = unsafe StopTrackingInfo else { return failure(SystemError.invalidParameter) }
    // Sound: the caller's structure, not NULL.
    let handle = unsafe information.pointee.TimeTrackingHandle
    guard unsafe TimeTracking.named(by: handle, of: interface) != nil,
        unsafe HandleTable.shared.remove(handle, as: TimeTracking.self) != nil
    else { return failure(SystemError.invalidHandle) }
    return 1
}
