// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Takes an input apart. Behind its end everything is zero.
struct InputBytes {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// Whether everything has been taken.
    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// Low byte first.
    mutating func word() -> UInt16 { UInt16(byte()) | UInt16(byte()) << 8 }

    /// Takes bytes, fewer at the end.
    mutating func bytes(_ count: Int) -> [UInt8] {
        let result = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return result
    }

    /// Takes exactly so many bytes.
    mutating func padded(_ count: Int) -> [UInt8] {
        let result = bytes(count)
        return result + [UInt8](repeating: 0, count: count - result.count)
    }

    /// Takes what is left.
    mutating func remainder() -> [UInt8] { bytes(rest.count) }
}
