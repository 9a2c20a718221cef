// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A whole configuration as a tree: its interfaces, their alternate settings, those settings' endpoints, and everything
/// that classes and vendors put in between (USB 2.0 section 9.4.3).
///
/// What is read without a defect is written back as the same bytes. Lengths and counts are never stored: they are
/// computed when the configuration is written.
public struct Configuration: Hashable, Sendable {
    private var header: ConfigurationDescriptor
    /// Descriptors that stand behind the header and before the first interface.
    public var extras: [RawDescriptor]
    /// The groups of interfaces that make up functions, in the order of their first interfaces.
    public var associations: [InterfaceAssociationDescriptor]
    /// The interfaces, in the order in which they first appear.
    public var interfaces: [InterfaceLayout]

    /// Builds a configuration; total length and interface count of the descriptor are ignored.
    public init(
        descriptor: ConfigurationDescriptor = ConfigurationDescriptor(), extras: [RawDescriptor] = [],
        associations: [InterfaceAssociationDescriptor] = [], interfaces: [InterfaceLayout] = []
    ) {
        header = descriptor.withoutCounts
        self.extras = extras
        self.associations = associations
        self.interfaces = interfaces
    }

    /// The header, its total length and interface count computed from what is there.
    ///
    /// Setting it sets everything but these two. A total beyond 65,535 bytes or a count beyond 255 has no place in the
    /// field and is given as the largest number that has.
    public var descriptor: ConfigurationDescriptor {
        get {
            var descriptor = header
            var bytes: [UInt8] = []
            encodeBody(into: &bytes)
            let headerLength = min(ConfigurationDescriptor.fixedLength + header.trailing.count, 255)
            descriptor.totalLength = UInt16(clamping: bytes.count + headerLength)
            descriptor.interfaceCount = interfaceCount
            return descriptor
        }
        set { header = newValue.withoutCounts }
    }

    /// The number by which the configuration is selected (bConfigurationValue).
    public var value: UInt8 {
        get { header.value }
        set { header.value = newValue }
    }

    /// The interface with a number; nil if there is none.
    public func interface(_ number: UInt8) -> InterfaceLayout? { interfaces.first { $0.number == number } }

    /// The setting of an interface; nil if there is none.
    public func alternateSetting(_ alternate: UInt8, of interface: UInt8) -> AlternateSetting? {
        self.interface(interface)?.alternateSetting(alternate)
    }

    /// The configuration's bytes, as a device sends them.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        encode(into: &result)
        return result
    }

    /// Appends the configuration's bytes, as a device sends them.
    ///
    /// Each association is written before its first interface, or at the end where that does not exist.
    public func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        var descriptor = header
        descriptor.interfaceCount = interfaceCount
        descriptor.encode(into: &bytes)
        encodeBody(into: &bytes)
        let total = UInt16(clamping: bytes.count - start)
        bytes[start + 2] = UInt8(truncatingIfNeeded: total)
        bytes[start + 3] = UInt8(truncatingIfNeeded: total >> 8)
    }

    /// How many interfaces will be written: one without settings leaves no trace.
    private var interfaceCount: UInt8 {
        UInt8(clamping: interfaces.reduce(0) { $1.alternateSettings.isEmpty ? $0 : $0 + 1 })
    }

    private func encodeBody(into bytes: inout [UInt8]) {
        for extra in extras { extra.encode(into: &bytes) }
        var waiting: [UInt8: [InterfaceAssociationDescriptor]] = [:]
        for association in associations { waiting[association.firstInterface, default: []].append(association) }
        for interface in interfaces {
            for association in waiting.removeValue(forKey: interface.number) ?? [] { association.encode(into: &bytes) }
            for var setting in interface.alternateSettings {
                setting.number = interface.number
                setting.encode(into: &bytes)
            }
        }
        for association in associations where waiting[association.firstInterface] != nil {
            association.encode(into: &bytes)
        }
    }
}

/// One interface of a configuration with its alternate settings.
public struct InterfaceLayout: Hashable, Sendable {
    /// The interface's number.
    public var number: UInt8
    /// Its settings in the order in which they appear. They are written with this interface's number, whatever theirs.
    public var alternateSettings: [AlternateSetting]

    /// Joins a number and settings.
    public init(number: UInt8, alternateSettings: [AlternateSetting] = []) {
        self.number = number
        self.alternateSettings = alternateSettings
    }

    /// The setting with a number; nil if there is none.
    public func alternateSetting(_ alternate: UInt8) -> AlternateSetting? {
        alternateSettings.first { $0.descriptor.alternateSetting == alternate }
    }
}

/// One alternate setting of an interface with its endpoints.
public struct AlternateSetting: Hashable, Sendable {
    private var header: InterfaceDescriptor
    /// Descriptors that stand behind the interface descriptor and before the first endpoint.
    public var extras: [RawDescriptor]
    /// The endpoints in the order in which they appear.
    public var endpoints: [EndpointLayout]

    /// Builds a setting; the endpoint count of the descriptor is ignored.
    public init(descriptor: InterfaceDescriptor, extras: [RawDescriptor] = [], endpoints: [EndpointLayout] = []) {
        header = descriptor
        header.endpointCount = 0
        self.extras = extras
        self.endpoints = endpoints
    }

    /// The interface descriptor, its endpoint count computed from what is there. Setting it sets everything else.
    public var descriptor: InterfaceDescriptor {
        get {
            var descriptor = header
            descriptor.endpointCount = UInt8(clamping: endpoints.count)
            return descriptor
        }
        set {
            header = newValue
            header.endpointCount = 0
        }
    }

    /// The number of the interface to which the setting belongs.
    fileprivate var number: UInt8 {
        get { header.number }
        set { header.number = newValue }
    }

    /// The endpoint with an address; nil if there is none.
    public func endpoint(_ address: EndpointAddress) -> EndpointLayout? {
        endpoints.first { $0.descriptor.address == address }
    }

    /// Appends the bytes of the setting and all its endpoints.
    func encode(into bytes: inout [UInt8]) {
        descriptor.encode(into: &bytes)
        for extra in extras { extra.encode(into: &bytes) }
        for endpoint in endpoints { endpoint.encode(into: &bytes) }
    }
}

/// One endpoint with what belongs to it.
public struct EndpointLayout: Hashable, Sendable {
    /// The endpoint itself.
    public var descriptor: EndpointDescriptor
    /// What it adds at SuperSpeed.
    public var companion: SuperSpeedEndpointCompanionDescriptor?
    /// What it adds beyond 48 KiB per interval. The companion before it has to announce it.
    public var isochronousCompanion: SuperSpeedPlusIsochronousCompanionDescriptor?
    /// Descriptors that stand behind it and its companions.
    public var extras: [RawDescriptor]

    /// Joins an endpoint and what belongs to it.
    public init(
        _ descriptor: EndpointDescriptor, companion: SuperSpeedEndpointCompanionDescriptor? = nil,
        isochronousCompanion: SuperSpeedPlusIsochronousCompanionDescriptor? = nil, extras: [RawDescriptor] = []
    ) {
        self.descriptor = descriptor
        self.companion = companion
        self.isochronousCompanion = isochronousCompanion
        self.extras = extras
    }

    /// Appends the bytes of the endpoint and of what belongs to it.
    func encode(into bytes: inout [UInt8]) {
        descriptor.encode(into: &bytes)
        companion?.encode(into: &bytes)
        isochronousCompanion?.encode(into: &bytes)
        for extra in extras { extra.encode(into: &bytes) }
    }
}

extension ConfigurationDescriptor {
    /// The same with total length and interface count set to 0, so that equal configurations compare equal.
    fileprivate var withoutCounts: ConfigurationDescriptor {
        var result = self
        result.totalLength = 0
        result.interfaceCount = 0
        return result
    }
}
