// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The class-specific descriptor of an audio streaming interface: to which terminal it leads and what is coded
/// (Audio 1.0 table 4-19).
public struct AudioStreamingGeneral: Hashable, Sendable {
    /// The terminal of the audio function that this interface feeds or drains.
    public var terminalLink: UInt8
    /// The delay of the data path, in frames (bDelay).
    public var delay: UInt8
    /// How samples are coded (wFormatTag): 1 for PCM, 2 for PCM with 8 unsigned bits, 3 for IEEE floating point.
    public var formatTag: UInt16

    /// The format tag of PCM: two's complement integers (Audio Data Formats 1.0 section 2.2.6.1).
    public static let pcm: UInt16 = 0x0001

    /// Names the three fields.
    public init(terminalLink: UInt8, delay: UInt8 = 1, formatTag: UInt16 = AudioStreamingGeneral.pcm) {
        self.terminalLink = terminalLink
        self.delay = delay
        self.formatTag = formatTag
    }

    /// Reads the descriptor; nil if it is another one or too short.
    public init?(_ raw: RawDescriptor) {
        guard let fields = AudioFields(raw, type: .classInterface, subtype: AudioSubtype.streamingGeneral, length: 7)
        else { return nil }
        terminalLink = fields.byte(3)
        delay = fields.byte(4)
        formatTag = fields.word(5)
    }

    /// The descriptor's bytes as they stand in a configuration.
    public var raw: RawDescriptor {
        var payload = [AudioSubtype.streamingGeneral, terminalLink, delay]
        payload.append(word: formatTag)
        return RawDescriptor(type: .classInterface, payload: payload)
    }
}

/// The sampling frequencies of a format, in Hz (Audio Data Formats 1.0 tables 2-2 and 2-3).
public enum AudioSampleRates: Hashable, Sendable, CustomStringConvertible {
    /// These and no others, in the order of the descriptor.
    case discrete([Int])
    /// All from the lower to the upper one. A device may state them the wrong way round; then there are none.
    case continuous(lower: Int, upper: Int)

    /// Whether a frequency is one of them.
    public func contains(_ rate: Int) -> Bool {
        switch self {
        case .discrete(let rates): rates.contains(rate)
        case .continuous(let lower, let upper): rate >= lower && rate <= upper
        }
    }

    /// The highest of them, or nil if there are none.
    public var highest: Int? {
        switch self {
        case .discrete(let rates): rates.max()
        case .continuous(let lower, let upper): lower <= upper ? upper : nil
        }
    }

    /// For example "44100, 48000 Hz" or "8000 to 48000 Hz".
    public var description: String {
        switch self {
        case .discrete(let rates): rates.map(String.init).joined(separator: ", ") + " Hz"
        case .continuous(let lower, let upper): "\(lower) to \(upper) Hz"
        }
    }

    /// The highest frequency that three bytes can hold, in Hz.
    public static let limit = 0xFF_FFFF

    /// The three bytes of a sampling frequency, low byte first, as in descriptors and in the requests of the endpoint.
    /// Frequencies outside 0 to ``limit`` are written as the nearer of the two.
    public static func bytes(of rate: Int) -> [UInt8] {
        let rate = UInt32(min(max(rate, 0), limit))
        return [
            UInt8(truncatingIfNeeded: rate), UInt8(truncatingIfNeeded: rate >> 8),
            UInt8(truncatingIfNeeded: rate >> 16),
        ]
    }

    /// Reads the three bytes of a sampling frequency; nil unless there are exactly three.
    public static func rate(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count == 3 else { return nil }
        return Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
    }
}

/// The layout of samples that stand one behind another in time: format type I
/// (Audio Data Formats 1.0 table 2-1).
public struct AudioFormat: Hashable, Sendable, CustomStringConvertible {
    /// The number of channels, whose samples alternate.
    public var channels: UInt8
    /// The bytes of one sample of one channel (bSubframeSize).
    public var bytesPerSample: UInt8
    /// How many of its bits are used, counted from the highest (bBitResolution).
    public var bitResolution: UInt8
    /// The sampling frequencies.
    public var rates: AudioSampleRates

    /// Names the fields. No more than 82 discrete frequencies are written.
    public init(channels: UInt8, bytesPerSample: UInt8, bitResolution: UInt8, rates: AudioSampleRates) {
        self.channels = channels
        self.bytesPerSample = bytesPerSample
        self.bitResolution = bitResolution
        self.rates = rates
    }

    /// The bytes of one sample of every channel together.
    public var bytesPerFrame: Int { Int(channels) * Int(bytesPerSample) }

    /// Reads the descriptor; nil if it is another one, of another format type, or too short. Frequencies that it counts
    /// and does not have are left out, as long as there is one.
    public init?(_ raw: RawDescriptor) {
        guard let fields = AudioFields(raw, type: .classInterface, subtype: AudioSubtype.formatType, length: 8),
            fields.byte(3) == 1
        else { return nil }
        channels = fields.byte(4)
        bytesPerSample = fields.byte(5)
        bitResolution = fields.byte(6)
        let count = Int(fields.byte(7))
        if count == 0 {
            guard fields.length >= 14 else { return nil }
            rates = .continuous(lower: fields.triple(8), upper: fields.triple(11))
        } else {
            let present = min(count, (fields.length - 8) / 3)
            guard present >= 1 else { return nil }
            rates = .discrete((0..<present).map { fields.triple(8 + 3 * $0) })
        }
    }

    /// The descriptor's bytes as they stand in a configuration.
    public var raw: RawDescriptor {
        var payload: [UInt8] = [AudioSubtype.formatType, 1, channels, bytesPerSample, bitResolution]
        switch rates {
        case .discrete(let rates):
            let rates = rates.prefix(82)
            payload.append(UInt8(rates.count))
            for rate in rates { payload.append(contentsOf: AudioSampleRates.bytes(of: rate)) }
        case .continuous(let lower, let upper):
            payload.append(0)
            payload.append(contentsOf: AudioSampleRates.bytes(of: lower))
            payload.append(contentsOf: AudioSampleRates.bytes(of: upper))
        }
        return RawDescriptor(type: .classInterface, payload: payload)
    }

    /// For example "2 channels of 16 bits in 2 bytes, 44100, 48000 Hz".
    public var description: String {
        "\(channels) channels of \(bitResolution) bits in \(bytesPerSample) bytes, \(rates)"
    }
}

/// The class-specific descriptor of an isochronous endpoint that carries sound (Audio 1.0 table 4-21).
public struct AudioEndpointGeneral: Hashable, Sendable {
    /// The bits of bmAttributes.
    public struct Attributes: OptionSet, Hashable, Sendable {
        /// The bits as they stand in a descriptor.
        public var rawValue: UInt8

        /// Takes the bits as they stand in a descriptor.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The sampling frequency can be set at the endpoint.
        public static let samplingFrequency = Attributes(rawValue: 1 << 0)
        /// The pitch can be set at the endpoint.
        public static let pitch = Attributes(rawValue: 1 << 1)
        /// Every packet must have the endpoint's maximum size.
        public static let maximumPacketsOnly = Attributes(rawValue: 1 << 7)
    }

    /// In what wLockDelay is counted (bLockDelayUnits).
    public enum LockDelayUnit: UInt8, Sendable, Hashable {
        /// Not stated.
        case undefined = 0
        /// Milliseconds.
        case milliseconds = 1
        /// Decoded samples.
        case samples = 2
    }

    /// What can be set or must be obeyed.
    public var attributes: Attributes
    /// In what ``lockDelay`` is counted. A reserved code reads as undefined.
    public var lockDelayUnit: LockDelayUnit
    /// How long the endpoint needs to lock on to the clock of the sound.
    public var lockDelay: UInt16

    /// Names the three fields.
    public init(attributes: Attributes, lockDelayUnit: LockDelayUnit = .undefined, lockDelay: UInt16 = 0) {
        self.attributes = attributes
        self.lockDelayUnit = lockDelayUnit
        self.lockDelay = lockDelay
    }

    /// Reads the descriptor; nil if it is another one or too short.
    public init?(_ raw: RawDescriptor) {
        guard let fields = AudioFields(raw, type: .classEndpoint, subtype: AudioSubtype.endpointGeneral, length: 7)
        else { return nil }
        attributes = Attributes(rawValue: fields.byte(3))
        lockDelayUnit = LockDelayUnit(rawValue: fields.byte(4)) ?? .undefined
        lockDelay = fields.word(5)
    }

    /// The descriptor's bytes as they stand in a configuration.
    public var raw: RawDescriptor {
        var payload = [AudioSubtype.endpointGeneral, attributes.rawValue, lockDelayUnit.rawValue]
        payload.append(word: lockDelay)
        return RawDescriptor(type: .classEndpoint, payload: payload)
    }
}
