// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// The option that every verb has.
struct HostOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "The USB host: local, virtual, or virtual:DEVICES?SETTINGS. Without it the environment variable USB_HOST counts.",
            discussion: """
                Devices are zero, zero=full, speaker, speaker=FILE.wav, microphone, disk, disk=FILE, keyboard and \
                keyboard=TEXT, joined by commas; settings are clock=real (the default), clock=free (as fast as can be), seed=NUMBER and trace=FILE, joined by '&'.
                """,
            valueName: "address"),
        transform: { try HostAddress(parsing: $0) })
    var host: HostAddress?

    /// The address to use.
    ///
    /// - Throws: `ValidationError` when the environment variable holds none.
    func resolved() throws -> HostAddress {
        if let host { return host }
        do throws(HostAddressError) {
            return try HostAddress.preferred()
        } catch {
            throw ValidationError("\(HostAddress.environmentVariable): \(error)")
        }
    }
}
