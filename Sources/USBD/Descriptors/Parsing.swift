// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers

/// Finds the first interface descriptor that fits (USBD_ParseConfigurationDescriptorEx function, usbdlib.h), at
/// `StartPosition` or behind it. -1 stands for any number, setting, class, subclass or protocol.
///
/// NULL when there is none, for NULL, and for a start outside the configuration.
@c @implementation
public func USBD_ParseConfigurationDescriptorEx(
    _ ConfigurationDescriptor: PUSB_CONFIGURATION_DESCRIPTOR!, _ StartPosition: PVOID!, _ InterfaceNumber: LONG,
    _ AlternateSetting: LONG, _ InterfaceClass: LONG, _ InterfaceSubClass: LONG, _ InterfaceProtocol: LONG
) -> PUSB_INTERFACE_DESCRIPTOR! {
    guard let configuration = unsafe ConfigurationDescriptor else { return nil }
    let wanted = [
        (2, InterfaceNumber), (3, AlternateSetting), (5, InterfaceClass), (6, InterfaceSubClass),
        (7, InterfaceProtocol),
    ]
    let base = UnsafeMutableRawPointer(configuration)
    // A configuration descriptor says how many bytes there are, itself included.
    let total = Int(unsafe configuration.pointee.wTotalLength)
    let found = unsafe search(base, total, StartPosition) { bytes, offset in
        bytes[offset] >= 9 && bytes[offset + 1] == 4
            && wanted.allSatisfy { $0.1 == -1 || $0.1 == LONG(bytes[offset + $0.0]) }
    }
    return unsafe found?.assumingMemoryBound(to: USB_INTERFACE_DESCRIPTOR.self)
}

/// Finds the descriptor of an interface's alternate setting (USBD_ParseConfigurationDescriptor function, usbdlib.h); NULL
/// when there is none.
@c @implementation
public func USBD_ParseConfigurationDescriptor(
    _ ConfigurationDescriptor: PUSB_CONFIGURATION_DESCRIPTOR!, _ InterfaceNumber: UCHAR, _ AlternateSetting: UCHAR
) -> PUSB_INTERFACE_DESCRIPTOR! {
    unsafe USBD_ParseConfigurationDescriptorEx(
        ConfigurationDescriptor, ConfigurationDescriptor, LONG(InterfaceNumber), LONG(AlternateSetting), -1, -1, -1)
}

/// Finds the first descriptor of a type (USBD_ParseDescriptors function, usbdlib.h), at `StartPosition` or behind it.
///
/// NULL when there is none, for NULL, and for a start outside the buffer.
@c @implementation
public func USBD_ParseDescriptors(
    _ DescriptorBuffer: PVOID!, _ TotalLength: ULONG, _ StartPosition: PVOID!, _ DescriptorType: LONG
) -> PUSB_COMMON_DESCRIPTOR! {
    guard let base = unsafe DescriptorBuffer else { return nil }
    let found = unsafe search(base, Int(TotalLength), StartPosition) { bytes, offset in
        LONG(bytes[offset + 1]) == DescriptorType
    }
    return unsafe found?.assumingMemoryBound(to: USB_COMMON_DESCRIPTOR.self)
}

/// The bytes of an interface descriptor and of everything that follows it, up to the next interface descriptor
/// (USBD_GetInterfaceLength function, usbdlib.h), or up to a descriptor that does not lie whole before `BufferEnd`.
///
/// 0 for NULL, and when the interface descriptor itself does not.
@c @implementation
public func USBD_GetInterfaceLength(
    _ InterfaceDescriptor: PUSB_INTERFACE_DESCRIPTOR!, _ BufferEnd: PUCHAR!
) -> ULONG {
    guard let interface = unsafe InterfaceDescriptor, let end = unsafe BufferEnd else { return 0 }
    // Compared as numbers: nothing says that the two belong together.
    let count = Int(bitPattern: end) &- Int(bitPattern: interface)
    guard count > 0, count <= Int(ULONG.max) else { return 0 }
    // Sound: the caller says that the memory reaches to there, and the span does not outlive the call.
    let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(interface), byteCount: count)
    var length = 0
    while let next = wholeDescriptor(in: bytes, at: length) {
        guard length == 0 || bytes[length + 1] != 4 else { break }
        length += next
    }
    return ULONG(length)
}

/// The length of the descriptor at `offset`; nil when it does not lie whole within the bytes, or is too short to have a
/// type.
private func wholeDescriptor(in bytes: RawSpan, at offset: Int) -> Int? {
    guard offset >= 0, bytes.byteCount - offset >= 2 else { return nil }
    let length = Int(bytes[offset])
    return length >= 2 && length <= bytes.byteCount - offset ? length : nil
}

/// The place in the caller's memory of the first descriptor at `start` or behind it that fits.
private func search(
    _ base: UnsafeMutableRawPointer, _ count: Int, _ start: UnsafeMutableRawPointer?,
    _ fits: (RawSpan, Int) -> Bool
) -> UnsafeMutableRawPointer? {
    guard let start = unsafe start else { return nil }
    // Compared as numbers: nothing says that the two belong together.
    var offset = Int(bitPattern: start) &- Int(bitPattern: base)
    guard offset >= 0, offset < count else { return nil }
    // Sound: the caller says that so many bytes are there, and the span does not outlive the call.
    let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count)
    while let length = wholeDescriptor(in: bytes, at: offset) {
        if fits(bytes, offset) { return unsafe base + offset }
        offset += length
    }
    return nil
}
