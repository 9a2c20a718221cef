// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import VirtualUSB

@testable import usbpipe

@Suite struct VerbEndTests {
    @Test(
        "Errors have their exit status and say what to do",
        arguments: [
            (["write", "0525:a4a0", "0x81"], ExitStatus.badEndpoint, "to write there is 0x01"),
            (["read", "0525:a4a0", "1out"], .badEndpoint, "to read there is 0x81"),
            (["read", "0525:a4a0", "5in"], .badEndpoint, "0x81 (bulk IN), 0x01 (bulk OUT)"),
            (["read", "1209:0001", "1in"], .badEndpoint, "it has 0x01 (isochronous OUT)"),
            (["read", "0525:a4a1", "1in"], .deviceNotFound, "0525:a4a0 at 2-1"),
            (["show", "9-9"], .deviceNotFound, "1209:0001 at 1-1"),
            (["control", "0525:a4a0:NONE", "--request", "1"], .deviceNotFound, "present:"),
            (["read", "0525:a4a0", "1in", "--configuration", "9"], .transferFailed, "no configuration 9"),
            (["write", "0525:a4a0", "1out", "--at", "asap"], .badUsage, "--at is for isochronous endpoints"),
            (["write", "0525:a4a0", "1out", "--packet-bytes", "5"], .badUsage, "--packet-bytes is for isochronous"),
            (["write", "0525:a4a0", "2out", "--packet-bytes", "1025"], .badUsage, "1 to 1024"),
            (["write", "0525:a4a0", "2out", "--packet-bytes", "0"], .badUsage, "1 to 1024"),
            (["write", "0525:a4a0", "1out", "--file", "/nonexistent"], .badInput, "/nonexistent"),
            (["write", "0525:a4a0", "1out", "--file", "/"], .badInput, "directory"),
            (["read", "0525:a4a0", "1in", "--file", "/nonexistent/x"], .transferFailed, "/nonexistent/x"),
            (
                ["read", "0525:a4a0", "1in", "--configuration", "2", "--timeout", "50ms"], .timedOut,
                "read 0 bytes in 0 transfers"
            ),
            (["control", "0525:a4a0", "--request", "0x77"], .transferFailed, "stalled"),
            (["control", "0525:a4a0", "--type", "standard", "--request", "9"], .badUsage, "--configuration"),
        ])
    func errors(_ arguments: [String], status: ExitStatus, message: String) async throws {
        let result = try await runTool(arguments, in: try .virtual())
        #expect(result.status == status)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test("Of two equal devices one is named by its path") func ambiguous() async throws {
        let session = try HostSession(HostAddress(parsing: "virtual:zero,zero?clock=free"))
        let both = try await runTool(["show", "0525:a4a0"], in: session)
        #expect(both.status == .deviceNotFound)
        #expect(both.errors.contains("2-1") && both.errors.contains("2-2"))
        #expect(try await runTool(["show", "2-2"], in: session).status == .success)
    }

    @Test(
        "A host that cannot be opened is an error",
        arguments: [
            ("usbip://server", ExitStatus.transferFailed, "USB/IP"), ("virtual?clock=manual", .badUsage, "clock=free"),
            ("virtual?trace=/nonexistent/x", .transferFailed, "/nonexistent/x"),
        ])
    func hosts(_ address: String, status: ExitStatus, message: String) async throws {
        let result = try await runTool(["list"], at: address)
        #expect(result.status == status)
        #expect(result.errors.contains(message))
    }

    @Test("A stall ends writing, until the halt is cleared") func stall() async throws {
        let session = try HostSession.virtual()
        let feature = [
            "control", "0525:a4a0", "--type", "standard", "--recipient", "endpoint", "--index", "1", "--request",
        ]
        #expect(try await runTool(feature + ["3"], in: session).status == .success)
        let bytes = [UInt8](repeating: 0, count: 10_000)
        let stalled = try await runTool(["write", "0525:a4a0", "1out", "--json"], input: bytes, in: session)
        #expect(stalled.status == .transferFailed)
        #expect(try stalled.report["bytes"] as? Int == 0)
        #expect((try stalled.report["error"] as? String)?.contains("stalled") == true)
        #expect(try await runTool(feature + ["1"], in: session).status == .success)
        #expect(try await runTool(["write", "0525:a4a0", "1out"], input: bytes, in: session).status == .success)
    }

    @Test("A time limit leaves what was moved") func timeLimit() async throws {
        let result = try await runTool(
            ["write", "0525:a4a0", "1out", "--configuration", "2", "--timeout", "1s", "--json"],
            input: [UInt8](repeating: 7, count: 100_000), in: try .virtual())
        #expect(result.status == .timedOut)
        #expect(try result.report["bytes"] as? Int == 32 * 512)
        #expect(try #require(try result.report["seconds"] as? Double) >= 1)
    }

    @Test("An interrupted write reports what was moved") func interruptedWrite() async throws {
        let session = try HostSession.virtual()
        let zero = try #require(session.host.virtual?.zeros.first)
        let task = Task {
            try await runTool(
                ["write", "0525:a4a0", "1out", "--configuration", "2", "--json"],
                input: [UInt8](repeating: 7, count: 300_000), in: session)
        }
        // The loopback takes no more than its queue holds, so that the write cannot end by itself.
        while zero.withPeripheral({ $0.queuedPackets }) < 32 { await Task.yield() }
        task.cancel()
        let result = try await task.value
        #expect(result.status == .interrupted)
        #expect(try result.report["bytes"] as? Int == 32 * 512)
        #expect(try result.report["error"] == nil)
        // The interface was given back: the next verb finds everything as it was.
        let next = try await runTool(["read", "0525:a4a0", "1in", "--count", "\(32 * 512)"], in: session)
        #expect(next.output == [UInt8](repeating: 7, count: 32 * 512))
    }

    @Test("An interrupted read leaves everything that came", arguments: ["1in", "2in", "3in"])
    func interruptedRead(_ endpoint: String) async throws {
        let session = try HostSession.virtual()
        let zero = try #require(session.host.virtual?.zeros.first)
        let task = Task {
            try await runTool(["read", "0525:a4a0", endpoint, "--json"], in: session)
        }
        while zero.withPeripheral({ $0.packetsSent }) < 100 { await Task.yield() }
        task.cancel()
        let result = try await task.value
        #expect(result.status == .interrupted)
        #expect(try result.report["bytes"] as? Int == result.output.count)
        #expect(!result.output.isEmpty)
    }

    @Test("A removed device ends reading") func unplugged() async throws {
        let session = try HostSession.virtual()
        let zero = try #require(session.host.virtual?.zeros.first)
        let task = Task { try await runTool(["read", "0525:a4a0", "1in"], in: session) }
        while zero.withPeripheral({ $0.packetsSent }) < 100 { await Task.yield() }
        zero.unplug()
        let result = try await task.value
        #expect(result.status == .transferFailed)
        #expect(result.errors.contains("gone"))
    }

    @Test(
        "Every kind of error has its exit status",
        arguments: [
            (USBError(.timedOut), ExitStatus.timedOut), (USBError(.cancelled), .interrupted),
            (USBError(.stalled), .transferFailed), (USBError(.deviceGone), .transferFailed),
            (FileError(operation: .open, name: "x", code: 2), .badInput),
            (FileError(operation: .read, name: "x", code: 5), .badInput),
            (FileError(operation: .create, name: "x", code: 13), .transferFailed),
            (FileError(operation: .write, name: "x", code: 28), .transferFailed),
            (FileError(operation: .write, name: "x", code: 32), .outputClosed),
            (ArgumentError(description: "x"), .badUsage), (CancellationError(), .interrupted),
        ] as [(any Error & Sendable, ExitStatus)])
    func statuses(_ error: any Error & Sendable, status: ExitStatus) {
        #expect(ExitStatus(of: error) == status)
    }
}
