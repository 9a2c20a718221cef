// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@testable import USB
@testable import usbpipe

/// What `record` and `play` say, write and return when the bus loses sound or the device goes.
@Suite struct LossTests {
    /// A bus with a microphone or a speaker, behind planned faults of the device and of the controller.
    private struct Setup {
        let session: HostSession
        let bus: VirtualBus
        let faults: FaultInjector<VirtualBus>

        init(_ rules: [FaultRule<ControllerFault>] = []) throws {
            bus = VirtualBus(flow: .free)
            faults = FaultInjector(bus, plan: FaultPlan(rules))
            session = HostSession(
                OpenHost(address: try HostAddress(parsing: "virtual"), controller: faults, virtual: nil))
        }

        func microphone(
            _ rules: [FaultRule<PeripheralFault>] = []
        ) throws -> AttachedPeripheral<FaultyPeripheral<Microphone>> {
            try bus.attach(FaultyPeripheral(Microphone(), plan: FaultPlan(rules)))
        }

        func speaker(
            _ rules: [FaultRule<PeripheralFault>] = []
        ) throws -> AttachedPeripheral<FaultyPeripheral<Speaker>> {
            try bus.attach(FaultyPeripheral(Speaker(), plan: FaultPlan(rules)))
        }
    }

    private static let rate = 48_000

    /// The bytes of the tone in these frames of the bus.
    private static func tone(_ frames: Range<Int>) -> [UInt8] {
        Microphone.bytes(ofSamples: Int64(frames.lowerBound) * 48..<Int64(frames.upperBound) * 48, rate: rate)
    }

    /// The samples of a WAV file of which nothing is missing, and in which nothing is too much.
    private static func samples(of path: String) throws -> [UInt8] {
        let file = try contents(of: path)
        let samples = [UInt8](file.dropFirst(WAVWriter.headerBytes))
        #expect(file == WAVWriter.file(samples: samples, rate: rate))
        return samples
    }

    // MARK: record

    @Test("Packets that fail are counted, and the sound round them is in the file")
    func failedPackets() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/tone.wav"
            let setup = try Setup()
            let microphone = try setup.microphone([
                FaultRule(.bus(.cyclicRedundancyCheck), .packet(100), endpoint: 0x81, limit: 10),
                FaultRule(.bus(.noResponse), .packet(700), endpoint: 0x81),
            ])
            let result = try await runTool(["record", file, "--seconds", "1"], in: setup.session)
            #expect(result.status == .transferFailed)
            #expect(result.errors.contains("0 missed, 11 failed, 0 gaps"), "\(result.errors)")
            #expect(result.errors.contains("sound was LOST"))
            // The microphone sends its 700th packet in frame 710.
            let expected = Self.tone(0..<100) + Self.tone(110..<710) + Self.tone(711..<1_011)
            #expect(try Self.samples(of: file) == expected)
            #expect(microphone.withPeripheral { $0.peripheral.framesLost } == 11)
        }
    }

    @Test("Completions that come too late leave a gap, whose length is told")
    func gap() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/tone.wav"
            // Longer than the 256 ms that are in flight.
            let setup = try Setup([FaultRule(.delay(.milliseconds(500)), .packet(40), endpoint: 0x81)])
            let microphone = try setup.microphone()
            let result = try await runTool(["record", file, "--seconds", "2", "--json"], in: setup.session)
            #expect(result.status == .transferFailed)
            let report = try result.report
            #expect(report["gaps"] as? Int == 1)
            let lost = microphone.withPeripheral { $0.peripheral.framesLost }
            #expect(lost > 200 && report["gapFrames"] as? Double == Double(lost))
            let samples = try Self.samples(of: file)
            #expect(samples.count == 2 * Self.rate * 4 && report["bytes"] as? Int == samples.count)
            // Everything up to the gap, and everything from its end on.
            let whole = Self.tone(0..<2_000 + lost)
            let kept = zip(samples, whole).prefix { $0 == $1 }.count
            #expect(kept > 0 && kept < samples.count && kept % 192 == 0)
            #expect(samples[kept...] == whole[(kept + lost * 192)...])
        }
    }

    @Test("A jump of the frame count is told as a gap of no known length", arguments: [100_000, -100_000])
    func clockJump(frames: Int64) async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/tone.wav"
            let setup = try Setup([FaultRule(.clockJump(frames: frames), .packet(40), endpoint: 0x81)])
            _ = try setup.microphone()
            let result = try await runTool(["record", file, "--seconds", "2", "--json"], in: setup.session)
            #expect(try Self.samples(of: file) == Self.tone(0..<2_000))
            // Whether anything was missed while the stream began anew, nobody can tell.
            let report = try result.report
            #expect(report["gaps"] as? Int == 1 && report["gapFrames"] as? Double == 0)
            #expect(result.status == .transferFailed)
            #expect(setup.faults.injected.count == 1)
        }
    }

    @Test(
        "When the device goes, or the bus does, what was recorded is a whole file",
        arguments: [
            (.unplug, "gone"), (.complete(.failed(.noResponse)), "endpoint 0x81"),
            (.sleep(for: .milliseconds(100), wakingAt: Frame(0)), "endpoint 0x81"),
        ] as [(ControllerFault, String)])
    func endsEarly(fault: ControllerFault, message: String) async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/tone.wav"
            let setup = try Setup([FaultRule(fault, .packet(60), endpoint: 0x81)])
            _ = try setup.microphone()
            let result = try await runTool(["record", file, "--seconds", "10", "--json"], in: setup.session)
            #expect(result.status == .transferFailed)
            let report = try result.report
            #expect((report["error"] as? String)?.contains(message) == true, "\(result.errors)")
            let samples = try Self.samples(of: file)
            #expect(samples.count > 0 && samples.count < 10 * Self.rate * 4)
            #expect(samples == Self.tone(0..<samples.count / 192))
            #expect(report["bytes"] as? Int == samples.count)
        }
    }

    @Test("Pulling the plug while recording goes on ends it with a whole file") func unplugged() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/tone.wav"
            let setup = try Setup()
            let microphone = try setup.microphone()
            let task = Task { try await runTool(["record", file], in: setup.session) }
            while microphone.withPeripheral({ $0.peripheral.packetsSent }) < 1_000 { await Task.yield() }
            microphone.unplug()
            let result = try await task.value
            #expect(result.status == .transferFailed)
            #expect(result.errors.contains("gone"), "\(result.errors)")
            let samples = try Self.samples(of: file)
            #expect(samples == Self.tone(0..<samples.count / 192))
        }
    }

    // MARK: play

    /// Two seconds of sound in a file.
    private static func sound(in directory: String) throws -> (file: String, samples: [UInt8]) {
        let samples = PlayTests.ramp(frames: 2 * rate, channels: 2)
        let file = "\(directory)/sound.wav"
        try DataFile.create(file).write(WAVWriter.file(samples: samples, rate: rate))
        return (file, samples)
    }

    @Test("Packets that fail on their way to a speaker are counted, and the exit status tells")
    func failedPlaying() async throws {
        try await withTemporaryDirectory { directory in
            let (file, samples) = try Self.sound(in: directory)
            let setup = try Setup()
            let speaker = try setup.speaker([
                FaultRule(.bus(.cyclicRedundancyCheck), .packet(100), endpoint: 0x01, limit: 10)
            ])
            let result = try await runTool(["play", file], in: setup.session)
            #expect(result.status == .transferFailed)
            #expect(result.errors.contains("0 missed, 10 failed, 0 gaps"), "\(result.errors)")
            #expect(result.errors.contains("sound was LOST"))
            let heard = speaker.withPeripheral { $0.peripheral.heard }
            #expect(heard == [UInt8](samples[..<(100 * 192)] + samples[(110 * 192)...]))
        }
    }

    @Test("Completions that come too late let the sound run dry, and nothing is lost") func dryPlaying() async throws {
        try await withTemporaryDirectory { directory in
            let (file, samples) = try Self.sound(in: directory)
            let setup = try Setup([FaultRule(.delay(.milliseconds(200)), .packet(40), endpoint: 0x01)])
            let speaker = try setup.speaker()
            let result = try await runTool(["play", file, "--json"], in: setup.session)
            #expect(result.status == .success)
            #expect(try result.report["gaps"] as? Int == 1)
            #expect(try #require(try result.report["gapFrames"] as? Double) > 100)
            #expect(speaker.withPeripheral { $0.peripheral.heard } == samples)
        }
    }

    @Test("When the speaker goes, the rest is an error") func unpluggedSpeaker() async throws {
        try await withTemporaryDirectory { directory in
            let (file, samples) = try Self.sound(in: directory)
            let setup = try Setup([FaultRule(.unplug, .packet(60), endpoint: 0x01)])
            let speaker = try setup.speaker()
            let result = try await runTool(["play", file], in: setup.session)
            #expect(result.status == .transferFailed)
            #expect(result.errors.contains("gone"), "\(result.errors)")
            let heard = speaker.withPeripheral { $0.peripheral.heard }
            #expect(!heard.isEmpty && heard.count < samples.count && samples.starts(with: heard))
        }
    }
}
