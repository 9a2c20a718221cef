// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// Names a device for as long as it stays attached. A device that is plugged in again has a new identity.
public struct DeviceID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// A number that the wire never gives twice.
    public let rawValue: UInt64

    /// Makes an identity; only wires do.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Orders by age.
    public static func < (left: DeviceID, right: DeviceID) -> Bool { left.rawValue < right.rawValue }

    /// The number.
    public var description: String { "\(rawValue)" }
}

/// What is known about a device without opening it.
public struct DeviceDescription: Sendable, Identifiable {
    /// The identity of this attachment.
    public var id: DeviceID
    /// Where the device is attached, such as "1-2.3": bus, port, port of the hub there.
    public var path: String
    /// The speed at which the device runs.
    public var speed: Speed
    /// The device descriptor.
    public var descriptor: DeviceDescriptor
    /// The configurations, parsed.
    public var configurations: [Configuration]
    /// The value of the configuration that is selected; 0 when none is.
    public var activeConfiguration: UInt8
    /// The manufacturer's name, where it is known without asking the device.
    public var manufacturer: String?
    /// The product's name, where it is known without asking the device.
    public var product: String?
    /// The serial number, where it is known without asking the device.
    public var serialNumber: String?
    /// The drivers of the system that have interfaces of the active configuration, by bInterfaceNumber; empty on wires
    /// that have no such drivers.
    public var drivers: [UInt8: String] = [:]

    /// Makes a description.
    public init(
        id: DeviceID, path: String, speed: Speed, descriptor: DeviceDescriptor, configurations: [Configuration],
        activeConfiguration: UInt8, manufacturer: String? = nil, product: String? = nil, serialNumber: String? = nil
    ) {
        self.id = id
        self.path = path
        self.speed = speed
        self.descriptor = descriptor
        self.configurations = configurations
        self.activeConfiguration = activeConfiguration
        self.manufacturer = manufacturer
        self.product = product
        self.serialNumber = serialNumber
    }
}

/// A change of what is attached to a bus.
public enum DeviceEvent: Sendable {
    /// A device has come and can be opened.
    case arrived(DeviceDescription)
    /// A device has gone.
    case left(DeviceID)
}
