// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBHost
import Win32

private func queue(_ handle: WDFQUEUE?, in function: String) throws(Refusal) -> QueueObject {
    unsafe try Handles.object(handle, QueueObject.self, .queue, in: function)
}

/// The driver asks for what cannot be (10): two calls wait for a queue to come to the same state, or a callback for its
/// own end.
private func report(_ queue: QueueObject, in function: String, _ reason: String) {
    BugCheck(Violation.code, unsafe [0xA, UInt(bitPattern: queue.handle)], in: function, reason).report()
}

/// Makes a queue. The default one gets every type of request that has no queue of its own.
///
/// In this order: a wrong device, or no Config: bug check 0x10D. The attributes' statuses. STATUS_INFO_LENGTH_MISMATCH:
/// another size. STATUS_INVALID_PARAMETER_4: neither the default queue nor a place for the handle.
/// STATUS_INVALID_PARAMETER: no way of dispatching, a manual queue with callbacks, or a limit for one that is not
/// parallel. STATUS_WDF_NO_CALLBACK: no callback. STATUS_UNSUCCESSFUL: there is a default queue.
/// STATUS_INVALID_PARAMETER: the device's scope with callbacks at PASSIVE_LEVEL. STATUS_DELETE_PENDING,
/// STATUS_INSUFFICIENT_RESOURCES. PowerManaged, EvtIoResume and Driver are not looked at: devices here do not sleep.
///
/// Microsoft's page: "WdfIoQueueCreate function (wdfio.h)".
@c @implementation
public func WdfIoQueueCreate(
    _ Device: WDFDEVICE!, _ Config: PWDF_IO_QUEUE_CONFIG!, _ QueueAttributes: PWDF_OBJECT_ATTRIBUTES!,
    _ Queue: UnsafeMutablePointer<WDFQUEUE?>!
) -> NTSTATUS {
    let function = "WdfIoQueueCreate"
    do throws(Refusal) {
        let device = unsafe try Handles.object(Device, DriverDevice.self, .device, in: function)
        guard let config = unsafe Config else { throw Violation.missingParameter("Config", in: function) }
        let attributes = unsafe try ObjectAttributes(
            QueueAttributes, choices: [.executionLevel, .synchronizationScope], in: function)
        guard unsafe config.pointee.Size == ULONG(MemoryLayout<WDF_IO_QUEUE_CONFIG>.size) else {
            throw Refusal(.infoLengthMismatch)
        }
        let isDefault = unsafe config.pointee.DefaultQueue != 0
        guard unsafe isDefault || Queue != nil else { throw Refusal(STATUS_INVALID_PARAMETER_4) }
        let queue = QueueObject(unsafe try QueueConfiguration(config.pointee), of: device)
        guard !isDefault || device.queues.defaultQueue == nil else { throw Refusal(.unsuccessful) }
        try queue.publish(attributes, parent: device)
        guard device.queues.add(queue, isDefault: isDefault) else {
            queue.delete()
            throw Refusal(.unsuccessful)
        }
        unsafe Queue?.pointee = unsafe queue.queueHandle
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// The device of a queue.
///
/// Microsoft's page: "WdfIoQueueGetDevice function (wdfio.h)".
@c @implementation
public func WdfIoQueueGetDevice(_ Queue: WDFQUEUE!) -> WDFDEVICE! {
    unsafe (try? queue(Queue, in: "WdfIoQueueGetDevice"))?.device?.deviceHandle
}

/// The state of a queue, and how many requests are in it, and how many of it in the driver's hands; either pointer may
/// be NULL.
///
/// Microsoft's page: "WdfIoQueueGetState function (wdfio.h)".
@c @implementation
public func WdfIoQueueGetState(
    _ Queue: WDFQUEUE!, _ QueueRequests: PULONG!, _ DriverRequests: PULONG!
) -> WDF_IO_QUEUE_STATE {
    guard let queue = unsafe try? queue(Queue, in: "WdfIoQueueGetState") else { return WDF_IO_QUEUE_STATE(0) }
    let life = queue.queues.lock.withLock { queue.life }
    unsafe QueueRequests?.pointee = ULONG(life.waiting.count)
    unsafe DriverRequests?.pointee = ULONG(life.held.count)
    return life.state
}

/// Lets a queue take and present requests again.
///
/// Microsoft's page: "WdfIoQueueStart function (wdfio.h)".
@c @implementation
public func WdfIoQueueStart(_ Queue: WDFQUEUE!) {
    unsafe (try? queue(Queue, in: "WdfIoQueueStart"))?.start()
}

/// Lets a queue present no more requests, though it takes them; `StopComplete`, unless it is NULL, is called when the
/// driver has completed all that it has of it, perhaps before this returns.
///
/// Bug check 0x10D, 10: another call waits for that.
///
/// Microsoft's page: "WdfIoQueueStop function (wdfio.h)".
@c @implementation
public func WdfIoQueueStop(_ Queue: WDFQUEUE!, _ StopComplete: PFN_WDF_IO_QUEUE_STATE!, _ Context: WDFCONTEXT!) {
    let function = "WdfIoQueueStop"
    guard let queue = unsafe try? queue(Queue, in: function) else { return }
    let notice = unsafe StopComplete.map { unsafe QueueNotice.call($0, Context) }
    if !queue.stop(notice) { report(queue, in: function, "another call waits for the queue to stop") }
}

/// WdfIoQueueStop that waits, in bus time. Not for the queue's callbacks, which would wait for themselves.
///
/// Bug check 0x10D, 10: another call waits for that, or this is one of the queue's callbacks. Nothing happens above
/// PASSIVE_LEVEL where the level is looked at.
///
/// Microsoft's page: "WdfIoQueueStopSynchronously function (wdfio.h)".
@c @implementation
public func WdfIoQueueStopSynchronously(_ Queue: WDFQUEUE!) {
    unsafe wait(for: unsafe Queue, in: "WdfIoQueueStopSynchronously") { queue, notice in queue.stop(notice) }
}

/// Lets a queue take no more requests. Those in it are completed with STATUS_CANCELLED, or handed to
/// EvtIoCanceledOnQueue; of those in the driver's hands that are cancelable the callbacks are called, and of the others
/// EvtIoStop with WdfRequestStopActionPurge. `PurgeComplete`, unless it is NULL, is called when all have been
/// completed.
///
/// Bug check 0x10D, 10: another call waits for that.
///
/// Microsoft's page: "WdfIoQueuePurge function (wdfio.h)".
@c @implementation
public func WdfIoQueuePurge(_ Queue: WDFQUEUE!, _ PurgeComplete: PFN_WDF_IO_QUEUE_STATE!, _ Context: WDFCONTEXT!) {
    let function = "WdfIoQueuePurge"
    guard let queue = unsafe try? queue(Queue, in: function) else { return }
    let notice = unsafe PurgeComplete.map { unsafe QueueNotice.call($0, Context) }
    if !queue.purge(notice) { report(queue, in: function, "another call waits for the queue to be purged") }
}

/// WdfIoQueuePurge that waits, in bus time. Not for the queue's callbacks, which would wait for themselves.
///
/// Bug check 0x10D, 10: another call waits for that, or this is one of the queue's callbacks. Nothing happens above
/// PASSIVE_LEVEL where the level is looked at.
///
/// Microsoft's page: "WdfIoQueuePurgeSynchronously function (wdfio.h)".
@c @implementation
public func WdfIoQueuePurgeSynchronously(_ Queue: WDFQUEUE!) {
    unsafe wait(for: unsafe Queue, in: "WdfIoQueuePurgeSynchronously") { queue, notice in queue.purge(notice) }
}

private func wait(for handle: WDFQUEUE?, in function: String, _ begin: (QueueObject, QueueNotice) -> Bool) {
    guard let queue = unsafe try? queue(handle, in: function), (try? Verifier.requirePassive()) != nil else { return }
    guard !queue.isRunningHere else {
        return report(queue, in: function, "a callback of the queue would wait for itself")
    }
    let event = BusEvent(on: queue.host.executor)
    guard begin(queue, .set(event)) else {
        return report(queue, in: function, "another call waits for the queue to come to that state")
    }
    _ = event.wait()
}

/// Takes the next request out of a queue that is manual, or sequential: it is then in the driver's hands.
///
/// STATUS_NO_MORE_ENTRIES: there is none. STATUS_WDF_PAUSED: the queue is stopped. STATUS_INVALID_DEVICE_STATE: it is
/// parallel. Bug checks: a wrong handle, NULL.
///
/// Microsoft's page: "WdfIoQueueRetrieveNextRequest function (wdfio.h)".
@c @implementation
public func WdfIoQueueRetrieveNextRequest(_ Queue: WDFQUEUE!, _ OutRequest: UnsafeMutablePointer<WDFREQUEST?>!)
    -> NTSTATUS
{
    let function = "WdfIoQueueRetrieveNextRequest"
    do throws(Refusal) {
        let queue = unsafe try queue(Queue, in: function)
        guard let out = unsafe OutRequest else { throw Violation.missingParameter("OutRequest", in: function) }
        unsafe out.pointee = nil
        unsafe out.pointee = unsafe try queue.take().handle
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// Has a function called whenever a manual queue that was empty gets a request, or one with requests starts; at once,
/// if there is one that nobody was told of. NULL, of a stopped queue, takes the wish back.
///
/// STATUS_INVALID_DEVICE_REQUEST: the queue is not manual; there is a function; or, with NULL, there is none, or the
/// queue is not stopped. STATUS_DELETE_PENDING: it is being deleted.
///
/// Microsoft's page: "WdfIoQueueReadyNotify function (wdfio.h)".
@c @implementation
public func WdfIoQueueReadyNotify(
    _ Queue: WDFQUEUE!, _ QueueReady: PFN_WDF_IO_QUEUE_STATE!, _ Context: WDFCONTEXT!
) -> NTSTATUS {
    do throws(Refusal) {
        let queue = unsafe try queue(Queue, in: "WdfIoQueueReadyNotify")
        guard !queue.isGone else { throw Refusal(.deletePending) }
        try queue.notifyWhenReady(unsafe QueueReady.map { unsafe .call($0, Context) })
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}
