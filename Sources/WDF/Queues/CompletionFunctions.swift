// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

extension QueuedRequest {
    /// What a driver completes a request with is completed with, unless it may not.
    ///
    /// - Parameter information: the count of bytes; nil for the one that was set before.
    func complete(byDriver status: NTSTATUS, information given: UInt?, of object: RequestObject, in function: String) {
        let (place, isCancelable, known) = queues.lock.withLock {
            unsafe (self.place, cancelRoutine != nil, self.information)
        }
        let information = given ?? known
        switch place {
        case .ended:
            _ = Violation.request(2, object, in: function, "the request has been completed before")
            return
        case .waiting:
            _ = Violation.request(5, object, in: function, "the request is in a queue, and not in the driver's hands")
            return
        case .held: break
        }
        let address = UInt(bitPattern: unsafe object.handle)
        if isCancelable {
            return BugCheck(
                cancelStateInCompletedRequest, [address], in: function,
                "the request is cancelable: WdfRequestUnmarkCancelable comes before its completion"
            ).report()
        }
        if status == NTStatus.pending.rawValue {
            return BugCheck(
                BugCheckCode.multipleCompletion, [address], in: function, "a request cannot end with STATUS_PENDING"
            ).report()
        }
        if object.isUnderWay {
            _ = Violation.request(3, object, in: function, "the request is still with the target that it was sent to")
            return
        }
        if status >= 0, information > room {
            _ = Violation.request(
                4, object, in: function, "\(information) bytes are more than the \(room) that there is room for")
            return
        }
        let count = useCount(of: object)
        if count > 0 {
            return BugCheck(
                Violation.code, [3, address, UInt(count)], in: function,
                "memory of the request is still in use: by a request that is formatted with it, or referenced"
            ).report()
        }
        complete(QueuedRequest.standard(status), information: information)
    }

    /// The most that a completion may tell: a driver must not count more bytes than there is room for. Control codes
    /// without output may carry any number, as may those of other drivers.
    private var room: UInt {
        switch type {
        case WdfRequestTypeRead: unsafe UInt(description.output.count)
        case WdfRequestTypeWrite: unsafe UInt(description.input.count)
        case WdfRequestTypeDeviceControl:
            unsafe description.output.count > 0 ? UInt(description.output.count) : .max
        default: .max
        }
    }

    /// How often the request's memory is in use beyond what ends with the request: formats of its own and of its
    /// children do.
    private func useCount(of object: RequestObject) -> Int {
        let own = buffers.objects
        guard own.contains(where: { $0.referenceCount > 1 }) else { return 0 }
        let ending = ([object] + object.descendants.compactMap { $0 as? RequestObject }).flatMap(\.formattedMemory)
        return own.reduce(0) { sum, memory in
            sum + max(0, memory.referenceCount - 1 - ending.count { $0 === memory })
        }
    }

    /// The status that a program gets: the framework's own are for drivers alone.
    private static func standard(_ status: NTSTATUS) -> NTSTATUS {
        guard UInt32(bitPattern: status) & 0x0FFF_0000 == 0x0020_0000 else { return status }
        return switch status {
        case STATUS_WDF_PAUSED, STATUS_WDF_BUSY: STATUS_DEVICE_BUSY
        case STATUS_WDF_INTERNAL_ERROR: STATUS_INTERNAL_ERROR
        case STATUS_WDF_NOT_ENOUGH_MAP_REGISTERS: NTStatus.insufficientResources.rawValue
        default: NTStatus.invalidDeviceRequest.rawValue
        }
    }
}

extension RequestObject {
    /// Whether a target has the request.
    final var isUnderWay: Bool { lock.withLock { sending.isActive } }

    /// The memory that the request is formatted with.
    fileprivate final var formattedMemory: [MemoryObject] {
        var list: [MemoryObject] = []
        lock.withLock { operation }.forEachMemory { list.append($0) }
        return list
    }
}

/// CANCEL_STATE_IN_COMPLETED_IRP
private let cancelStateInCompletedRequest: UInt32 = 0x48

private func complete(_ handle: WDFREQUEST?, _ status: NTSTATUS, _ information: UInt?, in function: String) {
    guard let object = unsafe try? Handles.object(handle, RequestObject.self, .request, in: function) else { return }
    guard let request = object.presented as? QueuedRequest else {
        _ = Violation.request(5, object, in: function, "the request is the driver's own: no queue has presented it")
        return
    }
    request.complete(byDriver: status, information: information, of: object, in: function)
}

/// Completes a request that was presented to the driver; its count of bytes is the one of WdfRequestSetInformation.
///
/// First its children are deleted and the cleanup callbacks called, then the program is told, by this thread; then the
/// queue that it came from may present its next. The statuses of the framework's own become standard ones.
///
/// Bug checks: 0x10D with 6, 2: completed before; 6, 3: the target has it; 6, 4: a success with more bytes than there
/// is room for; 6, 5: it is the driver's own, or in a queue; 3: its memory is in use by another request that is
/// formatted with it, or referenced. 0x44: STATUS_PENDING. 0x48: it is cancelable.
///
/// Microsoft's page: "WdfRequestComplete function (wdfrequest.h)".
@c @implementation
public func WdfRequestComplete(_ Request: WDFREQUEST!, _ Status: NTSTATUS) {
    unsafe complete(Request, Status, nil, in: "WdfRequestComplete")
}

/// WdfRequestComplete with a count of bytes.
///
/// Microsoft's page: "WdfRequestCompleteWithInformation function (wdfrequest.h)".
@c @implementation
public func WdfRequestCompleteWithInformation(_ Request: WDFREQUEST!, _ Status: NTSTATUS, _ Information: ULONG_PTR) {
    unsafe complete(Request, Status, UInt(Information), in: "WdfRequestCompleteWithInformation")
}

/// WdfRequestComplete; no thread's priority changes.
///
/// Microsoft's page: "WdfRequestCompleteWithPriorityBoost function (wdfrequest.h)".
@c @implementation
public func WdfRequestCompleteWithPriorityBoost(_ Request: WDFREQUEST!, _ Status: NTSTATUS, _ PriorityBoost: CCHAR) {
    unsafe complete(Request, Status, nil, in: "WdfRequestCompleteWithPriorityBoost")
}

/// Sets the count of bytes that the request is to be completed with.
///
/// Microsoft's page: "WdfRequestSetInformation function (wdfrequest.h)".
@c @implementation
public func WdfRequestSetInformation(_ Request: WDFREQUEST!, _ Information: ULONG_PTR) {
    let function = "WdfRequestSetInformation"
    guard let object = unsafe try? Handles.object(Request, RequestObject.self, .request, in: function) else { return }
    if let request = object.presented as? QueuedRequest {
        request.queues.lock.withLock { request.information = UInt(Information) }
    } else if let packet = unsafe WdfRequestWdmGetIrp(Request) {
        unsafe packet.pointee.IoStatus.Information = Information
    }
}

/// The count of bytes that the request is to be completed with, or, of a driver's own, has ended with.
///
/// Microsoft's page: "WdfRequestGetInformation function (wdfrequest.h)".
@c @implementation
public func WdfRequestGetInformation(_ Request: WDFREQUEST!) -> ULONG_PTR {
    let function = "WdfRequestGetInformation"
    guard let object = unsafe try? Handles.object(Request, RequestObject.self, .request, in: function) else { return 0 }
    if let request = object.presented as? QueuedRequest {
        return ULONG_PTR(request.queues.lock.withLock { request.information })
    }
    return unsafe WdfRequestWdmGetIrp(Request)?.pointee.IoStatus.Information ?? 0
}
