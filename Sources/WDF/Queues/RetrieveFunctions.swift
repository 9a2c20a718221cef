// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// The request of a handle as it was presented.
///
/// STATUS_INVALID_DEVICE_REQUEST: it is a driver's own. Bug check: the handle names no request.
func presentedRequest(_ handle: WDFREQUEST?, in function: String) throws(Refusal) -> (RequestObject, QueuedRequest) {
    let object = unsafe try Handles.object(handle, RequestObject.self, .request, in: function)
    guard let request = object.presented as? QueuedRequest else { throw Refusal(.invalidDeviceRequest) }
    return (object, request)
}

private func retrieve<Value>(
    _ handle: WDFREQUEST?, _ out: UnsafeMutablePointer<Value?>?, _ name: String, in function: String,
    _ get: (RequestObject, RequestBuffers) throws(Refusal) -> Value?
) -> NTSTATUS {
    do throws(Refusal) {
        let object = unsafe try Handles.object(handle, RequestObject.self, .request, in: function)
        guard let out = unsafe out else { throw Violation.missingParameter(name, in: function) }
        unsafe out.pointee = nil
        guard let request = object.presented as? QueuedRequest else { throw Refusal(.invalidDeviceRequest) }
        unsafe out.pointee = try get(object, request.buffers)
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

private func retrieveBuffer(
    _ handle: WDFREQUEST?, _ direction: RequestBuffers.Direction, atLeast minimum: Int,
    _ out: UnsafeMutablePointer<PVOID?>?, _ length: UnsafeMutablePointer<Int>?, in function: String
) -> NTSTATUS {
    unsafe length?.pointee = 0
    return unsafe retrieve(handle, out, "Buffer", in: function) { _, buffers throws(Refusal) in
        let bytes = unsafe try buffers.bytes(direction)
        guard bytes.count >= minimum else { throw Refusal(.bufferTooSmall) }
        unsafe length?.pointee = bytes.count
        return bytes.baseAddress
    }
}

private func retrieveMemory(
    _ handle: WDFREQUEST?, _ direction: RequestBuffers.Direction, _ out: UnsafeMutablePointer<WDFMEMORY?>?,
    in function: String
) -> NTSTATUS {
    unsafe retrieve(handle, out, "Memory", in: function) { object, buffers throws(Refusal) in
        let memory = try buffers.memory(direction, of: object)
        return unsafe WDFMEMORY(bitPattern: UInt(bitPattern: memory.handle))
    }
}

/// The memory object of what a request brings: the same one every time. It goes when the request completes, before
/// which nobody else may have it: a request that is formatted with it is deleted, reused or formatted anew first.
///
/// STATUS_INVALID_DEVICE_REQUEST: a read brings nothing; a control code whose bytes go as they are, from a program; a
/// driver's own request. STATUS_BUFFER_TOO_SMALL: there is not one byte. STATUS_INSUFFICIENT_RESOURCES. Bug checks: a
/// wrong handle, NULL.
///
/// Microsoft's page: "WdfRequestRetrieveInputMemory function (wdfrequest.h)".
@c @implementation
public func WdfRequestRetrieveInputMemory(_ Request: WDFREQUEST!, _ Memory: UnsafeMutablePointer<WDFMEMORY?>!)
    -> NTSTATUS
{
    unsafe retrieveMemory(Request, .input, Memory, in: "WdfRequestRetrieveInputMemory")
}

/// The memory object of what a request wants: see WdfRequestRetrieveInputMemory. That of a buffered control code lies
/// over the input's, and a write wants nothing.
///
/// Microsoft's page: "WdfRequestRetrieveOutputMemory function (wdfrequest.h)".
@c @implementation
public func WdfRequestRetrieveOutputMemory(
    _ Request: WDFREQUEST!, _ Memory: UnsafeMutablePointer<WDFMEMORY?>!
) -> NTSTATUS {
    unsafe retrieveMemory(Request, .output, Memory, in: "WdfRequestRetrieveOutputMemory")
}

/// The bytes that a request brings, and how many they are.
///
/// STATUS_BUFFER_TOO_SMALL: fewer than `MinimumRequiredLength`, or none; the others as of
/// WdfRequestRetrieveInputMemory.
///
/// Microsoft's page: "WdfRequestRetrieveInputBuffer function (wdfrequest.h)".
@c @implementation
public func WdfRequestRetrieveInputBuffer(
    _ Request: WDFREQUEST!, _ MinimumRequiredLength: Int, _ Buffer: UnsafeMutablePointer<PVOID?>!,
    _ Length: UnsafeMutablePointer<Int>!
) -> NTSTATUS {
    unsafe retrieveBuffer(
        Request, .input, atLeast: MinimumRequiredLength, Buffer, Length, in: "WdfRequestRetrieveInputBuffer")
}

/// The bytes that a request wants filled: see WdfRequestRetrieveInputBuffer.
///
/// Microsoft's page: "WdfRequestRetrieveOutputBuffer function (wdfrequest.h)".
@c @implementation
public func WdfRequestRetrieveOutputBuffer(
    _ Request: WDFREQUEST!, _ MinimumRequiredSize: Int, _ Buffer: UnsafeMutablePointer<PVOID?>!,
    _ Length: UnsafeMutablePointer<Int>!
) -> NTSTATUS {
    unsafe retrieveBuffer(
        Request, .output, atLeast: MinimumRequiredSize, Buffer, Length, in: "WdfRequestRetrieveOutputBuffer")
}

/// A descriptor list of what a request brings: the same one every time, freed when the request completes.
///
/// The statuses are those of WdfRequestRetrieveInputMemory; a control code whose bytes go as they are has none at all.
///
/// Microsoft's page: "WdfRequestRetrieveInputWdmMdl function (wdfrequest.h)".
@c @implementation
public func WdfRequestRetrieveInputWdmMdl(_ Request: WDFREQUEST!, _ Mdl: UnsafeMutablePointer<PMDL?>!) -> NTSTATUS {
    unsafe retrieve(Request, Mdl, "Mdl", in: "WdfRequestRetrieveInputWdmMdl") { _, buffers throws(Refusal) in
        unsafe try buffers.list(.input)
    }
}

/// A descriptor list of what a request wants filled: see WdfRequestRetrieveInputWdmMdl.
///
/// Microsoft's page: "WdfRequestRetrieveOutputWdmMdl function (wdfrequest.h)".
@c @implementation
public func WdfRequestRetrieveOutputWdmMdl(_ Request: WDFREQUEST!, _ Mdl: UnsafeMutablePointer<PMDL?>!) -> NTSTATUS {
    unsafe retrieve(Request, Mdl, "Mdl", in: "WdfRequestRetrieveOutputWdmMdl") { _, buffers throws(Refusal) in
        unsafe try buffers.list(.output)
    }
}

/// What a request asks: its type, lengths, control code. Nothing is written when the structure has another size, or for
/// a driver's own request.
///
/// Bug checks: a wrong handle, NULL.
///
/// Microsoft's page: "WdfRequestGetParameters function (wdfrequest.h)".
@c @implementation
public func WdfRequestGetParameters(_ Request: WDFREQUEST!, _ Parameters: PWDF_REQUEST_PARAMETERS!) {
    let function = "WdfRequestGetParameters"
    guard let object = unsafe try? Handles.object(Request, RequestObject.self, .request, in: function) else { return }
    guard let parameters = unsafe Parameters else {
        _ = Violation.missingParameter("Parameters", in: function)
        return
    }
    guard unsafe Int(parameters.pointee.Size) == MemoryLayout<WDF_REQUEST_PARAMETERS>.size,
        let request = object.presented as? QueuedRequest
    else { return }
    unsafe parameters.pointee = unsafe request.description.parameters
}

/// The file object that a request was presented with; NULL for none.
///
/// Microsoft's page: "WdfRequestGetFileObject function (wdfrequest.h)".
@c @implementation
public func WdfRequestGetFileObject(_ Request: WDFREQUEST!) -> WDFFILEOBJECT! {
    guard let (_, request) = unsafe try? presentedRequest(Request, in: "WdfRequestGetFileObject") else { return nil }
    return unsafe WDFFILEOBJECT(bitPattern: UInt(bitPattern: request.description.file?.handle))
}

/// UserMode for what a program asks; KernelMode for an internal control code, and for a driver's own request.
///
/// Microsoft's page: "WdfRequestGetRequestorMode function (wdfrequest.h)".
@c @implementation
public func WdfRequestGetRequestorMode(_ Request: WDFREQUEST!) -> KPROCESSOR_MODE {
    guard let (_, request) = unsafe try? presentedRequest(Request, in: "WdfRequestGetRequestorMode") else { return 0 }
    return request.requestorMode
}
