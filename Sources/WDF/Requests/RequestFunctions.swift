// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import Win32

// MARK: Making

/// Makes a request of the driver's own, for any target; its parent is the driver unless the attributes say otherwise.
///
/// Bug check 0x10D: `Request` is NULL (4), `IoTarget` is neither NULL nor a target (5). Statuses of wrong attributes;
/// STATUS_INSUFFICIENT_RESOURCES; STATUS_INVALID_DEVICE_STATE: the target is closed.
///
/// Microsoft's page: "WdfRequestCreate function (wdfrequest.h)".
@c @implementation
public func WdfRequestCreate(
    _ RequestAttributes: PWDF_OBJECT_ATTRIBUTES!, _ IoTarget: WDFIOTARGET!,
    _ Request: UnsafeMutablePointer<WDFREQUEST?>!
) -> NTSTATUS {
    let name = "WdfRequestCreate"
    return statusOf { () throws(Refusal) in
        var target: IoTargetObject?
        if let handle = unsafe IoTarget {
            target = unsafe try Handles.object(handle, IoTargetObject.self, .ioTarget, in: name)
        }
        guard let result = unsafe Request else { throw Violation.missingParameter("Request", in: name) }
        unsafe result.pointee = nil
        let attributes = unsafe try ObjectAttributes(RequestAttributes, in: name)
        let request = RequestObject(host: target?.host ?? ProcessHost.current)
        if let target {
            guard target.isOpen else { throw Refusal(.invalidDeviceState) }
            request.stackSize = target.stackSize
        }
        try request.publish(attributes, parent: DriverObject.shared)
        unsafe result.pointee = unsafe request.requestHandle
    }
}

/// Makes a request that goes by a packet (IRP) of the driver's, which `RequestFreesIrp` hands over.
///
/// Bug check 0x10D: `Irp` or `Request` is NULL (4). Statuses of wrong attributes; STATUS_INSUFFICIENT_RESOURCES.
///
/// Microsoft's page: "WdfRequestCreateFromIrp function (wdfrequest.h)".
@c @implementation
public func WdfRequestCreateFromIrp(
    _ RequestAttributes: PWDF_OBJECT_ATTRIBUTES!, _ Irp: PIRP!, _ RequestFreesIrp: BOOLEAN,
    _ Request: UnsafeMutablePointer<WDFREQUEST?>!
) -> NTSTATUS {
    let name = "WdfRequestCreateFromIrp"
    return statusOf { () throws(Refusal) in
        guard let packet = unsafe Irp else { throw Violation.missingParameter("Irp", in: name) }
        guard let result = unsafe Request else { throw Violation.missingParameter("Request", in: name) }
        unsafe result.pointee = nil
        let attributes = unsafe try ObjectAttributes(RequestAttributes, in: name)
        let request = RequestObject(host: .current)
        try request.publish(attributes, parent: DriverObject.shared)
        request.packet = unsafe RequestPacket(packet, isFreedAtEnd: RequestFreesIrp != 0)
        unsafe result.pointee = unsafe request.requestHandle
    }
}

/// Makes a request as new: its format, its memory, its completion routine and an early end that was asked for are
/// forgotten, and its status is that of `ReuseParams`.
///
/// Bug check 0x10D: no request (5), `ReuseParams` is NULL (4), it has been sent and has not ended (6, 3; as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INVALID_PARAMETER: another size, unknown flags.
/// STATUS_WDF_REQUEST_INVALID_STATE: another packet for a request that was presented.
///
/// Microsoft's page: "WdfRequestReuse function (wdfrequest.h)".
@c @implementation
public func WdfRequestReuse(_ Request: WDFREQUEST!, _ ReuseParams: PWDF_REQUEST_REUSE_PARAMS!) -> NTSTATUS {
    let name = "WdfRequestReuse"
    return statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(Request, RequestObject.self, .request, in: name)
        guard let given = unsafe ReuseParams else { throw Violation.missingParameter("ReuseParams", in: name) }
        let parameters = unsafe given.pointee
        let setsPacket = WDF_REQUEST_REUSE_SET_NEW_IRP.rawValue
        guard unsafe parameters.Size == ULONG(MemoryLayout<WDF_REQUEST_REUSE_PARAMS>.size),
            unsafe parameters.Flags & ~(setsPacket | WDF_REQUEST_REUSE_MUST_COMPLETE.rawValue) == 0
        else { throw Refusal(.invalidParameter) }
        let isNewPacket = unsafe parameters.Flags & setsPacket != 0
        guard !isNewPacket || request.presented == nil else { throw Refusal(STATUS_WDF_REQUEST_INVALID_STATE) }
        try request.reuse(unsafe parameters.Status, in: name)
        if isNewPacket {
            request.packet = unsafe parameters.NewIrp.map { unsafe RequestPacket($0, isFreedAtEnd: false) }
        }
    }
}

/// Makes sure that a request can be sent to another target. Its format is given up.
///
/// Bug check 0x10D: no request or no target (5), it has been sent and has not ended (6, 3; as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_REQUEST_NOT_ACCEPTED: too few stack locations.
/// STATUS_INVALID_DEVICE_STATE: the target is closed.
///
/// Microsoft's page: "WdfRequestChangeTarget function (wdfrequest.h)".
@c @implementation
public func WdfRequestChangeTarget(_ Request: WDFREQUEST!, _ IoTarget: WDFIOTARGET!) -> NTSTATUS {
    let name = "WdfRequestChangeTarget"
    return statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(Request, RequestObject.self, .request, in: name)
        let target = unsafe try Handles.object(IoTarget, IoTargetObject.self, .ioTarget, in: name)
        try request.changeTarget(target, in: name)
    }
}

// MARK: Formatting by stack location

/// Formats a request as it came: its next stack location becomes a copy of the driver's own.
///
/// Bug check 0x10D: no request (5); it has no packet (6, 2), no stack location left (6, 1), or has been sent and has not
/// ended (6, 3).
///
/// Microsoft's page: "WdfRequestFormatRequestUsingCurrentType function (wdfrequest.h)".
@c @implementation
public func WdfRequestFormatRequestUsingCurrentType(_ Request: WDFREQUEST!) {
    let name = "WdfRequestFormatRequestUsingCurrentType"
    _ = statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(Request, RequestObject.self, .request, in: name)
        unsafe try request.formatByLocation(nil, in: name)
    }
}

/// Formats a request by a stack location of the driver's, whose completion routine does not count.
///
/// Bug check 0x10D: no request (5), `Stack` is NULL (4); it has no packet (6, 2), no stack location left (6, 1), or has
/// been sent and has not ended (6, 3).
///
/// Microsoft's page: "WdfRequestWdmFormatUsingStackLocation function (wdfrequest.h)".
@c @implementation
public func WdfRequestWdmFormatUsingStackLocation(_ Request: WDFREQUEST!, _ Stack: PIO_STACK_LOCATION!) {
    let name = "WdfRequestWdmFormatUsingStackLocation"
    _ = statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(Request, RequestObject.self, .request, in: name)
        guard let location = unsafe Stack else { throw Violation.missingParameter("Stack", in: name) }
        unsafe try request.formatByLocation(location, in: name)
    }
}

/// The request's packet (IRP); NULL if there is no memory for one.
///
/// Bug check 0x10D: no request (5).
///
/// Microsoft's page: "WdfRequestWdmGetIrp function (wdfrequest.h)".
@c @implementation
public func WdfRequestWdmGetIrp(_ Request: WDFREQUEST!) -> PIRP! {
    var packet: RequestPacket?
    _ = statusOf { () throws(Refusal) in
        let request = unsafe try Handles.object(Request, RequestObject.self, .request, in: "WdfRequestWdmGetIrp")
        packet = try request.ownPacket(for: nil)
    }
    return unsafe packet?.pointer
}

extension RequestObject {
    /// Makes the request as new, with this status.
    fileprivate final func reuse(_ status: NTSTATUS, in function: String) throws(Refusal) {
        try requireUnsent(in: function)
        releaseFormat()
        packet?.reuse(status, for: presented)
        lock.withLock {
            completionRoutine = nil
            isCancelMarked = false
            lastStatus = status
            lastInformation = 0
        }
        memory.forget(status)
    }

    /// Formats the request by a stack location; nil for the driver's own.
    final func formatByLocation(_ location: PIO_STACK_LOCATION?, in function: String) throws(Refusal) {
        try requireUnsent(in: function)
        guard presented != nil || packet != nil || stackSize != nil else {
            throw Violation.request(2, self, in: function, "the request has no packet")
        }
        let packet = try ownPacket(for: nil)
        guard presented.map({ $0.stackLocations > 0 }) ?? packet.hasRoom(for: 1) else {
            throw Violation.request(1, self, in: function, "the request has no stack location left")
        }
        releaseFormat()
        unsafe packet.writeNext(location)
        lock.withLock {
            operation = .stackLocation
            isFormatted = true
        }
    }
}
