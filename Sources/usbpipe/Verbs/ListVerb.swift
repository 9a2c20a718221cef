// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe list`
struct ListVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the devices that are present.")

    @Flag(help: "Print one line of JSON: an array with an object for each device.")
    var json = false

    @OptionGroup var host: HostOptions

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        let devices = try session.controller.devices()
        try console.output.write(json ? JSONLine.text(devices.map(Entry.init)) + "\n" : Self.table(devices))
        return .success
    }

    private static func table(_ devices: [DeviceDescription]) -> String {
        guard !devices.isEmpty else { return "no devices\n" }
        var table = TextTable("PATH", "ID", "SPEED", "NAME", "SERIAL")
        for device in devices {
            let name = [device.vendorName(.system), device.productName(.system)].compactMap { $0 }
            table.add(
                device.path, device.identifier, device.speed.shortName, name.joined(separator: " "),
                device.serialNumber ?? "")
        }
        return table.text
    }

    /// A device in the array that `--json` prints.
    private struct Entry: Encodable {
        var path: String
        var vendorID: String
        var productID: String
        var speed: String
        var deviceClass: String
        var manufacturer: String?
        var product: String?
        var serialNumber: String?

        init(_ device: DeviceDescription) {
            path = device.path
            vendorID = DeviceName.hexadecimal(device.descriptor.vendorID)
            productID = DeviceName.hexadecimal(device.descriptor.productID)
            speed = device.speed.shortName
            deviceClass = device.descriptor.deviceClass.description
            manufacturer = device.vendorName(.system)
            product = device.productName(.system)
            serialNumber = device.serialNumber
        }
    }
}

extension Speed {
    /// "low", "full", "high", "super" or "super plus".
    var shortName: String { description.replacing(" speed", with: "") }
}
