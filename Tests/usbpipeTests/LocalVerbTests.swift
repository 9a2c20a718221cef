// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Foundation
import Testing
import USB

@testable import usbpipe

@Suite("Verbs for a machine's own devices") struct LocalVerbTests {
    @Test("Watching tells what is there, what leaves and what comes, and stops after so many")
    func watch() async throws {
        let session = try HostSession(HostAddress(parsing: "virtual:zero,keyboard"))
        let keyboard = try #require(session.host.virtual?.keyboards.first)
        let result = try await changing(keyboard, on: session) {
            try await runTool(["watch", "--json", "--count", "3"], in: session)
        }
        #expect(result.status == .success)
        let lines = try result.text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        }
        let path = try #require(lines.last?["path"])
        #expect(lines.count >= 4)
        // Whether the keyboard was there at the beginning depends on when the watching began.
        let present = lines.prefix { $0["event"] == "present" }
        #expect(present.contains { $0["vendorID"] == "0525" && $0["productID"] == "a4a0" && $0["speed"] == "high" })
        let news = lines.dropFirst(present.count)
        #expect(news.count == 3)
        #expect(news.allSatisfy { $0["path"] == path })
        let events = news.compactMap { $0["event"] }
        #expect(events == ["left", "arrived", "left"] || events == ["arrived", "left", "arrived"])
    }

    @Test("Watching for people has a line for each device")
    func watchText() async throws {
        let session = try HostSession(HostAddress(parsing: "virtual:zero,keyboard"))
        let keyboard = try #require(session.host.virtual?.keyboards.first)
        let result = try await changing(keyboard, on: session) {
            try await runTool(["watch", "--count", "2"], in: session)
        }
        #expect(result.text.contains("present  2-1  0525:a4a0  high  "))
        #expect(result.text.contains("\nleft     1-1  ") && result.text.contains("\narrived  1-1  "))
    }

    /// Unplugs the device and plugs it in again until `body` has ended.
    private func changing(
        _ device: AttachedPeripheral<Keyboard>, on session: HostSession,
        _ body: @Sendable () async throws -> VerbResult
    ) async throws -> VerbResult {
        let clock = session.controller.clock
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    device.unplug()
                    try await clock.sleep(for: .milliseconds(1))
                    try device.replug()
                    try await clock.sleep(for: .milliseconds(1))
                }
            }
            let result = try await body()
            group.cancelAll()
            return result
        }
    }

    @Test("A count of nothing is refused") func badCount() {
        #expect(throws: (any Error).self) { try USBPipe.parseAsRoot(["watch", "--count", "0"]) }
    }

    @Test("The rule for a device names it, and where it belongs is told beside it") func rule() async throws {
        let result = try await runTool(["udev-rule", "0525:a4a0"], in: try .virtual())
        #expect(result.status == .success)
        #expect(
            result.text == """
                SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="0525", ATTR{idProduct}=="a4a0", \
                MODE="0660", GROUP="plugdev", TAG+="uaccess"

                """)
        #expect(result.errors.contains("/etc/udev/rules.d/70-usb-0525-a4a0.rules"))
        #expect(result.errors.contains("udevadm control --reload"))
    }

    @Test("A request to an interface may take it from its driver, others may not") func control() async throws {
        let status = ["--type", "standard", "--request", "0", "--length", "2", "--detach"]
        let session = try HostSession.virtual()
        let asked = try await runTool(["control", "0525:a4a0", "--recipient", "interface"] + status, in: session)
        #expect(asked.status == .success)
        let refused = try await runTool(["control", "0525:a4a0"] + status, in: session)
        #expect(refused.status == .badUsage)
        // It was given back.
        #expect(try await runTool(["read", "0525:a4a0", "1in", "--count", "512"], in: session).status == .success)
    }

    @Test("Where no driver has an interface, --detach changes nothing") func detach() async throws {
        let session = try HostSession.virtual()
        let result = try await runTool(["read", "0525:a4a0", "1in", "--count", "512", "--detach"], in: session)
        #expect(result.status == .success)
        #expect(result.output.count == 512)
    }
}
