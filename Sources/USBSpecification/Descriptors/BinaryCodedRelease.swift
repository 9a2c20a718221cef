// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A release number in binary-coded decimal, 0xJJMN for version JJ.M.N (bcdUSB and bcdDevice, USB 2.0 section 9.6.1).
public struct BinaryCodedRelease: RawRepresentable, Hashable, Sendable, Comparable, ExpressibleByIntegerLiteral,
    CustomStringConvertible
{
    /// The number as it stands in a descriptor: four digits of four bits.
    public var rawValue: UInt16

    /// Takes the number as it stands in a descriptor.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Takes a literal such as `0x0210`, for 2.1.
    public init(integerLiteral value: UInt16) { rawValue = value }

    /// USB 1.1.
    public static let usb11: BinaryCodedRelease = 0x0110
    /// USB 2.0.
    public static let usb20: BinaryCodedRelease = 0x0200
    /// USB 2.1: a USB 2.0 device that also has a binary object store.
    public static let usb21: BinaryCodedRelease = 0x0210
    /// USB 3.2.
    public static let usb32: BinaryCodedRelease = 0x0320

    /// The part before the point, 0 to 99. Digits above nine, which no release has, count as they stand.
    public var major: Int { Int(rawValue >> 12) * 10 + Int(rawValue >> 8 & 0xF) }

    /// The first digit after the point.
    public var minor: Int { Int(rawValue >> 4 & 0xF) }

    /// The second digit after the point.
    public var subminor: Int { Int(rawValue & 0xF) }

    /// Two digits after the point, for example "2.00" or "3.20". Digits above nine are written in hexadecimal.
    public var description: String {
        let digits = hexadecimalDigits(rawValue)
        let whole = digits.prefix(2).first == "0" ? digits.prefix(2).suffix(1) : digits.prefix(2)
        return "\(whole).\(digits.suffix(2))"
    }

    /// Orders releases from old to new.
    public static func < (left: BinaryCodedRelease, right: BinaryCodedRelease) -> Bool {
        left.rawValue < right.rawValue
    }
}
