// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import USBHost
import USBSpecification

/// The bus's frame count. Frames are of 1 ms and are counted in 64 bits from an arbitrary start, without wrapping; it
/// begins anew after sleep. On a wire that cannot read the bus's count it runs on from the host's clock.
extension IOUSBHostDevice {
    /// Tells which frame is under way, and what `mach_absolute_time()` was when that was looked at.
    ///
    /// Returns kIOReturnNoDevice once the device is gone.
    public func GetFrameNumber(frameNumber: inout UInt64, theTime: inout UInt64) -> kern_return_t {
        guard !isGone else { return kIOReturnNoDevice }
        let reading = engine.controller.frame()
        frameNumber = UInt64(clamping: reading.frame.count)
        theTime = reading.time.machTime
        return kIOReturnSuccess
    }

    /// Tells which frame is under way.
    public func GetFrameNumber(frameNumber: inout UInt64) -> kern_return_t {
        var time: UInt64 = 0
        return GetFrameNumber(frameNumber: &frameNumber, theTime: &time)
    }

    /// Tells which microframe is under way, and when that was looked at. A frame has eight.
    ///
    /// Returns kIOReturnNoDevice once the device is gone.
    public func CurrentMicroframe(microframe: inout UInt64, time: inout UInt64) -> kern_return_t {
        guard !isGone else { return kIOReturnNoDevice }
        let reading = engine.controller.frame()
        microframe = UInt64(clamping: reading.microframe.count)
        time = reading.time.machTime
        return kIOReturnSuccess
    }

    /// Tells a recent microframe with the time at which it began, or, where the wire does not know that, close to it.
    ///
    /// Returns kIOReturnNoDevice once the device is gone.
    public func ReferenceMicroframe(microframe: inout UInt64, time: inout UInt64) -> kern_return_t {
        guard !isGone else { return kIOReturnNoDevice }
        let reading = engine.controller.frame()
        microframe = UInt64(clamping: reading.microframe.count)
        time = (reading.microframeStart ?? reading.time).machTime
        return kIOReturnSuccess
    }
}

/// The bus's frame count, as on the device.
extension IOUSBHostInterface {
    /// Tells which frame is under way. See ``IOUSBHostDevice/GetFrameNumber(frameNumber:theTime:)``.
    public func GetFrameNumber(frameNumber: inout UInt64, theTime: inout UInt64) -> kern_return_t {
        device.GetFrameNumber(frameNumber: &frameNumber, theTime: &theTime)
    }

    /// Tells which frame is under way.
    public func GetFrameNumber(frameNumber: inout UInt64) -> kern_return_t {
        device.GetFrameNumber(frameNumber: &frameNumber)
    }

    /// Tells which microframe is under way. See ``IOUSBHostDevice/CurrentMicroframe(microframe:time:)``.
    public func CurrentMicroframe(microframe: inout UInt64, time: inout UInt64) -> kern_return_t {
        device.CurrentMicroframe(microframe: &microframe, time: &time)
    }

    /// Tells when a recent microframe began. See ``IOUSBHostDevice/ReferenceMicroframe(microframe:time:)``.
    public func ReferenceMicroframe(microframe: inout UInt64, time: inout UInt64) -> kern_return_t {
        device.ReferenceMicroframe(microframe: &microframe, time: &time)
    }
}
