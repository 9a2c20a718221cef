// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// What a virtual device is: everything that a host reads from it by standard requests.
public struct PeripheralModel: Sendable {
    /// Names a descriptor that only a class knows, such as a HID report descriptor.
    public struct DescriptorKey: Hashable, Sendable {
        /// The kind of descriptor.
        public var type: DescriptorType
        /// Which one of its kind; 0 where there is only one.
        public var index: UInt8
        /// The interface that it belongs to; nil when the device itself is asked for it.
        public var interface: UInt8?

        /// Names a descriptor of an interface, or of the device.
        public init(_ type: DescriptorType, index: UInt8 = 0, interface: UInt8? = nil) {
            self.type = type
            self.index = index
            self.interface = interface
        }
    }

    /// The speed at which the device runs.
    public var speed: Speed
    /// The device descriptor. Its configuration count is sent as given.
    public var device: DeviceDescriptor
    /// The configurations at ``speed``, in the order in which a host reads them.
    public var configurations: [Configuration]
    /// The configurations at the other of full and high speed. When there are none the device says that it has no
    /// other speed.
    public var otherSpeedConfigurations: [Configuration]
    /// The texts by their index, in US English (language 0x0409).
    public var strings: [UInt8: String]
    /// The binary object store (BOS) with all its capabilities, as sent; empty for none.
    public var binaryObjectStore: [UInt8]
    /// Further descriptors that GET_DESCRIPTOR answers, as sent.
    public var descriptors: [DescriptorKey: [UInt8]]

    /// Describes a device.
    public init(
        speed: Speed, device: DeviceDescriptor, configurations: [Configuration],
        otherSpeedConfigurations: [Configuration] = [], strings: [UInt8: String] = [:],
        binaryObjectStore: [UInt8] = [], descriptors: [DescriptorKey: [UInt8]] = [:]
    ) {
        self.speed = speed
        self.device = device
        self.configurations = configurations
        self.otherSpeedConfigurations = otherSpeedConfigurations
        self.strings = strings
        self.binaryObjectStore = binaryObjectStore
        self.descriptors = descriptors
    }

    /// The configuration with that value; nil if there is none.
    public func configuration(_ value: UInt8) -> Configuration? { configurations.first { $0.value == value } }
}
