// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit

/// The device that a program means by passing it or one of its interfaces.
private func device(_ object: OpaquePointer?) -> IOUSBHostDevice? {
    switch unsafe OSObject.borrowed(object) {
    case let device as IOUSBHostDevice: device
    case let interface as IOUSBHostInterface: interface.device
    default: nil
    }
}

/// Tells which frame is under way. See ``IOUSBHostDevice/GetFrameNumber(frameNumber:theTime:)``.
@c @implementation
public func swiftusb_dk_get_frame_number(
    _ object: OpaquePointer!, _ frame: UnsafeMutablePointer<UInt64>!, _ time: UnsafeMutablePointer<UInt64>!
) -> kern_return_t {
    unsafe tell(device(object), frame, time) { $0.GetFrameNumber(frameNumber: &$1, theTime: &$2) }
}

/// Tells which microframe is under way. See ``IOUSBHostDevice/CurrentMicroframe(microframe:time:)``.
@c @implementation
public func swiftusb_dk_current_microframe(
    _ object: OpaquePointer!, _ microframe: UnsafeMutablePointer<UInt64>!, _ time: UnsafeMutablePointer<UInt64>!
) -> kern_return_t {
    unsafe tell(device(object), microframe, time) { $0.CurrentMicroframe(microframe: &$1, time: &$2) }
}

/// Tells when a recent microframe began. See ``IOUSBHostDevice/ReferenceMicroframe(microframe:time:)``.
@c @implementation
public func swiftusb_dk_reference_microframe(
    _ object: OpaquePointer!, _ microframe: UnsafeMutablePointer<UInt64>!, _ time: UnsafeMutablePointer<UInt64>!
) -> kern_return_t {
    unsafe tell(device(object), microframe, time) { $0.ReferenceMicroframe(microframe: &$1, time: &$2) }
}

/// Writes a number and its time, if the call succeeds; `time` may be NULL.
private func tell(
    _ device: IOUSBHostDevice?, _ number: UnsafeMutablePointer<UInt64>?, _ time: UnsafeMutablePointer<UInt64>?,
    _ call: (IOUSBHostDevice, inout UInt64, inout UInt64) -> kern_return_t
) -> kern_return_t {
    guard let device, let number = unsafe number else { return kIOReturnBadArgument }
    var (found, then): (UInt64, UInt64) = (0, 0)
    let status = call(device, &found, &then)
    guard status == kIOReturnSuccess else { return status }
    unsafe number.pointee = found
    unsafe time?.pointee = then
    return kIOReturnSuccess
}

/// Tells the state of the port. See ``IOUSBHostDevice/GetPortStatus(portStatus:)``.
@c @implementation
public func swiftusb_dk_get_port_status(
    _ object: OpaquePointer!, _ port_status: UnsafeMutablePointer<UInt32>!
) -> kern_return_t {
    guard let device = unsafe device(object), let status = unsafe port_status else { return kIOReturnBadArgument }
    return unsafe device.GetPortStatus(portStatus: &status.pointee)
}

/// Copies a string. See ``IOUSBHostDevice/CopyStringDescriptor(index:languageID:)``.
@c @implementation
public func swiftusb_dk_copy_string_descriptor(
    _ object: OpaquePointer!, _ index: UInt8, _ language: UInt16
) -> UnsafePointer<IOUSBStringDescriptor>! {
    unsafe device(object)?.CopyStringDescriptor(index: index, languageID: language)
}

/// Makes memory for transfers. See ``IOUSBHostDevice/CreateIOBuffer(options:capacity:buffer:)``.
@c @implementation
public func swiftusb_dk_create_io_buffer(
    _ object: OpaquePointer!, _ options: IOOptionBits, _ capacity: UInt64,
    _ buffer: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    guard let device = unsafe device(object) else { return kIOReturnBadArgument }
    return unsafe handOver(to: buffer) { (made: inout IOBufferMemoryDescriptor?) in
        device.CreateIOBuffer(options: options, capacity: capacity, buffer: &made)
    }
}

/// Sends a request and waits for its end. See
/// ``IOUSBHostDevice/DeviceRequest(forClient:bmRequestType:bRequest:wValue:wIndex:wLength:dataBuffer:bytesTransferred:completionTimeout:)``.
@c @implementation
public func swiftusb_dk_device_request(
    _ object: OpaquePointer!, _ client: OpaquePointer!, _ request_type: UInt8, _ request: UInt8, _ value: UInt16,
    _ index: UInt16, _ length: UInt16, _ data: OpaquePointer!, _ byte_count: UnsafeMutablePointer<UInt16>!,
    _ timeout: UInt32
) -> kern_return_t {
    let buffer = unsafe IOMemoryDescriptor.borrowed(data)
    var moved: UInt16 = 0
    let status: kern_return_t
    switch unsafe OSObject.borrowed(object) {
    case let device as IOUSBHostDevice:
        guard let client = unsafe IOService.borrowed(client) else { return kIOReturnBadArgument }
        status = device.DeviceRequest(
            forClient: client, bmRequestType: request_type, bRequest: request, wValue: value, wIndex: index,
            wLength: length, dataBuffer: buffer, bytesTransferred: &moved, completionTimeout: timeout)
    case let interface as IOUSBHostInterface:
        status = interface.DeviceRequest(
            bmRequestType: request_type, bRequest: request, wValue: value, wIndex: index, wLength: length,
            dataBuffer: buffer, bytesTransferred: &moved, completionTimeoutMs: timeout)
    default:
        return kIOReturnBadArgument
    }
    unsafe byte_count?.pointee = moved
    return status
}

/// Sends a request. See
/// ``IOUSBHostDevice/AsyncDeviceRequest(forClient:bmRequestType:bRequest:wValue:wIndex:wLength:dataBuffer:completion:completionTimeout:)``.
@c @implementation
public func swiftusb_dk_async_device_request(
    _ object: OpaquePointer!, _ client: OpaquePointer!, _ request_type: UInt8, _ request: UInt8, _ value: UInt16,
    _ index: UInt16, _ length: UInt16, _ data: OpaquePointer!, _ action: OpaquePointer!, _ timeout: UInt32
) -> kern_return_t {
    let buffer = unsafe IOMemoryDescriptor.borrowed(data)
    let action = unsafe OSAction.borrowed(action)
    switch unsafe OSObject.borrowed(object) {
    case let device as IOUSBHostDevice:
        guard let client = unsafe IOService.borrowed(client) else { return kIOReturnBadArgument }
        return device.AsyncDeviceRequest(
            forClient: client, bmRequestType: request_type, bRequest: request, wValue: value, wIndex: index,
            wLength: length, dataBuffer: buffer, completion: action, completionTimeout: timeout)
    case let interface as IOUSBHostInterface:
        return interface.AsyncDeviceRequest(
            bmRequestType: request_type, bRequest: request, wValue: value, wIndex: index, wLength: length,
            dataBuffer: buffer, completion: action, completionTimeoutMs: timeout)
    default:
        return kIOReturnBadArgument
    }
}

/// Ends requests. See ``IOUSBHostDevice/AbortDeviceRequests(forClient:options:withError:)``.
@c @implementation
public func swiftusb_dk_abort_device_requests(
    _ object: OpaquePointer!, _ client: OpaquePointer!, _ options: IOOptionBits, _ with_error: kern_return_t
) -> kern_return_t {
    let options = IOUSBAbortOptions(options & 1)
    switch unsafe OSObject.borrowed(object) {
    case let device as IOUSBHostDevice:
        guard let client = unsafe IOService.borrowed(client) else { return kIOReturnBadArgument }
        return device.AbortDeviceRequests(forClient: client, options: options, withError: with_error)
    case let interface as IOUSBHostInterface:
        return interface.AbortDeviceRequests(options: options, withError: with_error)
    default:
        return kIOReturnBadArgument
    }
}
