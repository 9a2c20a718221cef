// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension ClassCode {
    /// The interface through which an audio function is controlled (Audio 1.0 section 4.3.1).
    public static let audioControl = ClassCode(base: 0x01, subclass: 0x01)
    /// An interface that carries sound, in the first version of the class (Audio 1.0 section 4.5.1).
    public static let audioStreaming = ClassCode(base: 0x01, subclass: 0x02)
}

/// What a terminal of an audio function stands for (wTerminalType, USB Audio Terminal Types 1.0).
public struct AudioTerminalType: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral,
    CustomStringConvertible
{
    /// The code as it stands in a descriptor.
    public var rawValue: UInt16

    /// Takes the code as it stands in a descriptor.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Takes a literal such as `0x0301`.
    public init(integerLiteral value: UInt16) { rawValue = value }

    /// Sound that goes over USB: the end of a streaming interface.
    public static let usbStreaming: AudioTerminalType = 0x0101
    /// An end of USB that the vendor defines.
    public static let usbVendorSpecific: AudioTerminalType = 0x01FF
    /// An input of no particular kind.
    public static let input: AudioTerminalType = 0x0200
    /// A microphone.
    public static let microphone: AudioTerminalType = 0x0201
    /// A microphone on a desk.
    public static let desktopMicrophone: AudioTerminalType = 0x0202
    /// An output of no particular kind.
    public static let output: AudioTerminalType = 0x0300
    /// A loudspeaker.
    public static let speaker: AudioTerminalType = 0x0301
    /// Headphones.
    public static let headphones: AudioTerminalType = 0x0302
    /// A loudspeaker on a desk.
    public static let desktopSpeaker: AudioTerminalType = 0x0304
    /// Headphones and a microphone in one.
    public static let headset: AudioTerminalType = 0x0402
    /// An analogue connector.
    public static let analogConnector: AudioTerminalType = 0x0601
    /// A line connector.
    public static let lineConnector: AudioTerminalType = 0x0603
    /// A digital connector in the S/PDIF format.
    public static let spdif: AudioTerminalType = 0x0605

    /// Whether sound enters or leaves the function here over USB (the codes 0x01xx).
    public var isUSB: Bool { rawValue >> 8 == 0x01 }

    /// The name in words, or the hexadecimal code for a type that has none here.
    public var description: String {
        switch self {
        case .usbStreaming: "USB streaming"
        case .usbVendorSpecific: "USB, vendor specific"
        case .input: "input"
        case .microphone: "microphone"
        case .desktopMicrophone: "desktop microphone"
        case .output: "output"
        case .speaker: "speaker"
        case .headphones: "headphones"
        case .desktopSpeaker: "desktop speaker"
        case .headset: "headset"
        case .analogConnector: "analogue connector"
        case .lineConnector: "line connector"
        case .spdif: "S/PDIF"
        default: hexadecimal(rawValue)
        }
    }
}

/// A volume as feature units count it: steps of 1/256 dB, from -127.9961 dB to 127.9961 dB, and one value for silence
/// (Audio 1.0 section 5.2.2.4.3.2).
public struct AudioVolume: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number of 1/256 dB; -32,768 for silence.
    public var rawValue: Int16

    /// Takes a number of 1/256 dB; -32,768 for silence.
    public init(rawValue: Int16) { self.rawValue = rawValue }

    /// Rounds a number of decibels to the nearest step and to the limits of the format. What is not a number is
    /// silence.
    public init(decibels: Double) {
        guard !decibels.isNaN, decibels > -.infinity else {
            rawValue = .min
            return
        }
        let steps = min(max(decibels * 256, -32_767), 32_767)
        // Not `rounded()`, which would need the C mathematics library to be linked.
        rawValue = Int16(steps + (steps < 0 ? -0.5 : 0.5))
    }

    /// No sound at all.
    public static let silence = AudioVolume(rawValue: .min)
    /// 0 dB: neither louder nor softer.
    public static let unchanged = AudioVolume(rawValue: 0)

    /// The volume in decibels; minus infinity for silence.
    public var decibels: Double { self == .silence ? -.infinity : Double(rawValue) / 256 }

    /// For example "-12.5 dB", or "silence".
    public var description: String { self == .silence ? "silence" : "\(decibels) dB" }

    /// Orders volumes from soft to loud.
    public static func < (left: AudioVolume, right: AudioVolume) -> Bool { left.rawValue < right.rawValue }
}
