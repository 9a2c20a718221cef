// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// Cancels everything that is under way on a pipe, and returns when it has ended, with ERROR_OPERATION_ABORTED (995)
/// (WinUsb_AbortPipe function, winusb.h). Pipe 0 is the control pipe: the requests of this interface.
///
/// Fails with ERROR_INVALID_HANDLE (6) and ERROR_INVALID_PARAMETER (87) where there is no such pipe.
@c @implementation
public func WinUsb_AbortPipe(_ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PipeID: UCHAR) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard !PipeObject.isControl(PipeID) else {
        object.control.abort()
        return 1
    }
    guard let pipe = object.pipe(PipeID) else { return failure(SystemError.invalidParameter) }
    pipe.operations.abort()
    return 1
}

/// Drops what earlier reads left over on a pipe (WinUsb_FlushPipe function, winusb.h). Nothing goes to the bus, and on a
/// pipe without such data nothing happens.
///
/// Fails with ERROR_INVALID_HANDLE (6) and ERROR_INVALID_PARAMETER (87) where there is no such pipe.
@c @implementation
public func WinUsb_FlushPipe(_ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PipeID: UCHAR) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard !PipeObject.isControl(PipeID) else { return 1 }
    guard let pipe = object.pipe(PipeID) else { return failure(SystemError.invalidParameter) }
    pipe.reads.flush()
    return 1
}

/// Clears the halt of a pipe and resets its data toggle (WinUsb_ResetPipe function, winusb.h). What is under way on the
/// pipe is cancelled first. Pipe 0 and isochronous pipes have no halt: nothing goes to the bus.
///
/// Fails with ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) where there is no such pipe, and with what the
/// request to the device fails with.
@c @implementation
public func WinUsb_ResetPipe(_ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PipeID: UCHAR) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard !PipeObject.isControl(PipeID) else { return 1 }
    guard let pipe = object.pipe(PipeID) else { return failure(SystemError.invalidParameter) }
    pipe.operations.abort()
    guard pipe.info.type != .isochronous else { return 1 }
    do throws(USBError) {
        try pipe.pipe.blocking.clearHalt()
        return 1
    } catch {
        return failure(NTStatus(error.kind).systemError)
    }
}

/// The result of an operation that was begun with a block (WinUsb_GetOverlappedResult function, winusb.h).
///
/// With `bWait` the call waits for the block's event, or for the file where it has none. Fails with
/// ERROR_IO_INCOMPLETE (996) while the operation is under way, ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for
/// a NULL pointer, and with what the operation failed with; the bytes that had moved are reported then too.
@c @implementation
public func WinUsb_GetOverlappedResult(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ lpOverlapped: LPOVERLAPPED!, _ lpNumberOfBytesTransferred: LPDWORD!,
    _ bWait: BOOL
) -> BOOL {
    guard let object = unsafe HandleTable.shared.object(InterfaceHandle, as: InterfaceObject.self) else {
        return failure(SystemError.invalidHandle)
    }
    guard let block = unsafe lpOverlapped, let count = unsafe lpNumberOfBytesTransferred else {
        return failure(SystemError.invalidParameter)
    }
    return unsafe object.file.result(of: block, bytes: count, milliseconds: bWait != 0 ? INFINITE : 0)
}

extension PipeObject {
    /// Whether an endpoint address is that of the control pipe.
    static func isControl(_ address: UCHAR) -> Bool { address == 0x00 || address == 0x80 }
}
