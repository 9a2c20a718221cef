// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How the samples of a WAV file are stored.
struct WAVFormat: Equatable, Sendable {
    /// The form of one sample; all are little endian.
    enum Encoding: Equatable, Sendable, CaseIterable {
        /// 8-bit unsigned, silence at 128.
        case unsigned8
        /// 16-bit two's complement.
        case signed16
        /// 24-bit two's complement, packed in three bytes.
        case signed24
        /// 32-bit two's complement.
        case signed32
        /// IEEE 754 single precision, full scale at ±1.
        case float32

        /// Bytes of one sample of one channel.
        var bytes: Int {
            switch self {
            case .unsigned8: 1
            case .signed16: 2
            case .signed24: 3
            case .signed32, .float32: 4
            }
        }
    }

    /// The form of one sample.
    var encoding: Encoding
    /// Samples per sample frame, at least 1.
    var channels: Int
    /// Sample frames per second, at least 1.
    var rate: Int

    /// Bytes of one sample frame: one sample of each channel.
    var bytesPerFrame: Int { encoding.bytes * channels }
}

extension WAVFormat: CustomStringConvertible {
    var description: String {
        let layout =
            switch channels {
            case 1: "mono"
            case 2: "stereo"
            default: "\(channels) channels"
            }
        let form = encoding == .float32 ? "32-bit float" : "\(encoding.bytes * 8)-bit"
        return "\(rate) Hz, \(form), \(layout)"
    }
}
