// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import VirtualUSB

/// What the speaker says about itself, and what it keeps of what it is sent.
@Suite struct SpeakerTests {
    private func speaker(_ keeping: Speaker.Keeping = .everything) -> Speaker {
        let speaker = Speaker(keeping: keeping)
        speaker.reset()
        speaker.configurationSelected(1)
        speaker.alternateSettingSelected(1, interface: 1)
        return speaker
    }

    private let setRate = SetupPacket.audioSamplingFrequency(.setCurrent, endpoint: 0x01)
    private let getRate = SetupPacket.audioSamplingFrequency(.getCurrent, endpoint: 0x01)

    // MARK: descriptors

    @Test func configurationByteByByte() throws {
        let model = Speaker().model
        #expect(model.speed == .full)
        #expect(model.configurations.count == 1)
        let expected: [[UInt8]] = [
            [0x09, 0x02, 113, 0x00, 0x02, 0x01, 0x00, 0x80, 50],
            [0x09, 0x04, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00],
            [0x09, 0x24, 0x01, 0x00, 0x01, 40, 0x00, 0x01, 0x01],
            [0x0C, 0x24, 0x02, 0x01, 0x01, 0x01, 0x00, 0x02, 0x03, 0x00, 0x00, 0x00],
            [0x0A, 0x24, 0x06, 0x02, 0x01, 0x01, 0x03, 0x00, 0x00, 0x00],
            [0x09, 0x24, 0x03, 0x03, 0x01, 0x03, 0x00, 0x02, 0x00],
            [0x09, 0x04, 0x01, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00],
            [0x09, 0x04, 0x01, 0x01, 0x01, 0x01, 0x02, 0x00, 0x00],
            [0x07, 0x24, 0x01, 0x01, 0x01, 0x01, 0x00],
            [0x0E, 0x24, 0x02, 0x01, 0x02, 0x02, 0x10, 0x02, 0x44, 0xAC, 0x00, 0x80, 0xBB, 0x00],
            [0x09, 0x05, 0x01, 0x09, 0xC4, 0x00, 0x01, 0x00, 0x00],
            [0x07, 0x25, 0x01, 0x01, 0x00, 0x00, 0x00],
        ]
        let bytes = model.configurations[0].bytes
        #expect(bytes == expected.flatMap { $0 })
        let parsed = Configuration.parse(bytes, speed: .full)
        #expect(parsed.defects == [])
    }

    @Test func identity() {
        let model = Speaker(serialNumber: "left").model
        #expect(model.device.vendorID == 0x1209)
        #expect(model.device.productID == 0x0001)
        #expect(model.device.configurationCount == 1)
        #expect(model.strings[model.device.manufacturerString] == "swift-usb")
        #expect(model.strings[model.device.productString] == "Virtual Speaker")
        #expect(model.strings[model.device.serialNumberString] == "left")
    }

    /// What a player finds: the format, the rates, the endpoint and where mute and volume are.
    @Test func asAHostSeesIt() throws {
        let formats = AudioStreamingFormat.all(in: Speaker().model.configurations[0])
        let format = try #require(formats.first)
        #expect(formats.count == 1)
        #expect((format.interface, format.alternateSetting) == (1, 1))
        #expect(format.isPCM)
        #expect(
            format.format
                == AudioFormat(
                    channels: 2, bytesPerSample: 2, bitResolution: 16, rates: .discrete([44_100, 48_000])))
        #expect(format.endpoint.address == Speaker.endpoint)
        #expect(format.endpoint.attributes.synchronization == .adaptive)
        #expect(format.endpoint.maximumPacketSize == 196)
        #expect(format.hasSamplingFrequencyControl && format.hasMute && format.hasVolume)
        #expect(format.channels(with: .volume) == [0])
        #expect(format.featureUnit?.id == 2)
        #expect(format.controlInterface == 0)
        #expect(format.farTerminals == [.speaker])
    }

    // MARK: requests

    @Test(arguments: Speaker.sampleRates) func samplingFrequency(rate: Int) {
        let speaker = speaker()
        #expect(speaker.control(setRate, AudioSampleRates.bytes(of: rate)) == .accepted)
        #expect(speaker.sampleRate == rate)
        #expect(speaker.control(getRate) == .data(AudioSampleRates.bytes(of: rate)))
    }

    @Test func samplingFrequencyRefused() {
        let speaker = speaker()
        for rate in [0, 8000, 44_101, 96_000] {
            #expect(speaker.control(setRate, AudioSampleRates.bytes(of: rate)) == .stall)
        }
        #expect(speaker.control(setRate, [0x44, 0xAC]) == .stall)
        #expect(speaker.control(setRate, [0x44, 0xAC, 0, 0]) == .stall)
        let elsewhere = SetupPacket.audioSamplingFrequency(.setCurrent, endpoint: 0x81)
        #expect(speaker.control(elsewhere, AudioSampleRates.bytes(of: 44_100)) == .stall)
        // Only the present value can be asked for.
        for request in [AudioRequest.getMinimum, .getMaximum, .getResolution] {
            #expect(speaker.control(.audioSamplingFrequency(request, endpoint: 0x01)) == .stall)
        }
        #expect(speaker.sampleRate == 48_000)
    }

    @Test func mute() {
        let speaker = speaker()
        #expect(speaker.control(.audioMute(.getCurrent, unit: 2, interface: 0)) == .data([0]))
        #expect(speaker.control(.audioMute(.setCurrent, unit: 2, interface: 0), [1]) == .accepted)
        #expect(speaker.isMuted)
        #expect(speaker.control(.audioMute(.getCurrent, unit: 2, interface: 0)) == .data([1]))
        #expect(speaker.control(.audioMute(.setCurrent, unit: 2, interface: 0), [0]) == .accepted)
        #expect(!speaker.isMuted)
        #expect(speaker.control(.audioMute(.setCurrent, unit: 2, interface: 0), []) == .stall)
        #expect(speaker.control(.audioMute(.setCurrent, unit: 2, interface: 0), [1, 0]) == .stall)
        #expect(speaker.control(.audioMute(.getMaximum, unit: 2, interface: 0)) == .stall)
    }

    private func word(_ volume: AudioVolume) -> [UInt8] {
        [UInt8(truncatingIfNeeded: volume.rawValue), UInt8(truncatingIfNeeded: volume.rawValue >> 8)]
    }

    @Test func volumeLimits() {
        let speaker = speaker()
        #expect(speaker.control(.audioVolume(.getMinimum, unit: 2, interface: 0)) == .data([0x00, 0xC4]))
        #expect(speaker.control(.audioVolume(.getMaximum, unit: 2, interface: 0)) == .data([0x00, 0x00]))
        #expect(speaker.control(.audioVolume(.getResolution, unit: 2, interface: 0)) == .data([0x80, 0x00]))
        #expect(speaker.control(.audioVolume(.getCurrent, unit: 2, interface: 0)) == .data([0x00, 0x00]))
    }

    @Test(
        arguments: [
            (-60, -60), (0, 0), (-12.5, -12.5), (-12.3, -12.5), (-12.2, -12), (-59.9, -60), (-0.1, 0),
            (-.infinity, -.infinity),
        ] as [(Double, Double)])
    func volumeIsRoundedToItsSteps(asked: Double, got: Double) {
        let speaker = speaker()
        let set = SetupPacket.audioVolume(.setCurrent, unit: 2, interface: 0)
        #expect(speaker.control(set, word(AudioVolume(decibels: asked))) == .accepted)
        #expect(speaker.volume.decibels == got)
        #expect(
            speaker.control(.audioVolume(.getCurrent, unit: 2, interface: 0))
                == .data(word(AudioVolume(decibels: got))))
    }

    @Test func requestsThatAreRefused() {
        let speaker = speaker()
        let set = SetupPacket.audioVolume(.setCurrent, unit: 2, interface: 0)
        for decibels in [-60.1, 0.1, 127, -127] {
            #expect(speaker.control(set, word(AudioVolume(decibels: decibels))) == .stall)
        }
        #expect(speaker.control(set, [0]) == .stall)
        #expect(speaker.control(.audioVolume(.setMaximum, unit: 2, interface: 0), [0, 0]) == .stall)
        // Another unit, another interface, a channel alone, another selector, not a class request.
        #expect(speaker.control(.audioVolume(.getCurrent, unit: 3, interface: 0)) == .stall)
        #expect(speaker.control(.audioVolume(.getCurrent, unit: 2, interface: 1)) == .stall)
        #expect(speaker.control(.audioVolume(.getCurrent, unit: 2, channel: 1, interface: 0)) == .stall)
        var odd = SetupPacket.audioVolume(.getCurrent, unit: 2, interface: 0)
        odd.value = 0x0300
        #expect(speaker.control(odd) == .stall)
        odd = .audioVolume(.getCurrent, unit: 2, interface: 0)
        odd.requestType = RequestType(direction: .in, kind: .vendor, recipient: .interface)
        #expect(speaker.control(odd) == .stall)
        #expect(speaker.volume == .unchanged)
    }

    @Test func resetForgetsSettingsAndKeepsSound() {
        let speaker = speaker()
        _ = speaker.control(setRate, AudioSampleRates.bytes(of: 44_100))
        _ = speaker.control(.audioMute(.setCurrent, unit: 2, interface: 0), [1])
        _ = speaker.control(.audioVolume(.setCurrent, unit: 2, interface: 0), [0x00, 0xF0])
        _ = speaker.receive([1, 2, 3, 4], at: 0x01)
        speaker.reset()
        #expect(speaker.sampleRate == 48_000)
        #expect(!speaker.isMuted)
        #expect(speaker.volume == .unchanged)
        #expect(!speaker.isStreaming)
        #expect(speaker.heard == [1, 2, 3, 4])
        #expect(speaker.packetsReceived == 1)
    }

    // MARK: sound

    /// Packets as a player at 44.1 kHz sends them, for two seconds, with muted and changed volume on the way.
    @Test func soundIsKeptBitForBit() {
        let speaker = speaker()
        _ = speaker.control(setRate, AudioSampleRates.bytes(of: 44_100))
        var random = PeripheralRandom(seed: 1)
        var sent: [UInt8] = []
        for packet in 0..<2000 {
            let bytes = random.bytes(packet % 10 == 9 ? 180 : 176)
            if packet == 500 { _ = speaker.control(.audioMute(.setCurrent, unit: 2, interface: 0), [1]) }
            if packet == 900 { _ = speaker.control(.audioVolume(.setCurrent, unit: 2, interface: 0), [0x00, 0xE0]) }
            #expect(speaker.receive(bytes, at: 0x01, in: 8_000_000 + Int64(packet) * 8) == .accept)
            sent += bytes
        }
        #expect(sent.count == 2 * 44_100 * Speaker.bytesPerFrame)
        #expect(speaker.heard == sent)
        #expect(speaker.heardCount == sent.count)
        #expect(speaker.bytesHeard == sent.count)
        #expect(speaker.packetsReceived == 2000)
        #expect(speaker.packetSizes == [176: 1800, 180: 200])
        #expect(speaker.gaps == 0)
        #expect(speaker.silentFrames == 0)
        #expect(speaker.brokenPackets == 0)
        #expect(speaker.isMuted)
        #expect(
            speaker.sections == [
                Speaker.Section(sampleRate: 44_100, start: Microframe(8_000_000), bytes: 0..<sent.count)
            ])
    }

    /// Sound longer than one piece of memory, in packets that do not divide it.
    @Test func piecesAreInOrderAndWhole() {
        let speaker = speaker()
        var random = PeripheralRandom(seed: 2)
        var sent: [UInt8] = []
        while sent.count < 3 * ChunkedBytes.chunkSize {
            let bytes = random.bytes(Int.random(in: 0...196, using: &random))
            _ = speaker.receive(bytes, at: 0x01)
            sent += bytes
        }
        var pieces: [Int] = []
        var joined: [UInt8] = []
        speaker.withHeardChunks { chunk in
            pieces.append(chunk.count)
            for index in chunk.indices { joined.append(chunk[index]) }
        }
        #expect(joined == sent)
        #expect(speaker.heard == sent)
        #expect(pieces.dropLast().allSatisfy { $0 == ChunkedBytes.chunkSize })
        #expect(pieces.count == 4)
    }

    @Test func errorsComeThroughChunkLending() {
        struct Enough: Error {}
        let speaker = speaker()
        _ = speaker.receive([1, 2, 3, 4], at: 0x01)
        #expect(throws: Enough.self) { try speaker.withHeardChunks { _ throws(Enough) in throw Enough() } }
    }

    /// Frames of the packets, then gaps and silent frames.
    @Test(
        arguments: [
            ([10, 11, 12], 0, 0), ([10, 12], 1, 1), ([10, 20, 21, 23], 2, 10), ([10], 0, 0), ([10, 10, 11], 0, 0),
            ([10, 5, 6], 0, 0), ([.min, .max], 1, Int(Int64.max >> 2)),
        ] as [([Int64], Int, Int)])
    func silence(frames: [Int64], gaps: Int, silent: Int) {
        let speaker = speaker()
        for frame in frames {
            _ = speaker.receive([1, 2, 3, 4], at: 0x01, in: Frame(frame).firstMicroframe.count)
        }
        #expect(speaker.gaps == gaps)
        #expect(silent == Int(Int64.max >> 2) ? speaker.silentFrames > silent / 4 : speaker.silentFrames == silent)
    }

    @Test func silenceBetweenStreamsIsNoGap() {
        let speaker = speaker()
        _ = speaker.receive([1, 2, 3, 4], at: 0x01, in: 800)
        speaker.alternateSettingSelected(0, interface: 1)
        speaker.alternateSettingSelected(1, interface: 1)
        _ = speaker.receive([5, 6, 7, 8], at: 0x01, in: 8000)
        #expect(speaker.gaps == 0)
        #expect(speaker.heard == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(
            speaker.sections == [
                Speaker.Section(sampleRate: 48_000, start: Microframe(800), bytes: 0..<4),
                Speaker.Section(sampleRate: 48_000, start: Microframe(8000), bytes: 4..<8),
            ])
    }

    @Test func sectionsFollowTheSamplingFrequency() {
        let speaker = speaker()
        _ = speaker.receive([1, 2, 3, 4], at: 0x01, in: 8)
        _ = speaker.control(setRate, AudioSampleRates.bytes(of: 48_000))
        _ = speaker.receive([5, 6, 7, 8], at: 0x01, in: 16)
        _ = speaker.control(setRate, AudioSampleRates.bytes(of: 44_100))
        _ = speaker.receive([], at: 0x01, in: 24)
        _ = speaker.receive([9, 10, 11, 12], at: 0x01, in: 32)
        #expect(
            speaker.sections == [
                Speaker.Section(sampleRate: 48_000, start: Microframe(8), bytes: 0..<8),
                Speaker.Section(sampleRate: 44_100, start: Microframe(32), bytes: 8..<12),
            ])
        #expect(speaker.packetSizes == [0: 1, 4: 3])
    }

    @Test func onlyTheStreamingSettingHears() {
        let speaker = speaker()
        speaker.alternateSettingSelected(0, interface: 1)
        #expect(!speaker.isStreaming)
        #expect(speaker.receive([1, 2, 3, 4], at: 0x01) == .stall)
        speaker.alternateSettingSelected(1, interface: 1)
        // The control interface's setting is another matter.
        speaker.alternateSettingSelected(0, interface: 0)
        #expect(speaker.isStreaming)
        speaker.configurationSelected(1)
        #expect(!speaker.isStreaming)
        #expect(speaker.receive([1, 2, 3, 4], at: 0x01) == .stall)
        #expect(speaker.packetsReceived == 0)
        #expect(speaker.heard == [])
    }

    @Test func brokenSamples() {
        let speaker = speaker()
        _ = speaker.receive([1, 2, 3], at: 0x01)
        _ = speaker.receive([], at: 0x01)
        #expect(speaker.brokenPackets == 1)
        #expect(speaker.heard == [1, 2, 3])
    }

    @Test(
        arguments: [
            (.nothing, 0), (.first(bytes: 0), 0), (.first(bytes: -5), 0), (.first(bytes: 10), 10),
            (.first(bytes: 16), 16),
            (.first(bytes: 1000), 20), (.everything, 20),
        ] as [(Speaker.Keeping, Int)])
    func keeping(keeping: Speaker.Keeping, kept: Int) {
        let speaker = speaker(keeping)
        for packet in 0..<5 as Range<UInt8> {
            _ = speaker.receive([packet, 1, 2, 3], at: 0x01, in: Int64(packet) * 8)
        }
        #expect(speaker.heardCount == kept)
        #expect(speaker.heard == Array((0..<5 as Range<UInt8>).flatMap { [$0, 1, 2, 3] }.prefix(kept)))
        #expect(speaker.bytesHeard == 20)
        #expect(speaker.packetsReceived == 5)
        #expect(speaker.sections.map(\.bytes) == (kept > 0 ? [0..<kept] : []))
    }

    @Test func keepingByName() {
        #expect(Speaker(keepsSound: true).keeping == .everything)
        #expect(Speaker(keepsSound: false).keeping == .nothing)
    }

    @Test func clearing() {
        let speaker = speaker()
        _ = speaker.receive([1, 2, 3], at: 0x01, in: 8)
        _ = speaker.receive([1, 2, 3, 4], at: 0x01, in: 80)
        speaker.clear()
        #expect(speaker.heard == [])
        #expect(speaker.sections == [])
        #expect(speaker.packetSizes == [:])
        #expect(
            [
                speaker.packetsReceived, speaker.brokenPackets, speaker.bytesHeard, speaker.gaps, speaker.silentFrames,
                speaker.heardCount,
            ] == [0, 0, 0, 0, 0, 0])
        #expect(speaker.isStreaming)
        _ = speaker.receive([5, 6, 7, 8], at: 0x01, in: 160)
        #expect(speaker.heard == [5, 6, 7, 8])
        #expect(speaker.gaps == 0)
        #expect(
            speaker.sections == [Speaker.Section(sampleRate: 48_000, start: Microframe(160), bytes: 0..<4)])
    }
}
