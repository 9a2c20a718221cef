// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The first byte of a setup packet, bmRequestType: which way the data go, who defined the request, and what part of
/// the device it addresses (USB 2.0 table 9-2).
public struct RequestType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// Who defined a request (bits 6 to 5).
    public enum Kind: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// The USB specification itself.
        case standard = 0
        /// A class document.
        case `class` = 1
        /// The maker of the device.
        case vendor = 2
        /// Not assigned.
        case reserved = 3

        /// For example "vendor".
        public var description: String {
            switch self {
            case .standard: "standard"
            case .class: "class"
            case .vendor: "vendor"
            case .reserved: "reserved"
            }
        }
    }

    /// What part of the device a request addresses (bits 4 to 0).
    public enum Recipient: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// The whole device.
        case device = 0
        /// The interface in the low byte of the index.
        case interface = 1
        /// The endpoint in the low byte of the index.
        case endpoint = 2
        /// Anything else, such as a port of a hub.
        case other = 3
        /// Any of the codes 4 to 31, which have no meaning yet.
        case reserved = 4

        /// For example "interface".
        public var description: String {
            switch self {
            case .device: "device"
            case .interface: "interface"
            case .endpoint: "endpoint"
            case .other: "other"
            case .reserved: "reserved"
            }
        }
    }

    /// The byte as it goes over the wire.
    public var rawValue: UInt8

    /// Takes the byte as it goes over the wire.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Joins the three parts.
    public init(direction: Direction, kind: Kind, recipient: Recipient) {
        rawValue = direction.rawValue << 7 | kind.rawValue << 5 | recipient.rawValue
    }

    /// The way the data stage goes. With no data stage it is ignored by devices and by convention OUT.
    public var direction: Direction { rawValue & 0x80 == 0 ? .out : .in }

    /// Who defined the request.
    public var kind: Kind { Kind(rawValue: rawValue >> 5 & 3) ?? .reserved }

    /// What part of the device is addressed.
    public var recipient: Recipient { Recipient(rawValue: rawValue & 0x1F) ?? .reserved }

    /// For example "IN vendor device".
    public var description: String { "\(direction) \(kind) \(recipient)" }
}
