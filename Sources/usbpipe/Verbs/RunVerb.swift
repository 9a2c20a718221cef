// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `usbpipe run`
struct RunVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a program that uses the C library on a bus.",
        discussion: """
            The program finds the bus in the variable USB_HOST, and the library through LD_LIBRARY_PATH. Its exit status \
            is the status of this command. Without a program the variables are printed as a shell reads them:

              usbpipe run --host virtual:zero -- ./program
              eval "$(usbpipe run --host virtual:zero)"
            """)

    @Option(
        help: ArgumentHelp(
            "The one device that the program's search for devices shows: VID:PID, VID:PID:SERIAL, or either with "
                + "/INTERFACE.",
            valueName: "device"),
        transform: { try RunVerb.checked($0) })
    var device: String?

    @OptionGroup var claim: ClaimOptions
    @OptionGroup var host: HostOptions

    @Argument(parsing: .postTerminator, help: "The program and its arguments, behind '--'.")
    var program: [String] = []

    /// What the shell gives a command that it cannot find, and one that it cannot run.
    static let notFoundStatus: Int32 = 127
    static let notExecutableStatus: Int32 = 126

    func run() throws {
        let executable = ProgramEnvironment.executablePath ?? CommandLine.arguments[0]
        let environment = ProgramEnvironment(
            host: try host.resolved(), device: device, detachesDriver: claim.detach,
            libraryDirectory: ProgramEnvironment.libraryDirectory(ofExecutable: executable) {
                unsafe access($0, R_OK) == 0
            },
            libraryPath: unsafe getenv(ProgramEnvironment.libraryPathVariable).map { unsafe String(cString: $0) })
        guard let name = program.first else {
            try DataFile.standardOutput.write(environment.shellText)
            return
        }
        let code = environment.replaceProgram(by: program)
        let error = FileError(operation: .run, name: "'\(name)'", code: code)
        try? DataFile.standardError.write("usbpipe: \(error)\n")
        throw ExitCode(code == ENOENT ? RunVerb.notFoundStatus : RunVerb.notExecutableStatus)
    }

    /// The name of a device with an interface behind it, or an error that says what is wrong.
    static func checked(_ text: String) throws -> String {
        var name = Substring(text)
        if let slash = name.lastIndex(of: "/") {
            guard UInt8(name[name.index(after: slash)...]) != nil else {
                throw ValidationError("'\(text)' names no interface behind the '/'.")
            }
            name = name[..<slash]
        }
        guard case .product = try DeviceName(parsing: String(name)) else {
            throw ValidationError("'\(text)' is no VID:PID or VID:PID:SERIAL.")
        }
        return text
    }
}
