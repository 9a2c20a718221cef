// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Lists the devices of a bus with the endpoints that their selected configurations have.
//
//     swift run ListDevices [ADDRESS]
//
// Foundation is here to format text, and to show that its names and those of USB get along.

import Foundation
import USB

let address = try HostAddress(parsing: CommandLine.arguments.dropFirst().first ?? "virtual")
let host = try address.open()
let devices = try host.controller.devices()

for device in devices {
    let identity = String(format: "%04x:%04x", Int(device.descriptor.vendorID), Int(device.descriptor.productID))
    let path = device.path.padding(toLength: 8, withPad: " ", startingAt: 0)
    print("\(path)\(identity)  \(device.speed)  \(device.product ?? "no name")")

    // An endpoint's interval means one thing at one speed and another at the next; EndpointInfo has worked it out.
    let configuration = device.configurations.first { $0.value == device.activeConfiguration }
    for interface in configuration?.interfaces ?? [] {
        for setting in interface.alternateSettings {
            for endpoint in setting.endpoints {
                let info = try EndpointInfo(
                    endpoint, speed: device.speed, interface: interface.number,
                    alternateSetting: setting.descriptor.alternateSetting)
                let period = Double(info.intervalMicroframes) / 8
                let pace = info.type.isPeriodic ? String(format: " every %g ms", period) : ""
                print(
                    "        interface \(interface.number), setting \(info.alternateSetting): \(info.type)",
                    "\(info.address.direction) \(info.address), \(info.maximumBytesPerInterval) bytes\(pace)")
            }
        }
    }
}
print("\(devices.count) devices at \(address)")
exit(devices.isEmpty ? 1 : 0)
