// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import VirtualUSB

@testable import usbpipe

@Suite struct PipeVerbTests {
    @Test("A file goes into the sink", arguments: [0, 1, 512, 65_536, 65_537, 1_000_000])
    func writing(_ count: Int) async throws {
        let session = try HostSession.virtual()
        let result = try await runTool(
            ["write", "0525:a4a0", "1out", "--json"], input: [UInt8](repeating: 0, count: count), in: session)
        #expect(result.status == .success)
        #expect(result.output.isEmpty)
        let zero = try #require(session.host.virtual?.zeros.first)
        #expect(zero.withPeripheral { $0.bytesReceived } == count)
        let report = try result.report
        #expect(report["bytes"] as? Int == count)
        #expect(report["transfers"] as? Int == (count + 65_535) / 65_536)
    }

    @Test("So many bytes come out of the source", arguments: [1, 511, 512, 100_000])
    func reading(_ count: Int) async throws {
        let session = try HostSession.virtual()
        let result = try await runTool(
            ["read", "0525:a4a0", "0x81", "--count", "\(count)", "--json"], in: session)
        #expect(result.status == .success)
        #expect(result.output == [UInt8](repeating: 0, count: count))
        #expect(try result.report["bytes"] as? Int == count)
    }

    @Test("Files are named with --file") func files() async throws {
        let session = try HostSession.virtual()
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/data"
            let read = try await runTool(
                ["read", "0525:a4a0", "0x81", "--count", "3000", "--file", path], input: [], in: session)
            #expect(read.status == .success)
            #expect(read.output.isEmpty)
            #expect(try contents(of: path).count == 3000)
            let write = try await runTool(
                ["write", "0525:a4a0", "1out", "--file", path, "--count", "2000"], in: session)
            #expect(write.errors.hasPrefix("wrote 2000 bytes in 1 transfer, "))
        }
        #expect(session.host.virtual?.zeros.first?.withPeripheral { $0.bytesReceived } == 2000)
    }

    @Test("What is written to the loopback is read from it, bit for bit") func loopback() async throws {
        let session = try HostSession.virtual()
        var numbers = SeededNumbers(seed: 4)
        // As much as the device's queue holds.
        let bytes = numbers.bytes(32 * 512)
        let write = try await runTool(
            ["write", "0525:a4a0", "1out", "--configuration", "2"], input: bytes, in: session)
        #expect(write.status == .success)
        let read = try await runTool(["read", "0525:a4a0", "1in", "--count", "\(bytes.count)"], in: session)
        #expect(read.status == .success)
        #expect(read.output == bytes)
    }

    @Test("A long file goes round the loopback while both ends are at work", arguments: [1, 2])
    func longLoopback(_ seed: UInt64) async throws {
        let session = try HostSession.virtual()
        var numbers = SeededNumbers(seed: seed)
        let bytes = numbers.bytes(700 * 512)
        try await withTemporaryDirectory { directory in
            try DataFile.create("\(directory)/in").write(bytes)
            let input = try DataFile.open("\(directory)/in")
            let output = try DataFile.create("\(directory)/out")
            let controller = session.controller
            let reports = try await controller.run { () async throws in
                let device = try controller.open(vendorID: 0x0525, productID: 0xA4A0)
                try await device.selectConfiguration(2)
                let interface = try device.claim(0)
                let sink = try interface.outPipe(0x01, Bulk.self)
                let source = try interface.inPipe(0x81, Bulk.self)
                let clock = controller.clock
                async let written = DataWriter(pipe: sink, clock: clock, settings: MoveSettings()).run(input)
                async let read = DataReader(pipe: source, clock: clock, settings: MoveSettings(count: bytes.count))
                    .run(output)
                return await [written, read]
            }
            #expect(reports.map(\.bytes) == [bytes.count, bytes.count])
            #expect(reports.allSatisfy { $0.status == .success })
            #expect(try contents(of: "\(directory)/out") == bytes)
        }
    }

    @Test("Interrupt endpoints of a higher setting are found") func interrupt() async throws {
        let session = try HostSession.virtual()
        let write = try await runTool(
            ["write", "0525:a4a0", "3out", "--json"], input: [UInt8](repeating: 0, count: 2500), in: session)
        #expect(write.status == .success)
        #expect(try write.report["transfers"] as? Int == 3)
        let read = try await runTool(["read", "0525:a4a0", "3in", "--count", "2500"], in: session)
        #expect(read.output.count == 2500)
    }

    @Test("The same endpoint can be used in another setting") func alternate() async throws {
        let session = try HostSession.virtual()
        let good = try await runTool(["read", "0525:a4a0", "1in", "--alternate", "1", "--count", "10"], in: session)
        #expect(good.output.count == 10)
        let bad = try await runTool(["read", "0525:a4a0", "1in", "--alternate", "2", "--count", "10"], in: session)
        #expect(bad.status == .badEndpoint)
        #expect(bad.errors.contains("0, 1"))
    }

    @Test("What a speaker heard is saved when the verb is done") func heard() async throws {
        try await withTemporaryDirectory { directory in
            var numbers = SeededNumbers(seed: 9)
            let samples = numbers.bytes(192 * 50)
            let result = try await runTool(
                ["write", "1209:0001", "1out", "--packet-bytes", "192"], input: samples,
                at: "virtual:speaker=\(directory)/heard.wav?clock=free")
            #expect(result.status == .success)
            #expect(
                try contents(of: "\(directory)/heard.wav") == WAVWriter.file(samples: samples, rate: 48_000))
        }
    }

    @Test("A trace has a line for every transaction") func trace() async throws {
        try await withTemporaryDirectory { directory in
            let result = try await runTool(
                ["write", "0525:a4a0", "1out"], input: [UInt8](repeating: 0, count: 2048),
                at: "virtual?clock=free&trace=\(directory)/trace")
            #expect(result.status == .success)
            let lines = String(decoding: try contents(of: "\(directory)/trace"), as: UTF8.self).split(separator: "\n")
            #expect(lines.count { $0.contains("0x01") && $0.contains("512") } == 4)
        }
    }
}

@Suite struct IsochronousVerbTests {
    @Test("An isochronous endpoint takes one packet a frame") func writing() async throws {
        let session = try HostSession.virtual()
        let result = try await runTool(
            ["write", "0525:a4a0", "2out", "--json"], input: [UInt8](repeating: 0, count: 50_000), in: session)
        #expect(result.status == .success)
        let report = try result.report
        #expect(report["bytes"] as? Int == 50_000)
        #expect(report["packets"] as? [String: Int] == ["completed": 49, "missed": 0, "failed": 0])
        let first = try #require(report["firstFrame"] as? Int)
        #expect(report["nextFrame"] as? Int == first + 49)
        let zero = try #require(session.host.virtual?.zeros.first)
        #expect(zero.withPeripheral { [$0.packetsReceived, $0.bytesReceived, $0.mismatches] } == [49, 50_000, 0])
    }

    @Test("An isochronous endpoint gives one packet a frame", arguments: [1, 1024, 50_000])
    func reading(_ count: Int) async throws {
        let session = try HostSession.virtual()
        let result = try await runTool(["read", "0525:a4a0", "2in", "--count", "\(count)", "--json"], in: session)
        #expect(result.status == .success)
        #expect(result.output == [UInt8](repeating: 0, count: count))
        let packets = (count + 1023) / 1024
        let report = try result.report
        #expect(report["packets"] as? [String: Int] == ["completed": packets, "missed": 0, "failed": 0])
        let first = try #require(report["firstFrame"] as? Int)
        #expect(report["nextFrame"] as? Int == first + packets)
    }

    @Test("Packets have the size that is asked for") func packetBytes() async throws {
        let session = try HostSession.virtual()
        let result = try await runTool(
            ["write", "0525:a4a0", "2out", "--packet-bytes", "100", "--json"],
            input: [UInt8](repeating: 0, count: 1050),
            in: session)
        #expect(try result.report["packets"] as? [String: Int] == ["completed": 11, "missed": 0, "failed": 0])
    }

    @Test("A transfer starts in the frame that is named") func namedFrame() async throws {
        let session = try HostSession.virtual()
        let frame = session.controller.frame().frame.count + 1000
        let result = try await runTool(
            ["write", "0525:a4a0", "2out", "--at", "\(frame)", "--json"], input: [UInt8](repeating: 0, count: 2000),
            in: session)
        #expect(try result.report["firstFrame"] as? Int == Int(frame))
        #expect(try result.report["nextFrame"] as? Int == Int(frame) + 2)
    }

    @Test("A transfer starts so many milliseconds from now") func relativeFrame() async throws {
        let session = try HostSession.virtual()
        let before = session.controller.frame().frame.count
        let result = try await runTool(
            ["read", "0525:a4a0", "2in", "--at", "+500", "--count", "10", "--json"], in: session)
        let first = try #require(try result.report["firstFrame"] as? Int)
        #expect((Int(before) + 500...Int(before) + 510).contains(first))
    }

    @Test("A frame that has passed is refused, and nothing is sent") func lateFrame() async throws {
        let session = try HostSession.virtual()
        let result = try await runTool(
            ["write", "0525:a4a0", "2out", "--at", "5", "--json"], input: [UInt8](repeating: 0, count: 2000),
            in: session)
        #expect(result.status == .transferFailed)
        let report = try result.report
        #expect(report["bytes"] as? Int == 0)
        #expect((report["error"] as? String)?.contains("too late") == true)
        #expect(session.host.virtual?.zeros.first?.withPeripheral { $0.packetsReceived } == 0)
    }

    @Test("The speaker hears every byte, in packets of every size") func speaker() async throws {
        let session = try HostSession.virtual()
        var numbers = SeededNumbers(seed: 3)
        let samples = numbers.bytes(196 * 30 + 4)
        let result = try await runTool(["write", "1209:0001", "1out"], input: samples, in: session)
        #expect(result.status == .success)
        let speaker = try #require(session.host.virtual?.speakers.first?.attachment)
        #expect(speaker.withPeripheral { $0.heard } == samples)
        #expect(speaker.withPeripheral { $0.gaps } == 0)
    }
}
