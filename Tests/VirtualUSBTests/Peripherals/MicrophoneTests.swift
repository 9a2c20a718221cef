// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification

@testable import VirtualUSB

/// What the microphone says about itself, and what it sends.
@Suite struct MicrophoneTests {
    private func microphone() -> Microphone {
        let microphone = Microphone()
        microphone.reset()
        microphone.configurationSelected(1)
        microphone.alternateSettingSelected(1, interface: 1)
        return microphone
    }

    private let setRate = SetupPacket.audioSamplingFrequency(.setCurrent, endpoint: 0x81)
    private let getRate = SetupPacket.audioSamplingFrequency(.getCurrent, endpoint: 0x81)

    @Test func asAHostSeesIt() throws {
        let configuration = Microphone().model.configurations[0]
        #expect(Configuration.parse(configuration.bytes, speed: .full).defects == [])
        let formats = AudioStreamingFormat.all(in: configuration)
        let format = try #require(formats.first)
        #expect(formats.count == 1)
        #expect(format.isPCM)
        #expect(format.direction == .in)
        #expect(
            format.format
                == AudioFormat(
                    channels: 2, bytesPerSample: 2, bitResolution: 16, rates: .discrete([44_100, 48_000])))
        #expect(format.endpoint.address == Microphone.endpoint)
        #expect(format.endpoint.attributes.synchronization == .synchronous)
        #expect(format.endpoint.maximumPacketSize == 192)
        #expect(format.hasSamplingFrequencyControl)
        #expect(format.farTerminals == [.microphone])
    }

    // MARK: the tone

    @Test(arguments: Microphone.sampleRates, [0, 1]) func toneHasItsFrequencyAndAmplitude(rate: Int, channel: Int) {
        let samples = (0..<Int64(rate)).map { Microphone.sample($0, channel: channel, rate: rate) }
        var rises = 0
        for (index, sample) in samples.enumerated() {
            let before = samples[(index + rate - 1) % rate]
            if before < 0, sample >= 0 { rises += 1 }
        }
        #expect(rises == Microphone.frequencies[channel])
        #expect(samples[0] == 0)
        #expect(samples.max().map(Int.init) ?? 0 <= Microphone.amplitude)
        #expect(samples.max().map(Int.init) ?? 0 > Microphone.amplitude * 99 / 100)
        #expect(samples.min().map { -Int($0) } ?? 0 <= Microphone.amplitude)
        #expect(samples.min().map { -Int($0) } ?? 0 > Microphone.amplitude * 99 / 100)
    }

    @Test(arguments: [0, 1, 47, 12_345, -1, -480, 1_000_000_007] as [Int64])
    func toneRepeatsEverySecondAndTakesAnyNumber(index: Int64) {
        for rate in Microphone.sampleRates {
            #expect(
                Microphone.sample(index, channel: 1, rate: rate)
                    == Microphone.sample(index + Int64(rate), channel: 1, rate: rate))
        }
        // The ends of the number range are no trouble.
        for end in [Int64.min, .max] {
            #expect(abs(Int(Microphone.sample(end, channel: 0, rate: 44_100))) <= Microphone.amplitude)
        }
    }

    @Test func bytesOfSamples() {
        let bytes = Microphone.bytes(ofSamples: 10..<12, rate: 48_000)
        let expected = (10..<12 as Range<Int64>).flatMap { index in
            [0, 1].flatMap { channel in
                let value = UInt16(bitPattern: Microphone.sample(index, channel: channel, rate: 48_000))
                return [UInt8(value & 0xFF), UInt8(value >> 8)]
            }
        }
        #expect(bytes == expected)
    }

    // MARK: requests and packets

    @Test func samplingFrequency() {
        let microphone = microphone()
        #expect(microphone.control(getRate) == .data([0x80, 0xBB, 0x00]))
        #expect(microphone.control(setRate, [0x44, 0xAC, 0x00]) == .accepted)
        #expect(microphone.sampleRate == 44_100)
        #expect(microphone.control(getRate) == .data([0x44, 0xAC, 0x00]))
        for refused in [[0x40, 0x1F, 0x00], [0x44, 0xAC], []] as [[UInt8]] {
            #expect(microphone.control(setRate, refused) == .stall)
        }
        #expect(microphone.control(.audioMute(.getCurrent, unit: 2, interface: 0)) == .stall)
        microphone.reset()
        #expect(microphone.sampleRate == 48_000)
    }

    @Test func samplesOfFramesWithoutATokenAreLost() {
        let microphone = microphone()
        func packet(_ frame: Int64) -> [UInt8]? { microphone.send(192, from: 0x81, in: frame * 8) }
        #expect(packet(1_000) == Microphone.bytes(ofSamples: 0..<48, rate: 48_000))
        #expect(packet(1_001) == Microphone.bytes(ofSamples: 48..<96, rate: 48_000))
        #expect(packet(1_004) == Microphone.bytes(ofSamples: 192..<240, rate: 48_000))
        #expect(microphone.framesLost == 2)
        #expect(microphone.packetsSent == 3)
        // A new stream begins with sample 0, whenever that is.
        microphone.alternateSettingSelected(0, interface: 1)
        #expect(packet(1_010) == nil)
        microphone.alternateSettingSelected(1, interface: 1)
        #expect(packet(2_000) == Microphone.bytes(ofSamples: 0..<48, rate: 48_000))
        _ = microphone.control(setRate, [0x44, 0xAC, 0x00])
        #expect(packet(2_001) == Microphone.bytes(ofSamples: 0..<44, rate: 44_100))
        #expect(microphone.framesLost == 2)
    }

    @Test func tooLittleRoomIsABabble() {
        #expect(microphone().reply(191, from: 0x81) == .data(192))
        #expect(microphone().reply(192, from: 0x02) == .nak)
    }

    @Test(arguments: Microphone.sampleRates) func aStreamIsTheTone(rate: Int) throws {
        let heard = try VirtualBus.simulate { bus in
            let attachment = try bus.attach(Microphone())
            let device = try bus.open(attachment)
            let interface = try device.claim(1)
            try await interface.selectAlternateSetting(1)
            let bytes = AudioSampleRates.bytes(of: rate)
            _ = try await device.control(.audioSamplingFrequency(.setCurrent, endpoint: 0x81), sending: bytes.span)
            var stream = try interface.inPipe(Microphone.endpoint, Isochronous.self).stream()
            var heard: [UInt8] = []
            let statistics = try await stream.run { batch in
                for index in 0..<batch.packetCount {
                    batch.withPacket(index) { for place in $0.indices { heard.append($0[place]) } }
                }
                return heard.count < 2 * rate * Microphone.bytesPerFrame ? .next : .stop
            }
            #expect((statistics.gapCount, statistics.packetsMissed, statistics.packetsFailed) == (0, 0, 0))
            return heard
        }
        // Two seconds, sample by sample.
        #expect(heard == Microphone.bytes(ofSamples: 0..<Int64(heard.count / 4), rate: rate))
        #expect(heard.count >= 2 * rate * 4)
    }
}
