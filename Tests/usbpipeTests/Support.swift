// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Foundation

@testable import usbpipe

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

/// Runs `body` with the path of a directory that exists for so long.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("usbpipe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
}

/// WAV files made field by field, right or wrong.
struct RawWAV {
    var riffSize: UInt32?
    var tag: UInt16 = 1
    var channels: UInt16 = 2
    var rate: UInt32 = 48000
    var bits: UInt16 = 16
    var frameBytes: UInt16?
    /// The subformat's tag and the number of bits that count, for WAVE_FORMAT_EXTENSIBLE.
    var extensible: (tag: UInt16, validBits: UInt16)?
    /// Chunks between the format and the samples: name and contents.
    var chunks: [(String, [UInt8])] = []
    var dataSize: UInt32?
    var data: [UInt8] = []
    /// Bytes after the samples.
    var tail: [UInt8] = []

    var bytes: [UInt8] {
        var format = little(extensible == nil ? tag : 0xFFFE) + little(channels) + little(rate)
        let frame = frameBytes ?? UInt16(truncatingIfNeeded: Int(channels) * Int((bits + 7) / 8))
        format += little(rate &* UInt32(frame)) + little(frame) + little(bits)
        if let extensible {
            format += little(UInt16(22)) + little(extensible.validBits) + little(UInt32(3)) + little(extensible.tag)
            format += [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        }
        var body = Array("WAVE".utf8) + chunk("fmt ", format)
        for (name, contents) in chunks { body += chunk(name, contents) }
        body += Array("data".utf8) + little(dataSize ?? UInt32(data.count)) + data
        if dataSize == nil, data.count % 2 == 1 { body += [0] }
        body += tail
        return Array("RIFF".utf8) + little(riffSize ?? UInt32(body.count)) + body
    }

    private func chunk(_ name: String, _ contents: [UInt8]) -> [UInt8] {
        Array(name.utf8) + little(UInt32(contents.count)) + contents + (contents.count % 2 == 1 ? [0] : [])
    }
}

/// A number's bytes, little endian.
func little(_ number: some FixedWidthInteger) -> [UInt8] {
    (0..<(number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
}

extension WAVReader {
    /// Reads everything that is left in pieces of `frames`.
    mutating func readAll(frames: Int = 1000) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while try read(frames: frames, into: &bytes) > 0 {}
        return bytes
    }

    /// Reads everything that is left as 16-bit stereo.
    mutating func readAllStereo16(frames: Int = 1000) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while try readStereo16(frames: frames, into: &bytes) > 0 {}
        return bytes
    }
}
