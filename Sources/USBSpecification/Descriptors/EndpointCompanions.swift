// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What an endpoint adds at SuperSpeed (USB 3.2 section 9.6.7): 6 bytes, directly behind the endpoint descriptor.
public struct SuperSpeedEndpointCompanionDescriptor: Descriptor {
    /// The number of bytes before any ``trailing``.
    public static let fixedLength = 6

    /// bMaxBurst as it stands: the packets in a burst less one, 0 to 15.
    public var maxBurst: UInt8
    /// bmAttributes as it stands. Its meaning depends on the transfer type.
    public var attributes: UInt8
    /// The bytes that a periodic endpoint moves in one service interval (wBytesPerInterval); 0 for others.
    public var bytesPerInterval: UInt16
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(maxBurst: UInt8 = 0, attributes: UInt8 = 0, bytesPerInterval: UInt16 = 0, trailing: [UInt8] = []) {
        self.maxBurst = maxBurst
        self.attributes = attributes
        self.bytesPerInterval = bytesPerInterval
        self.trailing = trailing
    }

    /// Reads a companion descriptor.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let length = try checkedLength(
            of: bytes, at: offset, type: .superSpeedEndpointCompanion, minimum: Self.fixedLength)
        maxBurst = bytes.byte(2)
        attributes = bytes.byte(3)
        bytesPerInterval = bytes.word(4)
        trailing = bytes.copy(Self.fixedLength..<length)
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        let tail = bytes.appendHeader(.superSpeedEndpointCompanion, fixed: Self.fixedLength, trailing: trailing)
        bytes.append(contentsOf: [maxBurst, attributes])
        bytes.append(word: bytesPerInterval)
        bytes.append(contentsOf: tail)
    }

    /// The packets in a burst: one more than ``maxBurst``.
    public var packetsPerBurst: Int { Int(maxBurst) + 1 }

    /// For a bulk endpoint, the exponent of the number of streams (bits 4 to 0): 0 for none, else 2 to this many.
    public var streamsExponent: Int { Int(attributes & 0x1F) }

    /// For a bulk endpoint, how many streams it has, 0 for none. Exponents above 16 count as 16.
    public var streamCount: Int { streamsExponent == 0 ? 0 : 1 << min(streamsExponent, 16) }

    /// For an isochronous endpoint, the bursts in a service interval less one (Mult, bits 1 to 0): 0 to 2.
    public var multiplier: Int { Int(attributes & 3) }

    /// For an isochronous endpoint, whether a ``SuperSpeedPlusIsochronousCompanionDescriptor`` follows (bit 7).
    public var announcesIsochronousCompanion: Bool { attributes & 0x80 != 0 }
}

/// What an isochronous endpoint adds beyond 48 KiB per interval (USB 3.2 section 9.6.8): 8 bytes, directly behind the
/// endpoint's other companion.
public struct SuperSpeedPlusIsochronousCompanionDescriptor: Descriptor {
    /// The number of bytes before any ``trailing``.
    public static let fixedLength = 8

    /// The bytes that the endpoint moves in one service interval (dwBytesPerInterval).
    public var bytesPerInterval: UInt32
    /// wReserved.
    public var reserved: UInt16
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(bytesPerInterval: UInt32, reserved: UInt16 = 0, trailing: [UInt8] = []) {
        self.bytesPerInterval = bytesPerInterval
        self.reserved = reserved
        self.trailing = trailing
    }

    /// Reads an isochronous companion descriptor.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let length = try checkedLength(
            of: bytes, at: offset, type: .superSpeedPlusIsochronousCompanion, minimum: Self.fixedLength)
        reserved = bytes.word(2)
        bytesPerInterval = bytes.doubleWord(4)
        trailing = bytes.copy(Self.fixedLength..<length)
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        let tail = bytes.appendHeader(.superSpeedPlusIsochronousCompanion, fixed: Self.fixedLength, trailing: trailing)
        bytes.append(word: reserved)
        bytes.append(doubleWord: bytesPerInterval)
        bytes.append(contentsOf: tail)
    }
}
