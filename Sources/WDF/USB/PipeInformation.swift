// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Win32

/// Describes a pipe. The size of the description is not looked at.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong, `PipeInformation` is NULL.
///
/// Microsoft's page: "WdfUsbTargetPipeGetInformation function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeGetInformation(_ Pipe: WDFUSBPIPE!, _ PipeInformation: PWDF_USB_PIPE_INFORMATION!) {
    let name = "WdfUsbTargetPipeGetInformation"
    answer(or: ()) { () throws(Refusal) in
        let pipe = unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: name)
        unsafe pipe.describe(try required(PipeInformation, "PipeInformation", in: name))
    }
}

/// Whether the pipe's bytes come from the device.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetPipeIsInEndpoint function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeIsInEndpoint(_ Pipe: WDFUSBPIPE!) -> BOOLEAN {
    answer(or: 0) { () throws(Refusal) in
        unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: "WdfUsbTargetPipeIsInEndpoint").isIn ? 1 : 0
    }
}

/// Whether the pipe's bytes go to the device.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetPipeIsOutEndpoint function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeIsOutEndpoint(_ Pipe: WDFUSBPIPE!) -> BOOLEAN {
    answer(or: 0) { () throws(Refusal) in
        unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: "WdfUsbTargetPipeIsOutEndpoint").isIn ? 0 : 1
    }
}

/// The type of the pipe, by the framework's numbers.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetPipeGetType function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeGetType(_ Pipe: WDFUSBPIPE!) -> WDF_USB_PIPE_TYPE {
    answer(or: WdfUsbPipeTypeInvalid) { () throws(Refusal) in
        unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: "WdfUsbTargetPipeGetType").type
    }
}

/// Lets reads of the pipe be of any number of bytes from now on, not only of whole packets.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetPipeSetNoMaximumPacketSizeCheck function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeSetNoMaximumPacketSizeCheck(_ Pipe: WDFUSBPIPE!) {
    answer(or: ()) { () throws(Refusal) in
        unsafe try Handles.object(
            Pipe, UsbPipeObject.self, .usbPipe, in: "WdfUsbTargetPipeSetNoMaximumPacketSizeCheck"
        ).forgetPacketSize()
    }
}

/// The handle by which blocks name the pipe.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbTargetPipeWdmGetPipeHandle function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeWdmGetPipeHandle(_ UsbPipe: WDFUSBPIPE!) -> USBD_PIPE_HANDLE! {
    unsafe answer(or: nil) { () throws(Refusal) in
        unsafe try Handles.object(UsbPipe, UsbPipeObject.self, .usbPipe, in: "WdfUsbTargetPipeWdmGetPipeHandle")
            .pipe.handle
    }
}
