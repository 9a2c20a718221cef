// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost
import USBSpecification

/// The name by which a program opens a device: `usb:VID:PID[:SERIAL][/INTERFACE]`, or the path that device discovery
/// gives, `\\?\usb#vid_VVVV&pid_PPPP[&mi_II]#INSTANCE#{GUID}`.
///
/// The instance is the serial number where the device has one that can stand in a path, and otherwise `0&` and the place
/// of the device on the bus. The GUID at the end only says how the device was found.
public struct DevicePath: Hashable, Sendable {
    /// idVendor.
    public var vendorID: UInt16
    /// idProduct.
    public var productID: UInt16
    /// The serial number; nil for any.
    public var serialNumber: String?
    /// The place on the bus, such as "1-2.3"; nil for any.
    public var location: String?
    /// bInterfaceNumber of the interface that the file stands for; nil for the first.
    public var interface: UInt8?

    /// Reads a path; nil when it is none. Case does not matter but for the serial number in the form with `usb:`.
    public init?(parsing text: String) {
        if let rest = text.dropping(prefix: "usb:") {
            self.init(address: rest)
        } else if let rest = text.dropping(prefix: "\\\\?\\usb#") ?? text.dropping(prefix: "\\\\.\\usb#") {
            self.init(discovered: rest)
        } else {
            return nil
        }
    }

    private init?(address: Substring) {
        var rest = address
        interface = nil
        if let slash = rest.lastIndex(of: "/") {
            guard let number = UInt8(rest[rest.index(after: slash)...]) else { return nil }
            interface = number
            rest = rest[..<slash]
        }
        let parts = rest.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let vendor = parts[0].hexadecimal, let product = parts[1].hexadecimal else {
            return nil
        }
        vendorID = vendor
        productID = product
        if parts.count > 2 {
            guard !parts[2].isEmpty else { return nil }
            serialNumber = String(parts[2])
        }
    }

    private init?(discovered: Substring) {
        let parts = discovered.split(separator: "#", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3 else { return nil }
        let fields = parts[0].split(separator: "&", omittingEmptySubsequences: false)
        guard fields.count == 2 || fields.count == 3,
            let vendor = fields[0].dropping(prefix: "vid_")?.hexadecimal,
            let product = fields[1].dropping(prefix: "pid_")?.hexadecimal
        else { return nil }
        vendorID = vendor
        productID = product
        if fields.count == 3 {
            guard let digits = fields[2].dropping(prefix: "mi_"), digits.count == 2,
                let number = UInt8(digits, radix: 16)
            else { return nil }
            interface = number
        }
        if let place = parts[1].dropping(prefix: "0&") {
            location = String(place)
        } else if parts[1].isEmpty {
            return nil
        } else {
            serialNumber = String(parts[1])
        }
    }

    /// The path of a device that was found.
    public init(_ device: DeviceDescription, interface: UInt8? = nil) {
        vendorID = device.descriptor.vendorID
        productID = device.descriptor.productID
        self.interface = interface
        if let serial = device.serialNumber, DevicePath.canStandInAPath(serial) {
            serialNumber = serial
        } else {
            location = device.path
        }
    }

    private static func canStandInAPath(_ serial: String) -> Bool {
        !serial.isEmpty && serial.dropping(prefix: "0&") == nil
            && serial.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 && $0 != 0x5C && $0 != 0x2F && $0 != 0x2C }
    }

    /// Whether the path names this device.
    public func names(_ device: DeviceDescription) -> Bool {
        guard device.descriptor.vendorID == vendorID, device.descriptor.productID == productID else { return false }
        if let location { return location.lowercased() == device.path.lowercased() }
        guard let serialNumber else { return true }
        return device.serialNumber?.lowercased() == serialNumber.lowercased()
    }

    /// The instance of the device: the part of a path that tells two of the same kind apart.
    public var instance: String { serialNumber ?? "0&\(location ?? "")" }

    /// `VID_VVVV&PID_PPPP[&MI_II]`, the name of the device's kind.
    public var kind: String {
        "VID_\(hexadecimal(vendorID, 4))&PID_\(hexadecimal(productID, 4))"
            + (interface.map { "&MI_\(hexadecimal(UInt16($0), 2))" } ?? "")
    }

    /// The path that device discovery gives, with the GUID that was looked for, such as
    /// "{88bae032-5a81-49f0-bc3d-a4ff138216d6}".
    public func discovered(guid: String) -> String {
        "\\\\?\\usb#\(kind.lowercased())#\(instance)#\(guid.lowercased())"
    }
}

private func hexadecimal(_ value: UInt16, _ width: Int) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension StringProtocol {
    /// What follows `prefix`, whatever the case; nil when the text begins otherwise.
    fileprivate func dropping(prefix: String) -> SubSequence? {
        guard self.prefix(prefix.count).lowercased() == prefix else { return nil }
        return dropFirst(prefix.count)
    }

    /// The number that one to four hexadecimal digits stand for.
    fileprivate var hexadecimal: UInt16? {
        guard (1...4).contains(count), allSatisfy(\.isHexDigit) else { return nil }
        return UInt16(self, radix: 16)
    }
}
