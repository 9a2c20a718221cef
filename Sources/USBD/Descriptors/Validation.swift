// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers

/// Checks a configuration's descriptors (USBD_ValidateConfigurationDescriptor function, usbdlib.h).
///
/// Level 1 looks at the configuration descriptor, level 2 also at the lengths of all descriptors, the addresses of the
/// endpoints and the numbers of interfaces and settings, level 3 also at the specification's sizes, the counts of
/// endpoints and the order of interfaces and settings. `Offset`, unless it is NULL, gets where the first descriptor
/// begins that is wrong, and NULL when none is.
///
/// A USBD_STATUS of the family USBD_STATUS_BAD_DESCRIPTOR; USBD_STATUS_INVALID_PARAMETER: NULL, or another level.
@c @implementation
public func USBD_ValidateConfigurationDescriptor(
    _ ConfigDesc: PUSB_CONFIGURATION_DESCRIPTOR!, _ BufferLength: ULONG, _ Level: USHORT,
    _ Offset: UnsafeMutablePointer<PUCHAR?>!, _ Tag: ULONG
) -> USBD_STATUS {
    unsafe Offset?.pointee = nil
    guard let configuration = unsafe ConfigDesc, let level = ConfigurationCheck.Level(rawValue: Level) else {
        return USBD_STATUS_INVALID_PARAMETER
    }
    let base = UnsafeMutableRawPointer(configuration)
    // Sound: the caller says that so many bytes are there, and the span does not outlive the call.
    let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: Int(BufferLength))
    do throws(ConfigurationCheck.Fault) {
        try ConfigurationCheck.check(bytes, level)
        return USBD_STATUS_SUCCESS
    } catch {
        unsafe Offset?.pointee = unsafe (base + error.offset).assumingMemoryBound(to: UCHAR.self)
        return error.status
    }
}
