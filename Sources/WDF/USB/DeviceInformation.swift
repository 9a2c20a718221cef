// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import USBD
import Win32

/// Describes a device: its traits, and the versions of the interface with the bus. Host controllers have no capabilities
/// to tell of.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong, `Information` is NULL.
/// STATUS_INFO_LENGTH_MISMATCH: its size.
///
/// Microsoft's page: "WdfUsbTargetDeviceRetrieveInformation function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceRetrieveInformation(
    _ UsbDevice: WDFUSBDEVICE!, _ Information: PWDF_USB_DEVICE_INFORMATION!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceRetrieveInformation"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let out = unsafe try required(Information, "Information", in: name)
        guard unsafe out.pointee.Size == ULONG(MemoryLayout<WDF_USB_DEVICE_INFORMATION>.size) else {
            throw Refusal(.infoLengthMismatch)
        }
        unsafe USBD_GetUSBDIVersion(&out.pointee.UsbdVersionInformation)
        unsafe out.pointee.HcdPortCapabilities = 0
        unsafe out.pointee.Traits = device.traits
        return NTStatus.success.rawValue
    }
}

/// Copies the device descriptor.
///
/// At PASSIVE_LEVEL; above it nothing is copied, with the verifier on or as documented. Bug check 0x10D: the handle is
/// wrong, `UsbDeviceDescriptor` is NULL.
///
/// Microsoft's page: "WdfUsbTargetDeviceGetDeviceDescriptor function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceGetDeviceDescriptor(
    _ UsbDevice: WDFUSBDEVICE!, _ UsbDeviceDescriptor: PUSB_DEVICE_DESCRIPTOR!
) {
    let name = "WdfUsbTargetDeviceGetDeviceDescriptor"
    answer(or: ()) { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let out = unsafe try required(UsbDeviceDescriptor, "UsbDeviceDescriptor", in: name)
        try Verifier.requirePassive()
        unsafe out.pointee = device.descriptor
    }
}

/// Copies the first configuration's descriptors, as many bytes as there is room for; `*ConfigDescriptorLength` becomes the
/// number of bytes that there are.
///
/// At PASSIVE_LEVEL. Bug check 0x10D: the handle is wrong, `ConfigDescriptorLength` is NULL.
/// STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or as documented. STATUS_BUFFER_TOO_SMALL: the
/// room is too little, or `ConfigDescriptor` is NULL.
///
/// Microsoft's page: "WdfUsbTargetDeviceRetrieveConfigDescriptor function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceRetrieveConfigDescriptor(
    _ UsbDevice: WDFUSBDEVICE!, _ ConfigDescriptor: PVOID!, _ ConfigDescriptorLength: PUSHORT!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceRetrieveConfigDescriptor"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let length = unsafe try required(ConfigDescriptorLength, "ConfigDescriptorLength", in: name)
        try Verifier.requirePassive()
        let bytes = unsafe device.configuration.bytes
        let room = Int(unsafe length.pointee)
        unsafe length.pointee = USHORT(clamping: bytes.count)
        guard let out = unsafe ConfigDescriptor, let start = bytes.baseAddress else {
            throw Refusal(.bufferTooSmall)
        }
        // Sound: the driver says that there is so much room.
        unsafe out.copyMemory(from: start, byteCount: min(room, bytes.count))
        guard room >= bytes.count else { throw Refusal(.bufferTooSmall) }
        return NTStatus.success.rawValue
    }
}

/// How many interfaces the first configuration has.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetDeviceGetNumInterfaces function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceGetNumInterfaces(_ UsbDevice: WDFUSBDEVICE!) -> UCHAR {
    let name = "WdfUsbTargetDeviceGetNumInterfaces"
    return answer(or: 0) { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        return UCHAR(clamping: device.interfaces.count)
    }
}

/// The interface at a place in the order of the descriptors, which need not be its number; NULL when there are fewer.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetDeviceGetInterface function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceGetInterface(_ UsbDevice: WDFUSBDEVICE!, _ InterfaceIndex: UCHAR) -> WDFUSBINTERFACE! {
    let name = "WdfUsbTargetDeviceGetInterface"
    return unsafe answer(or: nil) { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let index = Int(InterfaceIndex)
        guard index < device.interfaces.count else { return nil }
        return unsafe device.interfaces[index].handle(as: WDFUSBINTERFACE.self)
    }
}

/// The handle of the selected configuration, for blocks that select a setting; NULL while none is selected.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetDeviceWdmGetConfigurationHandle function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceWdmGetConfigurationHandle(_ UsbDevice: WDFUSBDEVICE!) -> USBD_CONFIGURATION_HANDLE! {
    let name = "WdfUsbTargetDeviceWdmGetConfigurationHandle"
    return unsafe answer(or: nil) { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        return unsafe device.configurationHandle
    }
}

/// Tells which frame is under way: the count of URB_FUNCTION_GET_CURRENT_FRAME_NUMBER.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong, `CurrentFrameNumber` is NULL.
///
/// Microsoft's page: "WdfUsbTargetDeviceRetrieveCurrentFrameNumber function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceRetrieveCurrentFrameNumber(
    _ UsbDevice: WDFUSBDEVICE!, _ CurrentFrameNumber: PULONG!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceRetrieveCurrentFrameNumber"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let out = unsafe try required(CurrentFrameNumber, "CurrentFrameNumber", in: name)
        return unsafe USBD_QueryBusTime(device.usb.pointer, out)
    }
}

/// Tells whether the bus and the device can do something, as USBD_QueryUsbCapability does.
///
/// At PASSIVE_LEVEL. `*ResultLength`, unless the pointer is NULL, is 0: nothing is written to the buffer. Bug check 0x10D:
/// the handle is wrong, or `CapabilityBuffer` is NULL though it has a length. STATUS_INVALID_DEVICE_STATE: the device was
/// not made by WdfUsbTargetDeviceCreateWithParameters with a contract version. STATUS_NOT_SUPPORTED: not this device.
/// STATUS_NOT_IMPLEMENTED: not the bus. STATUS_INVALID_PARAMETER: no `CapabilityType`, or a buffer without a length.
///
/// Microsoft's page: "WdfUsbTargetDeviceQueryUsbCapability function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceQueryUsbCapability(
    _ UsbDevice: WDFUSBDEVICE!, _ CapabilityType: UnsafePointer<GUID>!, _ CapabilityBufferLength: ULONG,
    _ CapabilityBuffer: PVOID!, _ ResultLength: PULONG!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceQueryUsbCapability"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        guard unsafe CapabilityBufferLength == 0 || CapabilityBuffer != nil else {
            throw Violation.missingParameter("CapabilityBuffer", in: name)
        }
        unsafe ResultLength?.pointee = 0
        guard let registration = unsafe device.registration else { throw Refusal(.invalidDeviceState) }
        return unsafe USBD_QueryUsbCapability(
            registration, CapabilityType, CapabilityBufferLength,
            CapabilityBuffer?.assumingMemoryBound(to: UCHAR.self), ResultLength)
    }
}
