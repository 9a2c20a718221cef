// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension DescriptorDefect.Kind: CustomStringConvertible {
    /// A sentence fragment that names the fault with its figures.
    public var description: String {
        switch self {
        case .strayBytes(let count):
            "\(count) bytes where a descriptor needs at least 2"
        case .impossibleLength(let length):
            "descriptor length \(length), needs at least 2"
        case .overrun(let type, let length, let available):
            "\(type) descriptor of \(length) bytes, only \(available) left"
        case .tooShort(let type, let length, let minimum):
            "\(type) descriptor of \(length) bytes, needs \(minimum)"
        case .wrongType(let expected, let found):
            "\(found) descriptor where a \(expected) descriptor is due"
        case .wrongTotalLength(let stated, let actual):
            "total length stated as \(stated), is \(actual)"
        case .wrongInterfaceCount(let stated, let actual):
            "\(stated) interfaces stated, \(actual) found"
        case .wrongEndpointCount(let interface, let alternate, let stated, let actual):
            "interface \(interface) alternate setting \(alternate): \(stated) endpoints stated, \(actual) found"
        case .interfaceNumberTooLarge(let number, let count):
            "interface number \(number) with \(count) interfaces stated"
        case .repeatedAlternateSetting(let interface, let alternate):
            "interface \(interface) alternate setting \(alternate) appears again"
        case .scatteredAlternateSetting(let interface, let alternate):
            "interface \(interface) alternate setting \(alternate) stands apart from the interface's others"
        case .missingDefaultSetting(let interface):
            "interface \(interface) has no alternate setting 0"
        case .misplaced(let type):
            "\(type) descriptor inside a configuration"
        case .emptyAssociation(let first):
            "association of no interfaces, from \(first)"
        case .associationOfMissingInterface(let interface):
            "association covers interface \(interface), which does not exist"
        case .overlappingAssociations(let interface):
            "interface \(interface) is in two associations"
        case .misplacedAssociation(let first):
            "association does not stand directly before interface \(first)"
        case .endpointOutsideInterface(let address):
            "endpoint \(address) before any interface"
        case .endpointNumberZero(let address):
            "endpoint \(address) has number 0"
        case .reservedAddressBits(let address):
            "endpoint address \(address) has reserved bits set"
        case .repeatedEndpoint(let address, let interface):
            "endpoint \(address) is already in use by interface \(interface)"
        case .isochronousInDefaultSetting(let address):
            "isochronous endpoint \(address) takes bus time in alternate setting 0"
        case .transferTypeNotAllowed(let address, let type, let speed):
            "endpoint \(address) is \(type), which \(speed) does not have"
        case .packetSizeNotAllowed(let address, let size, let speed):
            "endpoint \(address) has maximum packet size \(size), not allowed at \(speed)"
        case .reservedPacketSizeBits(let address, let rawValue):
            "endpoint \(address) has reserved bits set in its packet size, \(hexadecimal(rawValue))"
        case .additionalTransactionsNotAllowed(let address, let count):
            "endpoint \(address) has \(count) additional transactions, which it must not"
        case .intervalOutOfRange(let address, let interval):
            "endpoint \(address) has interval \(interval), out of range"
        case .misplacedCompanion(let type):
            "\(type) descriptor does not directly follow what it completes"
        case .repeatedCompanion(let type):
            "second \(type) descriptor of an endpoint"
        case .unannouncedIsochronousCompanion(let address):
            "endpoint \(address) has an isochronous companion that its companion does not announce"
        case .missingIsochronousCompanion(let address):
            "endpoint \(address) lacks the isochronous companion that its companion announces"
        case .missingCompanion(let address):
            "SuperSpeed endpoint \(address) has no companion"
        case .companionBelowSuperSpeed(let address):
            "endpoint \(address) has a companion below SuperSpeed"
        case .burstOutOfRange(let address, let maxBurst):
            "endpoint \(address) has maximum burst \(maxBurst), out of range"
        case .streamsOutOfRange(let address, let exponent):
            "endpoint \(address) has 2 to the \(exponent) streams, at most 2 to the 16 exist"
        case .multiplierOutOfRange(let address, let multiplier):
            "endpoint \(address) has multiplier \(multiplier), at most 2 is allowed"
        case .bytesPerIntervalTooLarge(let address, let bytes, let maximum):
            "endpoint \(address) has \(bytes) bytes per interval, its bursts carry \(maximum)"
        case .oddStringLength(let length):
            "string descriptor of \(length) bytes, not whole 16-bit units"
        case .wrongCapabilityCount(let stated, let actual):
            "\(stated) capabilities stated, \(actual) found"
        case .shortCapability(let type, let length, let minimum):
            "\(type) capability of \(length) bytes, needs \(minimum)"
        }
    }
}
