// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// What all verbs have in common: a host, and a way to end.
protocol Verb: AsyncParsableCommand, Sendable {
    /// The host to work on.
    var host: HostOptions { get }

    /// Does the work. What it throws is told to the user and gives the exit status.
    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus
}

extension Verb {
    func run() async throws {
        Interruption.ignoreClosedPipes()
        let address = try host.resolved()
        let status = await Interruption.cancelling { await perform(at: address, .standard) }
        if status != .success { throw ExitCode(status.rawValue) }
    }

    /// Opens the host, does the work, and leaves everything in order.
    func perform(at address: HostAddress, _ console: Console) async -> ExitStatus {
        let session: HostSession
        do {
            session = try HostSession(address)
        } catch {
            return console.report(error)
        }
        var status = await perform(in: session, console)
        do throws(FileError) {
            try session.finish()
        } catch {
            let failure = console.report(error)
            if status == .success { status = failure }
        }
        return status
    }

    /// Does the work on a host that is open already.
    func perform(in session: HostSession, _ console: Console) async -> ExitStatus {
        do {
            return try await execute(session, console)
        } catch {
            return console.report(error)
        }
    }
}
