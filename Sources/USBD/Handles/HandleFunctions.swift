// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBRequests
import Win32

/// Registers a driver with USBD (USBD_CreateHandle function, usbdlib.h).
///
/// STATUS_INVALID_PARAMETER: NULL, or a target that is not the bus's end of a device. STATUS_INVALID_LEVEL: another
/// contract than USBD_CLIENT_CONTRACT_VERSION_602. STATUS_INSUFFICIENT_RESOURCES: there are too many handles.
@c @implementation
public func USBD_CreateHandle(
    _ DeviceObject: PDEVICE_OBJECT!, _ TargetDeviceObject: PDEVICE_OBJECT!, _ USBDClientContractVersion: ULONG,
    _ PoolTag: ULONG, _ USBDHandle: UnsafeMutablePointer<USBD_HANDLE?>!
) -> NTSTATUS {
    guard let out = unsafe USBDHandle else { return STATUS_INVALID_PARAMETER }
    unsafe out.pointee = nil
    guard unsafe DeviceObject != nil, let target = unsafe USBTarget.of(TargetDeviceObject) else {
        return STATUS_INVALID_PARAMETER
    }
    guard USBDClientContractVersion == ULONG(USBD_CLIENT_CONTRACT_VERSION_602) else { return STATUS_INVALID_LEVEL }
    guard let token = unsafe HandleTable.shared.insert(ClientHandle(target)) else {
        return STATUS_INSUFFICIENT_RESOURCES
    }
    // Never looked behind: it only has the type that drivers know.
    unsafe out.pointee = unsafe token.assumingMemoryBound(to: USBD_HANDLE__.self)
    return NTStatus.success.rawValue
}

/// Ends a registration (USBD_CloseHandle function, usbdlib.h). The driver has freed the blocks that it allocated with the
/// handle; those that it has not can no longer be freed.
///
/// Bug check 0xFE: the handle was closed before, or is none.
@c @implementation
public func USBD_CloseHandle(_ USBDHandle: USBD_HANDLE!) {
    guard let handle = unsafe USBDHandle,
        unsafe ClientHandle.named(by: handle, in: "USBD_CloseHandle") != nil
    else { return }
    unsafe HandleTable.shared.remove(UnsafeMutableRawPointer(handle), as: ClientHandle.self)
}

/// Whether the bus has a version of the interface (USBD_IsInterfaceVersionSupported function, usbdlib.h): 0x600 and 0x602
/// are known.
///
/// Bug check 0xFE: the handle is none.
@c @implementation
public func USBD_IsInterfaceVersionSupported(_ USBDHandle: USBD_HANDLE!, _ USBDInterfaceVersion: ULONG) -> BOOLEAN {
    guard let handle = unsafe USBDHandle,
        unsafe ClientHandle.named(by: handle, in: "USBD_IsInterfaceVersionSupported") != nil
    else { return 0 }
    return USBDInterfaceVersion == ULONG(USBD_INTERFACE_VERSION_600)
        || USBDInterfaceVersion == ULONG(USBD_INTERFACE_VERSION_602) ? 1 : 0
}
