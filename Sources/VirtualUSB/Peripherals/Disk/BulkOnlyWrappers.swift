// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// What begins each command of the bulk-only transport (BOT 1.0 section 5.1).
struct CommandBlockWrapper {
    static let byteCount = 31
    static let signature: UInt32 = 0x4342_5355

    /// Comes back in the status, to tell which command it belongs to.
    var tag: UInt32
    /// The bytes that the host means to move.
    var length: Int
    /// Which way; of no meaning when the length is 0.
    var direction: Direction
    /// The command itself, 1 to 16 bytes.
    var command: [UInt8]

    /// Reads a wrapper; nil unless it is valid and meaningful for a device with one unit (BOT 1.0 section 6.2).
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount, BigEndian.reversed(bytes, at: 0) == Self.signature else { return nil }
        let count = Int(bytes[14])
        guard bytes[12] & 0x7F == 0, bytes[13] == 0, (1...16).contains(count) else { return nil }
        tag = BigEndian.reversed(bytes, at: 4)
        length = Int(BigEndian.reversed(bytes, at: 8))
        direction = bytes[12] & 0x80 == 0 ? .out : .in
        command = (15..<15 + count).map { bytes[$0] }
    }
}

/// What ends each command (BOT 1.0 section 5.2).
struct CommandStatusWrapper {
    enum Status: UInt8 {
        case passed = 0
        case failed = 1
        /// Host and device did not mean the same data.
        case phaseError = 2
    }

    static let byteCount = 13
    var tag: UInt32
    /// Bytes that the host meant to move and the device did not process.
    var residue: Int
    var status: Status

    var bytes: [UInt8] {
        Array("USBS".utf8) + BigEndian.bytes(tag).reversed()
            + BigEndian.bytes(UInt32(clamping: residue)).reversed() + [status.rawValue]
    }
}

/// Numbers as SCSI has them, highest byte first.
enum BigEndian {
    static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// The number in those bytes of a command that are there.
    static func number(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
        bytes[range.clamped(to: bytes.indices)].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Four bytes, lowest first, as USB has them.
    static func reversed(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
    }
}
