// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit

/// Makes memory, zeroed, all of which is described.
///
/// Returns kIOReturnBadArgument for an alignment that is none, kIOReturnNoMemory for a size that cannot be.
@c @implementation
public func swiftusb_dk_buffer_create(
    _ options: UInt64, _ capacity: UInt64, _ alignment: UInt64, _ buffer: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    unsafe handOver(to: buffer) { (made: inout IOBufferMemoryDescriptor?) in
        IOBufferMemoryDescriptor.Create(
            options: IOOptionBits(truncatingIfNeeded: options), capacity: capacity, alignment: alignment, memory: &made)
    }
}

/// Sets how many bytes of a buffer are described.
///
/// Returns kIOReturnBadArgument when there are not so many.
@c @implementation
public func swiftusb_dk_buffer_set_length(_ buffer: OpaquePointer!, _ length: UInt64) -> kern_return_t {
    guard let buffer = unsafe IOBufferMemoryDescriptor.borrowed(buffer) else { return kIOReturnBadArgument }
    return buffer.SetLength(length: length)
}

/// Tells where described memory is, and how long.
@c @implementation
public func swiftusb_dk_memory_get_range(
    _ memory: OpaquePointer!, _ address: UnsafeMutablePointer<UInt64>!, _ length: UnsafeMutablePointer<UInt64>!
) -> kern_return_t {
    guard let memory = unsafe IOMemoryDescriptor.borrowed(memory), let address = unsafe address,
        let length = unsafe length
    else { return kIOReturnBadArgument }
    let bytes = unsafe memory.bytes
    unsafe address.pointee = UInt64(UInt(bitPattern: bytes.baseAddress))
    unsafe length.pointee = UInt64(bytes.count)
    return kIOReturnSuccess
}

/// Describes a part of other memory.
///
/// Returns kIOReturnBadArgument when there is not so much memory.
@c @implementation
public func swiftusb_dk_memory_create_sub(
    _ options: UInt64, _ offset: UInt64, _ length: UInt64, _ of_memory: OpaquePointer!,
    _ memory: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    guard let whole = unsafe IOMemoryDescriptor.borrowed(of_memory) else { return kIOReturnBadArgument }
    return unsafe handOver(to: memory) { (part: inout IOMemoryDescriptor?) in
        IOMemoryDescriptor.CreateSubMemoryDescriptor(
            memoryDescriptorCreateOptions: IOOptionBits(truncatingIfNeeded: options), offset: offset, length: length,
            ofDescriptor: whole, memory: &part)
    }
}
