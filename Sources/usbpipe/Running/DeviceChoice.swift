// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

extension HostController {
    /// The one present device that `name` names.
    ///
    /// - Throws: `ToolError` if there is none or more than one, which says what is present; `USBError` if the bus cannot
    ///   be read.
    func device(named name: DeviceName) throws -> DeviceDescription {
        let present = try devices()
        let found = present.filter {
            name.matches(
                vendor: $0.descriptor.vendorID, product: $0.descriptor.productID, serial: $0.serialNumber, path: $0.path
            )
        }
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            let list = found.map { $0.path + ($0.serialNumber.map { " (serial number \($0))" } ?? "") }
            throw ToolError(
                .deviceNotFound,
                "more than one device is \(name): name one by its path, \(list.joined(separator: " or "))")
        }
        let list = present.map { "\($0.identifier) at \($0.path)" }.joined(separator: ", ")
        throw ToolError(
            .deviceNotFound, "no device \(name); present: " + (present.isEmpty ? "none" : list))
    }
}

extension DeviceDescription {
    /// Vendor and product, as in "0525:a4a0".
    var identifier: String {
        DeviceName.hexadecimal(descriptor.vendorID) + ":" + DeviceName.hexadecimal(descriptor.productID)
    }

    /// The vendor's name, by the device itself or else by the list.
    func vendorName(_ names: USBNames) -> String? { manufacturer ?? names.vendor(descriptor.vendorID) }

    /// The product's name, by the device itself or else by the list.
    func productName(_ names: USBNames) -> String? {
        product ?? names.product(vendor: descriptor.vendorID, product: descriptor.productID)
    }
}
