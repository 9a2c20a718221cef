// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A 128-bit identifier as USB capabilities carry it: the first three of its five groups little-endian, the others as
/// they are written (USB 3.2 sections 9.6.2.3 and 9.6.2.4).
public struct UniqueIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// The number of bytes: sixteen.
    public static let byteCount = 16

    /// The first eight bytes on the wire, the first of them in the low byte.
    private var low: UInt64
    /// The other eight.
    private var high: UInt64

    /// The capability of Microsoft OS 2.0 descriptors.
    public static let microsoftOS20 = UniqueIdentifier(low: 0x4CC7_4589_D8DD_60DF, high: 0x9F8A_649E_9D65_D29C)
    /// The capability of WebUSB.
    public static let webUSB = UniqueIdentifier(low: 0x47A0_09A9_3408_B638, high: 0x65B6_1588_76A0_FD8B)

    private init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Takes the bytes in the order of the wire; nil unless there are exactly sixteen.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == UniqueIdentifier.byteCount else { return nil }
        self = bytes.withRawSpan { UniqueIdentifier(at: 0, of: $0) }
    }

    /// Takes the usual text, "d8dd60df-4589-4cc7-9cd2-659d9e648a9f"; letters may be large or small. Nil for any other
    /// shape.
    public init?(_ text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12] else { return nil }
        let numbers = groups.compactMap { group -> UInt64? in
            // A sign would pass for a digit.
            guard group.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else { return nil }
            return UInt64(group, radix: 16)
        }
        guard numbers.count == 5 else { return nil }
        low = numbers[0] | numbers[1] << 32 | numbers[2] << 48
        high = (numbers[3] << 48 | numbers[4]).byteSwapped
    }

    /// Reads sixteen bytes; what lies outside the span reads as zero.
    init(at offset: Int, of bytes: RawSpan) {
        low = UInt64(bytes.doubleWord(offset)) | UInt64(bytes.doubleWord(offset + 4)) << 32
        high = UInt64(bytes.doubleWord(offset + 8)) | UInt64(bytes.doubleWord(offset + 12)) << 32
    }

    /// The sixteen bytes in the order of the wire.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        encode(into: &result)
        return result
    }

    /// Appends the sixteen bytes in the order of the wire.
    func encode(into bytes: inout [UInt8]) {
        for half in [low, high] {
            bytes.append(doubleWord: UInt32(truncatingIfNeeded: half))
            bytes.append(doubleWord: UInt32(truncatingIfNeeded: half >> 32))
        }
    }

    /// The usual text in small letters.
    public var description: String {
        let tail = hexadecimalDigits(high.byteSwapped)
        return [
            hexadecimalDigits(UInt32(truncatingIfNeeded: low)),
            hexadecimalDigits(UInt16(truncatingIfNeeded: low >> 32)),
            hexadecimalDigits(UInt16(truncatingIfNeeded: low >> 48)),
            String(tail.prefix(4)), String(tail.suffix(12)),
        ].joined(separator: "-")
    }
}
