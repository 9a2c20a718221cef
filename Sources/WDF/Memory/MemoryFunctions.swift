// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// "FxDr", the tag of memory that a driver asks for without one.
private let frameworkTag: UInt32 = 0x7244_7846

/// Makes memory of a pool, which holds anything, and an object for it. `Buffer`, unless it is NULL, receives the bytes.
/// The object's parent is the driver, unless the attributes name one; the bytes go with its last reference.
///
/// In this order: bug check 0x10D: 5: the parent's handle; 4: no place for the handle. STATUS_INVALID_DEVICE_REQUEST: the
/// level is above DISPATCH_LEVEL, or above APC_LEVEL for paged memory, with the verifier on. STATUS_INVALID_PARAMETER: a
/// size of 0. What wrong attributes are answered with, ``ObjectAttributes`` says; from here on `*Memory` is NULL.
/// STATUS_INSUFFICIENT_RESOURCES: there is not so much. STATUS_DELETE_PENDING: the parent is being deleted.
///
/// Microsoft's page: "WdfMemoryCreate function (wdfmemory.h)".
@c @implementation
public func WdfMemoryCreate(
    _ Attributes: PWDF_OBJECT_ATTRIBUTES!, _ PoolType: POOL_TYPE, _ PoolTag: ULONG, _ BufferSize: Int,
    _ Memory: UnsafeMutablePointer<WDFMEMORY?>!, _ Buffer: UnsafeMutablePointer<PVOID?>!
) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfMemoryCreate"
        let parent = unsafe try ObjectAttributes.parent(Attributes, in: name)
        guard let out = unsafe Memory else { throw Violation.missingParameter("Memory", in: name) }
        let isPaged = PoolType.rawValue & 1 != 0
        let limit = isPaged ? InterruptLevel.apc : InterruptLevel.dispatch
        if Verifier.isOn, InterruptLevel.current > limit { throw Refusal(.invalidDeviceRequest) }
        guard BufferSize != 0 else { throw Refusal(.invalidParameter) }
        unsafe out.pointee = nil
        let attributes = unsafe try ObjectAttributes(Attributes, in: name)
        let tag = PoolTag == 0 ? frameworkTag : PoolTag
        let memory = try MemoryObject(pool: tag, BufferSize, host: parent?.host ?? .current)
        memory.callsAtPassive = isPaged
        try memory.publishOrFree(attributes)
        unsafe out.pointee = unsafe WDFMEMORY(bitPattern: UInt(bitPattern: memory.handle))
        unsafe Buffer?.pointee = unsafe memory.bytes.baseAddress
    }
}

/// Makes an object for memory of the driver's, which stays the driver's and is never freed. The object's parent is the
/// driver, unless the attributes name one.
///
/// In this order: bug check 0x10D: 5: the parent's handle; 4: no memory, or no place for the handle. From here on `*Memory`
/// is NULL. STATUS_INVALID_PARAMETER: a size of 0. What wrong attributes are answered with, ``ObjectAttributes`` says.
/// STATUS_DELETE_PENDING: the parent is being deleted. STATUS_INSUFFICIENT_RESOURCES.
///
/// Microsoft's page: "WdfMemoryCreatePreallocated function (wdfmemory.h)".
@c @implementation
public func WdfMemoryCreatePreallocated(
    _ Attributes: PWDF_OBJECT_ATTRIBUTES!, _ Buffer: PVOID!, _ BufferSize: Int,
    _ Memory: UnsafeMutablePointer<WDFMEMORY?>!
) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfMemoryCreatePreallocated"
        let parent = unsafe try ObjectAttributes.parent(Attributes, in: name)
        guard let start = unsafe Buffer else { throw Violation.missingParameter("Buffer", in: name) }
        guard let out = unsafe Memory else { throw Violation.missingParameter("Memory", in: name) }
        unsafe out.pointee = nil
        guard BufferSize > 0 else { throw Refusal(.invalidParameter) }
        let attributes = unsafe try ObjectAttributes(Attributes, in: name)
        let memory = unsafe MemoryObject(
            UnsafeMutableRawBufferPointer(start: start, count: BufferSize), host: parent?.host ?? .current,
            isPreallocated: true)
        try memory.publishOrFree(attributes)
        unsafe out.pointee = unsafe WDFMEMORY(bitPattern: UInt(bitPattern: memory.handle))
    }
}

/// Has an object of WdfMemoryCreatePreallocated stand for other memory of the driver's. Requests that are formatted with
/// the object go on with the memory that they were formatted with.
///
/// STATUS_INVALID_PARAMETER: a size of 0. Bug check 0x10D: 5: the handle names no memory object, or one whose memory is
/// the framework's; 4: no memory.
///
/// Microsoft's page: "WdfMemoryAssignBuffer function (wdfmemory.h)".
@c @implementation
public func WdfMemoryAssignBuffer(_ Memory: WDFMEMORY!, _ Buffer: PVOID!, _ BufferSize: Int) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfMemoryAssignBuffer"
        let memory = unsafe try Handles.object(Memory, MemoryObject.self, .preallocatedMemory, in: name)
        guard memory.isPreallocated else {
            throw unsafe Violation.wrongHandle(Memory, .preallocatedMemory, in: name)
        }
        guard let start = unsafe Buffer else { throw Violation.missingParameter("Buffer", in: name) }
        guard BufferSize > 0 else { throw Refusal(.invalidParameter) }
        unsafe memory.assign(UnsafeMutableRawBufferPointer(start: start, count: BufferSize))
    }
}

/// The bytes of a memory object; `BufferSize`, unless it is NULL, receives how many.
///
/// NULL, with bug check 0x10D, 5: the handle names no memory object.
///
/// Microsoft's page: "WdfMemoryGetBuffer function (wdfmemory.h)".
@c @implementation
public func WdfMemoryGetBuffer(_ Memory: WDFMEMORY!, _ BufferSize: UnsafeMutablePointer<Int>!) -> PVOID! {
    guard
        let memory = unsafe try? Handles.object(Memory, MemoryObject.self, .memory, in: "WdfMemoryGetBuffer")
    else { return nil }
    let bytes = unsafe memory.bytes
    unsafe BufferSize?.pointee = bytes.count
    return bytes.baseAddress
}

/// Copies bytes of a memory object, from an offset on.
///
/// STATUS_INVALID_PARAMETER: 0 bytes. STATUS_BUFFER_TOO_SMALL: the object ends before. Bug check 0x10D: 5: the handle
/// names no memory object; 4: no buffer.
///
/// Microsoft's page: "WdfMemoryCopyToBuffer function (wdfmemory.h)".
@c @implementation
public func WdfMemoryCopyToBuffer(
    _ SourceMemory: WDFMEMORY!, _ SourceOffset: Int, _ Buffer: PVOID!, _ NumBytesToCopyTo: Int
) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfMemoryCopyToBuffer"
        let memory = unsafe try Handles.object(SourceMemory, MemoryObject.self, .memory, in: name)
        guard let buffer = unsafe Buffer else { throw Violation.missingParameter("Buffer", in: name) }
        let part = unsafe try memory.part(SourceOffset, NumBytesToCopyTo, orElse: .bufferTooSmall)
        // Sound: that many bytes are there on both sides, as the driver says of its own. They may overlap.
        unsafe buffer.copyMemory(from: part, byteCount: NumBytesToCopyTo)
    }
}

/// Copies bytes into a memory object, from an offset on.
///
/// STATUS_INVALID_PARAMETER: 0 bytes. STATUS_INVALID_BUFFER_SIZE: the object ends before. Bug check 0x10D: 5: the handle
/// names no memory object; 4: no buffer.
///
/// Microsoft's page: "WdfMemoryCopyFromBuffer function (wdfmemory.h)".
@c @implementation
public func WdfMemoryCopyFromBuffer(
    _ DestinationMemory: WDFMEMORY!, _ DestinationOffset: Int, _ Buffer: PVOID!, _ NumBytesToCopyFrom: Int
) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfMemoryCopyFromBuffer"
        let memory = unsafe try Handles.object(DestinationMemory, MemoryObject.self, .memory, in: name)
        guard let buffer = unsafe Buffer else { throw Violation.missingParameter("Buffer", in: name) }
        let part = unsafe try memory.part(DestinationOffset, NumBytesToCopyFrom, orElse: .invalidBufferSize)
        // Sound: as above.
        unsafe part.copyMemory(from: buffer, byteCount: NumBytesToCopyFrom)
    }
}

extension MemoryObject {
    /// Publishes the object with the driver for its parent, unless the attributes name one; what cannot be published
    /// gives its bytes back.
    fileprivate func publishOrFree(_ attributes: ObjectAttributes) throws(Refusal) {
        do throws(Refusal) {
            try publish(attributes, parent: DriverObject.shared)
        } catch {
            destroyed()
            throw error
        }
    }

    /// Where `count` bytes from `offset` on begin.
    fileprivate func part(
        _ offset: Int, _ count: Int, orElse status: NTStatus
    ) throws(Refusal) -> UnsafeMutableRawPointer {
        let bytes = unsafe bytes
        guard count != 0 else { throw Refusal(.invalidParameter) }
        guard let start = bytes.baseAddress, offset >= 0, count > 0, offset < bytes.count,
            count <= bytes.count - offset
        else { throw Refusal(status) }
        return unsafe start + offset
    }
}
