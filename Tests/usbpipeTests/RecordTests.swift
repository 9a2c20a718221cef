// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import VirtualUSB

@testable import usbpipe

@Suite struct RecordTests {
    @Test(
        "What is in the file is the microphone's tone, sample by sample",
        arguments: [("2", nil, 48_000, 96_000), ("1.5", "44100", 44_100, 66_150), ("0.00001", "48000", 48_000, 1)]
            as [(String, String?, Int, Int64)])
    func tone(seconds: String, rateOption: String?, rate: Int, frames: Int64) async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/tone.wav"
            let options = rateOption.map { ["--rate", $0] } ?? []
            let result = try await runTool(
                ["record", file, "--seconds", seconds, "--json"] + options, in: try .virtual())
            #expect(result.status == .success, "\(result.errors)")
            let expected = Microphone.bytes(ofSamples: 0..<frames, rate: rate)
            #expect(try contents(of: file) == WAVWriter.file(samples: expected, rate: rate))
            let report = try result.report
            #expect(report["bytes"] as? Int == expected.count)
            #expect(report["gaps"] as? Int == 0)
        }
    }

    @Test("A device can be named, and the summary tells what was recorded") func named() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/tone.wav"
            let result = try await runTool(["record", "1209:0002", file, "--seconds", "1"], in: try .virtual())
            #expect(result.status == .success)
            #expect(result.errors.contains("recorded 1.000 s at 48000 Hz"), "\(result.errors)")
            #expect(result.errors.contains("0 missed, 0 failed, 0 gaps"))
        }
    }

    @Test("Ctrl-C is the end of a recording without a length, and its file is whole") func interrupted() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/tone.wav"
            let session = try HostSession.virtual()
            let microphone = try #require(session.host.virtual?.microphones.first)
            let task = Task { try await runTool(["record", file, "--json"], in: session) }
            while microphone.withPeripheral({ $0.packetsSent }) < 1_000 { await Task.yield() }
            task.cancel()
            let result = try await task.value
            #expect(result.status == .success, "\(result.errors)")
            let bytes = try #require(try result.report["bytes"] as? Int)
            let packets = try #require(try result.report["packets"] as? [String: Int])
            #expect(packets == ["completed": bytes / 192, "missed": 0, "failed": 0])
            let expected = Microphone.bytes(ofSamples: 0..<Int64(bytes / 4), rate: 48_000)
            #expect(try contents(of: file) == WAVWriter.file(samples: expected, rate: 48_000))
        }
    }

    @Test("What cannot be recorded is refused with the reason") func refusals() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/x.wav"
            let speaker = try await runTool(["record", "1209:0001", file], in: try .virtual())
            #expect(speaker.status == .deviceNotFound)
            #expect(speaker.errors.contains("no input of 16-bit sound"))
            let rate = try await runTool(["record", file, "--rate", "8000"], in: try .virtual())
            #expect(rate.status == .badInput)
            #expect(rate.errors.contains("44100 Hz, 48000 Hz"))
            let none = try await runTool(["record", file], at: "virtual:zero?clock=free")
            #expect(none.status == .deviceNotFound)
        }
        for wrong in [
            ["record"], ["record", "a", "b", "c"], ["record", "x", "--seconds", "0"], ["record", "not a device", "x"],
        ] {
            #expect(throws: (any Error).self) { _ = try USBPipe.parseAsRoot(wrong) }
        }
    }

    @Test("A disk in a file keeps what is written, and the file must be one") func diskFile() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/disk.img"
            try DataFile.create(path).write([UInt8](repeating: 1, count: 1024))
            let store = try FileBlockStore(path)
            #expect(store.blockCount == 2)
            try store.write(1, from: [UInt8](repeating: 2, count: 512).span)
            try store.synchronize()
            var block = [UInt8](repeating: 0, count: 512)
            var span = block.mutableSpan
            try store.read(0, into: &span)
            #expect(block == [UInt8](repeating: 1, count: 512))
            #expect(try contents(of: path) == [UInt8](repeating: 1, count: 512) + [UInt8](repeating: 2, count: 512))
            let listed = try await runTool(["list"], at: "virtual:disk=\(path)?clock=free")
            #expect(listed.text.contains("Virtual Disk"))
            try DataFile.create(path).write([UInt8](repeating: 1, count: 1000))
            let refused = try await runTool(["list"], at: "virtual:disk=\(path)?clock=free")
            #expect(refused.status == .badInput)
            #expect(refused.errors.contains("is no disk"))
            let missing = try await runTool(["list"], at: "virtual:disk=\(directory)/none?clock=free")
            #expect(missing.status == .badInput)
        }
    }
}
