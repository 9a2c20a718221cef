// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension DeviceReport {
    /// The description as a tree: one line for each thing, indented below what it belongs to.
    var text: String {
        var tree = TreeText()
        tree.add("\(vendorID):\(productID) at \(path), \(speed)") { tree in
            if let vendor { tree.add("vendor: \(vendor)") }
            if let product { tree.add("product: \(product)") }
            if let serialNumber { tree.add("serial number: \(serialNumber)") }
            tree.add("USB \(usbRelease), device release \(deviceRelease), class \(deviceClass)")
            tree.add("control 0x00, packets of \(Readable.count(controlPacketSize, "byte"))")
            for configuration in configurations { configuration.add(to: &tree) }
        }
        return tree.text
    }
}

extension DeviceReport.ConfigurationReport {
    fileprivate func add(to tree: inout TreeText) {
        var line = "configuration \(value)" + name.quoted + (isActive ? ", active" : "") + ": up to \(milliamperes) mA"
        if isSelfPowered { line += ", self-powered" }
        if wakesHost { line += ", wakes the host" }
        tree.add(line) { tree in
            for descriptor in descriptors { descriptor.add(to: &tree) }
            for interface in interfaces {
                let driver = interface.driver.map { ", driver \($0)" } ?? ""
                tree.add("interface \(interface.number)" + interface.name.quoted + driver) { tree in
                    for setting in interface.alternateSettings { setting.add(to: &tree) }
                }
            }
        }
    }
}

extension DeviceReport.AlternateSettingReport {
    fileprivate func add(to tree: inout TreeText) {
        tree.add("alternate setting \(number): \(interfaceClass)" + (endpoints.isEmpty ? ", no endpoints" : "")) {
            tree in
            for descriptor in descriptors { descriptor.add(to: &tree) }
            for endpoint in endpoints {
                tree.add(endpoint.meaning) { tree in
                    for descriptor in endpoint.descriptors { descriptor.add(to: &tree) }
                }
            }
        }
    }
}

extension DeviceReport.ClassDescriptorReport {
    fileprivate func add(to tree: inout TreeText) {
        tree.add(name + (meaning.map { ", \($0)" } ?? "") + ": " + bytes)
    }
}

extension String? {
    /// The name in quotation marks behind a space; nothing if there is none.
    fileprivate var quoted: String { map { " \"\($0)\"" } ?? "" }
}

/// Lines indented by two spaces for each level.
private struct TreeText {
    private(set) var text = ""
    private var level = 0

    /// Adds a line, and below it what `children` adds.
    mutating func add(_ line: String, children: (inout TreeText) -> Void = { _ in }) {
        text += String(repeating: "  ", count: level) + line.printable + "\n"
        level += 1
        children(&self)
        level -= 1
    }
}
