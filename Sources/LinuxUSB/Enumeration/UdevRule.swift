// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost

/// The rule of the device manager that lets ordinary users open a device.
public struct UdevRule: Sendable, Hashable, CustomStringConvertible {
    private let vendor: String
    private let product: String

    /// The rule for every device with this one's identifiers.
    public init(for device: DeviceDescription) {
        vendor = UdevRule.hexadecimal(device.descriptor.vendorID)
        product = UdevRule.hexadecimal(device.descriptor.productID)
    }

    /// The file it belongs into. Its number lets the rule run before those that hand devices to whoever sits at the
    /// machine.
    public var path: String { "/etc/udev/rules.d/70-usb-\(vendor)-\(product).rules" }

    /// The rule, one line without its end: the device is for the group plugdev, and for whoever sits at the machine.
    public var description: String {
        "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"\(vendor)\", "
            + "ATTR{idProduct}==\"\(product)\", MODE=\"0660\", GROUP=\"plugdev\", TAG+=\"uaccess\""
    }

    /// What to do after the file was written.
    public static let activation = "udevadm control --reload && udevadm trigger --subsystem-match=usb"

    /// What a person can do who was denied access.
    var hint: String { "put this line into \(path) and run '\(UdevRule.activation)': \(self)" }

    private static func hexadecimal(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
