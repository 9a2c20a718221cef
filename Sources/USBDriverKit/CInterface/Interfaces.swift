// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit

/// Opens an interface. See ``IOUSBHostInterface/Open(forClient:options:arg:)``.
@c @implementation
public func swiftusb_dk_interface_open(
    _ interface: OpaquePointer!, _ client: OpaquePointer!, _ options: IOOptionBits, _ arg: UnsafeMutablePointer<UInt8>!
) -> kern_return_t {
    guard let interface = unsafe IOUSBHostInterface.borrowed(interface), let client = unsafe IOService.borrowed(client)
    else { return kIOReturnBadArgument }
    let arg = unsafe arg
    guard unsafe arg != nil || options & kOpenOptionsSelectAlternateInterface == 0 else { return kIOReturnBadArgument }
    return unsafe interface.Open(forClient: client, options: options, arg: arg?.pointee ?? 0)
}

/// Closes an interface. See ``IOUSBHostInterface/Close(forClient:options:)``.
@c @implementation
public func swiftusb_dk_interface_close(
    _ interface: OpaquePointer!, _ client: OpaquePointer!, _ options: IOOptionBits
) -> kern_return_t {
    guard let interface = unsafe IOUSBHostInterface.borrowed(interface), let client = unsafe IOService.borrowed(client)
    else { return kIOReturnBadArgument }
    return interface.Close(forClient: client, options: options)
}

/// Gives a pipe. See ``IOUSBHostInterface/CopyPipe(address:pipe:)``.
@c @implementation
public func swiftusb_dk_interface_copy_pipe(
    _ interface: OpaquePointer!, _ address: UInt8, _ pipe: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    guard let interface = unsafe IOUSBHostInterface.borrowed(interface) else { return kIOReturnBadArgument }
    return unsafe handOver(to: pipe) { (found: inout IOUSBHostPipe?) in
        interface.CopyPipe(address: address, pipe: &found)
    }
}

/// Gives the device of an interface.
@c @implementation
public func swiftusb_dk_interface_copy_device(
    _ interface: OpaquePointer!, _ device: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    guard let interface = unsafe IOUSBHostInterface.borrowed(interface) else { return kIOReturnBadArgument }
    return unsafe handOver(to: device) { (found: inout IOUSBHostDevice?) in interface.CopyDevice(device: &found) }
}

/// Selects an alternate setting. See ``IOUSBHostInterface/SelectAlternateSetting(bAlternateSetting:)``.
@c @implementation
public func swiftusb_dk_interface_select_alternate_setting(
    _ interface: OpaquePointer!, _ alternate_setting: UInt8
) -> kern_return_t {
    guard let interface = unsafe IOUSBHostInterface.borrowed(interface) else { return kIOReturnBadArgument }
    return interface.SelectAlternateSetting(bAlternateSetting: alternate_setting)
}

/// Sets when an interface is idle. See ``IOUSBHostInterface/SetIdlePolicy(deviceIdleTimeout:)``.
@c @implementation
public func swiftusb_dk_interface_set_idle_policy(
    _ interface: OpaquePointer!, _ milliseconds: UInt32
) -> kern_return_t {
    guard let interface = unsafe IOUSBHostInterface.borrowed(interface) else { return kIOReturnBadArgument }
    return interface.SetIdlePolicy(deviceIdleTimeout: milliseconds)
}

/// Tells when an interface is idle. See ``IOUSBHostInterface/GetIdlePolicy(deviceIdleTimeout:)``.
@c @implementation
public func swiftusb_dk_interface_get_idle_policy(
    _ interface: OpaquePointer!, _ milliseconds: UnsafeMutablePointer<UInt32>!
) -> kern_return_t {
    guard let interface = unsafe IOUSBHostInterface.borrowed(interface), let milliseconds = unsafe milliseconds else {
        return kIOReturnBadArgument
    }
    return unsafe interface.GetIdlePolicy(deviceIdleTimeout: &milliseconds.pointee)
}

/// Copies the configuration of an interface. See ``IOUSBHostInterface/CopyConfigurationDescriptor()``.
@c @implementation
public func swiftusb_dk_interface_copy_configuration_descriptor(
    _ interface: OpaquePointer!
) -> UnsafePointer<IOUSBConfigurationDescriptor>! {
    unsafe IOUSBHostInterface.borrowed(interface)?.CopyConfigurationDescriptor()
}

/// Finds the descriptor of an interface. See ``IOUSBHostInterface/GetInterfaceDescriptor(configurationDescriptor:)``.
@c @implementation
public func swiftusb_dk_interface_get_interface_descriptor(
    _ interface: OpaquePointer!, _ configuration: UnsafePointer<IOUSBConfigurationDescriptor>!
) -> UnsafePointer<IOUSBInterfaceDescriptor>! {
    unsafe IOUSBHostInterface.borrowed(interface)?.GetInterfaceDescriptor(configurationDescriptor: configuration)
}
