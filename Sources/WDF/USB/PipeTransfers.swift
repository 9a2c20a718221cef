// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Win32

/// Moves bytes and waits for the end.
private func transfer(
    _ handle: WDFUSBPIPE?, _ request: WDFREQUEST?, _ options: PWDF_REQUEST_SEND_OPTIONS?,
    _ descriptor: PWDF_MEMORY_DESCRIPTOR?, _ byteCount: PULONG?, isRead: Bool, in name: String
) -> NTSTATUS {
    answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(handle, UsbPipeObject.self, .usbPipe, in: name)
        unsafe byteCount?.pointee = 0
        return unsafe pipe.call(
            request, options, in: name,
            ended: { result in
                // The documentation speaks of the count only for success.
                guard Profile.current == .framework || result.status >= 0 else { return }
                unsafe byteCount?.pointee = ULONG(clamping: result.byteCount)
            }
        ) { () throws(Refusal) in
            try pipe.transfer(unsafe MemoryPart(descriptor, in: name), isRead: isRead)
        }
    }
}

/// Writes bytes to a bulk or interrupt OUT pipe and waits for the end, in bus time.
///
/// `Request`, `RequestOptions` and `BytesWritten` may be NULL, and so may `MemoryDescriptor`: a transfer of no bytes.
/// Writes may be of any length; no packet is added at their end. `*BytesWritten` is 0 until the transfer has ended, and
/// then the bytes that moved, also after a failure (as documented: only after success).
///
/// At PASSIVE_LEVEL. In this order: bug check 0x10D: a handle is wrong. STATUS_INVALID_DEVICE_REQUEST: above
/// PASSIVE_LEVEL, with the verifier on or as documented. STATUS_INFO_LENGTH_MISMATCH: the options' size.
/// STATUS_INVALID_PARAMETER: the options' flags; a memory descriptor without its pointer (as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INTEGER_OVERFLOW: the offsets. STATUS_INVALID_DEVICE_REQUEST: no bulk or
/// interrupt pipe, or an IN pipe. Bug check 0x10D: the request has been sent (as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INVALID_DEVICE_STATE: the target is closed or purged.
/// STATUS_REQUEST_NOT_ACCEPTED: the request has no stack location left. STATUS_IO_TIMEOUT, and what the transfer ends
/// with.
///
/// Microsoft's page: "WdfUsbTargetPipeWriteSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeWriteSynchronously(
    _ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!, _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!,
    _ MemoryDescriptor: PWDF_MEMORY_DESCRIPTOR!, _ BytesWritten: PULONG!
) -> NTSTATUS {
    unsafe transfer(
        Pipe, Request, RequestOptions, MemoryDescriptor, BytesWritten, isRead: false,
        in: "WdfUsbTargetPipeWriteSynchronously")
}

/// Reads bytes from a bulk or interrupt IN pipe and waits for the end, in bus time. Fewer bytes than there is room for
/// are no error.
///
/// As ``WdfUsbTargetPipeWriteSynchronously(_:_:_:_:_:)``, with the other direction; and STATUS_INVALID_BUFFER_SIZE: the
/// length is no whole number of packets, unless WdfUsbTargetPipeSetNoMaximumPacketSizeCheck was called.
///
/// Microsoft's page: "WdfUsbTargetPipeReadSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeReadSynchronously(
    _ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!, _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!,
    _ MemoryDescriptor: PWDF_MEMORY_DESCRIPTOR!, _ BytesRead: PULONG!
) -> NTSTATUS {
    unsafe transfer(
        Pipe, Request, RequestOptions, MemoryDescriptor, BytesRead, isRead: true,
        in: "WdfUsbTargetPipeReadSynchronously")
}

/// Makes a request ready to move bytes.
private func format(
    _ handle: WDFUSBPIPE?, _ request: WDFREQUEST?, _ memory: WDFMEMORY?, _ offsets: PWDFMEMORY_OFFSET?, isRead: Bool,
    in name: String
) -> NTSTATUS {
    answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(handle, UsbPipeObject.self, .usbPipe, in: name)
        return unsafe pipe.format(request, in: name) { () throws(Refusal) in
            try pipe.transfer(unsafe MemoryPart(handle: memory, offsets, in: name), isRead: isRead)
        }
    }
}

/// Makes a request ready to write the bytes of a memory object, which it keeps until its end; NULL for no bytes.
///
/// At any level up to DISPATCH_LEVEL. In this order: bug check 0x10D: a handle is wrong, or the request has been sent (as
/// documented: STATUS_INVALID_DEVICE_REQUEST). STATUS_INTEGER_OVERFLOW: the offsets. STATUS_INVALID_DEVICE_REQUEST: no
/// bulk or interrupt pipe, or an IN pipe. STATUS_INVALID_DEVICE_STATE: the target is closed. STATUS_REQUEST_NOT_ACCEPTED:
/// the request has no stack location left.
///
/// Microsoft's page: "WdfUsbTargetPipeFormatRequestForWrite function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeFormatRequestForWrite(
    _ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!, _ WriteMemory: WDFMEMORY!, _ WriteOffset: PWDFMEMORY_OFFSET!
) -> NTSTATUS {
    unsafe format(
        Pipe, Request, WriteMemory, WriteOffset, isRead: false, in: "WdfUsbTargetPipeFormatRequestForWrite")
}

/// Makes a request ready to read bytes into a memory object, which it keeps until its end; NULL for no bytes.
///
/// As ``WdfUsbTargetPipeFormatRequestForWrite(_:_:_:_:)``, with the other direction; and STATUS_INVALID_BUFFER_SIZE: the
/// length is no whole number of packets, unless WdfUsbTargetPipeSetNoMaximumPacketSizeCheck was called.
///
/// Microsoft's page: "WdfUsbTargetPipeFormatRequestForRead function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeFormatRequestForRead(
    _ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!, _ ReadMemory: WDFMEMORY!, _ ReadOffset: PWDFMEMORY_OFFSET!
) -> NTSTATUS {
    unsafe format(Pipe, Request, ReadMemory, ReadOffset, isRead: true, in: "WdfUsbTargetPipeFormatRequestForRead")
}
