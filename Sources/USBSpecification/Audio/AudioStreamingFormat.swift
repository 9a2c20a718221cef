// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// One way to play or record with an audio device: an alternate setting with its format, its endpoint and what can be
/// set about it (Audio 1.0 sections 4.5 and 4.6).
public struct AudioStreamingFormat: Hashable, Sendable {
    /// The streaming interface.
    public var interface: UInt8
    /// The alternate setting to select for this format.
    public var alternateSetting: UInt8
    /// To which terminal the interface leads, and what is coded.
    public var general: AudioStreamingGeneral
    /// Channels, sample size and sampling frequencies.
    public var format: AudioFormat
    /// The isochronous endpoint that carries the sound.
    public var endpoint: EndpointDescriptor
    /// What can be set at the endpoint; nil if the device does not say.
    public var endpointGeneral: AudioEndpointGeneral?
    /// The endpoint that tells an asynchronous output's rate; nil if there is none.
    public var feedbackEndpoint: EndpointAddress?
    /// The control interface of the function, to which requests to units go; nil if there is none.
    public var controlInterface: UInt8?
    /// The feature unit nearest to the interface; nil if there is none.
    public var featureUnit: AudioFeatureUnit?
    /// What stands at the other end, for example a speaker; nearest first.
    public var farTerminals: [AudioTerminalType]

    /// Whether sound is played (OUT) or recorded (IN).
    public var direction: Direction { endpoint.direction }

    /// Whether samples are two's complement integers.
    public var isPCM: Bool { general.formatTag == AudioStreamingGeneral.pcm }

    /// Whether the sampling frequency can be set at the endpoint. Where it cannot, the device has only one, or finds out
    /// by itself.
    public var hasSamplingFrequencyControl: Bool {
        endpointGeneral?.attributes.contains(.samplingFrequency) ?? false
    }

    /// Whether the sound can be muted: all channels together, or each alone.
    public var hasMute: Bool { has(.mute) }

    /// Whether the volume can be set: for all channels together, or for each alone.
    public var hasVolume: Bool { has(.volume) }

    /// The channels for which something can be set at the feature unit: 0 for all together if that is possible, else
    /// those of 1, 2, ... for which it is.
    public func channels(with feature: AudioFeatures) -> [UInt8] {
        guard let featureUnit else { return [] }
        if featureUnit.master.contains(feature) { return [0] }
        return featureUnit.channels.indices.filter { featureUnit.channels[$0].contains(feature) }.map {
            UInt8(clamping: $0 + 1)
        }
    }

    private func has(_ feature: AudioFeatures) -> Bool { !channels(with: feature).isEmpty }

    /// Reads one alternate setting.
    ///
    /// - Parameters:
    ///   - setting: the alternate setting.
    ///   - topology: the function that it belongs to; nil if unknown.
    /// - Returns: nil if it is not a streaming interface of the first version of the class, has no isochronous endpoint
    ///   (as the setting for silence), or has no format of type I.
    public init?(_ setting: AlternateSetting, topology: AudioTopology? = nil) {
        guard setting.descriptor.interfaceClass == .audioStreaming,
            let general = setting.extras.lazy.compactMap({ AudioStreamingGeneral($0) }).first,
            let format = setting.extras.lazy.compactMap({ AudioFormat($0) }).first
        else { return nil }
        let isochronous = setting.endpoints.filter { $0.descriptor.transferType == .isochronous }
        let described = isochronous.first { layout in layout.extras.contains { AudioEndpointGeneral($0) != nil } }
        guard let data = described ?? isochronous.first(where: { $0.descriptor.attributes.usage != .feedback }) else {
            return nil
        }
        interface = setting.descriptor.number
        alternateSetting = setting.descriptor.alternateSetting
        self.general = general
        self.format = format
        endpoint = data.descriptor
        // Some devices put the endpoint's class-specific descriptor before the endpoint.
        endpointGeneral = (data.extras + setting.extras).lazy.compactMap { AudioEndpointGeneral($0) }.first
        feedbackEndpoint = AudioStreamingFormat.feedback(for: data.descriptor, among: isochronous)
        farTerminals = []
        if let topology { attach(to: topology) }
    }

    private mutating func attach(to topology: AudioTopology) {
        controlInterface = topology.controlInterface
        featureUnit = topology.featureUnit(nearest: general.terminalLink)
        farTerminals = topology.farTerminals(of: general.terminalLink)
    }

    /// Where a stream leads: a function and a terminal in it.
    private struct Link: Hashable {
        let controlInterface: UInt8
        let terminal: UInt8
    }

    /// Reads all formats of a configuration, in the order of its interfaces and settings.
    ///
    /// A streaming interface belongs to the function whose header names it; where none does, to the last control
    /// interface before it, or else to the first.
    public static func all(in configuration: Configuration) -> [AudioStreamingFormat] {
        let topologies = configuration.interfaces.compactMap { interface in
            interface.alternateSettings.first.flatMap { AudioTopology($0) }
        }
        var owners: [UInt8: AudioTopology] = [:]
        for topology in topologies {
            for interface in topology.header?.streamingInterfaces ?? [] where owners[interface] == nil {
                owners[interface] = topology
            }
        }
        // A device may have thousands of settings that lead to the same terminal: each way is walked once.
        var walked: [Link: AudioStreamingFormat] = [:]
        var formats: [AudioStreamingFormat] = []
        var nearest = topologies.first
        var passed = topologies.makeIterator()
        for interface in configuration.interfaces {
            if let setting = interface.alternateSettings.first, setting.descriptor.interfaceClass == .audioControl {
                nearest = passed.next() ?? nearest
            }
            let owner = owners[interface.number] ?? nearest
            for setting in interface.alternateSettings {
                guard var format = AudioStreamingFormat(setting) else { continue }
                if let owner {
                    let link = Link(controlInterface: owner.controlInterface, terminal: format.general.terminalLink)
                    if let known = walked[link] {
                        format.controlInterface = known.controlInterface
                        format.featureUnit = known.featureUnit
                        format.farTerminals = known.farTerminals
                    } else {
                        format.attach(to: owner)
                        walked[link] = format
                    }
                }
                formats.append(format)
            }
        }
        return formats
    }

    /// bSynchAddress, the second byte behind an audio endpoint's standard fields (Audio 1.0 table 4-20), if it names an
    /// endpoint of the setting; else an endpoint that says it is for feedback.
    private static func feedback(
        for data: EndpointDescriptor, among endpoints: [EndpointLayout]
    ) -> EndpointAddress? {
        let others = endpoints.map(\.descriptor).filter { $0.address != data.address }
        if data.trailing.count >= 2, let named = others.first(where: { $0.address.rawValue == data.trailing[1] }) {
            return named.address
        }
        return others.first { $0.attributes.usage == .feedback }?.address
    }
}
