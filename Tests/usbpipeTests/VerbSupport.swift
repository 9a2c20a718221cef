// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Foundation
import Testing
import USB

@testable import usbpipe

/// Ours, not that of the testing library.
typealias ExitStatus = usbpipe.ExitStatus

/// What a verb left behind.
struct VerbResult {
    var status: ExitStatus
    var output: [UInt8]
    var errors: String

    var text: String { String(decoding: output, as: UTF8.self) }

    /// The line of JSON on the error output.
    var report: [String: Any] {
        get throws {
            let line = try #require(errors.split(separator: "\n").first)
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any])
        }
    }
}

extension HostSession {
    /// A bus in memory with one of each device, whose time runs free.
    static func virtual() throws -> HostSession { try HostSession(HostAddress(parsing: "virtual?clock=free")) }
}

/// Runs `body` with the path of a directory that exists for so long.
func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("usbpipe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(url.path)
}

/// All bytes of a file.
func contents(of path: String) throws -> [UInt8] {
    try DataFile.open(path).readAll(limit: .max)
}

/// Runs `usbpipe` with these arguments and files in place of the standard ones.
func runTool(_ arguments: [String], input: [UInt8] = [], in session: HostSession) async throws -> VerbResult {
    try await runVerb(arguments, input: input) { await $0.perform(in: session, $1) }
}

/// Runs `usbpipe` from opening the host to its end.
func runTool(_ arguments: [String], input: [UInt8] = [], at address: String) async throws -> VerbResult {
    let address = try HostAddress(parsing: address)
    return try await runVerb(arguments, input: input) { await $0.perform(at: address, $1) }
}

private func runVerb(
    _ arguments: [String], input: [UInt8], _ perform: (any Verb, Console) async -> ExitStatus
) async throws -> VerbResult {
    let verb = try #require(try USBPipe.parseAsRoot(arguments) as? any Verb)
    return try await withTemporaryDirectory { directory in
        try DataFile.create("\(directory)/in").write(input)
        let console = Console(
            input: try DataFile.open("\(directory)/in"), output: try DataFile.create("\(directory)/out"),
            errors: try DataFile.create("\(directory)/err"))
        let status = await perform(verb, console)
        return VerbResult(
            status: status, output: try contents(of: "\(directory)/out"),
            errors: String(decoding: try contents(of: "\(directory)/err"), as: UTF8.self))
    }
}
