// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import USBHost
import USBRequests
import Win32

/// Whether the device is still there.
///
/// At PASSIVE_LEVEL. STATUS_DEVICE_DOES_NOT_EXIST: it is not. STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the
/// verifier on or as documented. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetDeviceIsConnectedSynchronous function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceIsConnectedSynchronous(_ UsbDevice: WDFUSBDEVICE!) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceIsConnectedSynchronous"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        try Verifier.requirePassive()
        guard !device.usb.device.isDetached else { throw Refusal(.deviceDoesNotExist) }
        return NTStatus.success.rawValue
    }
}

/// Resets the device's port, and waits for that. What has been sent to the device and its pipes is cancelled first;
/// configuration and settings stay.
///
/// At PASSIVE_LEVEL. STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or as documented. Bug check
/// 0x10D: the handle is wrong. STATUS_DEVICE_NOT_CONNECTED, STATUS_NOT_SUPPORTED, STATUS_UNSUCCESSFUL: the reset failed.
///
/// Microsoft's page: "WdfUsbTargetDeviceResetPortSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceResetPortSynchronously(_ UsbDevice: WDFUSBDEVICE!) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceResetPortSynchronously"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        try Verifier.requirePassive()
        device.cancelSent()
        do throws(USBError) {
            try device.usb.device.blocking.reset()
        } catch {
            throw Refusal(BlockStatus.requestStatus(BlockStatus.of(error.kind)))
        }
        return NTStatus.success.rawValue
    }
}

/// Would take the device off the bus and back; no wire can.
///
/// At PASSIVE_LEVEL. STATUS_NOT_SUPPORTED. STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or as
/// documented. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetDeviceCyclePortSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceCyclePortSynchronously(_ UsbDevice: WDFUSBDEVICE!) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceCyclePortSynchronously"
    return answer { () throws(Refusal) in
        _ = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        try Verifier.requirePassive()
        throw Refusal(.notSupported)
    }
}

/// Makes a request ready to take the device off the bus and back, which ends with STATUS_NOT_SUPPORTED.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: a handle is wrong, or the request has been sent (as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INVALID_DEVICE_STATE: the target is closed. STATUS_REQUEST_NOT_ACCEPTED.
///
/// Microsoft's page: "WdfUsbTargetDeviceFormatRequestForCyclePort function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceFormatRequestForCyclePort(_ UsbDevice: WDFUSBDEVICE!, _ Request: WDFREQUEST!) -> NTSTATUS
{
    let name = "WdfUsbTargetDeviceFormatRequestForCyclePort"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        return unsafe device.format(Request, in: name) { () throws(Refusal) in .cyclePort }
    }
}
