// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers

/// The bit times that a packet of an endpoint takes in a frame of full or low speed (USBD_CalculateUsbBandwidth function,
/// usbdlib.h): the bytes with an overhead of 9 (isochronous) or 13 (interrupt), with room for stuffed bits, and eight
/// times as much at low speed. 0 for control and bulk, which reserve nothing.
@c @implementation
public func USBD_CalculateUsbBandwidth(
    _ MaxPacketSize: ULONG, _ EndpointType: UCHAR, _ IsLowSpeed: BOOLEAN
) -> ULONG {
    let overhead: UInt64
    switch EndpointType & 0x03 {
    case 1: overhead = 9
    case 3: overhead = 13
    default: return 0
    }
    let bits = (UInt64(MaxPacketSize) + overhead) * 8 * 7 / 6
    return ULONG(clamping: IsLowSpeed != 0 ? bits * 8 : bits)
}
