// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// The queue for types of requests that have none of their own; NULL for none.
///
/// Microsoft's page: "WdfDeviceGetDefaultQueue function (wdfdevice.h)".
@c @implementation
public func WdfDeviceGetDefaultQueue(_ Device: WDFDEVICE!) -> WDFQUEUE! {
    let function = "WdfDeviceGetDefaultQueue"
    guard let device = unsafe try? Handles.object(Device, DriverDevice.self, .device, in: function) else { return nil }
    return unsafe device.queues.defaultQueue?.queueHandle
}

/// Sends requests of a type to a queue from now on, instead of the default one. The driver can no longer delete that
/// queue.
///
/// STATUS_INVALID_PARAMETER: a type other than create, read, write and the two of control codes.
/// STATUS_INVALID_DEVICE_REQUEST: the queue is another device's, the default one, or has no callback for the type, as
/// none has for create. STATUS_WDF_BUSY: the type has a queue.
///
/// Microsoft's page: "WdfDeviceConfigureRequestDispatching function (wdfdevice.h)".
@c @implementation
public func WdfDeviceConfigureRequestDispatching(
    _ Device: WDFDEVICE!, _ Queue: WDFQUEUE!, _ RequestType: WDF_REQUEST_TYPE
) -> NTSTATUS {
    let function = "WdfDeviceConfigureRequestDispatching"
    do throws(Refusal) {
        let device = unsafe try Handles.object(Device, DriverDevice.self, .device, in: function)
        guard RequestType == WdfRequestTypeCreate || DeviceQueues.types.contains(RequestType) else {
            throw Refusal(.invalidParameter)
        }
        let queue = unsafe try Handles.object(Queue, QueueObject.self, .queue, in: function)
        guard queue.device === device, RequestType != WdfRequestTypeCreate else { throw Refusal(.invalidDeviceRequest) }
        try device.queues.bind(RequestType, to: queue)
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// What stands below the driver, as a target: the bus's end of the device. The same one every time.
///
/// Microsoft's page: "WdfDeviceGetIoTarget function (wdfdevice.h)".
@c @implementation
public func WdfDeviceGetIoTarget(_ Device: WDFDEVICE!) -> WDFIOTARGET! {
    let function = "WdfDeviceGetIoTarget"
    guard let device = unsafe try? Handles.object(Device, DriverDevice.self, .device, in: function) else { return nil }
    return unsafe (try? device.ioTarget())?.targetHandle
}

/// The driver's own device object. It takes no requests: those of programs come by queues.
///
/// Microsoft's page: "WdfDeviceWdmGetDeviceObject function (wdfdevice.h)".
@c @implementation
public func WdfDeviceWdmGetDeviceObject(_ Device: WDFDEVICE!) -> PDEVICE_OBJECT! {
    let function = "WdfDeviceWdmGetDeviceObject"
    guard let device = unsafe try? Handles.object(Device, DriverDevice.self, .device, in: function) else { return nil }
    return unsafe device.own.pointer
}

/// The device object below the driver's, which takes requests with USB request blocks.
///
/// Microsoft's page: "WdfDeviceWdmGetAttachedDevice function (wdfdevice.h)".
@c @implementation
public func WdfDeviceWdmGetAttachedDevice(_ Device: WDFDEVICE!) -> PDEVICE_OBJECT! {
    let function = "WdfDeviceWdmGetAttachedDevice"
    guard let device = unsafe try? Handles.object(Device, DriverDevice.self, .device, in: function) else { return nil }
    return unsafe device.usb.pointer
}
