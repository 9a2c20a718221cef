// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import LinuxUSB
import TestEffort
import Testing
import USBHost
import USBSpecification

/// Everything here runs in the kernel lab, as `Scripts/check-kernel` does it, one test after another: the devices are
/// shared. Elsewhere it is skipped.
@Suite("Kernel", .serialized, .enabled(if: !Lab.identifiers.isEmpty, "only in the kernel lab"))
enum Kernel {}

/// The lab that this program runs in.
enum Lab {
    /// What the lab calls each device that the tests may use: SWIFT_USB_LAB has the devices with commas between them,
    /// "gadget-zero@usbip" for one that is to be used behind USB/IP.
    static let identifiers: [String: String] = {
        let list = ProcessInfo.processInfo.environment["SWIFT_USB_LAB"] ?? ""
        return list.split(separator: ",").reduce(into: [:]) { result, entry in
            let parts = entry.split(separator: "@", maxSplits: 1)
            guard let name = parts.first, let identifier = parts.last else { return }
            result[String(name)] = String(identifier)
        }
    }()

    static func has(_ name: String) -> Bool { identifiers[name] != nil }

    /// How many times as long the long tests run.
    static let depth = isDeep ? 10 : 1

    /// A file in the directory that both sides of the lab see.
    static func shared(_ file: String) throws -> URL {
        let directory = try #require(ProcessInfo.processInfo.environment["LAB_OUT"])
        return URL(fileURLWithPath: directory).appendingPathComponent(file)
    }

    /// A figure for whoever runs the checks.
    static func tell(_ text: String) { print("figure: \(text)") }

    /// How a program ended.
    struct Ending {
        var status: Int32
        var output: String
    }

    /// Runs a program of the lab to its end, without holding up tasks.
    static func run(_ words: String...) async throws -> Ending {
        let outcome: Result<Ending, any Error> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: Result {
                        let process = Process()
                        let pipe = Pipe()
                        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                        process.arguments = words
                        process.standardInput = FileHandle.nullDevice
                        process.standardOutput = pipe
                        process.standardError = pipe
                        try process.run()
                        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
                        process.waitUntilExit()
                        return Ending(
                            status: process.terminationStatus, output: String(decoding: bytes, as: UTF8.self))
                    })
            }
        }
        return try outcome.get()
    }

    /// Runs one of the lab's own commands for a device, and expects it to succeed.
    @discardableResult
    static func command(_ command: String, _ name: String) async throws -> String {
        let identifier = try #require(identifiers[name])
        let ending = try await run(command, identifier)
        try #require(ending.status == 0, "\(command) \(identifier): \(ending.output)")
        return ending.output
    }

    /// Where a device is attached, such as "1-2"; waits until it is there and its drivers are bound.
    static func path(of name: String) async throws -> String {
        let identifier = try #require(identifiers[name])
        let ending = try await run("lab-where", "--wait", identifier)
        try #require(ending.status == 0, "\(ending.output)")
        return String(try #require(ending.output.split(separator: " ").first))
    }

    /// A device as a bus describes it.
    static func description(of name: String, on bus: LinuxBus) async throws -> DeviceDescription {
        let path = try await path(of: name)
        return try #require(try bus.devices().first { $0.path == path })
    }

    /// The device files that this process has open.
    static func openDeviceFiles() throws -> [String] {
        let manager = FileManager.default
        return try manager.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap { try? manager.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
            .filter { $0.hasPrefix("/dev/bus/usb") }
    }
}

/// Calls `body` until it says yes, giving way in between, for what another thread or the kernel is about to do. The time
/// is a limit for what has failed, not an expectation.
func eventually(_ body: () throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(20)
    while try !body() {
        try #require(ContinuousClock.now < limit, "it never came true")
        try await Task.sleep(for: .milliseconds(1))
    }
}
#endif
