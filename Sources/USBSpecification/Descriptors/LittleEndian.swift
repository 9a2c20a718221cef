// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension RawSpan {
    /// The byte at an offset, or 0 outside the span.
    ///
    /// Parsers check lengths first; the zero only makes a slip in such a check harmless.
    func byte(_ offset: Int) -> UInt8 {
        guard offset >= 0, offset < byteCount else { return 0 }
        // Sound: the line above has checked the bounds, and a byte has no alignment and no invalid value.
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// The little-endian 16-bit number at an offset.
    func word(_ offset: Int) -> UInt16 { UInt16(byte(offset)) | UInt16(byte(offset &+ 1)) << 8 }

    /// The little-endian 32-bit number at an offset.
    func doubleWord(_ offset: Int) -> UInt32 { UInt32(word(offset)) | UInt32(word(offset &+ 2)) << 16 }

    /// A copy of the bytes in a range, cut to what the span has; empty where they do not meet.
    func copy(_ range: Range<Int>) -> [UInt8] {
        let range = range.clamped(to: 0..<byteCount)
        guard !range.isEmpty else { return [] }
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        for position in range { result.append(byte(position)) }
        return result
    }
}

extension [UInt8] {
    /// Lends the array's bytes for the length of a call.
    func withRawSpan<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Sound: the view is of whole, initialised bytes without padding, and cannot outlive the array's storage.
        try unsafe body(span.bytes)
    }

    /// Appends a 16-bit number, low byte first.
    mutating func append(word: UInt16) {
        append(UInt8(truncatingIfNeeded: word))
        append(UInt8(truncatingIfNeeded: word >> 8))
    }

    /// Appends a 32-bit number, low byte first.
    mutating func append(doubleWord: UInt32) {
        append(word: UInt16(truncatingIfNeeded: doubleWord))
        append(word: UInt16(truncatingIfNeeded: doubleWord >> 16))
    }

    /// Appends bLength and bDescriptorType of a descriptor whose own fields take `fixed` bytes, header included, and
    /// are followed by `trailing`.
    ///
    /// - Returns: the part of `trailing` for which the 8-bit length leaves room; the caller appends it last.
    mutating func appendHeader(_ type: DescriptorType, fixed: Int, trailing: [UInt8] = []) -> ArraySlice<UInt8> {
        let tail = trailing.prefix(255 - fixed)
        append(UInt8(fixed + tail.count))
        append(type.rawValue)
        return tail
    }
}
