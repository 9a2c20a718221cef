// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit

// ---- What it is -----------------------------------------------------------------------------------------------------

/// Tells the speed of a pipe's device. See ``IOUSBHostPipe/GetSpeed(speed:)``.
@c @implementation
public func swiftusb_dk_pipe_get_speed(
    _ pipe: OpaquePointer!, _ speed: UnsafeMutablePointer<UInt8>!
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe), let speed = unsafe speed else { return kIOReturnBadArgument }
    return unsafe pipe.GetSpeed(speed: &speed.pointee)
}

/// Tells the address of a pipe's device. See ``IOUSBHostPipe/GetDeviceAddress(address:)``.
@c @implementation
public func swiftusb_dk_pipe_get_device_address(
    _ pipe: OpaquePointer!, _ address: UnsafeMutablePointer<UInt8>!
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe), let address = unsafe address else {
        return kIOReturnBadArgument
    }
    return unsafe pipe.GetDeviceAddress(address: &address.pointee)
}

/// Gives the descriptors of an endpoint. See ``IOUSBHostPipe/GetDescriptors(descriptors:type:)``.
@c @implementation
public func swiftusb_dk_pipe_get_descriptors(
    _ pipe: OpaquePointer!, _ descriptors: UnsafeMutablePointer<IOUSBStandardEndpointDescriptors>!, _ type: UInt32
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe), let descriptors = unsafe descriptors else {
        return kIOReturnBadArgument
    }
    // The program's memory may hold anything so far.
    var found = IOUSBStandardEndpointDescriptors()
    let status = pipe.GetDescriptors(descriptors: &found, type: IOUSBGetEndpointDescriptorOptions(type))
    if status == kIOReturnSuccess { unsafe descriptors.pointee = found }
    return status
}

/// Changes how much of an interval a pipe may use. See ``IOUSBHostPipe/AdjustPipe(descriptors:)``.
@c @implementation
public func swiftusb_dk_pipe_adjust(
    _ pipe: OpaquePointer!, _ descriptors: UnsafePointer<IOUSBStandardEndpointDescriptors>!
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe), let descriptors = unsafe descriptors else {
        return kIOReturnBadArgument
    }
    return unsafe pipe.AdjustPipe(descriptors: descriptors.pointee)
}

/// Sets when a pipe is idle. See ``IOUSBHostPipe/SetIdlePolicy(idleTimeoutMs:)``.
@c @implementation
public func swiftusb_dk_pipe_set_idle_policy(_ pipe: OpaquePointer!, _ milliseconds: UInt32) -> kern_return_t {
    unsafe IOUSBHostPipe.borrowed(pipe)?.SetIdlePolicy(idleTimeoutMs: milliseconds) ?? kIOReturnBadArgument
}

/// Tells when a pipe is idle. See ``IOUSBHostPipe/GetIdlePolicy(idleTimeoutMs:)``.
@c @implementation
public func swiftusb_dk_pipe_get_idle_policy(
    _ pipe: OpaquePointer!, _ milliseconds: UnsafeMutablePointer<UInt32>!
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe), let milliseconds = unsafe milliseconds else {
        return kIOReturnBadArgument
    }
    return unsafe pipe.GetIdlePolicy(idleTimeoutMs: &milliseconds.pointee)
}

// ---- Transfers ------------------------------------------------------------------------------------------------------

/// Moves bytes and waits for the end. See
/// ``IOUSBHostPipe/IO(dataBuffer:dataBufferLength:bytesTransferred:completionTimeoutMs:)``.
@c @implementation
public func swiftusb_dk_pipe_io(
    _ pipe: OpaquePointer!, _ data: OpaquePointer!, _ length: UInt32, _ byte_count: UnsafeMutablePointer<UInt32>!,
    _ timeout: UInt32
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe) else { return kIOReturnBadArgument }
    var moved: UInt32 = 0
    let status = unsafe pipe.IO(
        dataBuffer: IOMemoryDescriptor.borrowed(data), dataBufferLength: length, bytesTransferred: &moved,
        completionTimeoutMs: timeout)
    unsafe byte_count?.pointee = moved
    return status
}

/// Moves bytes. See ``IOUSBHostPipe/AsyncIO(dataBuffer:dataBufferLength:completion:completionTimeoutMs:)``.
@c @implementation
public func swiftusb_dk_pipe_async_io(
    _ pipe: OpaquePointer!, _ data: OpaquePointer!, _ length: UInt32, _ action: OpaquePointer!, _ timeout: UInt32
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe) else { return kIOReturnBadArgument }
    return unsafe pipe.AsyncIO(
        dataBuffer: IOMemoryDescriptor.borrowed(data), dataBufferLength: length,
        completion: OSAction.borrowed(action), completionTimeoutMs: timeout)
}

/// Moves the entries of a frame list. See
/// ``IOUSBHostPipe/IsochIO(dataBuffer:frameList:firstFrameNumber:completion:)``.
@c @implementation
public func swiftusb_dk_pipe_isoch_io(
    _ pipe: OpaquePointer!, _ data: OpaquePointer!, _ frame_list: OpaquePointer!, _ first_frame: UInt64,
    _ action: OpaquePointer!
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe) else { return kIOReturnBadArgument }
    let completion = unsafe OSAction.borrowed(action)
    // Something that is no action is not the same as none.
    guard unsafe completion != nil || action == nil else { return kIOReturnBadArgument }
    return unsafe pipe.IsochIO(
        dataBuffer: IOMemoryDescriptor.borrowed(data), frameList: IOMemoryDescriptor.borrowed(frame_list),
        firstFrameNumber: first_frame, completion: completion)
}

// ---- The ring -------------------------------------------------------------------------------------------------------

/// Makes the ring of a pipe. See ``IOUSBHostPipe/CreateMemoryDescriptorRing(size:)``.
@c @implementation
public func swiftusb_dk_pipe_create_ring(_ pipe: OpaquePointer!, _ size: UInt32) -> kern_return_t {
    unsafe IOUSBHostPipe.borrowed(pipe)?.CreateMemoryDescriptorRing(size: size) ?? kIOReturnBadArgument
}

/// Fills a place of the ring. See ``IOUSBHostPipe/SetMemoryDescriptor(memoryDescriptor:index:)``.
@c @implementation
public func swiftusb_dk_pipe_set_memory(
    _ pipe: OpaquePointer!, _ memory: OpaquePointer!, _ index: UInt32
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe), let memory = unsafe IOMemoryDescriptor.borrowed(memory) else {
        return kIOReturnBadArgument
    }
    return pipe.SetMemoryDescriptor(memoryDescriptor: memory, index: index)
}

/// Begins transfers of consecutive places. See
/// ``IOUSBHostPipe/AsyncIOBundled(ioTransferIndex:ioTransferCount:ioTransferAcceptedCount:dataBufferLengthArray:completion:completionTimeoutMs:)``.
@c @implementation
public func swiftusb_dk_pipe_async_io_bundled(
    _ pipe: OpaquePointer!, _ first: UInt32, _ count: UInt32, _ accepted: UnsafeMutablePointer<UInt32>!,
    _ lengths: UnsafePointer<UInt32>!, _ length_count: Int32, _ action: OpaquePointer!, _ timeout: UInt32
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe), let accepted = unsafe accepted, let lengths = unsafe lengths,
        length_count >= 0, count <= UInt32(kIOUSBHostPipeBundlingMax), count <= length_count
    else { return kIOReturnBadArgument }
    // Sound: there are as many lengths as the program says, and it says no fewer than are looked at.
    let asked = unsafe Array(UnsafeBufferPointer(start: lengths, count: Int(count)))
    return unsafe pipe.AsyncIOBundled(
        ioTransferIndex: first, ioTransferCount: count, ioTransferAcceptedCount: &accepted.pointee,
        dataBufferLengthArray: asked, completion: OSAction.borrowed(action), completionTimeoutMs: timeout)
}

// ---- Ends -----------------------------------------------------------------------------------------------------------

/// Ends what is under way on a pipe. See ``IOUSBHostPipe/Abort(options:withError:forClient:)``.
@c @implementation
public func swiftusb_dk_pipe_abort(
    _ pipe: OpaquePointer!, _ options: IOOptionBits, _ with_error: kern_return_t, _ client: OpaquePointer!
) -> kern_return_t {
    guard let pipe = unsafe IOUSBHostPipe.borrowed(pipe) else { return kIOReturnBadArgument }
    return unsafe pipe.Abort(
        options: IOUSBAbortOptions(options & 1), withError: with_error, forClient: IOService.borrowed(client))
}

/// Lets a halted pipe go on. See ``IOUSBHostPipe/ClearStall(withRequest:)``.
@c @implementation
public func swiftusb_dk_pipe_clear_stall(_ pipe: OpaquePointer!, _ with_request: Bool) -> kern_return_t {
    unsafe IOUSBHostPipe.borrowed(pipe)?.ClearStall(withRequest: with_request) ?? kIOReturnBadArgument
}
