// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Foundation
import TestEffort
import Testing

/// The programs of Tests/CPrograms, compiled against the headers and linked with the library.
@Suite("Programs in C and C++")
struct CProgramTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let headers = root.appending(path: "Sources/CMicrosoftUSB/include").path
    /// Where this program was built, and the library beside it.
    private static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path
    private static let environment = ProcessInfo.processInfo.environment

    /// A compiler for C or C++: the system's, or the one that comes with Swift.
    private static func compiler(isCPlusPlus: Bool) -> String? {
        let names = isCPlusPlus ? ["c++", "g++", "clang++"] : ["cc", "gcc", "clang"]
        let directories = (environment["PATH"] ?? "/usr/bin").split(separator: ":")
        for name in names {
            for directory in directories where FileManager.default.isExecutableFile(atPath: "\(directory)/\(name)") {
                return "\(directory)/\(name)"
            }
        }
        return nil
    }

    /// A sanitized library needs a sanitized program, which not every compiler makes.
    private static let isPossible = compiler(isCPlusPlus: true) != nil && !isSanitized

    private func run(
        _ file: String, _ arguments: [String], environment more: [String: String] = [:]
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: file)
        process.arguments = arguments
        process.environment = Self.environment.merging(more) { $1 }
        let pipe = Foundation.Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private func build(_ source: String, isLinked: Bool = true) throws -> URL {
        let program = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let compiler = try #require(Self.compiler(isCPlusPlus: source.hasSuffix(".cpp")))
        let flags = ["-Wall", "-Wextra", "-Werror", "-I\(Self.headers)"]
        let library = isLinked ? ["-L\(Self.products)", "-lswiftusb", "-Wl,-rpath,\(Self.products)"] : []
        let path = Self.root.appending(path: source).path
        let result = try run(compiler, flags + [path, "-o", program.path] + library)
        try #require(result.status == 0, "\(source) does not compile: \(result.output)")
        return program
    }

    @Test("Sizes, offsets and constants are those of the documents", .enabled(if: isPossible))
    func layouts() throws {
        let program = try build("Tests/CPrograms/layouts.c", isLinked: false)
        defer { try? FileManager.default.removeItem(at: program) }
        let result = try run(program.path, [])
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(
        "Programs run on a bus in memory", .enabled(if: isPossible),
        arguments: [
            ("pipes.c", "zero"), ("frames.c", "zero"), ("threads.cpp", "zero"), ("seed_write.c", "zero"),
            ("synchronous_writes.c", "zero"), ("synchronous_writes.c", "zero=full"), ("synchronous_storage.c", "disk"),
        ])
    func programs(source: String, device: String) throws {
        let program = try build("Tests/CPrograms/\(source)")
        defer { try? FileManager.default.removeItem(at: program) }
        let result = try run(program.path, [], environment: ["USB_HOST": "virtual:\(device)?clock=free"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("passed"))
    }

    @Test("The example of a driver forwards reads and writes to its device", .enabled(if: isPossible))
    func driver() throws {
        let program = try build("Examples/C/loopback_driver.c")
        defer { try? FileManager.default.removeItem(at: program) }
        let result = try run(program.path, [], environment: ["USB_HOST": "virtual:zero?clock=free"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output == "15121 bytes written, 15121 read\n")
    }

    @Test("The example plays a sound, and the loudspeaker hears it bit for bit", .enabled(if: isPossible))
    func example() throws {
        let program = try build("Examples/C/play_wav.c")
        let heard = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer {
            try? FileManager.default.removeItem(at: program)
            try? FileManager.default.removeItem(at: heard)
        }
        let sound = Self.root.appending(path: "Examples/Sounds/chord.wav")
        let result = try run(
            program.path, [sound.path], environment: ["USB_HOST": "virtual:speaker=\(heard.path)?clock=free"])
        #expect(result.status == 0, "\(result.output)")
        // Both have headers of 44 bytes; silence follows up to the end of the last transfer.
        let sent = try Data(contentsOf: sound).dropFirst(44)
        let received = try Data(contentsOf: heard).dropFirst(44)
        #expect(received.count >= sent.count)
        #expect(Data(received.prefix(sent.count)) == Data(sent))
        #expect(received.dropFirst(sent.count).allSatisfy { $0 == 0 })
    }
}
