// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import USBSpecification

/// The 48 bytes before each request and answer of USB/IP, big-endian.
struct StubMessage {
    static let size = 48
    static let submit: UInt32 = 1
    static let unlink: UInt32 = 2
    static let submitted: UInt32 = 3
    static let unlinked: UInt32 = 4

    private(set) var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// An answer.
    init(_ command: UInt32, number: UInt32, status: Int32) {
        bytes = [UInt8](repeating: 0, count: StubMessage.size)
        set(0, command)
        set(4, number)
        set(20, UInt32(bitPattern: status))
    }

    var command: UInt32 { word(0) }
    var number: UInt32 { word(4) }
    var isIn: Bool { word(12) == 1 }
    var endpoint: EndpointAddress {
        EndpointAddress(rawValue: UInt8(truncatingIfNeeded: word(16) & 15) | (isIn ? 0x80 : 0))
    }
    /// Of an unlink: the request that is to end.
    var target: UInt32 { word(20) }
    var length: Int { Int(word(24)) }
    var packetCount: Int { max(0, Int(Int32(bitPattern: word(32)))) }
    var setup: SetupPacket {
        SetupPacket(packed: (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[40 + $1]) << (8 * UInt64($1)) })
    }

    mutating func setResult(byteCount: Int, packetCount: Int = 0, errors: Int = 0) {
        set(24, UInt32(byteCount))
        set(32, UInt32(packetCount))
        set(36, UInt32(errors))
    }

    func word(_ offset: Int) -> UInt32 { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }

    private mutating func set(_ offset: Int, _ value: UInt32) {
        for place in 0..<4 { bytes[offset + place] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(place))) }
    }
}

/// One packet of an isochronous request or answer.
struct StubPacket {
    static let size = 16
    var offset: Int
    var length: Int
    var actualLength = 0
    var status: Int32 = 0

    init(_ bytes: ArraySlice<UInt8>) {
        let words = (0..<4).map { index -> UInt32 in
            let start = bytes.startIndex + 4 * index
            return bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        offset = Int(words[0])
        length = Int(words[1])
    }

    var bytes: [UInt8] {
        [UInt32(offset), UInt32(length), UInt32(actualLength), UInt32(bitPattern: status)].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) }
        }
    }
}
#endif
