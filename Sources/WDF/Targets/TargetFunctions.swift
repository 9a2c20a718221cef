// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

// MARK: States

/// Lets a target take requests again; those that it held are sent, in their order.
///
/// STATUS_INVALID_DEVICE_STATE: the pipe or the device is no more. Bug check 0x10D: no target (5).
///
/// Microsoft's page: "WdfIoTargetStart function (wdfiotarget.h)".
@c @implementation
public func WdfIoTargetStart(_ IoTarget: WDFIOTARGET!) -> NTSTATUS {
    var status = NTStatus.success.rawValue
    let refusal = statusOf { () throws(Refusal) in
        let target = unsafe try Handles.object(IoTarget, IoTargetObject.self, .ioTarget, in: "WdfIoTargetStart")
        status = target.start()
    }
    return refusal < 0 ? refusal : status
}

/// Lets a target hold requests from now on. What has been sent is cancelled and awaited, awaited, or left alone, as
/// `Action` says; with any other value nothing happens.
///
/// Bug check 0x10D: no target (5). 0xA: something is to be awaited at DISPATCH_LEVEL.
///
/// Microsoft's page: "WdfIoTargetStop function (wdfiotarget.h)".
@c @implementation
public func WdfIoTargetStop(_ IoTarget: WDFIOTARGET!, _ Action: WDF_IO_TARGET_SENT_IO_ACTION) {
    _ = statusOf { () throws(Refusal) in
        let target = unsafe try Handles.object(IoTarget, IoTargetObject.self, .ioTarget, in: "WdfIoTargetStop")
        switch Action {
        case WdfIoTargetCancelSentIo, WdfIoTargetWaitForSentIoToComplete, WdfIoTargetLeaveSentIoPending:
            target.stop(Action)
        default: break
        }
    }
}

/// Lets a target refuse requests from now on. What it holds ends with STATUS_WDF_DEVICE_REMOVED_NOT_SENT; what has been
/// sent is cancelled, and awaited if `Action` says so; with any other value nothing happens.
///
/// Bug check 0x10D: no target (5). 0xA: something is to be awaited at DISPATCH_LEVEL.
///
/// Microsoft's page: "WdfIoTargetPurge function (wdfiotarget.h)".
@c @implementation
public func WdfIoTargetPurge(_ IoTarget: WDFIOTARGET!, _ Action: WDF_IO_TARGET_PURGE_IO_ACTION) {
    _ = statusOf { () throws(Refusal) in
        let target = unsafe try Handles.object(IoTarget, IoTargetObject.self, .ioTarget, in: "WdfIoTargetPurge")
        switch Action {
        case WdfIoTargetPurgeIoAndWait: target.purge(waits: true)
        case WdfIoTargetPurgeIo: target.purge(waits: false)
        default: break
        }
    }
}

/// Whether a target takes requests, holds them or refuses them.
///
/// Bug check 0x10D: no target (5).
///
/// Microsoft's page: "WdfIoTargetGetState function (wdfiotarget.h)".
@c @implementation
public func WdfIoTargetGetState(_ IoTarget: WDFIOTARGET!) -> WDF_IO_TARGET_STATE {
    var state = WdfIoTargetStateUndefined
    _ = statusOf { () throws(Refusal) in
        state = unsafe try Handles.object(IoTarget, IoTargetObject.self, .ioTarget, in: "WdfIoTargetGetState").state
    }
    return state
}

// MARK: What a target belongs to

/// The device that the driver of a target is for.
///
/// Bug check 0x10D: no target (5).
///
/// Microsoft's page: "WdfIoTargetGetDevice function (wdfiotarget.h)".
@c @implementation
public func WdfIoTargetGetDevice(_ IoTarget: WDFIOTARGET!) -> WDFDEVICE! {
    var device: DriverDevice?
    _ = statusOf { () throws(Refusal) in
        device = unsafe try Handles.object(IoTarget, IoTargetObject.self, .ioTarget, in: "WdfIoTargetGetDevice")
            .device
    }
    return unsafe device?.handle?.assumingMemoryBound(to: WDFDEVICE__.self)
}

/// The device object that takes a target's packets (IRPs).
///
/// Bug check 0x10D: no target (5).
///
/// Microsoft's page: "WdfIoTargetWdmGetTargetDeviceObject function (wdfiotarget.h)".
@c @implementation
public func WdfIoTargetWdmGetTargetDeviceObject(_ IoTarget: WDFIOTARGET!) -> PDEVICE_OBJECT! {
    var target: IoTargetObject?
    _ = statusOf { () throws(Refusal) in
        target = unsafe try Handles.object(
            IoTarget, IoTargetObject.self, .ioTarget, in: "WdfIoTargetWdmGetTargetDeviceObject")
    }
    return unsafe target?.usb.pointer
}

// MARK: Internal control codes

/// Sends an internal control code with three pointers, and waits for its end. IOCTL_INTERNAL_USB_SUBMIT_URB takes a block
/// (URB) as the first.
///
/// The target's status. STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER: wrong options. STATUS_INVALID_PARAMETER: a
/// wrong descriptor (as documented: STATUS_INVALID_DEVICE_REQUEST). STATUS_INTEGER_OVERFLOW: wrong offsets.
/// STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or as documented.
/// STATUS_REQUEST_NOT_ACCEPTED: no stack location left. STATUS_INVALID_DEVICE_STATE: the target takes nothing.
/// STATUS_IO_TIMEOUT. Bug check 0x10D: a handle that names nothing of its kind (5), a request that has been sent and has
/// not ended (6, 3; as documented: STATUS_INVALID_DEVICE_REQUEST).
///
/// Microsoft's page: "WdfIoTargetSendInternalIoctlOthersSynchronously function (wdfiotarget.h)".
@c @implementation
public func WdfIoTargetSendInternalIoctlOthersSynchronously(
    _ IoTarget: WDFIOTARGET!, _ Request: WDFREQUEST!, _ IoctlCode: ULONG, _ OtherArg1: PWDF_MEMORY_DESCRIPTOR!,
    _ OtherArg2: PWDF_MEMORY_DESCRIPTOR!, _ OtherArg4: PWDF_MEMORY_DESCRIPTOR!,
    _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!, _ BytesReturned: PULONG_PTR!
) -> NTSTATUS {
    let name = "WdfIoTargetSendInternalIoctlOthersSynchronously"
    guard let target = unsafe try? Handles.object(IoTarget, IoTargetObject.self, .ioTarget, in: name) else {
        return Refusal.bugCheck.status
    }
    unsafe BytesReturned?.pointee = 0
    return unsafe target.call(
        Request, RequestOptions, in: name,
        ended: { unsafe BytesReturned?.pointee = ULONG_PTR($0.byteCount) },
        { () throws(Refusal) in
            let first = unsafe try MemoryPart(OtherArg1, in: name)
            let second = unsafe try MemoryPart(OtherArg2, in: name)
            let fourth = unsafe try MemoryPart(OtherArg4, in: name)
            return Operation(code: IoctlCode, first, second, fourth)
        })
}

/// Formats a request for an internal control code with three pointers.
///
/// STATUS_INTEGER_OVERFLOW: wrong offsets. STATUS_REQUEST_NOT_ACCEPTED: no stack location left.
/// STATUS_INVALID_DEVICE_STATE: the target is closed. Bug check 0x10D: a handle that names nothing of its kind (5), a
/// request that has been sent and has not ended (6, 3; as documented: STATUS_INVALID_DEVICE_REQUEST).
///
/// Microsoft's page: "WdfIoTargetFormatRequestForInternalIoctlOthers function (wdfiotarget.h)".
@c @implementation
public func WdfIoTargetFormatRequestForInternalIoctlOthers(
    _ IoTarget: WDFIOTARGET!, _ Request: WDFREQUEST!, _ IoctlCode: ULONG, _ OtherArg1: WDFMEMORY!,
    _ OtherArg1Offset: PWDFMEMORY_OFFSET!, _ OtherArg2: WDFMEMORY!, _ OtherArg2Offset: PWDFMEMORY_OFFSET!,
    _ OtherArg4: WDFMEMORY!, _ OtherArg4Offset: PWDFMEMORY_OFFSET!
) -> NTSTATUS {
    let name = "WdfIoTargetFormatRequestForInternalIoctlOthers"
    guard let target = unsafe try? Handles.object(IoTarget, IoTargetObject.self, .ioTarget, in: name) else {
        return Refusal.bugCheck.status
    }
    return unsafe target.format(Request, in: name) { () throws(Refusal) in
        let first = unsafe try MemoryPart(handle: OtherArg1, OtherArg1Offset, in: name)
        let second = unsafe try MemoryPart(handle: OtherArg2, OtherArg2Offset, in: name)
        let fourth = unsafe try MemoryPart(handle: OtherArg4, OtherArg4Offset, in: name)
        return Operation(code: IoctlCode, first, second, fourth)
    }
}

extension Operation {
    /// An internal control code with the addresses of three parts of memory.
    fileprivate init(code: ULONG, _ first: MemoryPart, _ second: MemoryPart, _ fourth: MemoryPart) {
        self = unsafe .others(
            code: code, first.bytes.baseAddress, second.bytes.baseAddress, fourth.bytes.baseAddress,
            [first.object, second.object, fourth.object].compactMap { $0 })
    }
}
