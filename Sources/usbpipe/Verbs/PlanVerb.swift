// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe plan`
struct PlanVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows how much bus time a device's alternate settings take, and whether some fit together.",
        discussion: """
            The times are worst cases (USB 2.0 section 5.11.3; SuperSpeed by blocks), for this device alone on its bus. \
            The status is 1 when the settings do not fit together.
            """)

    @Argument(
        help: ArgumentHelp("VID:PID, VID:PID:SERIAL, or the path that list shows.", valueName: "device"),
        transform: { try DeviceName(parsing: $0) })
    var device: DeviceName

    @Option(
        help: ArgumentHelp(
            "An alternate setting that is wanted; may be given for each interface. The others count with setting 0.",
            valueName: "interface:alternate"),
        transform: { try SettingName(parsing: $0) })
    var with: [SettingName] = []

    @Option(
        help: ArgumentHelp("Plan this configuration; by default the selected or else the first.", valueName: "value"))
    var configuration: UInt8?

    @OptionGroup var host: HostOptions

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        let plan = try BusPlan(
            session.controller.device(named: device), configuration: configuration, with: with)
        try console.output.write(plan.text)
        return plan.fits ? .success : .transferFailed
    }
}
