// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import Win32

/// The descriptors of a configuration as the device sent them, in memory that stays where it is.
@safe final class DescriptorBytes: @unchecked Sendable {
    // Sound: allocated here, never moved, written only while it is made, and freed with the object.
    private let memory: UnsafeMutableRawBufferPointer

    /// Makes room for so many bytes, all zero.
    init(byteCount: Int) {
        unsafe memory = .allocate(byteCount: byteCount, alignment: 8)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { unsafe memory.deallocate() }

    /// The bytes.
    var bytes: UnsafeMutableRawBufferPointer { unsafe memory }

    /// The configuration descriptor that the bytes begin with.
    var configuration: PUSB_CONFIGURATION_DESCRIPTOR {
        // Sound: there is room for one.
        unsafe memory.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: USB_CONFIGURATION_DESCRIPTOR.self)
    }

    /// A setting of an interface: its descriptor, and those of the endpoints up to the next interface.
    @safe struct Setting {
        // Sound: lie within the bytes, whole.
        var descriptor: PUSB_INTERFACE_DESCRIPTOR
        var endpoints: [PUSB_ENDPOINT_DESCRIPTOR] = unsafe []

        init(_ descriptor: PUSB_INTERFACE_DESCRIPTOR) { unsafe self.descriptor = unsafe descriptor }

        var number: UInt8 { unsafe descriptor.pointee.bInterfaceNumber }
        var alternate: UInt8 { unsafe descriptor.pointee.bAlternateSetting }
        var endpointCount: Int { Int(unsafe descriptor.pointee.bNumEndpoints) }
    }

    /// The settings of all interfaces, in the device's order.
    ///
    /// STATUS_INVALID_DEVICE_REQUEST: a descriptor is too short, or does not lie whole within the bytes.
    func settings() throws(Refusal) -> [Setting] {
        var found: [Setting] = []
        var offset = 0
        let total = unsafe memory.count
        while offset < total {
            let room = total - offset
            guard room >= 2 else { throw Refusal(.invalidDeviceRequest) }
            let length = Int(unsafe memory[offset])
            guard length >= 2, length <= room else { throw Refusal(.invalidDeviceRequest) }
            // Sound: the descriptor lies within the bytes, and is as long as one of its type where it is looked at so.
            let place = unsafe memory.baseAddress.unsafelyUnwrapped + offset
            switch Int32(unsafe memory[offset + 1]) {
            case USB_INTERFACE_DESCRIPTOR_TYPE:
                guard length >= MemoryLayout<USB_INTERFACE_DESCRIPTOR>.size else {
                    throw Refusal(.invalidDeviceRequest)
                }
                unsafe found.append(Setting(place.assumingMemoryBound(to: USB_INTERFACE_DESCRIPTOR.self)))
            case USB_ENDPOINT_DESCRIPTOR_TYPE:
                // Of more than an interface says that it has, the rest is left alone.
                guard let last = found.indices.last, unsafe found[last].endpoints.count < found[last].endpointCount
                else { break }
                guard length >= MemoryLayout<USB_ENDPOINT_DESCRIPTOR>.size else {
                    throw Refusal(.invalidDeviceRequest)
                }
                unsafe found[last].endpoints.append(
                    unsafe place.assumingMemoryBound(to: USB_ENDPOINT_DESCRIPTOR.self))
            default: break
            }
            offset += length
        }
        return found
    }
}
