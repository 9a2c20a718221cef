// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// The option of every verb that uses an interface.
struct ClaimOptions: ParsableArguments, Sendable {
    @Flag(
        help: ArgumentHelp(
            "Take the interface from the driver of the system that has it; the driver gets it back at the end."))
    var detach = false
}
