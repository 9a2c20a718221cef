// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import USBHost
import USBRequests
import USBSpecification
import Win32

/// Tells the versions of the interface, 0x600, and of the USB specification that it knows, 0x300
/// (USBD_GetUSBDIVersion function, usbdlib.h). NULL is left alone.
@c @implementation
public func USBD_GetUSBDIVersion(_ VersionInformation: PUSBD_VERSION_INFORMATION!) {
    guard let out = unsafe VersionInformation else { return }
    unsafe out.pointee = USBD_VERSION_INFORMATION(USBDI_Version: ULONG(USBDI_VERSION), Supported_USB_Version: 0x300)
}

/// Tells which frame is under way (USBD_QueryBusTime function, usbdlib.h), by the bus's end of a device: there are no
/// objects of root hubs. The count is that of URB_FUNCTION_GET_CURRENT_FRAME_NUMBER.
///
/// STATUS_INVALID_PARAMETER: NULL, or another object.
@c @implementation
public func USBD_QueryBusTime(_ RootHubPdo: PDEVICE_OBJECT!, _ CurrentFrame: PULONG!) -> NTSTATUS {
    guard let frame = unsafe CurrentFrame, let target = unsafe USBTarget.of(RootHubPdo) else {
        return STATUS_INVALID_PARAMETER
    }
    unsafe frame.pointee = target.host.controller.frame().frame.truncated32
    return NTStatus.success.rawValue
}

/// Reads a value that a device has in the registry (USBD_GetPdoRegistryParameter function, usbdlib.h). There is no
/// registry: no value is found.
///
/// STATUS_OBJECT_NAME_NOT_FOUND; STATUS_INVALID_PARAMETER: NULL.
@c @implementation
public func USBD_GetPdoRegistryParameter(
    _ PhysicalDeviceObject: PDEVICE_OBJECT!, _ Parameter: PVOID!, _ ParameterLength: ULONG, _ KeyName: PWSTR!,
    _ KeyNameLength: ULONG
) -> NTSTATUS {
    guard unsafe PhysicalDeviceObject != nil, unsafe Parameter != nil, unsafe KeyName != nil else {
        return STATUS_INVALID_PARAMETER
    }
    return STATUS_OBJECT_NAME_NOT_FOUND
}

/// Tells USBD of a filter above a host controller (USBD_RegisterHcFilter function, usbdlib.h). Nothing stands above one
/// here, and nothing happens.
@c @implementation
public func USBD_RegisterHcFilter(_ DeviceObject: PDEVICE_OBJECT!, _ FilterDeviceObject: PDEVICE_OBJECT!) {}
