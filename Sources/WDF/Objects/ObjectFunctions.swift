// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import HostFiles
import Win32

/// An object of a driver's own, for its contexts, callbacks and children.
@safe final class GeneralObject: FrameworkObject, @unchecked Sendable {
    init(host: ProcessHost) { super.init(.general, host: host) }
}

/// Makes an object of the driver's own. Its parent is the driver, unless the attributes name one.
///
/// What wrong attributes are answered with, ``ObjectAttributes`` says. STATUS_DELETE_PENDING: the parent is being
/// deleted. STATUS_INSUFFICIENT_RESOURCES. Bug check 0x10D: 5: the parent's handle; 4: no place for the handle.
///
/// Microsoft's page: "WdfObjectCreate function (wdfobject.h)".
@c @implementation
public func WdfObjectCreate(
    _ Attributes: PWDF_OBJECT_ATTRIBUTES!, _ Object: UnsafeMutablePointer<WDFOBJECT?>!
) -> NTSTATUS {
    statusOf { () throws(Refusal) in
        let name = "WdfObjectCreate"
        let parent = unsafe try ObjectAttributes.parent(Attributes, in: name)
        guard let out = unsafe Object else { throw Violation.missingParameter("Object", in: name) }
        let attributes = unsafe try ObjectAttributes(Attributes, choices: .executionLevel, in: name)
        let object = GeneralObject(host: parent?.host ?? .current)
        try object.publish(attributes, parent: DriverObject.shared)
        unsafe out.pointee = object.handle
    }
}

/// Deletes an object, and with it those whose parent it is: what goes on in them is ended and their cleanup callbacks are
/// called, the children's first. What has a reference stays until that is given up; so do the handles. An object that
/// has been deleted already is left alone.
///
/// An object whose callbacks are to be called at PASSIVE_LEVEL, or with which something of that kind goes, is deleted there
/// if the thread's level is higher: by a thread of the library, when this may have returned.
///
/// Bug check 0x10D: 5: the handle names no object; 7: the framework keeps it to itself to delete the object: devices,
/// their default targets and queues, pipes and interfaces, and requests that were presented.
///
/// Microsoft's page: "WdfObjectDelete function (wdfobject.h)".
@c @implementation
public func WdfObjectDelete(_ Object: WDFOBJECT!) {
    let name = "WdfObjectDelete"
    guard let object = unsafe try? Handles.object(Object, FrameworkObject.self, .any, in: name) else { return }
    guard object.isDeletable else {
        _ = Violation.object(object, in: name, "an object of this kind is not a driver's to delete")
        return
    }
    object.delete()
}

/// Keeps an object, its contexts and its handle though it be deleted, until WdfObjectDereference. The tag, the line and the
/// file are not looked at.
///
/// Bug check 0x10D: 4: NULL; 5: the handle names no object.
///
/// Microsoft's page: "WdfObjectReferenceActual function (wdfobject.h)".
@c @implementation
public func WdfObjectReferenceActual(_ Handle: WDFOBJECT!, _ Tag: PVOID!, _ Line: LONG, _ File: PCCH!) {
    guard let object = unsafe try? Handles.required(Handle, in: "WdfObjectReference") else { return }
    object.reference()
}

/// Gives up a reference of WdfObjectReference. With the last one to a deleted object its destroy callbacks are called, and
/// the handle names nothing any more.
///
/// Bug check 0x10D: 4: NULL; 5: the handle names no object; 7: nobody has a reference to the object, which is not deleted.
///
/// Microsoft's page: "WdfObjectDereferenceActual function (wdfobject.h)".
@c @implementation
public func WdfObjectDereferenceActual(_ Handle: WDFOBJECT!, _ Tag: PVOID!, _ Line: LONG, _ File: PCCH!) {
    let name = "WdfObjectDereference"
    guard let object = unsafe try? Handles.required(Handle, in: name) else { return }
    object.dereference(in: name)
}

/// Gives an object a context more, with callbacks of its own. Its bytes are zero.
///
/// `Context`, unless it is NULL, receives the bytes. STATUS_OBJECT_NAME_EXISTS, which is a success: the object has a
/// context of this kind, which `Context` receives. STATUS_WDF_PARENT_NOT_SPECIFIED: no attributes. What wrong ones are
/// answered with, ``ObjectAttributes`` says; they name no parent. STATUS_OBJECT_NAME_INVALID: they name no kind of
/// context. STATUS_DELETE_PENDING: the object has been deleted. STATUS_INSUFFICIENT_RESOURCES. Bug check 0x10D: 4: NULL;
/// 5: the handle names no object.
///
/// Microsoft's page: "WdfObjectAllocateContext function (wdfobject.h)".
@c @implementation
public func WdfObjectAllocateContext(
    _ Handle: WDFOBJECT!, _ ContextAttributes: PWDF_OBJECT_ATTRIBUTES!, _ Context: UnsafeMutablePointer<PVOID?>!
) -> NTSTATUS {
    var isKnown = false
    let status = statusOf { () throws(Refusal) in
        let name = "WdfObjectAllocateContext"
        let object = unsafe try Handles.required(Handle, in: name)
        guard unsafe ContextAttributes != nil else { throw Refusal(STATUS_WDF_PARENT_NOT_SPECIFIED) }
        let attributes = unsafe try ObjectAttributes(ContextAttributes, parent: .notAllowed, in: name)
        let (context, isNew) = try object.addContext(attributes)
        unsafe Context?.pointee = unsafe context.memory
        isKnown = !isNew
    }
    return isKnown ? STATUS_OBJECT_NAME_EXISTS : status
}

/// The bytes of an object's context of a kind; NULL when it has none. The object may be one whose destroy callbacks are
/// being called.
///
/// Bug check 0x10D: 4: NULL for the handle or the kind; 5: the handle names no object.
///
/// Microsoft's page: "WdfObjectGetTypedContext macro (wdfobject.h)".
@c @implementation
public func WdfObjectGetTypedContextWorker(_ Handle: WDFOBJECT!, _ TypeInfo: PCWDF_OBJECT_CONTEXT_TYPE_INFO!) -> PVOID!
{
    let name = "WdfObjectGetTypedContext"
    guard let object = unsafe try? Handles.required(Handle, in: name) else { return nil }
    guard let type = unsafe TypeInfo else {
        _ = Violation.missingParameter("TypeInfo", in: name)
        return nil
    }
    return unsafe object.context(type)
}

/// The object that a context belongs to.
///
/// NULL, with bug check 0x10D: 4: NULL; 5: no context begins there.
///
/// Microsoft's page: "WdfObjectContextGetObject function (wdfobject.h)".
@c @implementation
public func WdfObjectContextGetObject(_ ContextPointer: PVOID!) -> WDFOBJECT! {
    let name = "WdfObjectContextGetObject"
    guard let memory = unsafe ContextPointer else {
        _ = Violation.missingParameter("ContextPointer", in: name)
        return nil
    }
    guard let handle = unsafe ObjectContext.owner(of: memory) else {
        _ = unsafe Violation.wrongHandle(memory, .any, in: name)
        return nil
    }
    return unsafe handle
}

extension Handles {
    /// The object of a handle, for the functions that tell NULL from a handle that names nothing.
    fileprivate static func required(_ handle: WDFOBJECT?, in function: String) throws(Refusal) -> FrameworkObject {
        guard unsafe handle != nil else { throw Violation.missingParameter("the handle", in: function) }
        return unsafe try object(handle, FrameworkObject.self, .any, in: function)
    }
}
