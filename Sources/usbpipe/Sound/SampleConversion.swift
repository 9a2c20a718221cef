// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Samples of any form made into 16-bit ones.
///
/// What fits in 16 bits is exact. The rest is rounded to the nearest value, halves upwards, and limited to the range;
/// no dither is added, so that the same file always gives the same bytes.
enum SampleConversion {
    /// Appends sample frames as 16-bit stereo, interleaved, little endian. A single channel goes to both sides.
    ///
    /// - Parameters:
    ///   - samples: whole sample frames; a rest shorter than a frame is left out.
    ///   - encoding: their form.
    ///   - channels: 1 or 2.
    static func appendStereo16(
        _ samples: [UInt8], encoding: WAVFormat.Encoding, channels: Int, to bytes: inout [UInt8]
    ) {
        let sampleBytes = encoding.bytes
        let count = samples.count / sampleBytes / channels * channels
        bytes.reserveCapacity(bytes.count + count * (channels == 1 ? 4 : 2))
        var offset = 0
        for _ in 0..<count {
            let value = UInt16(bitPattern: sample16(samples, at: offset, encoding))
            offset += sampleBytes
            for _ in 0..<(channels == 1 ? 2 : 1) {
                bytes.append(UInt8(truncatingIfNeeded: value))
                bytes.append(UInt8(truncatingIfNeeded: value >> 8))
            }
        }
    }

    /// One sample as 16 bits; its bytes are there.
    private static func sample16(_ bytes: [UInt8], at offset: Int, _ encoding: WAVFormat.Encoding) -> Int16 {
        switch encoding {
        case .unsigned8:
            return Int16(truncatingIfNeeded: (Int(bytes[offset]) - 128) * 256)
        case .signed16:
            return Int16(bitPattern: UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8)
        case .signed24:
            return rounded(word(bytes, at: offset, count: 3))
        case .signed32:
            return rounded(word(bytes, at: offset, count: 4))
        case .float32:
            return fromFloat(Float(bitPattern: UInt32(bitPattern: word(bytes, at: offset, count: 4))))
        }
    }

    /// `count` bytes as the upper bytes of a 32-bit number.
    private static func word(_ bytes: [UInt8], at offset: Int, count: Int) -> Int32 {
        var word: UInt32 = 0
        for index in 0..<count { word = word >> 8 | UInt32(bytes[offset + index]) << 24 }
        return Int32(bitPattern: word)
    }

    private static func rounded(_ value: Int32) -> Int16 {
        Int16(clamping: (Int64(value) + 0x8000) >> 16)
    }

    /// Full scale is ±1; not a number is silence.
    private static func fromFloat(_ value: Float) -> Int16 {
        if value.isNaN { return 0 }
        let scaled = (value * 32768).rounded(.toNearestOrAwayFromZero)
        return Int16(max(-32768, min(32767, scaled)))
    }
}
