// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe show`
struct ShowVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows what a device says about itself, with the meaning of its descriptors.")

    @Argument(
        help: ArgumentHelp("VID:PID, VID:PID:SERIAL, or the path that list shows.", valueName: "device"),
        transform: { try DeviceName(parsing: $0) })
    var device: DeviceName

    @Flag(help: "Print one line of JSON instead of the tree.")
    var json = false

    @OptionGroup var host: HostOptions

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        let report = try await Self.report(on: try session.controller.device(named: device), session.controller)
        try console.output.write(json ? JSONLine.text(report) + "\n" : report.text)
        return .success
    }

    /// Describes a device. A device that cannot be opened, or does not tell a text, is described without.
    private static func report(
        on description: DeviceDescription, _ controller: any HostController
    ) async throws -> DeviceReport {
        try await controller.run { () async throws -> DeviceReport in
            var texts: [UInt8: String] = [:]
            if let device = try? controller.open(description) {
                for index in DeviceReport.strings(of: description).sorted() {
                    do throws(USBError) {
                        texts[index] = try await device.string(index)
                    } catch {
                        if error.kind == .cancelled { throw error }
                    }
                }
            }
            return DeviceReport(description, active: description.activeConfiguration) { texts[$0] }
        }
    }
}
