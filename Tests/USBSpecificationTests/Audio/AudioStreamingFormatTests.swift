// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

/// Finding what a device can play and record in its configuration.
@Suite struct AudioStreamingFormatTests {
    @Test func microphoneOfTheSpecification() throws {
        let formats = AudioStreamingFormat.all(in: try Configuration(AudioExamples.microphone, speed: .full))
        let format = try #require(formats.first)
        #expect(formats.count == 1)
        #expect(format.interface == 1)
        #expect(format.alternateSetting == 1)
        #expect(format.direction == .in)
        #expect(format.isPCM)
        #expect(format.endpoint.address == 0x81)
        #expect(format.format.bytesPerFrame == 2)
        #expect(format.controlInterface == 0)
        #expect(format.farTerminals == [.microphone])
        #expect(format.featureUnit == nil)
        #expect(!format.hasSamplingFrequencyControl && !format.hasMute && !format.hasVolume)
        #expect(format.channels(with: .volume) == [])
        #expect(format.feedbackEndpoint == nil)
    }

    /// The headset goes through its bytes, as it would from a device. Its interfaces do not count from 0, which is
    /// told and does no harm.
    @Test func headset() throws {
        let parsed = try #require(Configuration.parse(AudioExamples.headset.bytes, speed: .full).value)
        #expect(parsed == AudioExamples.headset)
        let formats = AudioStreamingFormat.all(in: parsed)
        try #require(formats.count == 2)

        let out = formats[0]
        #expect((out.interface, out.alternateSetting) == (3, 1))
        #expect(out.direction == .out)
        #expect(out.format.rates == .discrete([44_100, 48_000, 96_000]))
        #expect(out.format.bytesPerFrame == 6)
        #expect(out.controlInterface == 2)
        #expect(out.featureUnit?.id == 2)
        #expect(out.farTerminals == [.headphones])
        #expect(out.hasSamplingFrequencyControl && out.hasMute && out.hasVolume)
        #expect(out.channels(with: .mute) == [0])
        #expect(out.channels(with: .volume) == [1, 2])
        #expect(out.endpoint.address == 0x01)
        #expect(out.feedbackEndpoint == 0x81)

        let back = formats[1]
        #expect((back.interface, back.alternateSetting) == (4, 1))
        #expect(back.direction == .in)
        #expect(back.format.rates == .continuous(lower: 8000, upper: 48_000))
        #expect(back.featureUnit?.id == 6)
        #expect(back.farTerminals == [.microphone])
        #expect(!back.hasSamplingFrequencyControl)
        #expect(back.endpointGeneral?.attributes == .maximumPacketsOnly)
        #expect(back.channels(with: .automaticGain) == [0])
        #expect(back.feedbackEndpoint == nil)
    }

    @Test func laterVersionsAreLeftAlone() throws {
        var configuration = try Configuration(AudioExamples.microphone)
        configuration.interfaces[1].alternateSettings[1].descriptor.interfaceClass.protocol = 0x20
        #expect(AudioStreamingFormat.all(in: configuration) == [])
        configuration = try Configuration(AudioExamples.microphone)
        configuration.interfaces[0].alternateSettings[0].descriptor.interfaceClass.protocol = 0x20
        let format = try #require(AudioStreamingFormat.all(in: configuration).first)
        #expect(format.controlInterface == nil)
        #expect(format.farTerminals == [])
    }

    @Test func settingsWithoutAnEndpointOrAFormatAreLeftOut() throws {
        var configuration = try Configuration(AudioExamples.microphone)
        let sound = configuration.interfaces[1].alternateSettings[1]
        configuration.interfaces[1].alternateSettings[1].endpoints = []
        #expect(AudioStreamingFormat.all(in: configuration) == [])
        configuration.interfaces[1].alternateSettings[1] = sound
        configuration.interfaces[1].alternateSettings[1].extras.removeLast()
        #expect(AudioStreamingFormat.all(in: configuration) == [])
        configuration.interfaces[1].alternateSettings[1] = sound
        configuration.interfaces[1].alternateSettings[1].endpoints[0].descriptor.attributes =
            EndpointAttributes(.isochronous, usage: .feedback)
        // The class-specific descriptor makes it an endpoint for sound, whatever the attributes say.
        #expect(AudioStreamingFormat.all(in: configuration).count == 1)
        configuration.interfaces[1].alternateSettings[1].endpoints[0].extras = []
        #expect(AudioStreamingFormat.all(in: configuration) == [])
    }

    @Test func classDescriptorBeforeItsEndpoint() throws {
        var configuration = try Configuration(AudioExamples.microphone)
        configuration.interfaces[1].alternateSettings[1].endpoints[0].extras = []
        configuration.interfaces[1].alternateSettings[1].extras
            .append(AudioEndpointGeneral(attributes: .samplingFrequency).raw)
        #expect(try #require(AudioStreamingFormat.all(in: configuration).first).hasSamplingFrequencyControl)
    }

    /// Two functions in one device: the header says which streaming interface is whose, and without one, order does.
    @Test func twoFunctions() throws {
        let microphone = try Configuration(AudioExamples.microphone).interfaces
        var both = Configuration(interfaces: microphone + AudioExamples.headset.interfaces)
        #expect(AudioStreamingFormat.all(in: both).map(\.controlInterface) == [0, 2, 2])
        // The headset's control interface first: the microphone still belongs to its own.
        both.interfaces = AudioExamples.headset.interfaces + microphone
        #expect(AudioStreamingFormat.all(in: both).map(\.controlInterface) == [2, 2, 0])
        // Streaming interfaces before any control interface.
        both.interfaces = Array(both.interfaces.reversed())
        #expect(AudioStreamingFormat.all(in: both).map(\.controlInterface) == [0, 2, 2])
        // Without headers.
        both.interfaces = microphone + AudioExamples.headset.interfaces
        for index in both.interfaces.indices {
            both.interfaces[index].alternateSettings[0].extras.removeAll { AudioControlHeader($0) != nil }
        }
        #expect(AudioStreamingFormat.all(in: both).map(\.controlInterface) == [0, 2, 2])
    }

    private func topologyOf(_ extras: [RawDescriptor]) -> AudioTopology? {
        AudioTopology(
            AlternateSetting(
                descriptor: InterfaceDescriptor(number: 0, interfaceClass: .audioControl), extras: extras))
    }

    private func unit(_ subtype: UInt8, _ body: [UInt8]) -> RawDescriptor {
        RawDescriptor(type: .classInterface, payload: [subtype] + body)
    }

    /// Sound from USB goes through a mixer, a processing and an extension unit before it meets a feature unit.
    @Test func unitsOnTheWay() throws {
        let topology = try #require(
            topologyOf([
                AudioInputTerminal(id: 1, type: .usbStreaming, channels: 2, channelPlaces: 3).raw,
                AudioInputTerminal(id: 9, type: .microphone, channels: 1, channelPlaces: 0).raw,
                unit(0x04, [2, 2, 1, 9, 2, 3, 0, 0, 0, 0]),
                unit(0x07, [3, 0x01, 0x00, 1, 2, 2, 3, 0, 0, 1, 0, 0]),
                unit(0x08, [4, 0x00, 0x00, 1, 3, 2, 3, 0, 0, 1, 0, 0]),
                AudioFeatureUnit(id: 5, source: 4, master: .volume, channels: []).raw,
                AudioOutputTerminal(id: 6, type: .speaker, source: 5).raw,
                AudioOutputTerminal(id: 7, type: .usbStreaming, source: 5).raw,
            ]))
        #expect(topology.featureUnit(nearest: 1)?.id == 5)
        #expect(topology.farTerminals(of: 1) == [.speaker, .usbStreaming])
        #expect(topology.featureUnit(nearest: 6)?.id == 5)
        #expect(topology.farTerminals(of: 6) == [.usbStreaming, .microphone])
        #expect(topology.farTerminals(of: 200) == [])
        #expect(topology.featureUnit(nearest: 200) == nil)
    }

    @Test func unitsThatFeedEachOther() throws {
        let topology = try #require(
            topologyOf([
                AudioInputTerminal(id: 1, type: .usbStreaming, channels: 2, channelPlaces: 3).raw,
                unit(0x05, [2, 3, 1, 3, 2, 0]),
                unit(0x05, [3, 1, 2, 0]),
                AudioOutputTerminal(id: 4, type: .speaker, source: 3).raw,
                AudioOutputTerminal(id: 5, type: .headphones, source: 5).raw,
            ]))
        #expect(topology.farTerminals(of: 1) == [.speaker])
        #expect(topology.farTerminals(of: 4) == [.usbStreaming])
        #expect(topology.farTerminals(of: 5) == [])
        #expect(topology.featureUnit(nearest: 1) == nil)
    }

    @Test func ofTwoUnitsWithOneNumberTheFirstCounts() throws {
        let topology = try #require(
            topologyOf([
                AudioInputTerminal(id: 1, type: .usbStreaming, channels: 2, channelPlaces: 3).raw,
                AudioFeatureUnit(id: 2, source: 1, master: .mute, channels: []).raw,
                AudioFeatureUnit(id: 2, source: 7, master: .volume, channels: []).raw,
                AudioOutputTerminal(id: 0, type: .speaker, source: 2).raw,
            ]))
        #expect(topology.featureUnits.map(\.master) == [.mute])
        #expect(topology.outputTerminals == [])
    }

    /// Whatever a device sends, the answer is some list of formats.
    @Test(arguments: sparing(0..<300 as Range<UInt64>)) func damagedConfigurations(seed: UInt64) {
        var random = AudioRandom(seed: seed)
        var bytes = seed % 2 == 0 ? AudioExamples.microphone : AudioExamples.headset.bytes
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            bytes[Int.random(in: 9..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if seed % 5 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count - 9, using: &random)) }
        guard let configuration = Configuration.parse(bytes).value else { return }
        for format in AudioStreamingFormat.all(in: configuration) {
            #expect(format.endpoint.transferType == .isochronous)
            #expect(
                configuration.alternateSetting(format.alternateSetting, of: format.interface)?
                    .endpoint(format.endpoint.address) != nil)
        }
    }

    /// Random bodies behind valid types and subtypes reach every parser.
    @Test(arguments: sparing(0..<300 as Range<UInt64>)) func randomDescriptors(seed: UInt64) throws {
        var random = AudioRandom(seed: seed)
        var extras: [RawDescriptor] = []
        for _ in 0..<40 {
            let length = Int.random(in: 0...24, using: &random)
            // Few numbers, so that units name each other.
            let body = random.bytes(length).map { Bool.random(using: &random) ? $0 % 8 : $0 }
            extras.append(unit(UInt8.random(in: 1...8, using: &random), body))
        }
        let topology = try #require(topologyOf(extras))
        for terminal in 0...255 as ClosedRange<UInt8> {
            if let found = topology.featureUnit(nearest: terminal) { #expect(topology.featureUnits.contains(found)) }
            #expect(topology.farTerminals(of: terminal).count <= 256)
        }
    }
}
