// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBHost
import Win32

/// Ends what is under way on a pipe, and waits for that.
///
/// At PASSIVE_LEVEL. In this order: bug check 0x10D: a handle is wrong. STATUS_INVALID_DEVICE_REQUEST: above
/// PASSIVE_LEVEL, with the verifier on or as documented. STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER: the
/// options. Bug check 0x10D: the request has been sent (as documented: STATUS_INVALID_DEVICE_REQUEST).
/// STATUS_INVALID_DEVICE_STATE: the target is closed or purged. STATUS_REQUEST_NOT_ACCEPTED. What the abort ends with.
///
/// Microsoft's page: "WdfUsbTargetPipeAbortSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeAbortSynchronously(
    _ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!, _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!
) -> NTSTATUS {
    let name = "WdfUsbTargetPipeAbortSynchronously"
    return answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: name)
        return unsafe pipe.call(Request, RequestOptions, in: name) { () throws(Refusal) in .abort(pipe) }
    }
}

/// Makes a request ready to end what is under way on a pipe.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: a handle is wrong, or the request has been sent (as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INVALID_DEVICE_STATE: the target is closed. STATUS_REQUEST_NOT_ACCEPTED.
///
/// Microsoft's page: "WdfUsbTargetPipeFormatRequestForAbort function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeFormatRequestForAbort(_ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!) -> NTSTATUS {
    let name = "WdfUsbTargetPipeFormatRequestForAbort"
    return answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: name)
        return unsafe pipe.format(Request, in: name) { () throws(Refusal) in .abort(pipe) }
    }
}

/// Clears a pipe's halt at both ends, and waits for that, also while the pipe's target is stopped or purged. What has been
/// sent on the pipe is cancelled first.
///
/// At PASSIVE_LEVEL. The faults are those of ``WdfUsbTargetPipeAbortSynchronously(_:_:_:)``.
///
/// Microsoft's page: "WdfUsbTargetPipeResetSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeResetSynchronously(
    _ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!, _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!
) -> NTSTATUS {
    let name = "WdfUsbTargetPipeResetSynchronously"
    return answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: name)
        return unsafe pipe.call(Request, RequestOptions, in: name, ignoringState: true) { () throws(Refusal) in
            pipe.cancelSent()
            // The bus resets no pipe that is busy.
            if InterruptLevel.current == InterruptLevel.passive { pipe.pipe.pipe.blocking.abort() }
            return .reset(pipe)
        }
    }
}

/// Makes a request ready to clear a pipe's halt at both ends. Nothing may be under way on the pipe when it is sent.
///
/// At any level up to DISPATCH_LEVEL. The faults are those of ``WdfUsbTargetPipeFormatRequestForAbort(_:_:)``.
///
/// Microsoft's page: "WdfUsbTargetPipeFormatRequestForReset function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeFormatRequestForReset(_ Pipe: WDFUSBPIPE!, _ Request: WDFREQUEST!) -> NTSTATUS {
    let name = "WdfUsbTargetPipeFormatRequestForReset"
    return answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: name)
        return unsafe pipe.format(Request, in: name) { () throws(Refusal) in .reset(pipe) }
    }
}
