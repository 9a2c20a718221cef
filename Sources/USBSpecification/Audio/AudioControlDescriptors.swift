// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The first class-specific descriptor of an audio control interface: which interfaces belong to the function
/// (Audio 1.0 table 4-2).
public struct AudioControlHeader: Hashable, Sendable {
    /// The version of the class, 1.00 for the one that is read here.
    public var release: BinaryCodedRelease
    /// The bytes of all class-specific descriptors of the interface together, this one included (wTotalLength).
    public var totalLength: UInt16
    /// The streaming interfaces of the function. No more than 247 are written.
    public var streamingInterfaces: [UInt8]

    /// Names the three fields.
    public init(release: BinaryCodedRelease = 0x0100, totalLength: UInt16, streamingInterfaces: [UInt8]) {
        self.release = release
        self.totalLength = totalLength
        self.streamingInterfaces = streamingInterfaces
    }

    /// Reads the descriptor; nil if it is another one or too short. Interfaces that it counts and does not have are
    /// left out.
    public init?(_ raw: RawDescriptor) {
        guard let fields = AudioFields(raw, type: .classInterface, subtype: AudioSubtype.header, length: 8) else {
            return nil
        }
        release = BinaryCodedRelease(rawValue: fields.word(3))
        totalLength = fields.word(5)
        streamingInterfaces = fields.bytes(8, count: Int(fields.byte(7)))
    }

    /// The descriptor's bytes as they stand in a configuration.
    public var raw: RawDescriptor {
        let interfaces = streamingInterfaces.prefix(247)
        var payload = [AudioSubtype.header]
        payload.append(word: release.rawValue)
        payload.append(word: totalLength)
        payload.append(UInt8(interfaces.count))
        payload.append(contentsOf: interfaces)
        return RawDescriptor(type: .classInterface, payload: payload)
    }
}

/// Where sound enters an audio function (Audio 1.0 table 4-3).
public struct AudioInputTerminal: Hashable, Sendable {
    /// Its number in the function, never 0.
    public var id: UInt8
    /// What it stands for.
    public var type: AudioTerminalType
    /// The output terminal that belongs to it, as in a headset; 0 for none.
    public var associatedTerminal: UInt8
    /// The number of channels.
    public var channels: UInt8
    /// Where the channels stand in space (wChannelConfig): bit 0 left front, bit 1 right front, and so on.
    public var channelPlaces: UInt16
    /// The string that names the first channel, 0 for none.
    public var channelNames: UInt8
    /// The string that names the terminal, 0 for none.
    public var name: UInt8

    /// Names the fields.
    public init(
        id: UInt8, type: AudioTerminalType, associatedTerminal: UInt8 = 0, channels: UInt8, channelPlaces: UInt16,
        channelNames: UInt8 = 0, name: UInt8 = 0
    ) {
        self.id = id
        self.type = type
        self.associatedTerminal = associatedTerminal
        self.channels = channels
        self.channelPlaces = channelPlaces
        self.channelNames = channelNames
        self.name = name
    }

    /// Reads the descriptor; nil if it is another one or too short.
    public init?(_ raw: RawDescriptor) {
        guard let fields = AudioFields(raw, type: .classInterface, subtype: AudioSubtype.inputTerminal, length: 12)
        else { return nil }
        id = fields.byte(3)
        type = AudioTerminalType(rawValue: fields.word(4))
        associatedTerminal = fields.byte(6)
        channels = fields.byte(7)
        channelPlaces = fields.word(8)
        channelNames = fields.byte(10)
        name = fields.byte(11)
    }

    /// The descriptor's bytes as they stand in a configuration.
    public var raw: RawDescriptor {
        var payload = [AudioSubtype.inputTerminal, id]
        payload.append(word: type.rawValue)
        payload.append(associatedTerminal)
        payload.append(channels)
        payload.append(word: channelPlaces)
        payload.append(channelNames)
        payload.append(name)
        return RawDescriptor(type: .classInterface, payload: payload)
    }
}

/// Where sound leaves an audio function (Audio 1.0 table 4-4).
public struct AudioOutputTerminal: Hashable, Sendable {
    /// Its number in the function, never 0.
    public var id: UInt8
    /// What it stands for.
    public var type: AudioTerminalType
    /// The input terminal that belongs to it, as in a headset; 0 for none.
    public var associatedTerminal: UInt8
    /// The unit or terminal from which its sound comes.
    public var source: UInt8
    /// The string that names the terminal, 0 for none.
    public var name: UInt8

    /// Names the fields.
    public init(id: UInt8, type: AudioTerminalType, associatedTerminal: UInt8 = 0, source: UInt8, name: UInt8 = 0) {
        self.id = id
        self.type = type
        self.associatedTerminal = associatedTerminal
        self.source = source
        self.name = name
    }

    /// Reads the descriptor; nil if it is another one or too short.
    public init?(_ raw: RawDescriptor) {
        guard let fields = AudioFields(raw, type: .classInterface, subtype: AudioSubtype.outputTerminal, length: 9)
        else { return nil }
        id = fields.byte(3)
        type = AudioTerminalType(rawValue: fields.word(4))
        associatedTerminal = fields.byte(6)
        source = fields.byte(7)
        name = fields.byte(8)
    }

    /// The descriptor's bytes as they stand in a configuration.
    public var raw: RawDescriptor {
        var payload = [AudioSubtype.outputTerminal, id]
        payload.append(word: type.rawValue)
        payload.append(associatedTerminal)
        payload.append(source)
        payload.append(name)
        return RawDescriptor(type: .classInterface, payload: payload)
    }
}

/// What can be set about one channel of a feature unit (bmaControls, Audio 1.0 table 4-7).
public struct AudioFeatures: OptionSet, Hashable, Sendable {
    /// The bits as they stand in a descriptor.
    public var rawValue: UInt16

    /// Takes the bits as they stand in a descriptor.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Sound on or off.
    public static let mute = AudioFeatures(rawValue: 1 << 0)
    /// Volume.
    public static let volume = AudioFeatures(rawValue: 1 << 1)
    /// Bass.
    public static let bass = AudioFeatures(rawValue: 1 << 2)
    /// Middle tones.
    public static let mid = AudioFeatures(rawValue: 1 << 3)
    /// Treble.
    public static let treble = AudioFeatures(rawValue: 1 << 4)
    /// A graphic equaliser.
    public static let graphicEqualizer = AudioFeatures(rawValue: 1 << 5)
    /// Automatic gain.
    public static let automaticGain = AudioFeatures(rawValue: 1 << 6)
    /// Delay.
    public static let delay = AudioFeatures(rawValue: 1 << 7)
    /// Bass boost.
    public static let bassBoost = AudioFeatures(rawValue: 1 << 8)
    /// Loudness.
    public static let loudness = AudioFeatures(rawValue: 1 << 9)
}

/// A unit that changes volume, tone and the like of the sound that passes it (Audio 1.0 table 4-7).
public struct AudioFeatureUnit: Hashable, Sendable {
    /// Its number in the function, never 0.
    public var id: UInt8
    /// The unit or terminal from which its sound comes.
    public var source: UInt8
    /// What can be set for all channels together, the master channel.
    public var master: AudioFeatures
    /// What can be set for each channel alone, the first channel first.
    public var channels: [AudioFeatures]
    /// The string that names the unit, 0 for none.
    public var name: UInt8

    /// Names the fields. No more than 123 channels are written.
    public init(id: UInt8, source: UInt8, master: AudioFeatures, channels: [AudioFeatures], name: UInt8 = 0) {
        self.id = id
        self.source = source
        self.master = master
        self.channels = channels
        self.name = name
    }

    /// Reads the descriptor; nil if it is another one or too short. Of each channel's bits the first 16 are read: the
    /// specification defines ten.
    public init?(_ raw: RawDescriptor) {
        // The smallest unit has a master of one byte and no channels.
        guard let fields = AudioFields(raw, type: .classInterface, subtype: AudioSubtype.featureUnit, length: 8) else {
            return nil
        }
        let size = Int(fields.byte(5))
        guard size >= 1 else { return nil }
        let count = (fields.length - 7) / size
        guard count >= 1 else { return nil }
        func features(_ channel: Int) -> AudioFeatures {
            let offset = 6 + channel * size
            return AudioFeatures(rawValue: size == 1 ? UInt16(fields.byte(offset)) : fields.word(offset))
        }
        id = fields.byte(3)
        source = fields.byte(4)
        master = features(0)
        channels = (1..<count).map(features)
        name = fields.byte(fields.length - 1)
    }

    /// The descriptor's bytes as they stand in a configuration, with the fewest bytes per channel that hold the bits.
    public var raw: RawDescriptor {
        let all = [master] + channels.prefix(123)
        let isWide = all.contains { $0.rawValue > 0xFF }
        var payload = [AudioSubtype.featureUnit, id, source, isWide ? 2 : 1]
        for features in all {
            if isWide {
                payload.append(word: features.rawValue)
            } else {
                payload.append(UInt8(truncatingIfNeeded: features.rawValue))
            }
        }
        payload.append(name)
        return RawDescriptor(type: .classInterface, payload: payload)
    }
}
