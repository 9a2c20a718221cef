// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// One capability of a device as a whole (USB 3.2 section 9.6.2).
public enum DeviceCapability: Hashable, Sendable {
    /// What a USB 2.0 device adds.
    case usb2Extension(USB2Extension)
    /// What the device does at SuperSpeed.
    case superSpeed(SuperSpeedCapability)
    /// What the device does at SuperSpeedPlus.
    case superSpeedPlus(SuperSpeedPlusCapability)
    /// An identifier of this very device.
    case containerID(ContainerIDCapability)
    /// Something defined by a platform.
    case platform(PlatformCapability)
    /// A capability kept as it came: its kind, and at most 252 bytes behind that; more is left out.
    case other(DeviceCapabilityType, payload: [UInt8])

    /// Which capability it is.
    public var type: DeviceCapabilityType {
        switch self {
        case .usb2Extension: .usb2Extension
        case .superSpeed: .superSpeed
        case .superSpeedPlus: .superSpeedPlus
        case .containerID: .containerID
        case .platform: .platform
        case .other(let type, _): type
        }
    }
}

extension DeviceCapability: Descriptor {
    /// Reads a device capability descriptor. One of a kind that is not known here becomes ``other(_:payload:)``.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let length = try checkedLength(of: bytes, at: offset, type: .deviceCapability, minimum: 3)
        let type = DeviceCapabilityType(rawValue: bytes.byte(2))
        if let minimum = DeviceCapability.minimumLength(of: type, bytes), length < minimum {
            throw DescriptorDefect(.shortCapability(type, length: length, minimum: minimum), at: offset)
        }
        func trailing(_ fixed: Int) -> [UInt8] { bytes.copy(min(fixed, length)..<length) }
        switch type {
        case .usb2Extension:
            self = .usb2Extension(
                USB2Extension(attributes: bytes.doubleWord(3), trailing: trailing(USB2Extension.fixedLength)))
        case .superSpeed:
            self = .superSpeed(
                SuperSpeedCapability(
                    attributes: bytes.byte(3), speeds: bytes.word(4), functionalitySpeed: bytes.byte(6),
                    u1ExitLatency: bytes.byte(7), u2ExitLatency: bytes.word(8),
                    trailing: trailing(SuperSpeedCapability.fixedLength)))
        case .superSpeedPlus:
            let count = Int(bytes.byte(4) & 0x1F) + 1
            let start = SuperSpeedPlusCapability.fixedLength
            self = .superSpeedPlus(
                SuperSpeedPlusCapability(
                    attributes: bytes.doubleWord(4), functionality: bytes.word(8), reserved: bytes.byte(3),
                    reservedWord: bytes.word(10),
                    sublinkSpeeds: (0..<count).map { SublinkSpeed(rawValue: bytes.doubleWord(start + $0 * 4)) },
                    trailing: trailing(start + count * 4)))
        case .containerID:
            self = .containerID(
                ContainerIDCapability(
                    identifier: UniqueIdentifier(at: 4, of: bytes), reserved: bytes.byte(3),
                    trailing: trailing(ContainerIDCapability.fixedLength)))
        case .platform:
            self = .platform(
                PlatformCapability(
                    identifier: UniqueIdentifier(at: 4, of: bytes), reserved: bytes.byte(3),
                    data: trailing(PlatformCapability.fixedLength)))
        default:
            self = .other(type, payload: trailing(3))
        }
    }

    /// The bytes that a capability needs, nil where any number will do.
    private static func minimumLength(of type: DeviceCapabilityType, _ bytes: RawSpan) -> Int? {
        switch type {
        case .usb2Extension: USB2Extension.fixedLength
        case .superSpeed: SuperSpeedCapability.fixedLength
        case .superSpeedPlus: SuperSpeedPlusCapability.fixedLength + 4 * (Int(bytes.byte(4) & 0x1F) + 1)
        case .containerID: ContainerIDCapability.fixedLength
        case .platform: PlatformCapability.fixedLength
        default: nil
        }
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        func header(_ fixed: Int, _ trailing: [UInt8]) -> ArraySlice<UInt8> {
            let tail = bytes.appendHeader(.deviceCapability, fixed: fixed, trailing: trailing)
            bytes.append(type.rawValue)
            return tail
        }
        let tail: ArraySlice<UInt8>
        switch self {
        case .usb2Extension(let capability):
            tail = header(USB2Extension.fixedLength, capability.trailing)
            bytes.append(doubleWord: capability.attributes)
        case .superSpeed(let capability):
            tail = header(SuperSpeedCapability.fixedLength, capability.trailing)
            bytes.append(capability.attributes)
            bytes.append(word: capability.speeds)
            bytes.append(contentsOf: [capability.functionalitySpeed, capability.u1ExitLatency])
            bytes.append(word: capability.u2ExitLatency)
        case .superSpeedPlus(let capability):
            let speeds = capability.sublinkSpeeds.prefix(32)
            tail = header(SuperSpeedPlusCapability.fixedLength + speeds.count * 4, capability.trailing)
            bytes.append(capability.reserved)
            bytes.append(doubleWord: capability.attributes | UInt32(max(speeds.count, 1) - 1))
            bytes.append(word: capability.functionality)
            bytes.append(word: capability.reservedWord)
            for speed in speeds { bytes.append(doubleWord: speed.rawValue) }
        case .containerID(let capability):
            tail = header(ContainerIDCapability.fixedLength, capability.trailing)
            bytes.append(capability.reserved)
            capability.identifier.encode(into: &bytes)
        case .platform(let capability):
            tail = header(PlatformCapability.fixedLength, capability.data)
            bytes.append(capability.reserved)
            capability.identifier.encode(into: &bytes)
        case .other(_, let payload):
            tail = header(3, payload)
        }
        bytes.append(contentsOf: tail)
    }
}

/// The capabilities of a device, which it tells in one answer (USB 3.2 section 9.6.2): a header of 5 bytes, then one
/// descriptor for each.
public struct BinaryObjectStore: Hashable, Sendable {
    /// The number of bytes of the header before any ``trailing``.
    public static let headerLength = 5

    /// The capabilities in the order in which they appear.
    public var capabilities: [DeviceCapability]
    /// Bytes of the header behind its own fields.
    public var trailing: [UInt8]

    /// Lists the capabilities.
    public init(capabilities: [DeviceCapability] = [], trailing: [UInt8] = []) {
        self.capabilities = capabilities
        self.trailing = trailing
    }

    /// Reads the whole store as far as it goes, and tells everything that is wrong with it.
    ///
    /// - Parameter bytes: the store as the device sent it, header first.
    /// - Returns: the store, nil if not even its header can be read, and the defects.
    public static func parse(_ bytes: RawSpan) -> Parsed<BinaryObjectStore> {
        let headerLength: Int
        do {
            headerLength = try checkedLength(
                of: bytes, at: 0, type: .binaryObjectStore, minimum: BinaryObjectStore.headerLength)
        } catch {
            return Parsed(value: nil, defects: [error])
        }
        var store = BinaryObjectStore(trailing: bytes.copy(BinaryObjectStore.headerLength..<headerLength))
        var defects: [DescriptorDefect] = []
        let stated = Int(bytes.word(2))
        var limit = min(bytes.byteCount, Int(UInt16.max))
        if stated != bytes.byteCount {
            defects.append(DescriptorDefect(.wrongTotalLength(stated: stated, actual: bytes.byteCount), at: 0))
        }
        if stated >= headerLength { limit = min(limit, stated) }

        let body = bytes.extracting(0..<limit)
        var iterator = DescriptorIterator(at: headerLength)
        var count = 0
        while let view = iterator.next(in: body) {
            count += 1
            let capability = body.extracting(view.range)
            do {
                store.capabilities.append(try DeviceCapability(parsing: capability, at: view.offset))
            } catch {
                defects.append(error)
                if case .shortCapability(let type, _, _) = error.kind {
                    store.capabilities.append(.other(type, payload: capability.copy(3..<view.length)))
                }
            }
        }
        if let defect = iterator.defect { defects.append(defect) }
        if count != Int(bytes.byte(4)) {
            defects.append(DescriptorDefect(.wrongCapabilityCount(stated: Int(bytes.byte(4)), actual: count), at: 0))
        }
        return Parsed(value: store, defects: defects)
    }

    /// Reads the whole store as far as it goes; see ``parse(_:)-(RawSpan)``.
    public static func parse(_ bytes: [UInt8]) -> Parsed<BinaryObjectStore> { bytes.withRawSpan { parse($0) } }

    /// Reads a store in which nothing is wrong.
    ///
    /// - Throws: the first defect.
    public init(_ bytes: RawSpan) throws(DescriptorDefect) {
        let parsed = BinaryObjectStore.parse(bytes)
        if let defect = parsed.defects.first { throw defect }
        self = parsed.value ?? BinaryObjectStore()
    }

    /// Reads a store in which nothing is wrong.
    ///
    /// - Throws: the first defect.
    public init(_ bytes: [UInt8]) throws(DescriptorDefect) {
        self = try bytes.withRawSpan { (span: RawSpan) throws(DescriptorDefect) in try BinaryObjectStore(span) }
    }

    /// The store's bytes, as a device sends them, with its total length and the number of capabilities computed.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        encode(into: &result)
        return result
    }

    /// Appends the store's bytes, as a device sends them.
    public func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        let tail = bytes.appendHeader(.binaryObjectStore, fixed: BinaryObjectStore.headerLength, trailing: trailing)
        bytes.append(word: 0)
        bytes.append(UInt8(clamping: capabilities.count))
        bytes.append(contentsOf: tail)
        for capability in capabilities { capability.encode(into: &bytes) }
        let total = UInt16(clamping: bytes.count - start)
        bytes[start + 2] = UInt8(truncatingIfNeeded: total)
        bytes[start + 3] = UInt8(truncatingIfNeeded: total >> 8)
    }
}
