// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBRequests
import Win32

/// Allocates a block that selects a configuration with the interfaces of a list (USBD_SelectConfigUrbAllocateAndBuild
/// function, usbdlib.h), and lets each entry point at its interface in the block. The list ends with an entry without a
/// descriptor. USBD_UrbFree frees the block.
///
/// On failure `*Urb` is NULL. STATUS_INVALID_PARAMETER: NULL, or more interfaces than the block's length of 16 bits can
/// hold. STATUS_INSUFFICIENT_RESOURCES. Bug check 0xFE: the handle is none.
@c @implementation
public func USBD_SelectConfigUrbAllocateAndBuild(
    _ USBDHandle: USBD_HANDLE!, _ ConfigurationDescriptor: PUSB_CONFIGURATION_DESCRIPTOR!,
    _ InterfaceList: PUSBD_INTERFACE_LIST_ENTRY!, _ Urb: UnsafeMutablePointer<PURB?>!
) -> NTSTATUS {
    unsafe Urb?.pointee = nil
    guard let handle = unsafe USBDHandle, let configuration = unsafe ConfigurationDescriptor,
        let list = unsafe InterfaceList, let out = unsafe Urb
    else { return STATUS_INVALID_PARAMETER }
    let name = "USBD_SelectConfigUrbAllocateAndBuild"
    guard unsafe ClientHandle.named(by: handle, in: name) != nil else { return STATUS_UNSUCCESSFUL }
    let byteCount = unsafe SelectionLayout.configurationByteCount(list)
    guard byteCount <= Int(USHORT.max) else { return STATUS_INVALID_PARAMETER }
    guard
        let block = unsafe BlockMemory.shared.allocate(
            byteCount: byteCount, isIsochronous: false, owner: handle.owner)
    else { return STATUS_INSUFFICIENT_RESOURCES }
    unsafe SelectionLayout.write(block, configuration, list, byteCount: byteCount)
    unsafe out.pointee = unsafe block
    return NTStatus.success.rawValue
}

/// Allocates a block that selects a setting of an interface (USBD_SelectInterfaceUrbAllocateAndBuild function,
/// usbdlib.h), and lets the entry, whose `Interface` was NULL, point at it in the block. USBD_UrbFree frees the block.
///
/// On failure `*Urb` is NULL. STATUS_INVALID_PARAMETER: NULL, or an entry whose `Interface` is not NULL.
/// STATUS_INSUFFICIENT_RESOURCES. Bug check 0xFE: the handle is none.
@c @implementation
public func USBD_SelectInterfaceUrbAllocateAndBuild(
    _ USBDHandle: USBD_HANDLE!, _ ConfigurationHandle: USBD_CONFIGURATION_HANDLE!,
    _ InterfaceListEntry: PUSBD_INTERFACE_LIST_ENTRY!, _ Urb: UnsafeMutablePointer<PURB?>!
) -> NTSTATUS {
    unsafe Urb?.pointee = nil
    guard let handle = unsafe USBDHandle, let configuration = unsafe ConfigurationHandle,
        let entry = unsafe InterfaceListEntry, let out = unsafe Urb,
        let descriptor = unsafe entry.pointee.InterfaceDescriptor, unsafe entry.pointee.Interface == nil
    else { return STATUS_INVALID_PARAMETER }
    let name = "USBD_SelectInterfaceUrbAllocateAndBuild"
    guard unsafe ClientHandle.named(by: handle, in: name) != nil else { return STATUS_UNSUCCESSFUL }
    let byteCount =
        SelectionLayout.interfaceOffset
        + SelectionLayout.byteCount(pipes: Int(unsafe descriptor.pointee.bNumEndpoints))
    guard
        let block = unsafe BlockMemory.shared.allocate(
            byteCount: byteCount, isIsochronous: false, owner: handle.owner)
    else { return STATUS_INSUFFICIENT_RESOURCES }
    unsafe SelectionLayout.write(entry, at: UnsafeMutableRawPointer(block) + SelectionLayout.interfaceOffset)
    let view = unsafe UnsafeMutableRawPointer(block).assumingMemoryBound(to: _URB_SELECT_INTERFACE.self)
    unsafe view.pointee.Hdr.Length = USHORT(byteCount)
    unsafe view.pointee.Hdr.Function = USHORT(URB_FUNCTION_SELECT_INTERFACE)
    unsafe view.pointee.ConfigurationHandle = unsafe configuration
    unsafe out.pointee = unsafe block
    return NTStatus.success.rawValue
}

/// The tag of blocks that drivers free themselves.
private let poolTag: UInt32 = 0x4244_5355

/// Allocates, from pool memory that ExFreePool frees, a block that selects a configuration with the interfaces of a list
/// (USBD_CreateConfigurationRequestEx function, usbdlib.h). Each entry then points at its interface in the block.
///
/// NULL: there is no memory, an argument is NULL, or there are more interfaces than a block can hold.
@c @implementation
public func USBD_CreateConfigurationRequestEx(
    _ ConfigurationDescriptor: PUSB_CONFIGURATION_DESCRIPTOR!, _ InterfaceList: PUSBD_INTERFACE_LIST_ENTRY!
) -> PURB! {
    guard let configuration = unsafe ConfigurationDescriptor, let list = unsafe InterfaceList else { return nil }
    let byteCount = unsafe SelectionLayout.configurationByteCount(list)
    guard byteCount <= Int(USHORT.max),
        let memory = unsafe Pool.shared.allocate(byteCount, tag: poolTag, zeroed: true)
    else { return nil }
    // Sound: a block's members are looked at as far as its length says.
    let block = unsafe memory.assumingMemoryBound(to: URB.self)
    unsafe SelectionLayout.write(block, configuration, list, byteCount: byteCount)
    return unsafe block
}

/// ``USBD_CreateConfigurationRequestEx(_:_:)`` with the first setting of every interface of the configuration; `Siz`,
/// unless it is NULL, gets the block's size (USBD_CreateConfigurationRequest function, usbdlib.h).
@c @implementation
public func USBD_CreateConfigurationRequest(
    _ ConfigurationDescriptor: PUSB_CONFIGURATION_DESCRIPTOR!, _ Siz: PUSHORT!
) -> PURB! {
    unsafe Siz?.pointee = 0
    guard let configuration = unsafe ConfigurationDescriptor else { return nil }
    var entries: [USBD_INTERFACE_LIST_ENTRY] = unsafe []
    for number in 0...UCHAR.max {
        guard let found = unsafe USBD_ParseConfigurationDescriptor(configuration, number, 0) else { continue }
        unsafe entries.append(USBD_INTERFACE_LIST_ENTRY(InterfaceDescriptor: found, Interface: nil))
    }
    unsafe entries.append(USBD_INTERFACE_LIST_ENTRY(InterfaceDescriptor: nil, Interface: nil))
    // Sound: the list is there for the length of the call.
    let block = unsafe entries.withUnsafeMutableBufferPointer {
        unsafe USBD_CreateConfigurationRequestEx(configuration, $0.baseAddress)
    }
    if let block = unsafe block { unsafe Siz?.pointee = unsafe block.header.pointee.Length }
    return unsafe block
}
