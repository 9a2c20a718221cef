// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// The queue that a request came to the driver from, or is in; NULL for a driver's own, and when it has been completed.
///
/// Microsoft's page: "WdfRequestGetIoQueue function (wdfrequest.h)".
@c @implementation
public func WdfRequestGetIoQueue(_ Request: WDFREQUEST!) -> WDFQUEUE! {
    guard let (_, request) = unsafe try? presentedRequest(Request, in: "WdfRequestGetIoQueue") else { return nil }
    return unsafe request.queues.lock.withLock { request.queue }?.queueHandle
}

/// Puts a request in the driver's hands at the end of another queue of the device, which presents it anew.
///
/// STATUS_INVALID_DEVICE_REQUEST: a driver's own request, one that is not in the driver's hands, is cancelable or with
/// a target; the queue that it came from; a queue of another device. STATUS_WDF_BUSY: the queue takes nothing.
///
/// Microsoft's page: "WdfRequestForwardToIoQueue function (wdfrequest.h)".
@c @implementation
public func WdfRequestForwardToIoQueue(_ Request: WDFREQUEST!, _ DestinationQueue: WDFQUEUE!) -> NTSTATUS {
    let function = "WdfRequestForwardToIoQueue"
    do throws(Refusal) {
        let destination = unsafe try Handles.object(DestinationQueue, QueueObject.self, .queue, in: function)
        let (object, request) = unsafe try presentedRequest(Request, in: function)
        guard !object.isUnderWay else { throw Refusal(.invalidDeviceRequest) }
        try request.forward(to: destination)
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// Puts a request that was taken from a manual queue back at its head.
///
/// STATUS_INVALID_DEVICE_REQUEST: the queue is not manual; a driver's own request, one that is not in the driver's
/// hands, is cancelable or with a target.
///
/// Microsoft's page: "WdfRequestRequeue function (wdfrequest.h)".
@c @implementation
public func WdfRequestRequeue(_ Request: WDFREQUEST!) -> NTSTATUS {
    do throws(Refusal) {
        let (object, request) = unsafe try presentedRequest(Request, in: "WdfRequestRequeue")
        guard !object.isUnderWay else { throw Refusal(.invalidDeviceRequest) }
        try request.requeue()
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// Answers EvtIoStop: the driver keeps the request, or, with `Requeue`, puts it back at the head of its queue, where a
/// purge cancels it. Without effect for a request that EvtIoStop was not called of.
///
/// Microsoft's page: "WdfRequestStopAcknowledge function (wdfrequest.h)".
@c @implementation
public func WdfRequestStopAcknowledge(_ Request: WDFREQUEST!, _ Requeue: BOOLEAN) {
    guard let (_, request) = unsafe try? presentedRequest(Request, in: "WdfRequestStopAcknowledge") else { return }
    request.acknowledgeStop(requeues: Requeue != 0)
}

/// Has a function called if the program cancels the request, or its queue is purged, until WdfRequestUnmarkCancelable.
/// It is to complete the request. For one that is cancelled already it is called too: when the queue's callback has
/// returned, if this is one.
///
/// Bug checks: a wrong handle, NULL. Without effect for a driver's own request, and one that is not in the driver's
/// hands.
///
/// Microsoft's page: "WdfRequestMarkCancelable function (wdfrequest.h)".
@c @implementation
public func WdfRequestMarkCancelable(_ Request: WDFREQUEST!, _ EvtRequestCancel: PFN_WDF_REQUEST_CANCEL!) {
    _ = unsafe mark(Request, EvtRequestCancel, callsAtOnce: true, in: "WdfRequestMarkCancelable")
}

/// WdfRequestMarkCancelable, but that for a request that is cancelled already the function is not called, nor the
/// request marked.
///
/// STATUS_CANCELLED: it is cancelled already. STATUS_INVALID_DEVICE_REQUEST: a driver's own request, or one that is not
/// in the driver's hands or is marked. Bug checks: a wrong handle, NULL.
///
/// Microsoft's page: "WdfRequestMarkCancelableEx function (wdfrequest.h)".
@c @implementation
public func WdfRequestMarkCancelableEx(_ Request: WDFREQUEST!, _ EvtRequestCancel: PFN_WDF_REQUEST_CANCEL!) -> NTSTATUS
{
    unsafe mark(Request, EvtRequestCancel, callsAtOnce: false, in: "WdfRequestMarkCancelableEx")
}

private func mark(
    _ handle: WDFREQUEST?, _ routine: PFN_WDF_REQUEST_CANCEL?, callsAtOnce: Bool, in function: String
) -> NTSTATUS {
    do throws(Refusal) {
        let object = unsafe try Handles.object(handle, RequestObject.self, .request, in: function)
        guard let routine = unsafe routine else { throw Violation.missingParameter("EvtRequestCancel", in: function) }
        guard let request = object.presented as? QueuedRequest else { throw Refusal(.invalidDeviceRequest) }
        unsafe try request.mark(routine, callsAtOnce: callsAtOnce)
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// Takes back that a request is cancelable, which comes before its completion.
///
/// STATUS_CANCELLED: its function has been called, or is about to be, and completes the request; nobody else may.
/// STATUS_INVALID_DEVICE_REQUEST: it is not cancelable, or a driver's own.
///
/// Microsoft's page: "WdfRequestUnmarkCancelable function (wdfrequest.h)".
@c @implementation
public func WdfRequestUnmarkCancelable(_ Request: WDFREQUEST!) -> NTSTATUS {
    do throws(Refusal) {
        let (_, request) = unsafe try presentedRequest(Request, in: "WdfRequestUnmarkCancelable")
        try request.unmark()
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// Whether the program wants an early end of a request, or its queue is being purged. With the verifier on FALSE for
/// one that is cancelable, whose function tells.
///
/// Microsoft's page: "WdfRequestIsCanceled function (wdfrequest.h)".
@c @implementation
public func WdfRequestIsCanceled(_ Request: WDFREQUEST!) -> BOOLEAN {
    let function = "WdfRequestIsCanceled"
    guard let object = unsafe try? Handles.object(Request, RequestObject.self, .request, in: function) else { return 0 }
    guard let request = object.presented as? QueuedRequest else {
        return object.lock.withLock { object.isCancelMarked } ? 1 : 0
    }
    return request.queues.lock.withLock {
        if Verifier.isOn, unsafe request.cancelRoutine != nil { return 0 }
        return request.isCancelled ? 1 : 0
    }
}
