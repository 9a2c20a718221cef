// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// Audio functions: the input is a configuration.
func fuzz(_ input: [UInt8]) {
    guard let configuration = Configuration.parse(input, speed: .full).value else { return }
    for format in AudioStreamingFormat.all(in: configuration) { look(at: format) }
    for extra in configuration.extras { check(extra) }
    for setting in configuration.interfaces.flatMap(\.alternateSettings) {
        for extra in setting.extras { check(extra) }
        for extra in setting.endpoints.flatMap(\.extras) { check(extra) }
        guard let topology = AudioTopology(setting) else { continue }
        for terminal in topology.inputTerminals.map(\.id) + topology.outputTerminals.map(\.id) + [0, 255] {
            _ = topology.featureUnit(nearest: terminal)
            _ = topology.farTerminals(of: terminal).map(\.description)
        }
    }
}

private func look(at format: AudioStreamingFormat) {
    for feature: AudioFeatures in [.mute, .volume] {
        let channels = format.channels(with: feature)
        require(Set(channels).count == channels.count, "a channel is named twice")
    }
    _ = (format.format.description, format.hasMute, format.hasVolume, format.hasSamplingFrequencyControl)
    guard let highest = format.format.rates.highest else { return }
    require(format.format.rates.contains(highest), "the highest rate is none of the rates")
    guard let interval = try? EndpointLayout(format.endpoint).serviceInterval(at: Speed.full),
        let plan = SampleRatePlan(rate: highest, bytesPerSampleFrame: format.format.bytesPerFrame, interval: interval)
    else { return }
    for packet: Int64 in [0, 1, 999, .max] {
        require((0...plan.maximumBytes).contains(plan.bytes(inPacket: packet)), "a packet is larger than the largest")
    }
}

/// A class-specific descriptor is at most one of them, and is written so that it is read as the same.
private func check(_ raw: RawDescriptor) {
    if let value = AudioControlHeader(raw) {
        require(AudioControlHeader(value.raw) == value, "a header is read otherwise")
    }
    if let value = AudioInputTerminal(raw) {
        require(AudioInputTerminal(value.raw) == value, "an input terminal is read otherwise")
    }
    if let value = AudioOutputTerminal(raw) {
        require(AudioOutputTerminal(value.raw) == value, "an output terminal is read otherwise")
    }
    // Of more channels than can have 16 bits each, those that have fewer are written.
    if let value = AudioFeatureUnit(raw), value.channels.count <= 123 {
        require(AudioFeatureUnit(value.raw) == value, "a feature unit is read otherwise")
    }
    if let value = AudioStreamingGeneral(raw) {
        require(AudioStreamingGeneral(value.raw) == value, "a streaming interface is read otherwise")
    }
    if let value = AudioFormat(raw) {
        require(AudioFormat(value.raw) == value, "a format is read otherwise")
    }
    if let value = AudioEndpointGeneral(raw) {
        require(AudioEndpointGeneral(value.raw) == value, "an endpoint is read otherwise")
    }
}
