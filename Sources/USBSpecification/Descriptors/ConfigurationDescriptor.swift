// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The two answerable bits of bmAttributes in a configuration (USB 2.0 table 9-10), and the one that is always set.
public struct ConfigurationAttributes: OptionSet, Hashable, Sendable {
    /// The byte as it stands in the descriptor.
    public var rawValue: UInt8

    /// Takes the byte as it stands in the descriptor.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The device can wake the host.
    public static let remoteWakeup = ConfigurationAttributes(rawValue: 0x20)
    /// The device has a power source of its own.
    public static let selfPowered = ConfigurationAttributes(rawValue: 0x40)
    /// Bit 7, which USB 1.0 used and every later device sets.
    public static let alwaysSet = ConfigurationAttributes(rawValue: 0x80)
}

/// The header of a configuration (USB 2.0 section 9.6.3): 9 bytes. Everything else of the configuration follows it.
public struct ConfigurationDescriptor: Descriptor {
    /// The number of bytes before any ``trailing``.
    public static let fixedLength = 9

    /// Whether this describes the device at its other speed (type 7 in place of 2, USB 2.0 section 9.6.4).
    public var isOtherSpeed: Bool
    /// The number of bytes of the whole configuration, this header included (wTotalLength).
    public var totalLength: UInt16
    /// The number of interfaces, alternate settings not counted.
    public var interfaceCount: UInt8
    /// The number by which the configuration is selected (bConfigurationValue).
    public var value: UInt8
    /// The index of the configuration's name, 0 for none.
    public var nameString: UInt8
    /// How the device is powered.
    public var attributes: ConfigurationAttributes
    /// bMaxPower as it stands: steps of 2 mA, or of 8 mA from SuperSpeed up. See ``maximumCurrent(at:)``.
    public var maximumPower: UInt8
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields; the defaults are those of a bus-powered device that draws 100 mA.
    public init(
        isOtherSpeed: Bool = false, totalLength: UInt16 = 9, interfaceCount: UInt8 = 0, value: UInt8 = 1,
        nameString: UInt8 = 0, attributes: ConfigurationAttributes = .alwaysSet, maximumPower: UInt8 = 50,
        trailing: [UInt8] = []
    ) {
        self.isOtherSpeed = isOtherSpeed
        self.totalLength = totalLength
        self.interfaceCount = interfaceCount
        self.value = value
        self.nameString = nameString
        self.attributes = attributes
        self.maximumPower = maximumPower
        self.trailing = trailing
    }

    /// Reads a configuration descriptor, or one of the other speed.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        isOtherSpeed = bytes.byte(1) == DescriptorType.otherSpeedConfiguration.rawValue
        let type: DescriptorType = isOtherSpeed ? .otherSpeedConfiguration : .configuration
        let length = try checkedLength(of: bytes, at: offset, type: type, minimum: Self.fixedLength)
        totalLength = bytes.word(2)
        interfaceCount = bytes.byte(4)
        value = bytes.byte(5)
        nameString = bytes.byte(6)
        attributes = ConfigurationAttributes(rawValue: bytes.byte(7))
        maximumPower = bytes.byte(8)
        trailing = bytes.copy(Self.fixedLength..<length)
    }

    /// Appends the header's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        let type: DescriptorType = isOtherSpeed ? .otherSpeedConfiguration : .configuration
        let tail = bytes.appendHeader(type, fixed: Self.fixedLength, trailing: trailing)
        bytes.append(word: totalLength)
        bytes.append(contentsOf: [interfaceCount, value, nameString, attributes.rawValue, maximumPower])
        bytes.append(contentsOf: tail)
    }

    /// The most current that the device draws from the bus, in milliamperes.
    public func maximumCurrent(at speed: Speed) -> Int { Int(maximumPower) * (speed.isSuperSpeed ? 8 : 2) }
}
