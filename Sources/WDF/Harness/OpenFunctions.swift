// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USB
import USBHost
import USBRequests
import Win32

/// The device that a name means: "VID:PID", "VID:PID:SERIAL", or NULL for the first one of the bus that is no hub.
///
/// STATUS_INVALID_PARAMETER: another form. STATUS_NO_SUCH_DEVICE: there is none, or no bus.
private func find(_ name: UnsafePointer<CChar>?, on host: ProcessHost) throws(Refusal) -> DeviceDescription {
    var path: DevicePath?
    if let name = unsafe name {
        path = unsafe DevicePath(parsing: "usb:" + String(cString: name))
        guard let path, path.interface == nil else { throw Refusal(.invalidParameter) }
    }
    guard host.failure == nil else {
        tellFailure()
        throw Refusal(.noSuchDevice)
    }
    let isHub: (DeviceDescription) -> Bool = { $0.descriptor.deviceClass.base == 9 }
    let devices = (try? host.controller.devices()) ?? []
    let matches = devices.filter { path?.names($0) ?? !isHub($0) }
    guard let first = matches.min(by: { $0.id < $1.id }) else { throw Refusal(.noSuchDevice) }
    return first
}

/// The status that opening a device fails with.
private func status(of error: USBError) -> NTStatus {
    switch error.kind {
    case .notFound, .deviceGone, .closed: .noSuchDevice
    case .accessDenied, .busy: .accessDenied
    case .outOfMemory: .insufficientResources
    case .invalidArgument: .invalidParameter
    default: .unsuccessful
    }
}

/// Opens a device, and makes its framework device object.
///
/// Of this library: see swiftusb/driver.h. USB_DETACH_DRIVER=1 in the environment lets interfaces be taken from drivers
/// of the system.
@c @implementation
public func SwiftUsbOpenTarget(
    _ DeviceName: UnsafePointer<CChar>!, _ Device: UnsafeMutablePointer<WDFDEVICE?>!,
    _ UsbDevice: UnsafeMutablePointer<WDFUSBDEVICE?>!
) -> NTSTATUS {
    do throws(Refusal) {
        guard let out = unsafe Device else { throw Refusal(.invalidParameter) }
        unsafe out.pointee = nil
        unsafe UsbDevice?.pointee = nil
        let host = ProcessHost.current
        let found = unsafe try find(DeviceName, on: host)
        let device = try open(found, on: host)
        try device.publish(.none, parent: DriverObject.shared)
        if let usbDevice = unsafe UsbDevice {
            var config = WDF_USB_DEVICE_CREATE_CONFIG()
            unsafe WDF_USB_DEVICE_CREATE_CONFIG_INIT(&config, ULONG(USBD_CLIENT_CONTRACT_VERSION_602))
            let status = unsafe WdfUsbTargetDeviceCreateWithParameters(device.deviceHandle, &config, nil, usbDevice)
            guard status >= 0 else {
                close(device)
                throw Refusal(status)
            }
        }
        unsafe out.pointee = unsafe device.deviceHandle
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

private func open(_ found: DeviceDescription, on host: ProcessHost) throws(Refusal) -> DriverDevice {
    do throws(USBError) {
        let opened = try host.controller.open(found)
        let detaches = environmentVariable("USB_DETACH_DRIVER") == "1"
        return DriverDevice(USBTarget(opened, on: host, detachingDriver: detaches))
    } catch {
        throw Refusal(status(of: error))
    }
}

private func close(_ device: DriverDevice) {
    device.delete()
    device.usb.close()
}

/// Ends what goes on with a device, and closes it: what waits in queues is cancelled, and what the driver has sent; the
/// driver is waited for until it has completed what is in its hands; then the object goes with its children.
///
/// Bug checks: 0x10D, 10: a callback of one of its queues would wait for itself. 0xA: the level is above PASSIVE_LEVEL.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbCloseTarget(_ Device: WDFDEVICE!) {
    let function = "SwiftUsbCloseTarget"
    guard let device = unsafe try? Handles.object(Device, DriverDevice.self, .device, in: function) else { return }
    guard !device.queues.list.contains(where: \.isRunningHere) else {
        return BugCheck(
            Violation.code, unsafe [0xA, UInt(bitPattern: device.handle)], in: function,
            "a callback of one of the device's queues would wait for itself"
        ).report()
    }
    guard InterruptLevel.isAtMost(InterruptLevel.passive, in: function, UInt(bitPattern: Device)) else { return }
    close(device)
}

/// Says what attributes requests have that are presented from now on. NULL: none.
///
/// STATUS_INFO_LENGTH_MISMATCH, STATUS_WDF_OBJECT_ATTRIBUTES_INVALID, STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED: the
/// attributes of a request.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbSetRequestAttributes(_ Device: WDFDEVICE!, _ RequestAttributes: PWDF_OBJECT_ATTRIBUTES!) -> NTSTATUS
{
    let function = "SwiftUsbSetRequestAttributes"
    do throws(Refusal) {
        let device = unsafe try Handles.object(Device, DriverDevice.self, .device, in: function)
        _ = unsafe try ObjectAttributes(RequestAttributes, parent: .notAllowed, in: function)
        unsafe device.requestAttributes = unsafe RequestAttributes?.pointee
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// Makes a file object of a device, for requests to be presented with.
///
/// STATUS_INVALID_PARAMETER: no place for the handle, or a name that is too long. The statuses of wrong attributes; a
/// parent is not allowed, since a file goes with its device. STATUS_INSUFFICIENT_RESOURCES.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbCreateFile(
    _ Device: WDFDEVICE!, _ Attributes: PWDF_OBJECT_ATTRIBUTES!, _ Name: UnsafePointer<CChar>!,
    _ FileObject: UnsafeMutablePointer<WDFFILEOBJECT?>!
) -> NTSTATUS {
    let function = "SwiftUsbCreateFile"
    do throws(Refusal) {
        let device = unsafe try Handles.object(Device, DriverDevice.self, .device, in: function)
        guard let out = unsafe FileObject else { throw Refusal(.invalidParameter) }
        unsafe out.pointee = nil
        let attributes = unsafe try ObjectAttributes(Attributes, parent: .notAllowed, in: function)
        let file = try WDF.FileObject(of: device, name: unsafe Name.map { unsafe String(cString: $0) })
        try file.publish(attributes, parent: device)
        unsafe out.pointee = unsafe WDFFILEOBJECT(bitPattern: UInt(bitPattern: file.handle))
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}
