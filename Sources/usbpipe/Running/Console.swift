// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The three files that a program is born with, or others in their place.
struct Console: Sendable {
    /// Where a verb reads what it sends.
    var input: DataFile
    /// Where results go.
    var output: DataFile
    /// Where summaries and errors go.
    var errors: DataFile

    /// Those of the process.
    static let standard = Console(input: .standardInput, output: .standardOutput, errors: .standardError)

    /// Tells a person of an error, unless it is that nobody listens any more, and returns the status for the shell.
    func report(_ error: any Error) -> ExitStatus {
        let status = ExitStatus(of: error)
        if status != .outputClosed { note("usbpipe: \(error)") }
        return status
    }

    /// Writes a line to the error output; that nobody can read it there is no reason to stop.
    func note(_ line: String) {
        try? errors.write(line.printable + "\n")
    }
}
