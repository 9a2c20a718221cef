// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How a user names an alternate setting of an interface: `1:2` is setting 2 of interface 1.
struct SettingName: Hashable, Sendable, CustomStringConvertible {
    /// bInterfaceNumber.
    var interface: UInt8
    /// bAlternateSetting.
    var alternate: UInt8

    /// Reads a name.
    init(parsing text: String) throws(ArgumentError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Quantities.unsigned($0) }
        guard parts.count == 2, let interface = parts[0].flatMap({ UInt8(exactly: $0) }),
            let alternate = parts[1].flatMap({ UInt8(exactly: $0) })
        else { throw ArgumentError(description: "name an interface and its alternate setting, as in 1:2") }
        self.interface = interface
        self.alternate = alternate
    }

    var description: String { "\(interface):\(alternate)" }
}
