// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// Makes a work item for a device, a queue, or an object that goes with one: the attributes' parent.
///
/// With AutomaticSerialization the callback is kept apart with those of the device or queue, if theirs are kept apart. In
/// this order: STATUS_INFO_LENGTH_MISMATCH: another size of the attributes. STATUS_WDF_PARENT_NOT_SPECIFIED: no
/// attributes, or no parent. Bug check 0x10D: 5: the parent's handle; 4: no
/// configuration, or no place for the handle. STATUS_INFO_LENGTH_MISMATCH: another size of the configuration.
/// STATUS_INVALID_PARAMETER: no callback. What wrong attributes are answered with, ``ObjectAttributes`` says.
/// STATUS_INVALID_DEVICE_REQUEST: the parent goes with no device. STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL: the parent's
/// callbacks are kept apart, but may be called at DISPATCH_LEVEL. STATUS_DELETE_PENDING: the parent is being deleted.
/// STATUS_INSUFFICIENT_RESOURCES.
///
/// Microsoft's page: "WdfWorkItemCreate function (wdfworkitem.h)".
@c @implementation
public func WdfWorkItemCreate(
    _ Config: PWDF_WORKITEM_CONFIG!, _ Attributes: PWDF_OBJECT_ATTRIBUTES!,
    _ WorkItem: UnsafeMutablePointer<WDFWORKITEM?>!
) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfWorkItemCreate"
        guard let parent = unsafe try ObjectAttributes.parent(Attributes, in: name) else {
            let expected = unsafe ULONG(MemoryLayout<WDF_OBJECT_ATTRIBUTES>.size)
            if let size = unsafe Attributes?.pointee.Size, size != expected { throw Refusal(.infoLengthMismatch) }
            throw Refusal(STATUS_WDF_PARENT_NOT_SPECIFIED)
        }
        guard let config = unsafe Config?.pointee else { throw Violation.missingParameter("Config", in: name) }
        guard let out = unsafe WorkItem else { throw Violation.missingParameter("WorkItem", in: name) }
        guard config.Size == ULONG(MemoryLayout<WDF_WORKITEM_CONFIG>.size) else {
            throw Refusal(.infoLengthMismatch)
        }
        guard let callback = unsafe config.EvtWorkItemFunc else { throw Refusal(.invalidParameter) }
        let attributes = unsafe try ObjectAttributes(Attributes, parent: .required, in: name)
        let item = unsafe try WorkItemObject(
            for: parent, isSerialized: config.AutomaticSerialization != 0, callback)
        try item.publish(attributes, parent: parent)
        unsafe out.pointee = unsafe WDFWORKITEM(bitPattern: UInt(bitPattern: item.handle))
    }
}

/// Has the callback of a work item called at PASSIVE_LEVEL, by a thread of the library whose calls mean the bus of the
/// item's device. Nothing more, if the item stands in the queue already; while the callback is being called it can be
/// queued again. At any level up to DISPATCH_LEVEL.
///
/// Bug check 0x10D, 5: the handle names no work item.
///
/// Microsoft's page: "WdfWorkItemEnqueue function (wdfworkitem.h)".
@c @implementation
public func WdfWorkItemEnqueue(_ WorkItem: WDFWORKITEM!) {
    let name = "WdfWorkItemEnqueue"
    unsafe try? Handles.object(WorkItem, WorkItemObject.self, .workItem, in: name).enqueue()
}

/// The object that a work item was made for.
///
/// NULL, with bug check 0x10D, 5: the handle names no work item.
///
/// Microsoft's page: "WdfWorkItemGetParentObject function (wdfworkitem.h)".
@c @implementation
public func WdfWorkItemGetParentObject(_ WorkItem: WDFWORKITEM!) -> WDFOBJECT! {
    let name = "WdfWorkItemGetParentObject"
    return unsafe (try? Handles.object(WorkItem, WorkItemObject.self, .workItem, in: name))?.owner.handle
}

/// Waits until the callback of a work item has returned, if the item was queued. In the callback itself it returns at once.
///
/// Nothing happens above PASSIVE_LEVEL with the verifier on. Bug check 0x10D, 5: the handle names no work item. 0xA: above
/// APC_LEVEL.
///
/// Microsoft's page: "WdfWorkItemFlush function (wdfworkitem.h)".
@c @implementation
public func WdfWorkItemFlush(_ WorkItem: WDFWORKITEM!) {
    let name = "WdfWorkItemFlush"
    guard let item = unsafe try? Handles.object(WorkItem, WorkItemObject.self, .workItem, in: name) else { return }
    if Verifier.isOn, InterruptLevel.current != InterruptLevel.passive { return }
    guard InterruptLevel.isAtMost(InterruptLevel.apc, in: name, UInt(bitPattern: WorkItem)) else { return }
    item.flush()
}
