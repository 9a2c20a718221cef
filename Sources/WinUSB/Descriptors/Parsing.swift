// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB

/// Finds the first interface descriptor that fits (WinUsb_ParseConfigurationDescriptor function, winusb.h), at
/// `StartPosition` or behind it. -1 stands for any number, setting, class, subclass or protocol.
///
/// NULL when there is none, for NULL, and for a start outside the configuration.
@c @implementation
public func WinUsb_ParseConfigurationDescriptor(
    _ ConfigurationDescriptor: PUSB_CONFIGURATION_DESCRIPTOR!, _ StartPosition: PVOID!, _ InterfaceNumber: LONG,
    _ AlternateSetting: LONG, _ InterfaceClass: LONG, _ InterfaceSubClass: LONG, _ InterfaceProtocol: LONG
) -> PUSB_INTERFACE_DESCRIPTOR! {
    guard let configuration = unsafe ConfigurationDescriptor else { return nil }
    let base = UnsafeMutableRawPointer(configuration)
    let pattern = DescriptorSearch.InterfacePattern(
        InterfaceNumber, AlternateSetting, InterfaceClass, InterfaceSubClass, InterfaceProtocol)
    // Sound: a configuration descriptor says how many bytes there are, itself included.
    let total = Int(unsafe configuration.pointee.wTotalLength)
    let found = unsafe search(base, total, StartPosition) { (bytes, start) in
        DescriptorSearch.firstInterface(pattern, in: bytes, from: start)
    }
    return unsafe found?.assumingMemoryBound(to: USB_INTERFACE_DESCRIPTOR.self)
}

/// Finds the first descriptor of a type (WinUsb_ParseDescriptors function, winusb.h), at `StartPosition` or behind it.
///
/// NULL when there is none, for NULL, and for a start outside the buffer.
@c @implementation
public func WinUsb_ParseDescriptors(
    _ DescriptorBuffer: PVOID!, _ TotalLength: ULONG, _ StartPosition: PVOID!, _ DescriptorType: LONG
) -> PUSB_COMMON_DESCRIPTOR! {
    guard let base = unsafe DescriptorBuffer else { return nil }
    let found = unsafe search(base, Int(TotalLength), StartPosition) { (bytes, start) in
        DescriptorSearch.first(of: DescriptorType, in: bytes, from: start)
    }
    return unsafe found?.assumingMemoryBound(to: USB_COMMON_DESCRIPTOR.self)
}

/// The place in the caller's memory that `find` finds behind `start`.
private func search(
    _ base: UnsafeMutableRawPointer, _ count: Int, _ start: UnsafeMutableRawPointer?,
    _ find: (RawSpan, Int) -> Int?
) -> UnsafeMutableRawPointer? {
    guard let start = unsafe start else { return nil }
    // Compared as numbers: nothing says that the two belong together.
    let offset = Int(bitPattern: start) &- Int(bitPattern: base)
    guard offset >= 0, offset < count else { return nil }
    // Sound: the caller says that so many bytes are there, and the span does not outlive the call.
    let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count)
    return unsafe find(bytes, offset).map { unsafe base + $0 }
}
