// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The kind of a descriptor: its second byte, bDescriptorType (USB 2.0 table 9-5, USB 3.2 table 9-6).
///
/// A structure rather than an enumeration, since classes and vendors define types of their own.
public struct DescriptorType: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral,
    CustomStringConvertible
{
    /// The byte as it stands in a descriptor.
    public var rawValue: UInt8

    /// Takes the byte as it stands in a descriptor.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Takes a literal such as `0x24`.
    public init(integerLiteral value: UInt8) { rawValue = value }

    /// The device itself.
    public static let device: DescriptorType = 0x01
    /// One configuration, with everything below it.
    public static let configuration: DescriptorType = 0x02
    /// A text, or the list of languages.
    public static let string: DescriptorType = 0x03
    /// One alternate setting of an interface.
    public static let interface: DescriptorType = 0x04
    /// One endpoint.
    public static let endpoint: DescriptorType = 0x05
    /// What would differ if a high-speed capable device ran at its other speed.
    public static let deviceQualifier: DescriptorType = 0x06
    /// A configuration as it would be at the other speed.
    public static let otherSpeedConfiguration: DescriptorType = 0x07
    /// Interface power management.
    public static let interfacePower: DescriptorType = 0x08
    /// On-the-go abilities.
    public static let onTheGo: DescriptorType = 0x09
    /// The debug port.
    public static let debug: DescriptorType = 0x0A
    /// Groups interfaces into one function.
    public static let interfaceAssociation: DescriptorType = 0x0B
    /// The list of device-level capabilities.
    public static let binaryObjectStore: DescriptorType = 0x0F
    /// One device-level capability.
    public static let deviceCapability: DescriptorType = 0x10
    /// The HID class descriptor (HID 1.11 section 7.1).
    public static let hid: DescriptorType = 0x21
    /// A HID report descriptor.
    public static let hidReport: DescriptorType = 0x22
    /// A HID physical descriptor.
    public static let hidPhysical: DescriptorType = 0x23
    /// A class-specific interface descriptor, CS_INTERFACE in the class documents.
    public static let classInterface: DescriptorType = 0x24
    /// A class-specific endpoint descriptor, CS_ENDPOINT in the class documents.
    public static let classEndpoint: DescriptorType = 0x25
    /// The hub class descriptor (USB 2.0 section 11.23.2.1).
    public static let hub: DescriptorType = 0x29
    /// The SuperSpeed hub descriptor (USB 3.2 section 10.15.2.1).
    public static let superSpeedHub: DescriptorType = 0x2A
    /// What an endpoint adds at SuperSpeed.
    public static let superSpeedEndpointCompanion: DescriptorType = 0x30
    /// What an isochronous endpoint adds beyond 48 KiB per interval.
    public static let superSpeedPlusIsochronousCompanion: DescriptorType = 0x31

    /// The name in words, or the hexadecimal code for a type that has none here.
    public var description: String {
        switch self {
        case .device: "device"
        case .configuration: "configuration"
        case .string: "string"
        case .interface: "interface"
        case .endpoint: "endpoint"
        case .deviceQualifier: "device qualifier"
        case .otherSpeedConfiguration: "other-speed configuration"
        case .interfacePower: "interface power"
        case .onTheGo: "on-the-go"
        case .debug: "debug"
        case .interfaceAssociation: "interface association"
        case .binaryObjectStore: "binary object store"
        case .deviceCapability: "device capability"
        case .hid: "HID"
        case .hidReport: "HID report"
        case .hidPhysical: "HID physical"
        case .classInterface: "class-specific interface"
        case .classEndpoint: "class-specific endpoint"
        case .hub: "hub"
        case .superSpeedHub: "SuperSpeed hub"
        case .superSpeedEndpointCompanion: "SuperSpeed endpoint companion"
        case .superSpeedPlusIsochronousCompanion: "SuperSpeedPlus isochronous companion"
        default: hexadecimal(rawValue)
        }
    }
}
