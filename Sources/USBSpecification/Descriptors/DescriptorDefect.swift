// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Something wrong in a device's descriptors: what, and where.
public struct DescriptorDefect: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public var kind: Kind
    /// The byte at which the descriptor in question begins, counted from the start of what was parsed.
    public var offset: Int

    /// Names a defect and its place.
    public init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    /// For example "at byte 18: endpoint descriptor of 5 bytes, needs 7".
    public var description: String { "at byte \(offset): \(kind)" }

    /// What can be wrong. Each case says what a lenient parse does about it.
    public enum Kind: Hashable, Sendable {
        // MARK: any descriptor

        /// Too few bytes are left for a descriptor's length and type. They are ignored.
        case strayBytes(count: Int)
        /// bLength is 0 or 1, which leaves no way to find the next descriptor. The walk ends.
        case impossibleLength(Int)
        /// bLength says more bytes than there are. The walk ends.
        case overrun(DescriptorType, length: Int, available: Int)
        /// bLength is smaller than the fields of this type need. The descriptor is skipped.
        case tooShort(DescriptorType, length: Int, minimum: Int)
        /// Another type of descriptor was due here. Nothing is read.
        case wrongType(expected: DescriptorType, found: DescriptorType)

        // MARK: configurations

        /// wTotalLength is not the number of bytes. Bytes beyond it are ignored; a value too small for the header
        /// itself is not used.
        case wrongTotalLength(stated: Int, actual: Int)
        /// bNumInterfaces is not the number of interfaces. Those found count.
        case wrongInterfaceCount(stated: Int, actual: Int)
        /// bNumEndpoints is not the number of endpoint descriptors in the setting. Those found count.
        case wrongEndpointCount(interface: UInt8, alternate: UInt8, stated: Int, actual: Int)
        /// An interface number is not below bNumInterfaces. It is used all the same.
        case interfaceNumberTooLarge(UInt8, count: Int)
        /// The same alternate setting of the same interface came before. This one is skipped.
        case repeatedAlternateSetting(interface: UInt8, alternate: UInt8)
        /// Another interface stands between this setting and the others of its interface. It is used, with its own.
        case scatteredAlternateSetting(interface: UInt8, alternate: UInt8)
        /// An interface has no alternate setting 0. It is used all the same.
        case missingDefaultSetting(interface: UInt8)
        /// A descriptor that does not belong inside a configuration. It is kept raw.
        case misplaced(DescriptorType)

        // MARK: interface associations

        /// An association covers no interface. It is kept.
        case emptyAssociation(first: UInt8)
        /// An association covers an interface that is not there. It is kept.
        case associationOfMissingInterface(UInt8)
        /// Two associations cover the same interface. Both are kept.
        case overlappingAssociations(interface: UInt8)
        /// An association does not stand directly before its first interface. It is kept.
        case misplacedAssociation(first: UInt8)

        // MARK: endpoints

        /// An endpoint descriptor before any interface. It is skipped.
        case endpointOutsideInterface(EndpointAddress)
        /// An endpoint descriptor for number 0, which every device has without one. It is skipped.
        case endpointNumberZero(EndpointAddress)
        /// Bits 6 to 4 of an endpoint's address are set. They are cleared.
        case reservedAddressBits(EndpointAddress)
        /// The address is taken, by this setting or by another interface. The endpoint is skipped.
        case repeatedEndpoint(EndpointAddress, interface: UInt8)
        /// An isochronous endpoint asks for bus time in alternate setting 0. It is used all the same.
        case isochronousInDefaultSetting(EndpointAddress)
        /// The speed has no endpoints of this transfer type. It is used all the same.
        case transferTypeNotAllowed(EndpointAddress, TransferType, Speed)
        /// The maximum packet size is not one that the speed and transfer type allow. It is kept.
        case packetSizeNotAllowed(EndpointAddress, size: Int, Speed)
        /// Bits 15 to 13 of wMaxPacketSize are set. They are kept.
        case reservedPacketSizeBits(EndpointAddress, rawValue: UInt16)
        /// Additional transactions, bits 12 to 11 of wMaxPacketSize, are 3 or not allowed here. They are kept.
        case additionalTransactionsNotAllowed(EndpointAddress, count: Int)
        /// bInterval is outside what speed and transfer type allow. It is kept.
        case intervalOutOfRange(EndpointAddress, interval: UInt8)

        // MARK: companions

        /// A companion does not directly follow the descriptor that it completes. It is kept raw.
        case misplacedCompanion(DescriptorType)
        /// The endpoint has one already. The second is kept raw.
        case repeatedCompanion(DescriptorType)
        /// An isochronous companion that bit 7 of the companion before it does not announce. It is kept raw.
        case unannouncedIsochronousCompanion(EndpointAddress)
        /// Bit 7 of the companion announces an isochronous companion that is not there.
        case missingIsochronousCompanion(EndpointAddress)
        /// A SuperSpeed endpoint has no companion.
        case missingCompanion(EndpointAddress)
        /// An endpoint has a companion below SuperSpeed. It is kept.
        case companionBelowSuperSpeed(EndpointAddress)
        /// bMaxBurst is above 15, or above 0 for a control endpoint. It is kept.
        case burstOutOfRange(EndpointAddress, maxBurst: UInt8)
        /// The exponent of the number of streams is above 16. It is kept.
        case streamsOutOfRange(EndpointAddress, exponent: Int)
        /// Mult is above 2. It is kept.
        case multiplierOutOfRange(EndpointAddress, multiplier: Int)
        /// wBytesPerInterval is more than packets, bursts and Mult can carry. It is kept.
        case bytesPerIntervalTooLarge(EndpointAddress, bytes: Int, maximum: Int)

        // MARK: strings and capabilities

        /// A string's bytes do not make whole 16-bit units. The last byte is ignored.
        case oddStringLength(Int)
        /// bNumDeviceCaps is not the number of capabilities. Those found count.
        case wrongCapabilityCount(stated: Int, actual: Int)
        /// A capability of a known type is shorter than its fields need. It is kept raw.
        case shortCapability(DeviceCapabilityType, length: Int, minimum: Int)
    }
}
