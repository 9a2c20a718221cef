// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Win32

/// Makes the USB device of a driver's device, whose child it is.
private func create(
    _ handle: WDFDEVICE?, _ contract: (String) throws(Refusal) -> ULONG, _ given: PWDF_OBJECT_ATTRIBUTES?,
    _ out: UnsafeMutablePointer<WDFUSBDEVICE?>?, in name: String
) -> NTSTATUS {
    answer { () throws(Refusal) in
        let device = unsafe try Handles.object(handle, DriverDevice.self, .device, in: name)
        let contract = try contract(name)
        let out = unsafe try required(out, "UsbDevice", in: name)
        unsafe out.pointee = nil
        try Verifier.requirePassive()
        let attributes = unsafe try ObjectAttributes(given, parent: .notAllowed, in: name)
        let usbDevice = try UsbDeviceObject.make(on: device, contract: contract, attributes)
        unsafe out.pointee = unsafe usbDevice.handle(as: WDFUSBDEVICE.self)
        return NTStatus.success.rawValue
    }
}

extension UsbDeviceObject {
    /// Makes a USB device with its interfaces.
    static func make(
        on device: DriverDevice, contract: ULONG, _ attributes: ObjectAttributes
    ) throws(Refusal) -> UsbDeviceObject {
        let made = UsbDeviceObject(device.usb, of: device)
        try made.setUp(contract: contract)
        try made.publish(attributes, of: device)
        return made
    }
}

/// Makes the USB device of a driver's device, without registering the driver with USBD: functions that make blocks are
/// not for it.
///
/// The device is asked for its descriptors. More than one USB device may be made; a configuration that is selected by one
/// of them ends the pipes of the others.
///
/// At PASSIVE_LEVEL. Bug check 0x10D: the handle is wrong, `UsbDevice` is NULL. STATUS_INVALID_DEVICE_REQUEST: above
/// PASSIVE_LEVEL, with the verifier on or as documented; descriptors that contradict themselves.
/// STATUS_DEVICE_DATA_ERROR, STATUS_UNSUCCESSFUL: other descriptors that are wrong. Those of the attributes, which must
/// not name a parent. STATUS_INSUFFICIENT_RESOURCES. What the requests for the descriptors end with.
///
/// Microsoft's page: "WdfUsbTargetDeviceCreate function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceCreate(
    _ Device: WDFDEVICE!, _ Attributes: PWDF_OBJECT_ATTRIBUTES!, _ UsbDevice: UnsafeMutablePointer<WDFUSBDEVICE?>!
) -> NTSTATUS {
    unsafe create(
        Device, { _ in ULONG(USBD_CLIENT_CONTRACT_VERSION_INVALID) }, Attributes, UsbDevice,
        in: "WdfUsbTargetDeviceCreate")
}

/// Makes the USB device of a driver's device, and registers the driver with USBD by the contract version that `Config`
/// says; USBD_CLIENT_CONTRACT_VERSION_INVALID leaves that out.
///
/// As ``WdfUsbTargetDeviceCreate(_:_:_:)``; and bug check 0x10D: `Config` is NULL. STATUS_INFO_LENGTH_MISMATCH: its size.
/// STATUS_INVALID_LEVEL: another version than USBD_CLIENT_CONTRACT_VERSION_602.
///
/// Microsoft's page: "WdfUsbTargetDeviceCreateWithParameters function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceCreateWithParameters(
    _ Device: WDFDEVICE!, _ Config: PWDF_USB_DEVICE_CREATE_CONFIG!, _ Attributes: PWDF_OBJECT_ATTRIBUTES!,
    _ UsbDevice: UnsafeMutablePointer<WDFUSBDEVICE?>!
) -> NTSTATUS {
    unsafe create(
        Device,
        { name throws(Refusal) in
            let config = unsafe try required(Config, "Config", in: name)
            guard unsafe config.pointee.Size == ULONG(MemoryLayout<WDF_USB_DEVICE_CREATE_CONFIG>.size) else {
                throw Refusal(.infoLengthMismatch)
            }
            return unsafe config.pointee.USBDClientContractVersion
        }, Attributes, UsbDevice, in: "WdfUsbTargetDeviceCreateWithParameters")
}
