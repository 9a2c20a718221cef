// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

/// The class-specific descriptors: bytes against the tables of Audio 1.0, and everything that a device may get wrong.
@Suite struct AudioDescriptorTests {
    @Test func microphoneOfTheSpecification() throws {
        let extras = try #require(Configuration(AudioExamples.microphone).alternateSetting(0, of: 0)).extras
        #expect(AudioControlHeader(extras[0]) == AudioControlHeader(totalLength: 30, streamingInterfaces: [1]))
        #expect(
            AudioInputTerminal(extras[1])
                == AudioInputTerminal(id: 1, type: .microphone, channels: 1, channelPlaces: 0))
        #expect(AudioOutputTerminal(extras[2]) == AudioOutputTerminal(id: 2, type: .usbStreaming, source: 1))

        let sound = try #require(Configuration(AudioExamples.microphone).alternateSetting(1, of: 1))
        #expect(AudioStreamingGeneral(sound.extras[0]) == AudioStreamingGeneral(terminalLink: 2, delay: 1))
        #expect(
            AudioFormat(sound.extras[1])
                == AudioFormat(channels: 1, bytesPerSample: 2, bitResolution: 16, rates: .discrete([8000])))
        #expect(AudioEndpointGeneral(sound.endpoints[0].extras[0]) == AudioEndpointGeneral(attributes: []))
    }

    /// Bytes by hand from the tables, for the fields that the microphone leaves 0.
    @Test func bytesOfEachDescriptor() {
        #expect(
            AudioControlHeader(totalLength: 0x1234, streamingInterfaces: [1, 2, 9]).raw.bytes
                == [11, 0x24, 0x01, 0x00, 0x01, 0x34, 0x12, 3, 1, 2, 9])
        #expect(
            AudioInputTerminal(
                id: 1, type: .usbStreaming, associatedTerminal: 2, channels: 3, channelPlaces: 0x0405, channelNames: 6,
                name: 7
            ).raw.bytes == [12, 0x24, 0x02, 1, 0x01, 0x01, 2, 3, 0x05, 0x04, 6, 7])
        #expect(
            AudioOutputTerminal(id: 1, type: .speaker, associatedTerminal: 2, source: 3, name: 4).raw.bytes
                == [9, 0x24, 0x03, 1, 0x01, 0x03, 2, 3, 4])
        #expect(
            AudioFeatureUnit(id: 1, source: 2, master: [.mute, .volume], channels: [[], .delay], name: 5).raw.bytes
                == [10, 0x24, 0x06, 1, 2, 1, 0x03, 0x00, 0x80, 5])
        #expect(
            AudioFeatureUnit(id: 1, source: 2, master: .loudness, channels: [.mute]).raw.bytes
                == [11, 0x24, 0x06, 1, 2, 2, 0x00, 0x02, 0x01, 0x00, 0])
        #expect(
            AudioStreamingGeneral(terminalLink: 1, delay: 2, formatTag: 0x0304).raw.bytes
                == [7, 0x24, 0x01, 1, 2, 0x04, 0x03])
        #expect(
            AudioFormat(channels: 2, bytesPerSample: 2, bitResolution: 16, rates: .discrete([44_100, 48_000])).raw.bytes
                == [14, 0x24, 0x02, 1, 2, 2, 16, 2, 0x44, 0xAC, 0x00, 0x80, 0xBB, 0x00])
        #expect(
            AudioFormat(
                channels: 1, bytesPerSample: 3, bitResolution: 20, rates: .continuous(lower: 5000, upper: 96_000)
            ).raw.bytes == [14, 0x24, 0x02, 1, 1, 3, 20, 0, 0x88, 0x13, 0x00, 0x00, 0x77, 0x01])
        #expect(
            AudioEndpointGeneral(
                attributes: [.samplingFrequency, .maximumPacketsOnly], lockDelayUnit: .samples, lockDelay: 0x0102
            ).raw.bytes == [7, 0x25, 0x01, 0x81, 2, 0x02, 0x01])
    }

    @Test(arguments: sparing(0..<200 as Range<UInt64>)) func whatIsWrittenIsRead(seed: UInt64) {
        var random = AudioRandom(seed: seed)
        func byte() -> UInt8 { UInt8.random(in: 0...255, using: &random) }
        func word() -> UInt16 { UInt16.random(in: 0...UInt16.max, using: &random) }
        func rate() -> Int { Int.random(in: 0...AudioSampleRates.limit, using: &random) }
        func count(_ most: Int) -> Int { Int.random(in: 0...most, using: &random) }

        let header = AudioControlHeader(
            release: BinaryCodedRelease(rawValue: word()), totalLength: word(),
            streamingInterfaces: (0..<count(247)).map { _ in byte() })
        #expect(AudioControlHeader(header.raw) == header)
        let input = AudioInputTerminal(
            id: byte(), type: AudioTerminalType(rawValue: word()), associatedTerminal: byte(), channels: byte(),
            channelPlaces: word(), channelNames: byte(), name: byte())
        #expect(AudioInputTerminal(input.raw) == input)
        let output = AudioOutputTerminal(
            id: byte(), type: AudioTerminalType(rawValue: word()), associatedTerminal: byte(), source: byte(),
            name: byte())
        #expect(AudioOutputTerminal(output.raw) == output)
        let widest: UInt16 = seed % 2 == 0 ? 0xFF : 0x3FF
        let unit = AudioFeatureUnit(
            id: byte(), source: byte(), master: AudioFeatures(rawValue: word() & widest),
            channels: (0..<count(123)).map { _ in AudioFeatures(rawValue: word() & widest) }, name: byte())
        #expect(AudioFeatureUnit(unit.raw) == unit)
        let general = AudioStreamingGeneral(terminalLink: byte(), delay: byte(), formatTag: word())
        #expect(AudioStreamingGeneral(general.raw) == general)
        let format = AudioFormat(
            channels: byte(), bytesPerSample: byte(), bitResolution: byte(),
            rates: seed % 3 == 0
                ? .continuous(lower: rate(), upper: rate()) : .discrete((0...count(81)).map { _ in rate() }))
        #expect(AudioFormat(format.raw) == format)
        let endpoint = AudioEndpointGeneral(
            attributes: AudioEndpointGeneral.Attributes(rawValue: byte()), lockDelayUnit: .milliseconds,
            lockDelay: word())
        #expect(AudioEndpointGeneral(endpoint.raw) == endpoint)
    }

    /// A descriptor that is cut off is not read as if the rest were there.
    @Test func shortDescriptorsAreRefused() {
        let whole: [(raw: RawDescriptor, needs: Int, isRead: (RawDescriptor) -> Bool)] = [
            (AudioControlHeader(totalLength: 0, streamingInterfaces: []).raw, 8, { AudioControlHeader($0) != nil }),
            (
                AudioInputTerminal(id: 1, type: .microphone, channels: 1, channelPlaces: 0).raw, 12,
                { AudioInputTerminal($0) != nil }
            ),
            (AudioOutputTerminal(id: 1, type: .speaker, source: 1).raw, 9, { AudioOutputTerminal($0) != nil }),
            (AudioFeatureUnit(id: 1, source: 1, master: [], channels: []).raw, 8, { AudioFeatureUnit($0) != nil }),
            (AudioStreamingGeneral(terminalLink: 1).raw, 7, { AudioStreamingGeneral($0) != nil }),
            (
                AudioFormat(channels: 1, bytesPerSample: 1, bitResolution: 8, rates: .discrete([1])).raw, 11,
                { AudioFormat($0) != nil }
            ),
            (
                AudioFormat(
                    channels: 1, bytesPerSample: 1, bitResolution: 8, rates: .continuous(lower: 1, upper: 2)
                ).raw, 14, { AudioFormat($0) != nil }
            ),
            (AudioEndpointGeneral(attributes: []).raw, 7, { AudioEndpointGeneral($0) != nil }),
        ]
        for (raw, needs, isRead) in whole {
            for length in 2...raw.payload.count + 2 {
                let cut = RawDescriptor(type: raw.type, payload: Array(raw.payload.prefix(length - 2)))
                #expect(isRead(cut) == (length >= needs), "\(raw) cut to \(length) bytes")
            }
        }
    }

    @Test func otherDescriptorsAreRefused() {
        let terminal = AudioInputTerminal(id: 1, type: .microphone, channels: 1, channelPlaces: 0).raw
        #expect(AudioOutputTerminal(terminal) == nil)
        #expect(AudioInputTerminal(RawDescriptor(type: .classEndpoint, payload: terminal.payload)) == nil)
        // Format type II, of MPEG and AC-3.
        let typeTwo: [UInt8] = [0x02, 2, 0x40, 0x01, 0x80, 0x04, 1, 0x44, 0xAC, 0]
        #expect(AudioFormat(RawDescriptor(type: .classInterface, payload: typeTwo)) == nil)
    }

    /// bNrInPins, bSamFreqType and the like may promise more than there is.
    @Test func countsBeyondTheEnd() {
        let header = RawDescriptor(type: .classInterface, payload: [0x01, 0x00, 0x01, 40, 0, 200, 1, 2])
        #expect(AudioControlHeader(header)?.streamingInterfaces == [1, 2])
        let format = RawDescriptor(
            type: .classInterface, payload: [0x02, 1, 2, 2, 16, 255, 0x44, 0xAC, 0x00, 0x80, 0xBB])
        #expect(AudioFormat(format)?.rates == .discrete([44_100]))
    }

    @Test(
        arguments: [
            // Control size, the bytes of the controls, master, channels.
            (1, [0x03, 0x02, 0x01], [.mute, .volume], [.volume, .mute]),
            (2, [0x01, 0x02, 0x02, 0x00], [.mute, .loudness], [.volume]),
            (4, [0x02, 0x00, 0xFF, 0xFF], .volume, []),
            // A last channel that is cut off does not count.
            (2, [0x01, 0x00, 0x02], .mute, []),
        ] as [(UInt8, [UInt8], AudioFeatures, [AudioFeatures])])
    func featureUnits(size: UInt8, controls: [UInt8], master: AudioFeatures, channels: [AudioFeatures]) throws {
        let raw = RawDescriptor(type: .classInterface, payload: [0x06, 8, 9, size] + controls + [7])
        let unit = try #require(AudioFeatureUnit(raw))
        #expect(unit.id == 8)
        #expect(unit.source == 9)
        #expect(unit.master == master)
        #expect(unit.channels == channels)
        #expect(unit.name == 7)
    }

    @Test(arguments: [0, 2, 255] as [UInt8]) func featureUnitWithoutRoomForItsMaster(size: UInt8) {
        let raw = RawDescriptor(type: .classInterface, payload: [0x06, 8, 9, size, 0x03, 7])
        #expect(AudioFeatureUnit(raw) == nil)
    }

    @Test func writingIsCutToWhatADescriptorHolds() throws {
        let header = AudioControlHeader(totalLength: 0, streamingInterfaces: [UInt8](repeating: 1, count: 300))
        #expect(header.raw.bytes.count == 255)
        let unit = AudioFeatureUnit(
            id: 1, source: 1, master: .loudness, channels: [AudioFeatures](repeating: .mute, count: 300))
        #expect(try #require(AudioFeatureUnit(unit.raw)).channels.count == 123)
        let format = AudioFormat(
            channels: 1, bytesPerSample: 2, bitResolution: 16, rates: .discrete([Int](repeating: 8000, count: 300)))
        #expect(AudioFormat(format.raw)?.rates == .discrete([Int](repeating: 8000, count: 82)))
    }

    @Test(
        arguments: [
            (44_100, [0x44, 0xAC, 0x00]), (192_000, [0x00, 0xEE, 0x02]), (0, [0, 0, 0]), (-1, [0, 0, 0]),
            (0xFF_FFFF, [0xFF, 0xFF, 0xFF]), (.max, [0xFF, 0xFF, 0xFF]),
        ] as [(Int, [UInt8])])
    func frequencyBytes(rate: Int, bytes: [UInt8]) {
        #expect(AudioSampleRates.bytes(of: rate) == bytes)
        let back = AudioSampleRates.rate(bytes.span)
        #expect(back == min(max(rate, 0), AudioSampleRates.limit))
        let cut = Array(bytes.dropLast())
        let fromCut = AudioSampleRates.rate(cut.span)
        #expect(fromCut == nil)
    }

    @Test func rates() {
        let discrete = AudioSampleRates.discrete([48_000, 44_100])
        #expect(discrete.contains(44_100) && !discrete.contains(46_000))
        #expect(discrete.highest == 48_000)
        #expect("\(discrete)" == "48000, 44100 Hz")
        let continuous = AudioSampleRates.continuous(lower: 8000, upper: 48_000)
        #expect(continuous.contains(8000) && continuous.contains(48_000) && !continuous.contains(48_001))
        #expect(continuous.highest == 48_000)
        let reversed = AudioSampleRates.continuous(lower: 48_000, upper: 8000)
        #expect(!reversed.contains(8000) && !reversed.contains(20_000))
        #expect(reversed.highest == nil)
    }

    @Test(
        arguments: [
            (0, 0), (-12.5, -3200), (127.999, 32_767), (1e9, 32_767), (-127.9, -32_742), (-500, -32_767),
            (-.infinity, .min), (.infinity, 32_767), (.nan, .min), (0.003, 1),
        ] as [(Double, Int16)])
    func volumes(decibels: Double, steps: Int16) { #expect(AudioVolume(decibels: decibels).rawValue == steps) }

    @Test func volumeText() {
        #expect("\(AudioVolume(decibels: -12.5))" == "-12.5 dB")
        #expect("\(AudioVolume.silence)" == "silence")
        #expect(AudioVolume.silence < AudioVolume(decibels: -127))
    }

    @Test func requests() {
        #expect(
            SetupPacket.audioSamplingFrequency(.setCurrent, endpoint: 0x01).bytes
                == [0x22, 0x01, 0x00, 0x01, 0x01, 0x00, 0x03, 0x00])
        #expect(
            SetupPacket.audioSamplingFrequency(.getCurrent, endpoint: 0x82).bytes
                == [0xA2, 0x81, 0x00, 0x01, 0x82, 0x00, 0x03, 0x00])
        #expect(
            SetupPacket.audioMute(.setCurrent, unit: 2, interface: 0).bytes
                == [0x21, 0x01, 0x00, 0x01, 0x00, 0x02, 0x01, 0x00])
        #expect(
            SetupPacket.audioVolume(.getMaximum, unit: 5, channel: 2, interface: 1).bytes
                == [0xA1, 0x83, 0x02, 0x02, 0x01, 0x05, 0x02, 0x00])
    }
}
