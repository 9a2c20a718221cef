// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a device, an interface or a function is: base class, subclass and protocol, as assigned by the USB-IF
/// (USB 2.0 section 9.2.3).
public struct ClassCode: Hashable, Sendable, CustomStringConvertible {
    /// The base class. 0 in a device means that its interfaces say, 0xFF that the vendor defines it.
    public var base: UInt8
    /// The subclass, whose meaning depends on the base class.
    public var subclass: UInt8
    /// The protocol, whose meaning depends on base class and subclass.
    public var `protocol`: UInt8

    /// Names the three parts.
    public init(base: UInt8, subclass: UInt8 = 0, protocol: UInt8 = 0) {
        self.base = base
        self.subclass = subclass
        self.protocol = `protocol`
    }

    /// Says that the interfaces tell what the device is (0, 0, 0).
    public static let perInterface = ClassCode(base: 0)
    /// A device whose functions are grouped by interface association descriptors (0xEF, 2, 1).
    public static let interfaceAssociation = ClassCode(base: 0xEF, subclass: 2, protocol: 1)
    /// Defined by the vendor (0xFF, 0, 0).
    public static let vendorSpecific = ClassCode(base: 0xFF)

    /// The assigned names, most general first, for example "Audio / Streaming"; codes without a name here are written
    /// in hexadecimal, and a trailing protocol of 0 without a name is left out.
    public var description: String {
        guard let baseName = ClassNames.base(base) else {
            return "class \(hexadecimal(base)) / \(hexadecimal(subclass)) / \(hexadecimal(`protocol`))"
        }
        var parts = [baseName]
        let subclassName = ClassNames.subclass(base, subclass)
        let protocolName = ClassNames.protocol(base, subclass, `protocol`)
        if let subclassName {
            parts.append(subclassName)
        } else if subclass != 0 || `protocol` != 0 {
            parts.append(hexadecimal(subclass))
        }
        if let protocolName {
            parts.append(protocolName)
        } else if `protocol` != 0 {
            parts.append(hexadecimal(`protocol`))
        }
        return parts.joined(separator: " / ")
    }
}
