// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The address of an endpoint within a device: a number from 0 to 15 and a direction
/// (bEndpointAddress, USB 2.0 table 9-13).
///
/// Bit 7 is the direction, bits 3 to 0 the number. Bits 6 to 4 are reserved and zero; they are kept as they came, so
/// that two raw values that differ there are two addresses.
public struct EndpointAddress: RawRepresentable, Hashable, Sendable, Comparable, ExpressibleByIntegerLiteral,
    CustomStringConvertible
{
    /// The byte as it stands in a descriptor.
    public var rawValue: UInt8

    /// Takes the byte as it stands in a descriptor.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Takes a literal such as `0x81`.
    public init(integerLiteral value: UInt8) { rawValue = value }

    /// Joins a number and a direction; only the low four bits of the number are used.
    public init(number: UInt8, direction: Direction) {
        rawValue = (number & 0x0F) | (direction == .in ? 0x80 : 0)
    }

    /// The default control pipe, present in every device.
    public static let control: EndpointAddress = 0

    /// The endpoint number, 0 to 15.
    public var number: UInt8 { rawValue & 0x0F }

    /// The direction. It means nothing for a control endpoint, which goes both ways.
    public var direction: Direction { rawValue & 0x80 == 0 ? .out : .in }

    /// The same address with the reserved bits cleared.
    public var withoutReservedBits: EndpointAddress { EndpointAddress(rawValue: rawValue & 0x8F) }

    /// For example "0x81".
    public var description: String { hexadecimal(rawValue) }

    /// Orders addresses by their raw value: all OUT endpoints, then all IN endpoints.
    public static func < (left: EndpointAddress, right: EndpointAddress) -> Bool { left.rawValue < right.rawValue }
}
