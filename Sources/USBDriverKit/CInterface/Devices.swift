// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit

// ---- Finding and sessions -------------------------------------------------------------------------------------------

/// Finds a device of the process's bus. See ``IOUSBHostDevice/CopyMatching(name:device:)``.
@c @implementation
public func swiftusb_dk_device_matching(
    _ name: UnsafePointer<CChar>!, _ device: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    guard let name = unsafe name else { return kIOReturnBadArgument }
    return unsafe handOver(to: device) { (found: inout IOUSBHostDevice?) in
        IOUSBHostDevice.CopyMatching(name: unsafe String(cString: name), device: &found)
    }
}

/// Opens a device. See ``IOUSBHostDevice/Open(forClient:options:arg:)``.
@c @implementation
public func swiftusb_dk_device_open(
    _ device: OpaquePointer!, _ client: OpaquePointer!, _ options: IOOptionBits, _ arg: UInt
) -> kern_return_t {
    guard let device = unsafe IOUSBHostDevice.borrowed(device), let client = unsafe IOService.borrowed(client) else {
        return kIOReturnBadArgument
    }
    return device.Open(forClient: client, options: options, arg: arg)
}

/// Closes a device. See ``IOUSBHostDevice/Close(forClient:options:)``.
@c @implementation
public func swiftusb_dk_device_close(
    _ device: OpaquePointer!, _ client: OpaquePointer!, _ options: IOOptionBits
) -> kern_return_t {
    guard let device = unsafe IOUSBHostDevice.borrowed(device), let client = unsafe IOService.borrowed(client) else {
        return kIOReturnBadArgument
    }
    return device.Close(forClient: client, options: options)
}

/// Selects a configuration. See ``IOUSBHostDevice/SetConfiguration(bConfigurationValue:matchInterfaces:)``.
@c @implementation
public func swiftusb_dk_device_set_configuration(
    _ device: OpaquePointer!, _ configuration_value: UInt8, _ match_interfaces: Bool
) -> kern_return_t {
    guard let device = unsafe IOUSBHostDevice.borrowed(device) else { return kIOReturnBadArgument }
    return device.SetConfiguration(bConfigurationValue: configuration_value, matchInterfaces: match_interfaces)
}

/// Resets a device. See ``IOUSBHostDevice/Reset()``.
@c @implementation
public func swiftusb_dk_device_reset(_ device: OpaquePointer!) -> kern_return_t {
    unsafe IOUSBHostDevice.borrowed(device)?.Reset() ?? kIOReturnBadArgument
}

// ---- Passive facts --------------------------------------------------------------------------------------------------

/// Tells the address of a device. See ``IOUSBHostDevice/GetAddress(address:)``.
@c @implementation
public func swiftusb_dk_device_get_address(
    _ device: OpaquePointer!, _ address: UnsafeMutablePointer<UInt8>!
) -> kern_return_t {
    guard let device = unsafe IOUSBHostDevice.borrowed(device), let address = unsafe address else {
        return kIOReturnBadArgument
    }
    return unsafe device.GetAddress(address: &address.pointee)
}

/// Tells the speed of a device. See ``IOUSBHostDevice/GetSpeed(speed:)``.
@c @implementation
public func swiftusb_dk_device_get_speed(
    _ device: OpaquePointer!, _ speed: UnsafeMutablePointer<UInt8>!
) -> kern_return_t {
    guard let device = unsafe IOUSBHostDevice.borrowed(device), let speed = unsafe speed else {
        return kIOReturnBadArgument
    }
    return unsafe device.GetSpeed(speed: &speed.pointee)
}

// ---- Interfaces -----------------------------------------------------------------------------------------------------

/// Begins to walk through the interfaces. See ``IOUSBHostDevice/CreateInterfaceIterator(ref:)``.
@c @implementation
public func swiftusb_dk_device_create_interface_iterator(
    _ device: OpaquePointer!, _ iterator: UnsafeMutablePointer<UInt>!
) -> kern_return_t {
    guard let device = unsafe IOUSBHostDevice.borrowed(device), let iterator = unsafe iterator else {
        return kIOReturnBadArgument
    }
    return unsafe device.CreateInterfaceIterator(ref: &iterator.pointee)
}

/// Ends a walk. See ``IOUSBHostDevice/DestroyInterfaceIterator(ref:)``.
@c @implementation
public func swiftusb_dk_device_destroy_interface_iterator(
    _ device: OpaquePointer!, _ iterator: UInt
) -> kern_return_t {
    unsafe IOUSBHostDevice.borrowed(device)?.DestroyInterfaceIterator(ref: iterator) ?? kIOReturnBadArgument
}

/// Gives the next interface. See ``IOUSBHostDevice/CopyInterface(ref:interface:)``.
@c @implementation
public func swiftusb_dk_device_copy_interface(
    _ device: OpaquePointer!, _ iterator: UInt, _ interface: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    guard let device = unsafe IOUSBHostDevice.borrowed(device) else { return kIOReturnBadArgument }
    return unsafe handOver(to: interface) { (next: inout IOUSBHostInterface?) in
        device.CopyInterface(ref: iterator, interface: &next)
    }
}

// ---- Descriptors ----------------------------------------------------------------------------------------------------

/// Copies a descriptor. See
/// ``IOUSBHostDevice/CopyDescriptor(type:length:index:languageID:requestType:requestRecipient:descriptor:)``.
@c @implementation
public func swiftusb_dk_device_copy_descriptor(
    _ device: OpaquePointer!, _ type: UInt8, _ length: UnsafeMutablePointer<UInt16>!, _ index: UInt8,
    _ language: UInt16, _ request_type: UInt8, _ recipient: UInt8, _ descriptor: UnsafeMutablePointer<UInt8>!
) -> kern_return_t {
    guard let device = unsafe IOUSBHostDevice.borrowed(device), let length = unsafe length,
        let descriptor = unsafe descriptor
    else { return kIOReturnBadArgument }
    return unsafe device.CopyDescriptor(
        type: type, length: &length.pointee, index: index, languageID: language, requestType: request_type,
        requestRecipient: recipient, descriptor: descriptor)
}

/// Copies the device's descriptor. See ``IOUSBHostDevice/CopyDeviceDescriptor()``.
@c @implementation
public func swiftusb_dk_device_copy_device_descriptor(
    _ device: OpaquePointer!
) -> UnsafePointer<IOUSBDeviceDescriptor>! {
    unsafe IOUSBHostDevice.borrowed(device)?.CopyDeviceDescriptor()
}

/// Copies a configuration by its place. See ``IOUSBHostDevice/CopyConfigurationDescriptor(index:)``.
@c @implementation
public func swiftusb_dk_device_copy_configuration_descriptor(
    _ device: OpaquePointer!, _ index: UInt8
) -> UnsafePointer<IOUSBConfigurationDescriptor>! {
    unsafe IOUSBHostDevice.borrowed(device)?.CopyConfigurationDescriptor(index: index)
}

/// Copies a configuration by its value. See
/// ``IOUSBHostDevice/CopyConfigurationDescriptorWithValue(configurationValue:)``.
@c @implementation
public func swiftusb_dk_device_copy_configuration_with_value(
    _ device: OpaquePointer!, _ configuration_value: UInt8
) -> UnsafePointer<IOUSBConfigurationDescriptor>! {
    unsafe IOUSBHostDevice.borrowed(device)?.CopyConfigurationDescriptorWithValue(
        configurationValue: configuration_value)
}

/// Copies the selected configuration. See ``IOUSBHostDevice/CopyConfigurationDescriptor(forClient:)``.
@c @implementation
public func swiftusb_dk_device_copy_current_configuration(
    _ device: OpaquePointer!, _ client: OpaquePointer!
) -> UnsafePointer<IOUSBConfigurationDescriptor>! {
    guard let client = unsafe IOService.borrowed(client) else { return nil }
    return unsafe IOUSBHostDevice.borrowed(device)?.CopyConfigurationDescriptor(forClient: client)
}

/// Copies the binary object store. See ``IOUSBHostDevice/CopyCapabilityDescriptors()``.
@c @implementation
public func swiftusb_dk_device_copy_capability_descriptors(
    _ device: OpaquePointer!
) -> UnsafePointer<IOUSBBOSDescriptor>! {
    unsafe IOUSBHostDevice.borrowed(device)?.CopyCapabilityDescriptors()
}

/// Gives back a copy of a descriptor.
@c @implementation
public func swiftusb_dk_free_descriptor(_ descriptor: UnsafeRawPointer!) {
    unsafe IOUSBHostFreeDescriptor(descriptor)
}
