// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import USBRequests
import Win32

extension IoTargetObject {
    /// Sends a block of the driver's and waits for its end.
    fileprivate final func call(
        _ request: WDFREQUEST?, _ options: PWDF_REQUEST_SEND_OPTIONS?, _ block: PURB?, in name: String
    ) throws(Refusal) -> NTSTATUS {
        let block = unsafe try required(block, "Urb", in: name)
        return unsafe call(request, options, in: name) { () throws(Refusal) in unsafe .block(block, nil) }
    }

    /// Makes a request ready to send a block that lies in a memory object.
    fileprivate final func format(
        _ request: WDFREQUEST?, _ memory: WDFMEMORY?, _ offsets: PWDFMEMORY_OFFSET?, in name: String
    ) throws(Refusal) -> NTSTATUS {
        let object = unsafe try Handles.object(memory, MemoryObject.self, .memory, in: name)
        return unsafe format(request, in: name) { () throws(Refusal) in
            let bytes = unsafe try MemoryPart(object, offsets).bytes
            guard unsafe bytes.count >= MemoryLayout<_URB_HEADER>.size, let start = bytes.baseAddress else {
                throw Refusal(.invalidParameter)
            }
            // Sound: a block's members are looked at as far as its length says, which is the driver's to set right.
            return unsafe .block(start.assumingMemoryBound(to: URB.self), object)
        }
    }
}

/// Sends a block to a device and waits for its end.
///
/// At PASSIVE_LEVEL. Bug check 0x10D: a handle is wrong, `Urb` is NULL, or the request has been sent (as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or as
/// documented. STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER: the options. STATUS_INVALID_DEVICE_STATE: the target
/// is closed or purged. STATUS_REQUEST_NOT_ACCEPTED. What the block ends with.
///
/// Microsoft's page: "WdfUsbTargetDeviceSendUrbSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceSendUrbSynchronously(
    _ UsbDevice: WDFUSBDEVICE!, _ Request: WDFREQUEST!, _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!, _ Urb: PURB!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceSendUrbSynchronously"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        return unsafe try device.call(Request, RequestOptions, Urb, in: name)
    }
}

/// Makes a request ready to send a block to a device. The block lies in a memory object, which the request keeps until
/// its end.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: a handle is wrong, or the request has been sent (as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INTEGER_OVERFLOW: the offsets. STATUS_INVALID_PARAMETER: fewer bytes than a
/// block's header has. STATUS_INVALID_DEVICE_STATE: the target is closed. STATUS_REQUEST_NOT_ACCEPTED.
///
/// Microsoft's page: "WdfUsbTargetDeviceFormatRequestForUrb function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceFormatRequestForUrb(
    _ UsbDevice: WDFUSBDEVICE!, _ Request: WDFREQUEST!, _ UrbMemory: WDFMEMORY!, _ UrbMemoryOffset: PWDFMEMORY_OFFSET!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceFormatRequestForUrb"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        return unsafe try device.format(Request, UrbMemory, UrbMemoryOffset, in: name)
    }
}

/// Sends a block to a pipe and waits for its end; the only way to move isochronous packets, besides a request that is
/// formatted with a block.
///
/// As ``WdfUsbTargetDeviceSendUrbSynchronously(_:_:_:_:)``, by the pipe's state. Which pipe the block names is not looked
/// at.
///
/// Microsoft's page: "WdfUsbTargetPipeSendUrbSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeSendUrbSynchronously(
    _ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!, _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!, _ Urb: PURB!
) -> NTSTATUS {
    let name = "WdfUsbTargetPipeSendUrbSynchronously"
    return answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: name)
        return unsafe try pipe.call(Request, RequestOptions, Urb, in: name)
    }
}

/// Makes a request ready to send a block to a pipe. As ``WdfUsbTargetDeviceFormatRequestForUrb(_:_:_:_:)``.
///
/// Microsoft's page: "WdfUsbTargetPipeFormatRequestForUrb function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeFormatRequestForUrb(
    _ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!, _ UrbMemory: WDFMEMORY!, _ UrbMemoryOffset: PWDFMEMORY_OFFSET!
) -> NTSTATUS {
    let name = "WdfUsbTargetPipeFormatRequestForUrb"
    return answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: name)
        return unsafe try pipe.format(Request, UrbMemory, UrbMemoryOffset, in: name)
    }
}
