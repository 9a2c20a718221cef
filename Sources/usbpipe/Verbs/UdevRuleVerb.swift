// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe udev-rule`
struct UdevRuleVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "udev-rule", abstract: "Prints the udev rule that lets ordinary users open a device.",
        discussion: """
            The rule goes to standard output, and where it belongs and how it takes effect to standard error:

              usbpipe udev-rule 0525:a4a0 | sudo tee /etc/udev/rules.d/70-usb-0525-a4a0.rules
            """)

    @Argument(
        help: ArgumentHelp("VID:PID, VID:PID:SERIAL, or the path that list shows.", valueName: "device"),
        transform: { try DeviceName(parsing: $0) })
    var device: DeviceName

    @OptionGroup var host: HostOptions

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        let rule = UdevRule(for: try session.controller.device(named: device))
        try console.output.write("\(rule)\n")
        console.note("This belongs into \(rule.path). Then run, as root: \(UdevRule.activation)")
        return .success
    }
}
