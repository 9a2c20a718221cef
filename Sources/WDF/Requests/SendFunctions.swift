// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// Makes the request's timer beforehand, so that a send with a timeout needs no memory.
///
/// STATUS_SUCCESS. Bug check 0x10D: no request (5).
///
/// Microsoft's page: "WdfRequestAllocateTimer function (wdfrequest.h)".
@c @implementation
public func WdfRequestAllocateTimer(_ Request: WDFREQUEST!) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(
            Request, RequestObject.self, .request, in: "WdfRequestAllocateTimer")
        try request.requireUnsent(in: "WdfRequestAllocateTimer")
        _ = request.ownTimer()
    }
}

/// Says what is called, at DISPATCH_LEVEL, when the next sending of the request has ended; NULL for nothing. It is called
/// once, and has to be set again for another sending.
///
/// Bug check 0x10D: no request (5).
///
/// Microsoft's page: "WdfRequestSetCompletionRoutine function (wdfrequest.h)".
@c @implementation
public func WdfRequestSetCompletionRoutine(
    _ Request: WDFREQUEST!, _ CompletionRoutine: PFN_WDF_REQUEST_COMPLETION_ROUTINE!, _ CompletionContext: WDFCONTEXT!
) {
    _ = statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(
            Request, RequestObject.self, .request, in: "WdfRequestSetCompletionRoutine")
        let routine = unsafe CompletionRoutine.map {
            unsafe RequestObject.CompletionRoutine(function: $0, context: CompletionContext)
        }
        request.lock.withLock { request.completionRoutine = routine }
    }
}

/// Sends a formatted request to a target.
///
/// TRUE: it has been sent, or is held by a stopped target; with WDF_REQUEST_SEND_OPTION_SYNCHRONOUS it has ended, however
/// that was. FALSE: it has not been sent, and WdfRequestGetStatus says why:
///
/// - STATUS_INVALID_PARAMETER: wrong options, also of another size (as documented: STATUS_INFO_LENGTH_MISMATCH then).
/// - STATUS_INVALID_DEVICE_STATE: the target is purged or closed; or the request, to be sent and forgotten, was not
///   presented.
/// - STATUS_INVALID_DEVICE_REQUEST: a presented request, to be sent without a completion routine; or formatted, to be
///   sent and forgotten.
/// - STATUS_REQUEST_NOT_ACCEPTED: it is not formatted, with the verifier on.
/// - STATUS_CANCELLED: an early end was asked for before.
///
/// Bug check 0x10D: no request, no target (5), it has been sent and has not ended (6, 3; as documented: FALSE, with
/// STATUS_INVALID_DEVICE_REQUEST).
///
/// Microsoft's page: "WdfRequestSend function (wdfrequest.h)".
@c @implementation
public func WdfRequestSend(
    _ Request: WDFREQUEST!, _ Target: WDFIOTARGET!, _ Options: PWDF_REQUEST_SEND_OPTIONS!
) -> BOOLEAN {
    let name = "WdfRequestSend"
    var found: RequestObject?
    let status = statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(Request, RequestObject.self, .request, in: name)
        found = request
        let options: SendOptions
        do throws(Refusal) {
            options = unsafe try SendOptions(Options)
        } catch {
            throw Profile.current == .documented ? error : Refusal(.invalidParameter)
        }
        let target = unsafe try Handles.object(Target, IoTargetObject.self, .ioTarget, in: name)
        if options.isSynchronous {
            try request.send(to: target, options, .synchronous, in: name)
            _ = request.wait()
        } else if options.forgets {
            try request.sendAndForget(to: target, options, in: name)
        } else {
            let hasRoutine = request.lock.withLock { request.completionRoutine != nil }
            guard hasRoutine || request.presented == nil else { throw Refusal(.invalidDeviceRequest) }
            try request.send(to: target, options, .asynchronous, in: name)
        }
    }
    guard status < 0, let request = found else { return status < 0 ? 0 : 1 }
    // After a bug check nothing has happened.
    if status != NTStatus.unsuccessful.rawValue { request.lock.withLock { request.lastStatus = status } }
    return 0
}

extension RequestObject {
    /// Sends a presented request on, to be completed with what becomes of it.
    fileprivate final func sendAndForget(
        to target: IoTargetObject, _ options: SendOptions, in function: String
    ) throws(Refusal) {
        guard presented != nil else { throw Refusal(.invalidDeviceState) }
        try requireUnsent(in: function)
        let operation = lock.withLock { self.operation }
        guard !operation.isOwnFormat else { throw Refusal(.invalidDeviceRequest) }
        if case .none = operation {
            // The target sees what the driver saw.
            unsafe try ownPacket(for: nil).writeNext(nil)
            lock.withLock { self.operation = .stackLocation }
        }
        lock.withLock { isFormatted = true }
        try send(to: target, options, .forgotten, in: function)
    }
}

/// Asks for the early end of a request that has been sent, which comes as ever. TRUE: somebody was asked. FALSE: it has
/// ended, or was not sent; it is not sent any more then before WdfRequestReuse.
///
/// Bug check 0x10D: no request (5).
///
/// Microsoft's page: "WdfRequestCancelSentRequest function (wdfrequest.h)".
@c @implementation
public func WdfRequestCancelSentRequest(_ Request: WDFREQUEST!) -> BOOLEAN {
    var wasAsked = false
    _ = statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(
            Request, RequestObject.self, .request, in: "WdfRequestCancelSentRequest")
        wasAsked = request.cancel()
    }
    return wasAsked ? 1 : 0
}

/// The status that the request ended with, was refused with, or was made as new with; while it is sent, that of before.
///
/// Bug check 0x10D: no request (5).
///
/// Microsoft's page: "WdfRequestGetStatus function (wdfrequest.h)".
@c @implementation
public func WdfRequestGetStatus(_ Request: WDFREQUEST!) -> NTSTATUS {
    var status: NTSTATUS = 0
    let refusal = statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(Request, RequestObject.self, .request, in: "WdfRequestGetStatus")
        status = request.lock.withLock { request.lastStatus }
    }
    return refusal < 0 ? refusal : status
}

/// What became of a request, as its completion routine is shown it. With another `Size` nothing is written.
///
/// Bug check 0x10D: no request (5), `Params` is NULL (4).
///
/// Microsoft's page: "WdfRequestGetCompletionParams function (wdfrequest.h)".
@c @implementation
public func WdfRequestGetCompletionParams(_ Request: WDFREQUEST!, _ Params: PWDF_REQUEST_COMPLETION_PARAMS!) {
    let name = "WdfRequestGetCompletionParams"
    _ = statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(Request, RequestObject.self, .request, in: name)
        guard let result = unsafe Params else { throw Violation.missingParameter("Params", in: name) }
        guard unsafe result.pointee.Size == ULONG(MemoryLayout<WDF_REQUEST_COMPLETION_PARAMS>.size) else { return }
        unsafe result.pointee = unsafe request.memory.completion.pointee
    }
}
