// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import Win32

/// Gives a handle for the interface that a file of CreateFile stands for (WinUsb_Initialize function, winusb.h).
///
/// The file must have been opened with FILE_FLAG_OVERLAPPED. A second call on the same file gives a further handle for
/// the same interface, and its policies go back to their defaults.
///
/// Fails with ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for a NULL `InterfaceHandle`,
/// ERROR_NOT_ENOUGH_MEMORY (8) when there are too many handles.
@c @implementation
public func WinUsb_Initialize(_ DeviceHandle: HANDLE!, _ InterfaceHandle: PWINUSB_INTERFACE_HANDLE!) -> BOOL {
    guard let file = unsafe HandleTable.shared.object(DeviceHandle, as: DeviceFile.self), file.isOverlapped else {
        return failure(SystemError.invalidHandle)
    }
    guard let out = unsafe InterfaceHandle else { return failure(SystemError.invalidParameter) }
    guard let group = InterfaceGroup.of(file) else { return failure(SystemError.invalidHandle) }
    guard let handle = unsafe group.openDefault() else { return failure(SystemError.notEnoughMemory) }
    // Sound: the caller's place for the handle, not NULL.
    unsafe out.pointee = unsafe handle
    return 1
}

/// Gives a handle back (WinUsb_Free function, winusb.h). With the last handle of an interface everything under way ends
/// with ERROR_OPERATION_ABORTED (995) before the call returns.
///
/// Fails with ERROR_INVALID_HANDLE (6) for what is no open handle of an interface, and never otherwise.
@c @implementation
public func WinUsb_Free(_ InterfaceHandle: WINUSB_INTERFACE_HANDLE!) -> BOOL {
    guard unsafe HandleTable.shared.remove(InterfaceHandle, as: InterfaceObject.self) != nil else {
        return failure(SystemError.invalidHandle)
    }
    return 1
}
