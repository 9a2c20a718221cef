// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The requests of the audio class (bRequest, Audio 1.0 table A-9).
public enum AudioRequest: UInt8, Sendable, Hashable, CaseIterable {
    /// Sets the present value.
    case setCurrent = 0x01
    /// Sets the smallest value.
    case setMinimum = 0x02
    /// Sets the largest value.
    case setMaximum = 0x03
    /// Sets the distance between values.
    case setResolution = 0x04
    /// Asks for the present value.
    case getCurrent = 0x81
    /// Asks for the smallest value.
    case getMinimum = 0x82
    /// Asks for the largest value.
    case getMaximum = 0x83
    /// Asks for the distance between values.
    case getResolution = 0x84

    /// The way the value goes.
    public var direction: Direction { rawValue & 0x80 == 0 ? .out : .in }
}

/// Something that can be set about a unit or an endpoint of an audio function, with the size of its value.
public enum AudioControl: Sendable, Hashable, CaseIterable {
    /// A feature unit's mute: one byte, 1 for muted (Audio 1.0 section 5.2.2.4.3.1).
    case mute
    /// A feature unit's volume: two bytes, see ``AudioVolume`` (Audio 1.0 section 5.2.2.4.3.2).
    case volume
    /// An isochronous endpoint's sampling frequency: three bytes, in Hz (Audio 1.0 section 5.2.3.2.3.1).
    case samplingFrequency

    /// The control selector: the high byte of wValue (Audio 1.0 tables ).
    public var selector: UInt8 {
        switch self {
        case .mute, .samplingFrequency: 0x01
        case .volume: 0x02
        }
    }

    /// The number of bytes of a value.
    public var valueSize: Int {
        switch self {
        case .mute: 1
        case .volume: 2
        case .samplingFrequency: 3
        }
    }
}

extension SetupPacket {
    /// Sets or asks for the sampling frequency of an isochronous endpoint. The data stage has three bytes, see
    /// ``AudioSampleRates/bytes(of:)``.
    public static func audioSamplingFrequency(_ request: AudioRequest, endpoint: EndpointAddress) -> SetupPacket {
        SetupPacket(
            requestType: RequestType(direction: request.direction, kind: .class, recipient: .endpoint),
            request: request.rawValue, value: UInt16(AudioControl.samplingFrequency.selector) << 8,
            index: UInt16(endpoint.rawValue), length: UInt16(AudioControl.samplingFrequency.valueSize))
    }

    /// Sets or asks for the mute of a feature unit. The data stage has one byte: 1 for muted, 0 for not.
    ///
    /// - Parameters:
    ///   - request: which of the requests.
    ///   - unit: the feature unit's number.
    ///   - channel: 0 for all channels together (the master), else a channel counted from 1.
    ///   - interface: the audio control interface.
    public static func audioMute(
        _ request: AudioRequest, unit: UInt8, channel: UInt8 = 0, interface: UInt8
    ) -> SetupPacket {
        feature(request, .mute, unit: unit, channel: channel, interface: interface)
    }

    /// Sets or asks for the volume of a feature unit, or its limits. The data stage has two bytes: an
    /// ``AudioVolume``'s raw value, low byte first.
    ///
    /// - Parameters:
    ///   - request: which of the requests.
    ///   - unit: the feature unit's number.
    ///   - channel: 0 for all channels together (the master), else a channel counted from 1.
    ///   - interface: the audio control interface.
    public static func audioVolume(
        _ request: AudioRequest, unit: UInt8, channel: UInt8 = 0, interface: UInt8
    ) -> SetupPacket {
        feature(request, .volume, unit: unit, channel: channel, interface: interface)
    }

    private static func feature(
        _ request: AudioRequest, _ control: AudioControl, unit: UInt8, channel: UInt8, interface: UInt8
    ) -> SetupPacket {
        SetupPacket(
            requestType: RequestType(direction: request.direction, kind: .class, recipient: .interface),
            request: request.rawValue, value: UInt16(control.selector) << 8 | UInt16(channel),
            index: UInt16(unit) << 8 | UInt16(interface), length: UInt16(control.valueSize))
    }
}
