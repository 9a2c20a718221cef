// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension Configuration {
    /// Reads a configuration as far as it goes, and tells everything that is wrong with it.
    ///
    /// What is skipped and what is kept follows the practice of existing hosts; ``DescriptorDefect/Kind`` says it case
    /// by case. Time and memory grow with the number of bytes, whatever they are. At most 65,535 bytes, the largest
    /// total length, are looked at.
    ///
    /// - Parameters:
    ///   - bytes: the configuration as the device sent it, header first.
    ///   - speed: the device's speed. Without it, rules that depend on speed are not checked.
    /// - Returns: the configuration, nil if not even its header can be read, and the defects.
    public static func parse(_ bytes: RawSpan, speed: Speed? = nil) -> Parsed<Configuration> {
        let header: ConfigurationDescriptor
        do {
            header = try ConfigurationDescriptor(parsing: bytes, at: 0)
        } catch {
            return Parsed(value: nil, defects: [error])
        }
        var parser = ConfigurationParser(header: header, speed: speed)
        return parser.parse(bytes)
    }

    /// Reads a configuration as far as it goes; see ``parse(_:speed:)-(RawSpan,_)``.
    public static func parse(_ bytes: [UInt8], speed: Speed? = nil) -> Parsed<Configuration> {
        bytes.withRawSpan { parse($0, speed: speed) }
    }

    /// Reads a configuration in which nothing is wrong.
    ///
    /// - Parameters:
    ///   - bytes: the configuration as the device sent it, header first.
    ///   - speed: the device's speed. Without it, rules that depend on speed are not checked.
    /// - Throws: the first defect.
    public init(_ bytes: RawSpan, speed: Speed? = nil) throws(DescriptorDefect) {
        let parsed = Configuration.parse(bytes, speed: speed)
        if let defect = parsed.defects.first { throw defect }
        self = parsed.value ?? Configuration()
    }

    /// Reads a configuration in which nothing is wrong; see ``init(_:speed:)-(RawSpan,_)``.
    public init(_ bytes: [UInt8], speed: Speed? = nil) throws(DescriptorDefect) {
        self = try bytes.withRawSpan { (span: RawSpan) throws(DescriptorDefect) in
            try Configuration(span, speed: speed)
        }
    }
}

/// The state of a walk over a configuration's descriptors. Each descriptor is looked at once.
private struct ConfigurationParser {
    /// An alternate setting whose descriptors are being gathered.
    struct OpenSetting {
        let offset: Int
        let interfaceIndex: Int
        var setting: AlternateSetting
        let statedEndpoints: Int
        /// Endpoint descriptors met, those that were skipped included.
        var endpointDescriptors = 0
        /// One bit for each endpoint in use: 0 to 15 OUT, 16 to 31 IN.
        var claimed: UInt32 = 0
    }

    struct OpenEndpoint {
        let offset: Int
        var layout: EndpointLayout
    }

    struct PlacedAssociation {
        let offset: Int
        let descriptor: InterfaceAssociationDescriptor
        var isPlaced = false
    }

    /// What belongs to a skipped descriptor is skipped with it.
    enum Skipping { case nothing, endpoint, setting }

    /// The descriptor just before, as far as companions care.
    enum Previous { case endpoint, companion, isochronousCompanion, other }

    let header: ConfigurationDescriptor
    let speed: Speed?
    var defects: [DescriptorDefect] = []
    var extras: [RawDescriptor] = []
    var interfaces: [InterfaceLayout] = []
    var interfaceOffsets: [Int] = []
    /// The position in `interfaces` of each interface number, -1 for none.
    var positions = [Int](repeating: -1, count: 256)
    /// Interface number and alternate setting of all settings met.
    var settingsMet: Set<UInt16> = []
    var associations: [PlacedAssociation] = []
    /// Associations from this one on have been met since the last other descriptor.
    var firstPendingAssociation = 0
    /// The interface that uses each endpoint, -1 for none; positions as in `OpenSetting.claimed`.
    var endpointOwners = [Int](repeating: -1, count: 32)
    var open: OpenSetting?
    var openEndpoint: OpenEndpoint?
    var skipping = Skipping.nothing
    var previous = Previous.other

    init(header: ConfigurationDescriptor, speed: Speed?) {
        self.header = header
        self.speed = speed
    }

    mutating func parse(_ bytes: RawSpan) -> Parsed<Configuration> {
        let stated = Int(header.totalLength)
        let headerLength = Int(bytes.byte(0))
        var limit = min(bytes.byteCount, Int(UInt16.max))
        if stated != bytes.byteCount { report(.wrongTotalLength(stated: stated, actual: bytes.byteCount), at: 0) }
        if stated >= headerLength { limit = min(limit, stated) }

        let body = bytes.extracting(0..<limit)
        var iterator = DescriptorIterator(at: headerLength)
        while let view = iterator.next(in: body) { take(view, of: body) }
        if let defect = iterator.defect { defects.append(defect) }
        closeSetting()
        checkInterfaces()
        checkAssociations()

        let configuration = Configuration(
            descriptor: header, extras: extras, associations: associationsInOrder(), interfaces: interfaces)
        return Parsed(value: configuration, defects: defects)
    }

    mutating func report(_ kind: DescriptorDefect.Kind, at offset: Int) {
        defects.append(DescriptorDefect(kind, at: offset))
    }

    // MARK: descriptors

    mutating func take(_ view: DescriptorView, of body: RawSpan) {
        let bytes = body.extracting(view.range)
        var now = Previous.other
        do throws(DescriptorDefect) {
            switch view.type {
            case .interface:
                try takeInterface(bytes, at: view.offset)
            case .interfaceAssociation:
                let descriptor = try InterfaceAssociationDescriptor(parsing: bytes, at: view.offset)
                associations.append(PlacedAssociation(offset: view.offset, descriptor: descriptor))
                // Associations are kept elsewhere, so that those around one will be neighbours when written.
                now = previous
            case .endpoint:
                if try takeEndpoint(bytes, at: view.offset) { now = .endpoint }
            case .superSpeedEndpointCompanion:
                if try takeCompanion(bytes, at: view.offset) { now = .companion }
            case .superSpeedPlusIsochronousCompanion:
                if try takeIsochronousCompanion(bytes, at: view.offset) { now = .isochronousCompanion }
            case .device, .configuration, .otherSpeedConfiguration:
                report(.misplaced(view.type), at: view.offset)
                keep(bytes)
            default:
                keep(bytes)
            }
        } catch {
            // The walk has checked the header; what remains is a descriptor too short for its type. An interface or an
            // endpoint has set `skipping` by now, so that only others are kept.
            defects.append(error)
            keep(bytes)
        }
        previous = now
        if view.type != .interfaceAssociation { firstPendingAssociation = associations.count }
    }

    /// Keeps a descriptor as it came, with whatever it follows.
    mutating func keep(_ bytes: RawSpan) {
        guard skipping == .nothing else { return }
        let raw = RawDescriptor(
            type: DescriptorType(rawValue: bytes.byte(1)), payload: bytes.copy(2..<bytes.byteCount))
        if openEndpoint != nil {
            openEndpoint?.layout.extras.append(raw)
        } else if open != nil {
            open?.setting.extras.append(raw)
        } else {
            extras.append(raw)
        }
    }

    mutating func takeInterface(_ bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        closeSetting()
        skipping = .setting
        let descriptor = try InterfaceDescriptor(parsing: bytes, at: offset)
        let number = descriptor.number
        guard settingsMet.insert(UInt16(number) << 8 | UInt16(descriptor.alternateSetting)).inserted else {
            report(.repeatedAlternateSetting(interface: number, alternate: descriptor.alternateSetting), at: offset)
            return
        }
        skipping = .nothing
        var position = positions[Int(number)]
        if position < 0 {
            position = interfaces.count
            positions[Int(number)] = position
            interfaces.append(InterfaceLayout(number: number))
            interfaceOffsets.append(offset)
            if number >= header.interfaceCount {
                report(.interfaceNumberTooLarge(number, count: Int(header.interfaceCount)), at: offset)
            }
            for index in firstPendingAssociation..<associations.count
            where associations[index].descriptor.firstInterface == number {
                associations[index].isPlaced = true
            }
        } else if position != interfaces.count - 1 {
            report(.scatteredAlternateSetting(interface: number, alternate: descriptor.alternateSetting), at: offset)
        }
        open = OpenSetting(
            offset: offset, interfaceIndex: position, setting: AlternateSetting(descriptor: descriptor),
            statedEndpoints: Int(descriptor.endpointCount))
    }

    /// - Returns: whether the endpoint is used.
    mutating func takeEndpoint(_ bytes: RawSpan, at offset: Int) throws(DescriptorDefect) -> Bool {
        closeEndpoint()
        guard skipping != .setting else { return false }
        skipping = .endpoint
        open?.endpointDescriptors += 1
        var descriptor = try EndpointDescriptor(parsing: bytes, at: offset)
        let address = descriptor.address.withoutReservedBits
        guard let setting = open else {
            report(.endpointOutsideInterface(descriptor.address), at: offset)
            return false
        }
        if address != descriptor.address {
            report(.reservedAddressBits(descriptor.address), at: offset)
            descriptor.address = address
        }
        guard address.number != 0 else {
            report(.endpointNumberZero(address), at: offset)
            return false
        }

        let interface = Int(setting.setting.descriptor.number)
        let outSlot = Int(address.number)
        let inSlot = outSlot + 16
        // A control endpoint takes both directions of its number.
        let slots: [Int]
        if descriptor.transferType == .control {
            slots = [outSlot, inSlot]
        } else {
            slots = [address.direction == .in ? inSlot : outSlot]
        }
        for slot in slots {
            let owner = endpointOwners[slot]
            if setting.claimed & 1 << UInt32(slot) != 0 || (owner >= 0 && owner != interface) {
                report(.repeatedEndpoint(address, interface: UInt8(truncatingIfNeeded: owner)), at: offset)
                return false
            }
        }
        for slot in slots {
            endpointOwners[slot] = interface
            open?.claimed |= 1 << UInt32(slot)
        }
        skipping = .nothing
        openEndpoint = OpenEndpoint(offset: offset, layout: EndpointLayout(descriptor))
        return true
    }

    /// - Returns: whether the companion is used.
    mutating func takeCompanion(_ bytes: RawSpan, at offset: Int) throws(DescriptorDefect) -> Bool {
        guard skipping == .nothing else { return false }
        if openEndpoint?.layout.companion != nil {
            report(.repeatedCompanion(.superSpeedEndpointCompanion), at: offset)
        } else if previous != .endpoint {
            report(.misplacedCompanion(.superSpeedEndpointCompanion), at: offset)
        } else {
            openEndpoint?.layout.companion = try SuperSpeedEndpointCompanionDescriptor(parsing: bytes, at: offset)
            return true
        }
        keep(bytes)
        return false
    }

    /// - Returns: whether the companion is used.
    mutating func takeIsochronousCompanion(_ bytes: RawSpan, at offset: Int) throws(DescriptorDefect) -> Bool {
        guard skipping == .nothing else { return false }
        if openEndpoint?.layout.isochronousCompanion != nil {
            report(.repeatedCompanion(.superSpeedPlusIsochronousCompanion), at: offset)
        } else if previous != .companion {
            report(.misplacedCompanion(.superSpeedPlusIsochronousCompanion), at: offset)
        } else if let layout = openEndpoint?.layout, !layout.announcesIsochronousCompanion {
            report(.unannouncedIsochronousCompanion(layout.descriptor.address), at: offset)
        } else {
            openEndpoint?.layout.isochronousCompanion =
                try SuperSpeedPlusIsochronousCompanionDescriptor(parsing: bytes, at: offset)
            return true
        }
        keep(bytes)
        return false
    }

    // MARK: ends

    mutating func closeEndpoint() {
        guard let endpoint = openEndpoint, open != nil else { return }
        openEndpoint = nil
        let alternate = open?.setting.descriptor.alternateSetting ?? 0
        for kind in endpoint.layout.defects(alternate: alternate, speed: speed) { report(kind, at: endpoint.offset) }
        open?.setting.endpoints.append(endpoint.layout)
    }

    mutating func closeSetting() {
        closeEndpoint()
        guard let closed = open else { return }
        open = nil
        let descriptor = closed.setting.descriptor
        if closed.statedEndpoints != closed.endpointDescriptors {
            report(
                .wrongEndpointCount(
                    interface: descriptor.number, alternate: descriptor.alternateSetting,
                    stated: closed.statedEndpoints, actual: closed.endpointDescriptors),
                at: closed.offset)
        }
        interfaces[closed.interfaceIndex].alternateSettings.append(closed.setting)
    }

    mutating func checkInterfaces() {
        let stated = Int(header.interfaceCount)
        if stated != interfaces.count { report(.wrongInterfaceCount(stated: stated, actual: interfaces.count), at: 0) }
        for (interface, offset) in zip(interfaces, interfaceOffsets)
        where !settingsMet.contains(UInt16(interface.number) << 8) {
            report(.missingDefaultSetting(interface: interface.number), at: offset)
        }
    }

    mutating func checkAssociations() {
        var covered = [Bool](repeating: false, count: 256)
        for association in associations {
            let descriptor = association.descriptor
            if descriptor.interfaceCount == 0 {
                report(.emptyAssociation(first: descriptor.firstInterface), at: association.offset)
            } else if !association.isPlaced, positions[Int(descriptor.firstInterface)] >= 0 {
                report(.misplacedAssociation(first: descriptor.firstInterface), at: association.offset)
            }
            let numbers = descriptor.interfaces.clamped(to: 0..<256)
            if let missing = numbers.first(where: { positions[$0] < 0 }) {
                report(.associationOfMissingInterface(UInt8(missing)), at: association.offset)
            } else if numbers.count < Int(descriptor.interfaceCount) {
                report(.associationOfMissingInterface(UInt8.max), at: association.offset)
            }
            if let shared = numbers.first(where: { covered[$0] }) {
                report(.overlappingAssociations(interface: UInt8(shared)), at: association.offset)
            }
            for number in numbers { covered[number] = true }
        }
    }

    /// The associations in the order in which a configuration writes them: by the position of their first interface,
    /// those without one last.
    func associationsInOrder() -> [InterfaceAssociationDescriptor] {
        var groups = [[InterfaceAssociationDescriptor]](repeating: [], count: interfaces.count + 1)
        for association in associations {
            let position = positions[Int(association.descriptor.firstInterface)]
            groups[position < 0 ? interfaces.count : position].append(association.descriptor)
        }
        return groups.flatMap { $0 }
    }
}
