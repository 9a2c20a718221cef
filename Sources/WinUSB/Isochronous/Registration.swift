// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// Registers memory for the transfers of an isochronous pipe (WinUsb_RegisterIsochBuffer function, winusb.h).
///
/// The registration is bound to the pipe as the interface's selected alternate setting has it. It gives nothing up that
/// other interfaces need: there can be any number, of any size, and a transfer uses a part of one. The program keeps the
/// memory where it is until it has called ``WinUsb_UnregisterIsochBuffer(_:)``.
///
/// Fails with ERROR_INVALID_HANDLE (6); ERROR_INVALID_PARAMETER (87) when the selected alternate setting has no
/// isochronous endpoint with the address `PipeID`, for no memory, and for a NULL `IsochBufferHandle`;
/// ERROR_NOT_ENOUGH_MEMORY (8) when there are too many handles.
@c @implementation
public func WinUsb_RegisterIsochBuffer(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PipeID: UCHAR, _ Buffer: PUCHAR!, _ BufferLength: ULONG,
    _ IsochBufferHandle: PWINUSB_ISOCH_BUFFER_HANDLE!
) -> BOOL {
    guard let interface = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let memory = unsafe Buffer, BufferLength > 0, let out = unsafe IsochBufferHandle else {
        return failure(SystemError.invalidParameter)
    }
    // Sound: the program lends the memory until it takes the registration back.
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: memory, count: Int(BufferLength))
    guard let buffer = unsafe IsochronousBuffer(bytes, for: PipeID, of: interface) else {
        return failure(SystemError.invalidParameter)
    }
    guard let handle = unsafe HandleTable.shared.insert(buffer) else { return failure(SystemError.notEnoughMemory) }
    // Sound: the caller's place for the handle, not NULL.
    unsafe out.pointee = unsafe handle
    return 1
}

/// Takes a registration back (WinUsb_UnregisterIsochBuffer function, winusb.h).
///
/// No transfer can begin on it from now on, and the call returns when those that are under way have ended; it cancels none
/// of them. The handle stays good for this call when the interface has been freed or the device has gone.
///
/// Fails with ERROR_INVALID_HANDLE (6), also for all but the first of several calls.
@c @implementation
public func WinUsb_UnregisterIsochBuffer(_ IsochBufferHandle: WINUSB_ISOCH_BUFFER_HANDLE!) -> BOOL {
    guard let buffer = unsafe HandleTable.shared.remove(IsochBufferHandle, as: IsochronousBuffer.self) else {
        return failure(SystemError.invalidHandle)
    }
    buffer.waitUntilQuiet()
    return 1
}
