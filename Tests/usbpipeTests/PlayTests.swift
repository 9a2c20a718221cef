// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USB
import VirtualUSB

@testable import usbpipe

@Suite struct PlayTests {
    /// A sound whose every sample tells its place.
    static func ramp(frames: Int, channels: Int) -> [UInt8] {
        (0..<frames * channels).flatMap { sample in
            let value = UInt16(truncatingIfNeeded: sample &* 7919)
            return [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
        }
    }

    /// What a stereo device gets of such a sound.
    static func stereo(_ samples: [UInt8], channels: Int) -> [UInt8] {
        guard channels == 1 else { return samples }
        return stride(from: 0, to: samples.count, by: 2).flatMap {
            [UInt8](samples[$0..<$0 + 2]) + samples[$0..<$0 + 2]
        }
    }

    @Test(
        "What the speaker heard is what the file holds, bit for bit",
        arguments: [
            (48_000, 2, 96_000), (44_100, 2, 44_100), (44_100, 1, 30_001), (48_000, 1, 1), (48_000, 2, 48),
            (44_100, 2, 12_345),
        ])
    func heard(rate: Int, channels: Int, frames: Int) async throws {
        try await withTemporaryDirectory { directory in
            let samples = Self.ramp(frames: frames, channels: channels)
            try DataFile.create("\(directory)/sound.wav")
                .write(WAVWriter.file(samples: samples, rate: rate, channels: channels))
            let session = try HostSession.virtual()
            let result = try await runTool(
                ["play", "\(directory)/sound.wav", "--heard", "\(directory)/heard.wav", "--json"], in: session)
            #expect(result.status == .success, "\(result.errors)")
            let expected = Self.stereo(samples, channels: channels)
            let speaker = try #require(session.host.virtual?.speakers.first)
            #expect(speaker.attachment.withPeripheral { $0.heard } == expected)
            #expect(speaker.attachment.withPeripheral { $0.sampleRate } == rate)
            #expect(try contents(of: "\(directory)/heard.wav") == WAVWriter.file(samples: expected, rate: rate))
            let report = try result.report
            #expect(report["bytes"] as? Int == expected.count)
            #expect(report["heardEqual"] as? Bool == true)
            #expect(report["gaps"] as? Int == 0)
            let packets = try #require(report["packets"] as? [String: Int])
            // A packet a millisecond, the last one perhaps short.
            #expect(packets == ["completed": (frames * 1000 + rate - 1) / rate, "missed": 0, "failed": 0])
        }
    }

    @Test("Gaps that a bus cannot be sure of are told beside those that it knows") func possibleGaps() {
        var statistics = StreamStatistics()
        #expect(PlayReport(statistics).text(rate: 48_000).hasSuffix("0 gaps"))
        statistics.possibleGapCount = 2
        #expect(PlayReport(statistics).possibleGaps == 2)
        #expect(PlayReport(statistics).text(rate: 48_000).hasSuffix("0 gaps and perhaps 2 more"))
    }

    @Test("A sound after another is heard behind it, and told apart") func twice() async throws {
        try await withTemporaryDirectory { directory in
            let samples = Self.ramp(frames: 4_800, channels: 2)
            try DataFile.create("\(directory)/sound.wav").write(WAVWriter.file(samples: samples, rate: 48_000))
            let session = try HostSession.virtual()
            for _ in 0..<2 {
                let result = try await runTool(["play", "\(directory)/sound.wav"], in: session)
                #expect(result.status == .success)
                #expect(result.errors.contains("the speaker heard the same \(samples.count) bytes"))
            }
            #expect(session.host.virtual?.speakers.first?.attachment.withPeripheral { $0.heard } == samples + samples)
        }
    }

    @Test(
        "What cannot be played is refused with the reason",
        arguments: [
            (WAVWriter.file(samples: ramp(frames: 10, channels: 2), rate: 32_000), "44100 Hz, 48000 Hz"),
            (WAVWriter.file(samples: ramp(frames: 10, channels: 3), rate: 48_000, channels: 3), "two channels"),
            ([UInt8]("OggS and so on, which is not for us".utf8), "Ogg"),
            ([UInt8](WAVWriter.file(samples: ramp(frames: 100, channels: 2), rate: 48_000).dropLast(40)), "40 bytes"),
            ([], "not a WAV file"),
        ])
    func refusals(_ file: [UInt8], message: String) async throws {
        try await withTemporaryDirectory { directory in
            try DataFile.create("\(directory)/sound.wav").write(file)
            let result = try await runTool(["play", "\(directory)/sound.wav"], in: try .virtual())
            #expect(result.status == .badInput)
            #expect(result.errors.contains(message), "\(result.errors)")
        }
    }

    @Test("A device that plays no sound is an error that says so") func otherDevice() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/sound.wav"
            try DataFile.create(file).write(WAVWriter.file(samples: Self.ramp(frames: 10, channels: 2), rate: 48_000))
            let zero = try await runTool(["play", file, "0525:a4a0"], in: try .virtual())
            #expect(zero.status == .deviceNotFound)
            #expect(zero.errors.contains("no output for 16-bit stereo sound"))
            let none = try await runTool(["play", file], at: "virtual:zero?clock=free")
            #expect(none.status == .deviceNotFound)
        }
    }

    @Test("A cancel in mid-stream ends cleanly and tells what was moved") func cancelled() async throws {
        try await withTemporaryDirectory { directory in
            let samples = Self.ramp(frames: sparing(480_000, by: 5), channels: 2)
            let file = "\(directory)/sound.wav"
            try DataFile.create(file).write(WAVWriter.file(samples: samples, rate: 48_000))
            let session = try HostSession.virtual()
            let speaker = try #require(session.host.virtual?.speakers.first).attachment
            let task = Task { try await runTool(["play", file, "--json"], in: session) }
            while speaker.withPeripheral({ $0.bytesHeard }) < 10_000 { await Task.yield() }
            task.cancel()
            let result = try await task.value
            // The sound is long, but a slow machine may let it end before the cancel arrives.
            let heard = speaker.withPeripheral { $0.heard }
            #expect(heard.elementsEqual(samples.prefix(heard.count)))
            #expect(try result.report["bytes"] as? Int == heard.count)
            #expect(result.status == (heard.count == samples.count ? .success : .interrupted))
            // The device can be used again.
            #expect(try await runTool(["show", "1209:0001"], in: session).status == .success)
        }
    }
}
