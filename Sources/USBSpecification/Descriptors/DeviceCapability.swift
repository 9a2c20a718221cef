// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The kind of a device capability, bDevCapabilityType (USB 3.2 table 9-14).
public struct DeviceCapabilityType: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral,
    CustomStringConvertible
{
    /// The byte as it stands in the descriptor.
    public var rawValue: UInt8

    /// Takes the byte as it stands in the descriptor.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Takes a literal such as `0x02`.
    public init(integerLiteral value: UInt8) { rawValue = value }

    /// Wireless USB.
    public static let wirelessUSB: DeviceCapabilityType = 0x01
    /// What a USB 2.0 device adds, link power management foremost.
    public static let usb2Extension: DeviceCapabilityType = 0x02
    /// What a device does at SuperSpeed.
    public static let superSpeed: DeviceCapabilityType = 0x03
    /// An identifier of the instance, the same on every bus.
    public static let containerID: DeviceCapabilityType = 0x04
    /// Something defined by an operating system or platform.
    public static let platform: DeviceCapabilityType = 0x05
    /// Power delivery.
    public static let powerDelivery: DeviceCapabilityType = 0x06
    /// What a device does at SuperSpeedPlus.
    public static let superSpeedPlus: DeviceCapabilityType = 0x0A
    /// Precision time measurement.
    public static let precisionTimeMeasurement: DeviceCapabilityType = 0x0B
    /// Alternate modes of a Type-C connection that were not entered.
    public static let billboard: DeviceCapabilityType = 0x0D
    /// What configurations offer, in short.
    public static let configurationSummary: DeviceCapabilityType = 0x10

    /// The name in words, or the hexadecimal code for a kind that has none here.
    public var description: String {
        switch self {
        case .wirelessUSB: "wireless USB"
        case .usb2Extension: "USB 2.0 extension"
        case .superSpeed: "SuperSpeed"
        case .containerID: "container ID"
        case .platform: "platform"
        case .powerDelivery: "power delivery"
        case .superSpeedPlus: "SuperSpeedPlus"
        case .precisionTimeMeasurement: "precision time measurement"
        case .billboard: "billboard"
        case .configurationSummary: "configuration summary"
        default: hexadecimal(rawValue)
        }
    }
}

/// What a USB 2.0 device adds (USB 3.2 section 9.6.2.1): 7 bytes.
public struct USB2Extension: Hashable, Sendable {
    static let fixedLength = 7

    /// bmAttributes as it stands.
    public var attributes: UInt32
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(attributes: UInt32, trailing: [UInt8] = []) {
        self.attributes = attributes
        self.trailing = trailing
    }

    /// Whether the device has link power management (bit 1).
    public var supportsLinkPowerManagement: Bool { attributes & 1 << 1 != 0 }
    /// Whether the device understands best-effort service latency, and alternate resume durations (bit 2).
    public var supportsBestEffortServiceLatency: Bool { attributes & 1 << 2 != 0 }
    /// The recommended latency code for shallow sleep (bits 11 to 8), if stated (bit 3).
    public var baselineServiceLatency: UInt8? { attributes & 1 << 3 != 0 ? UInt8(attributes >> 8 & 0xF) : nil }
    /// The recommended latency code for deep sleep (bits 15 to 12), if stated (bit 4).
    public var deepServiceLatency: UInt8? { attributes & 1 << 4 != 0 ? UInt8(attributes >> 12 & 0xF) : nil }
}

/// What a device does at SuperSpeed (USB 3.2 section 9.6.2.2): 10 bytes.
public struct SuperSpeedCapability: Hashable, Sendable {
    static let fixedLength = 10

    /// bmAttributes as it stands. Bit 1: the device sends latency tolerance messages.
    public var attributes: UInt8
    /// wSpeedsSupported as it stands; see ``supports(_:)``.
    public var speeds: UInt16
    /// The slowest speed at which the device does all it can (bFunctionalitySupport), as a bit number of ``speeds``.
    public var functionalitySpeed: UInt8
    /// The longest time to leave state U1, in microseconds.
    public var u1ExitLatency: UInt8
    /// The longest time to leave state U2, in microseconds.
    public var u2ExitLatency: UInt16
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(
        attributes: UInt8 = 0, speeds: UInt16 = 0x000E, functionalitySpeed: UInt8 = 1, u1ExitLatency: UInt8 = 0,
        u2ExitLatency: UInt16 = 0, trailing: [UInt8] = []
    ) {
        self.attributes = attributes
        self.speeds = speeds
        self.functionalitySpeed = functionalitySpeed
        self.u1ExitLatency = u1ExitLatency
        self.u2ExitLatency = u2ExitLatency
        self.trailing = trailing
    }

    /// Whether the device runs at a speed. SuperSpeedPlus has a capability of its own and no bit here.
    public func supports(_ speed: Speed) -> Bool {
        speed <= .superSpeed && speeds & 1 << UInt16(speed.rawValue) != 0
    }
}

/// One way of signalling at SuperSpeedPlus, bmSublinkSpeedAttr (USB 3.2 table 9-20).
public struct SublinkSpeed: RawRepresentable, Hashable, Sendable {
    /// The 32 bits as they stand in the descriptor.
    public var rawValue: UInt32

    /// Takes the 32 bits as they stand in the descriptor.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The identifier that groups the attributes of one speed (bits 3 to 0).
    public var identifier: UInt8 { UInt8(rawValue & 0xF) }
    /// Whether the two directions differ in speed (bit 6).
    public var isAsymmetric: Bool { rawValue & 0x40 != 0 }
    /// Whether this is for transmission (bit 7) rather than reception.
    public var isTransmit: Bool { rawValue & 0x80 != 0 }
    /// Whether the link speaks the SuperSpeedPlus protocol (bits 15 to 14 are 1).
    public var isSuperSpeedPlus: Bool { rawValue >> 14 & 3 == 1 }
    /// The bit rate of one lane, in bits per second: a mantissa (bits 31 to 16) times a power of 1000 (bits 5 to 4).
    public var bitsPerSecond: UInt64 {
        [1, 1_000, 1_000_000, 1_000_000_000][Int(rawValue >> 4 & 3)] * UInt64(rawValue >> 16)
    }
}

/// What a device does at SuperSpeedPlus (USB 3.2 section 9.6.2.5): 12 bytes, and 4 for each sublink speed.
public struct SuperSpeedPlusCapability: Hashable, Sendable {
    static let fixedLength = 12

    /// bmAttributes without the number of sublink speeds: bits 8 to 5 are the number of identifiers less one.
    ///
    /// Bits 4 to 0 are always 0 here; they are computed from ``sublinkSpeeds`` when the capability is written.
    public var attributes: UInt32 {
        didSet { attributes &= ~0x1F }
    }
    /// wFunctionalitySupport as it stands: the least speed (bits 3 to 0) and lanes (11 to 8 in, 15 to 12 out).
    public var functionality: UInt16
    /// The byte behind bDevCapabilityType, reserved.
    public var reserved: UInt8
    /// The word behind wFunctionalitySupport, reserved.
    public var reservedWord: UInt16
    /// The sublink speeds, 1 to 32.
    public var sublinkSpeeds: [SublinkSpeed]
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(
        attributes: UInt32 = 0, functionality: UInt16, reserved: UInt8 = 0, reservedWord: UInt16 = 0,
        sublinkSpeeds: [SublinkSpeed], trailing: [UInt8] = []
    ) {
        self.attributes = attributes & ~0x1F
        self.functionality = functionality
        self.reserved = reserved
        self.reservedWord = reservedWord
        self.sublinkSpeeds = sublinkSpeeds
        self.trailing = trailing
    }
}

/// Something defined by an operating system or platform (USB 3.2 section 9.6.2.4): 20 bytes and data.
public struct PlatformCapability: Hashable, Sendable {
    static let fixedLength = 20

    /// Whose it is.
    public var identifier: UniqueIdentifier
    /// The reserved byte before the identifier.
    public var reserved: UInt8
    /// What the platform makes of it, at most 235 bytes; more is left out.
    public var data: [UInt8]

    /// Names the fields.
    public init(identifier: UniqueIdentifier, reserved: UInt8 = 0, data: [UInt8] = []) {
        self.identifier = identifier
        self.reserved = reserved
        self.data = data
    }
}

/// An identifier of this very device, the same on every bus to which it is attached (USB 3.2 section 9.6.2.3): 20
/// bytes.
public struct ContainerIDCapability: Hashable, Sendable {
    static let fixedLength = 20

    /// The identifier.
    public var identifier: UniqueIdentifier
    /// The reserved byte before the identifier.
    public var reserved: UInt8
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(identifier: UniqueIdentifier, reserved: UInt8 = 0, trailing: [UInt8] = []) {
        self.identifier = identifier
        self.reserved = reserved
        self.trailing = trailing
    }
}
