// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe watch`
struct WatchVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Shows devices as they come and go.",
        discussion: "The devices that are there already come first. Watching goes on until it is interrupted.")

    @Flag(help: "Print a line of JSON for each event.")
    var json = false

    @Option(help: ArgumentHelp("Stop after so many devices have come or gone.", valueName: "events"))
    var count: Int?

    @OptionGroup var host: HostOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count is a number above 0.") }
    }

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        // Listened to before the list is made, so that nothing falls between; what is in both has one identity.
        let events = session.controller.events.stream()
        var known: [DeviceID: DeviceDescription] = [:]
        for device in try session.controller.devices() {
            known[device.id] = device
            try tell(.present, device, console)
        }
        var seen = 0
        for await event in events {
            switch event {
            case .arrived(let device):
                guard known.updateValue(device, forKey: device.id) == nil else { continue }
                try tell(.arrived, device, console)
            case .left(let id):
                guard let device = known.removeValue(forKey: id) else { continue }
                try tell(.left, device, console)
            }
            seen += 1
            if seen == count { return .success }
        }
        return .interrupted
    }

    /// What is told of a device.
    private enum News: String, Encodable { case present, arrived, left }

    private func tell(_ news: News, _ device: DeviceDescription, _ console: Console) throws {
        let name = [device.vendorName(.system), device.productName(.system)].compactMap { $0 }.joined(separator: " ")
        if json {
            let entry = Entry(
                event: news, path: device.path, vendorID: DeviceName.hexadecimal(device.descriptor.vendorID),
                productID: DeviceName.hexadecimal(device.descriptor.productID), speed: device.speed.shortName,
                name: name, serialNumber: device.serialNumber)
            return try console.output.write(JSONLine.text(entry) + "\n")
        }
        let word = news.rawValue.padded(to: 7)
        let line = [word, device.path, device.identifier, device.speed.shortName, name, device.serialNumber ?? ""]
        try console.output.write(line.filter { !$0.isEmpty }.joined(separator: "  ").printable + "\n")
    }

    /// The object that `--json` prints for an event.
    private struct Entry: Encodable {
        var event: News
        var path: String
        var vendorID: String
        var productID: String
        var speed: String
        var name: String
        var serialNumber: String?
    }
}

extension String {
    /// The text with spaces behind it up to a width.
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
