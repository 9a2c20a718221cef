// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The eight bytes that begin every control transfer (USB 2.0 table 9-2).
///
/// Multi-byte fields are little-endian on the wire.
public struct SetupPacket: Hashable, Sendable {
    /// The number of bytes on the wire: eight.
    public static let byteCount = 8

    /// Direction, kind and recipient (bmRequestType).
    public var requestType: RequestType
    /// The code of the request (bRequest); for standard requests see ``StandardRequest``.
    public var request: UInt8
    /// The first parameter (wValue).
    public var value: UInt16
    /// The second parameter (wIndex): usually an interface number or an endpoint address in its low byte.
    public var index: UInt16
    /// The number of bytes in the data stage, 0 for none (wLength). A device may send fewer, never more.
    public var length: UInt16

    /// Names the five fields.
    public init(requestType: RequestType, request: UInt8, value: UInt16, index: UInt16, length: UInt16) {
        self.requestType = requestType
        self.request = request
        self.value = value
        self.index = index
        self.length = length
    }

    /// Takes the eight wire bytes held in one integer, the first of them in the low byte.
    public init(packed: UInt64) {
        requestType = RequestType(rawValue: UInt8(truncatingIfNeeded: packed))
        request = UInt8(truncatingIfNeeded: packed >> 8)
        value = UInt16(truncatingIfNeeded: packed >> 16)
        index = UInt16(truncatingIfNeeded: packed >> 32)
        length = UInt16(truncatingIfNeeded: packed >> 48)
    }

    /// Reads the packet from its wire bytes; nil unless there are exactly eight.
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount == SetupPacket.byteCount else { return nil }
        self.init(
            requestType: RequestType(rawValue: bytes.byte(0)), request: bytes.byte(1), value: bytes.word(2),
            index: bytes.word(4), length: bytes.word(6))
    }

    /// Reads the packet from its wire bytes; nil unless there are exactly eight.
    public init?(_ bytes: [UInt8]) {
        guard let packet = bytes.withRawSpan({ SetupPacket($0) }) else { return nil }
        self = packet
    }

    /// The eight wire bytes in one integer, the first of them in the low byte: stored in little-endian order it is the
    /// packet.
    public var packed: UInt64 {
        UInt64(requestType.rawValue) | UInt64(request) << 8 | UInt64(value) << 16 | UInt64(index) << 32
            | UInt64(length) << 48
    }

    /// The eight wire bytes.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        encode(into: &result)
        return result
    }

    /// Appends the eight wire bytes.
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(requestType.rawValue)
        bytes.append(request)
        bytes.append(word: value)
        bytes.append(word: index)
        bytes.append(word: length)
    }

    /// The way the data stage goes.
    public var direction: Direction { requestType.direction }
}
