// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// Bytes for one transfer, and the object that keeps them, if it is one.
@safe struct MemoryPart: @unchecked Sendable {
    // Sound: the driver, or the object that is referenced, keeps the bytes until the request's end.
    var bytes: UnsafeMutableRawBufferPointer
    var object: MemoryObject?
    /// Where in the object the bytes begin.
    var offset = 0

    /// No bytes.
    static var empty: MemoryPart {
        unsafe MemoryPart(bytes: UnsafeMutableRawBufferPointer(start: nil, count: 0), object: nil)
    }

    init(bytes: UnsafeMutableRawBufferPointer, object: MemoryObject?, offset: Int = 0) {
        unsafe self.bytes = unsafe bytes
        self.object = object
        self.offset = offset
    }

    /// The part of a memory object that offsets name: {0, 0} and NULL are all of it, a length of 0 with an offset what is
    /// left behind that.
    ///
    /// STATUS_INTEGER_OVERFLOW: the sum overflows, or is more than there is.
    init(_ object: MemoryObject, _ offsets: PWDFMEMORY_OFFSET?) throws(Refusal) {
        let whole = unsafe object.bytes
        let given = unsafe offsets?.pointee ?? WDFMEMORY_OFFSET()
        // A size_t that is negative here is larger than any memory.
        guard given.BufferOffset >= 0, given.BufferOffset <= whole.count, given.BufferLength >= 0 else {
            throw Refusal(.integerOverflow)
        }
        let length = given.BufferLength == 0 ? whole.count - given.BufferOffset : given.BufferLength
        guard length <= whole.count - given.BufferOffset else { throw Refusal(.integerOverflow) }
        unsafe self.init(
            bytes: UnsafeMutableRawBufferPointer(
                rebasing: whole[given.BufferOffset..<(given.BufferOffset + length)]),
            object: object, offset: given.BufferOffset)
    }

    /// The memory that a call's descriptor names; NULL for none.
    ///
    /// - Parameter allowsNone: whether a descriptor may be without its pointer, and then without a length, as that of a
    ///   control transfer may.
    /// - Throws: STATUS_INVALID_PARAMETER (as documented: STATUS_INVALID_DEVICE_REQUEST): a descriptor of no kind, or
    ///   without its pointer. STATUS_INTEGER_OVERFLOW: wrong offsets, or more than a descriptor list describes. Bug
    ///   check 0x10D, 5, of `function`: a handle that names no memory.
    init(
        _ descriptor: PWDF_MEMORY_DESCRIPTOR?, allowsNone: Bool = false, in function: String
    ) throws(Refusal) {
        self = .empty
        guard let descriptor = unsafe descriptor else { return }
        let wrong = Refusal(Profile.current == .documented ? .invalidDeviceRequest : .invalidParameter)
        switch unsafe descriptor.pointee.Type {
        case WdfMemoryDescriptorTypeBuffer:
            let part = unsafe descriptor.pointee.u.BufferType
            guard let start = unsafe part.Buffer else {
                guard unsafe allowsNone && part.Length == 0 else { throw wrong }
                return
            }
            unsafe self.bytes = UnsafeMutableRawBufferPointer(start: start, count: Int(part.Length))
        case WdfMemoryDescriptorTypeMdl:
            let part = unsafe descriptor.pointee.u.MdlType
            guard let list = unsafe part.Mdl else {
                guard unsafe allowsNone && part.BufferLength == 0 else { throw wrong }
                return
            }
            let memory = unsafe list.memory
            guard unsafe Int(part.BufferLength) <= memory.count else { throw Refusal(.integerOverflow) }
            unsafe self.bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<Int(part.BufferLength)])
        case WdfMemoryDescriptorTypeHandle:
            let part = unsafe descriptor.pointee.u.HandleType
            guard unsafe part.Memory != nil else {
                guard allowsNone else { throw wrong }
                return
            }
            let object = unsafe try Handles.object(part.Memory, MemoryObject.self, .memory, in: function)
            self = unsafe try MemoryPart(object, part.Offsets)
        default: throw wrong
        }
    }

    /// The memory of a handle that may be NULL, with offsets that may be.
    init(handle: WDFMEMORY?, _ offsets: PWDFMEMORY_OFFSET?, in function: String) throws(Refusal) {
        self = .empty
        guard let handle = unsafe handle else { return }
        let object = unsafe try Handles.object(handle, MemoryObject.self, .memory, in: function)
        self = unsafe try MemoryPart(object, offsets)
    }
}
