// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a ``GadgetZero`` sends and expects, worked out once.
struct TestPattern {
    private let bytes: [UInt8]

    /// Three packets of 1024 bytes: the most that one call can ask for, in a high-speed microframe.
    init(_ pattern: GadgetZero.Pattern) {
        bytes = (0..<3 * 1024).map { pattern == .zeros ? 0 : UInt8($0 % 63) }
    }

    /// Fills a buffer, up to the length of the pattern.
    ///
    /// - Returns: the number of bytes written.
    func fill(_ buffer: inout MutableSpan<UInt8>) -> Int { buffer.copyPrefix(of: bytes.span) }

    /// Whether a packet is as the pattern says.
    func matches(_ packet: Span<UInt8>) -> Bool { packet.isPrefix(of: bytes.span) }

    /// The first byte of a packet that is not as the pattern says, and what was due there; a packet longer than the
    /// pattern differs where that ends. Nil if there is none.
    func firstDifference(in packet: Span<UInt8>) -> (offset: Int, expected: UInt8)? {
        for offset in packet.indices {
            guard offset < bytes.count else { return (offset, 0) }
            if packet[offset] != bytes[offset] { return (offset, bytes[offset]) }
        }
        return nil
    }
}
