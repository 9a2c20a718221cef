// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Writes 16-bit PCM sound as a WAV file.
///
/// The sizes in the header are unknown until the end: `finish` puts them in where the output can be written again. In a
/// pipe they stay at the largest number, which readers take for "until the end".
package struct WAVWriter: ~Copyable {
    /// Bytes in front of the samples.
    package static let headerBytes = 44

    private let output: DataFile
    private let channels: Int
    private let rate: Int
    private let headerPosition: Int?
    private var dataBytes = 0

    /// Writes a header.
    ///
    /// - Parameters:
    ///   - rate: sample frames per second.
    ///   - channels: samples per frame.
    package init(_ output: DataFile, rate: Int, channels: Int = 2) throws(FileError) {
        self.output = output
        self.rate = rate
        self.channels = channels
        headerPosition = output.patchablePosition
        try output.write(Self.header(dataBytes: nil, rate: rate, channels: channels))
    }

    /// Appends samples: 16 bits each, little endian, the channels interleaved.
    package mutating func write(_ samples: RawSpan) throws(FileError) {
        try output.write(samples)
        dataBytes += samples.byteCount
    }

    /// Appends samples: 16 bits each, little endian, the channels interleaved.
    package mutating func write(_ samples: [UInt8]) throws(FileError) {
        try output.write(samples)
        dataBytes += samples.count
    }

    /// Counts samples that were appended to the output by other means.
    package mutating func count(appended bytes: Int) { dataBytes += bytes }

    /// Completes the file.
    package consuming func finish() throws(FileError) {
        if dataBytes % 2 == 1 { try output.write([0]) }
        guard let headerPosition else { return }
        let header = Self.header(dataBytes: dataBytes, rate: rate, channels: channels)
        try output.overwrite(header, at: headerPosition)
    }

    /// A whole WAV file in memory.
    ///
    /// - Parameter samples: 16 bits each, little endian, the channels interleaved.
    package static func file(samples: [UInt8], rate: Int, channels: Int = 2) -> [UInt8] {
        let padding: [UInt8] = samples.count % 2 == 1 ? [0] : []
        return header(dataBytes: samples.count, rate: rate, channels: channels) + samples + padding
    }

    /// The bytes in front of the samples.
    ///
    /// - Parameter dataBytes: nil while unknown. A size that 32 bits cannot hold is written as unknown.
    private static func header(dataBytes: Int?, rate: Int, channels: Int) -> [UInt8] {
        let overhead = headerBytes - 8
        let padded = dataBytes.map { $0 + $0 % 2 + overhead }
        let isKnown = padded.map { $0 < Int(clamping: UInt32.max) } ?? false
        let frameBytes = 2 * channels
        var bytes = Array("RIFF".utf8)
        bytes.append(isKnown ? UInt32(clamping: padded ?? 0) : .max)
        bytes += "WAVEfmt ".utf8
        bytes.append(UInt32(16))
        bytes.append(UInt16(1))
        bytes.append(UInt16(clamping: channels))
        bytes.append(UInt32(clamping: rate))
        bytes.append(UInt32(clamping: rate * frameBytes))
        bytes.append(UInt16(clamping: frameBytes))
        bytes.append(UInt16(16))
        bytes += "data".utf8
        bytes.append(isKnown ? UInt32(clamping: dataBytes ?? 0) : .max)
        return bytes
    }
}

extension Array<UInt8> {
    /// Appends a number, little endian.
    fileprivate mutating func append(_ number: some FixedWidthInteger) {
        var rest = number
        for _ in 0..<(number.bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
