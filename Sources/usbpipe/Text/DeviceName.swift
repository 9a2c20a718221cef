// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How a user names a device: by vendor and product, with or without a serial number, or by its place on the bus.
enum DeviceName: Equatable, Sendable {
    /// `VID:PID` or `VID:PID:SERIAL`, the numbers hexadecimal.
    case product(vendor: UInt16, product: UInt16, serial: String?)
    /// A bus and the ports from its root hub outwards: `1-2.3` is port 3 of the hub on port 2 of bus 1.
    case path(bus: UInt, ports: [UInt])

    /// Reads a name. Letters of either case will do; a serial number is taken as it stands and may contain colons.
    init(parsing text: String) throws(ArgumentError) {
        let name = text.contains(":") ? Self.parseProduct(text) : Self.parsePath(text)
        guard let name else {
            throw ArgumentError(
                description: "name a device by VID:PID, VID:PID:SERIAL or its path, as in 0525:a4a0 or 1-2.3")
        }
        self = name
    }

    /// Whether this names the device with these properties.
    ///
    /// - Parameters:
    ///   - serial: its serial number, if it has one.
    ///   - path: its place, in the form that `init(parsing:)` reads.
    func matches(vendor: UInt16, product: UInt16, serial: String?, path: String) -> Bool {
        switch self {
        case .product(let wantedVendor, let wantedProduct, let wantedSerial):
            return wantedVendor == vendor && wantedProduct == product
                && (wantedSerial == nil || wantedSerial == serial)
        case .path:
            return Self.parsePath(path) == self
        }
    }

    private static func parseProduct(_ text: String) -> DeviceName? {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let vendor = identifier(parts[0]), let product = identifier(parts[1]) else {
            return nil
        }
        guard parts.count == 3 else { return .product(vendor: vendor, product: product, serial: nil) }
        return parts[2].isEmpty ? nil : .product(vendor: vendor, product: product, serial: String(parts[2]))
    }

    private static func parsePath(_ text: String) -> DeviceName? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let bus = decimal(parts[0]) else { return nil }
        var ports: [UInt] = []
        for part in parts[1].split(separator: ".", omittingEmptySubsequences: false) {
            guard let port = decimal(part) else { return nil }
            ports.append(port)
        }
        return .path(bus: bus, ports: ports)
    }

    /// One to four hexadecimal digits, after `0x` if that was typed.
    private static func identifier(_ text: Substring) -> UInt16? {
        let digits = text.lowercased().hasPrefix("0x") ? text.dropFirst(2) : text
        guard digits.first?.isHexDigit == true, digits.count <= 4 else { return nil }
        return UInt16(digits, radix: 16)
    }

    private static func decimal(_ text: Substring) -> UInt? {
        text.first?.isHexDigit == true ? UInt(text) : nil
    }
}

extension DeviceName: CustomStringConvertible {
    var description: String {
        switch self {
        case .product(let vendor, let product, let serial):
            let identifiers = Self.hexadecimal(vendor) + ":" + Self.hexadecimal(product)
            return serial.map { identifiers + ":" + $0.printable } ?? identifiers
        case .path(let bus, let ports):
            return "\(bus)-" + ports.map(String.init).joined(separator: ".")
        }
    }

    /// Four hexadecimal digits in small letters, as identifiers are written everywhere.
    static func hexadecimal(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
