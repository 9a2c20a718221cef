// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers

/// The check of a configuration's descriptors as a device sent them: what is wrong, and with which descriptor.
struct ConfigurationCheck {
    /// What is wrong.
    struct Fault: Error, Hashable {
        /// The code for it.
        var status: USBD_STATUS
        /// Where the descriptor begins that is wrong; 0 is the configuration descriptor.
        var offset: Int

        init(_ status: USBD_STATUS, at offset: Int) {
            self.status = status
            self.offset = offset
        }
    }

    /// How much is looked at; each level includes those before.
    enum Level: UInt16, CaseIterable, Comparable {
        /// The configuration descriptor itself.
        case header = 1
        /// The lengths of all descriptors, the addresses of endpoints, the numbers of interfaces and settings.
        case contents = 2
        /// The sizes of the specification, the counts of endpoints, the order of interfaces and settings.
        case strict = 3

        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// An interface descriptor, with the endpoints that have followed it.
    private struct Setting {
        var offset: Int
        var number: UInt8
        var alternate: UInt8
        var endpointCount: Int
        var addresses: Set<UInt8> = []
    }

    private let level: Level
    private var known: Set<UInt16> = []
    private var numbers: [UInt8] = []
    private var current: Setting?

    /// Checks descriptors, of which at most `bytes` are there. Throws what is wrong with the first that has a fault.
    static func check(_ bytes: RawSpan, _ level: Level) throws(Fault) {
        var check = ConfigurationCheck(level: level)
        try check.run(bytes)
    }

    private init(level: Level) { self.level = level }

    private mutating func run(_ bytes: RawSpan) throws(Fault) {
        guard bytes.byteCount >= 9 else { throw Fault(USBD_STATUS_BAD_CONFIG_DESC_LENGTH, at: 0) }
        guard bytes[1] == 2 else { throw Fault(USBD_STATUS_BAD_DESCRIPTOR_TYPE, at: 0) }
        let length = Int(bytes[0])
        guard level == .strict ? length == 9 : length >= 9 else {
            throw Fault(USBD_STATUS_BAD_DESCRIPTOR_BLEN, at: 0)
        }
        let total = Int(bytes[2]) | Int(bytes[3]) << 8
        guard total >= length, total <= bytes.byteCount else {
            throw Fault(USBD_STATUS_BAD_CONFIG_DESC_LENGTH, at: 0)
        }
        guard level > .header else { return }
        var offset = length
        while offset < total {
            guard total - offset >= 2, bytes[offset] >= 2, Int(bytes[offset]) <= total - offset else {
                throw Fault(USBD_STATUS_BAD_DESCRIPTOR_BLEN, at: offset)
            }
            try visit(bytes, offset)
            offset += Int(bytes[offset])
        }
        try endSetting()
        guard Set(numbers).count == Int(bytes[4]) else { throw Fault(USBD_STATUS_BAD_NUMBER_OF_INTERFACES, at: 0) }
    }

    private mutating func visit(_ bytes: RawSpan, _ offset: Int) throws(Fault) {
        let length = Int(bytes[offset])
        switch bytes[offset + 1] {
        case 1, 2: throw Fault(USBD_STATUS_BAD_DESCRIPTOR_TYPE, at: offset)
        case 4:
            try endSetting()
            guard length >= 9 else { throw Fault(USBD_STATUS_BAD_INTERFACE_DESCRIPTOR, at: offset) }
            guard level < .strict || length == 9 else { throw Fault(USBD_STATUS_BAD_DESCRIPTOR_BLEN, at: offset) }
            try beginSetting(
                Setting(
                    offset: offset, number: bytes[offset + 2], alternate: bytes[offset + 3],
                    endpointCount: Int(bytes[offset + 4])))
        case 5:
            guard length >= 7, current != nil else { throw Fault(USBD_STATUS_BAD_ENDPOINT_DESCRIPTOR, at: offset) }
            // Endpoints of audio 1.0 have two bytes more.
            guard level < .strict || length == 7 || length == 9 else {
                throw Fault(USBD_STATUS_BAD_DESCRIPTOR_BLEN, at: offset)
            }
            try add(endpoint: bytes[offset + 2], at: offset)
        case 11:
            guard length >= 8, bytes[offset + 3] > 0, Int(bytes[offset + 2]) + Int(bytes[offset + 3]) <= 256 else {
                throw Fault(USBD_STATUS_BAD_INTERFACE_ASSOC_DESCRIPTOR, at: offset)
            }
            guard level < .strict || length == 8 else { throw Fault(USBD_STATUS_BAD_DESCRIPTOR_BLEN, at: offset) }
        default: break
        }
    }

    private mutating func beginSetting(_ setting: Setting) throws(Fault) {
        let isNew = known.insert(UInt16(setting.number) << 8 | UInt16(setting.alternate)).inserted
        guard isNew else { throw Fault(USBD_STATUS_BAD_INTERFACE_DESCRIPTOR, at: setting.offset) }
        let isSameInterface = numbers.last == setting.number
        if level == .strict {
            // The settings of an interface follow each other from 0, and so do the interfaces.
            let last = current?.alternate
            let isNext =
                isSameInterface
                ? last.map { Int(setting.alternate) == Int($0) + 1 } ?? false
                : setting.alternate == 0 && Int(setting.number) == numbers.count
            guard isNext else { throw Fault(USBD_STATUS_BAD_INTERFACE_DESCRIPTOR, at: setting.offset) }
        }
        if !isSameInterface { numbers.append(setting.number) }
        current = setting
    }

    private mutating func add(endpoint address: UInt8, at offset: Int) throws(Fault) {
        guard address & 0x70 == 0, address & 0x0F != 0, current?.addresses.insert(address).inserted == true else {
            throw Fault(USBD_STATUS_BAD_ENDPOINT_ADDRESS, at: offset)
        }
    }

    /// No endpoint follows any more. What is known of the setting stays, for the next to be compared with.
    private func endSetting() throws(Fault) {
        guard level == .strict, let current, current.addresses.count != current.endpointCount else { return }
        throw Fault(USBD_STATUS_BAD_NUMBER_OF_ENDPOINTS, at: current.offset)
    }
}

extension RawSpan {
    /// A byte. Traps when there is none there.
    subscript(offset: Int) -> UInt8 { unsafeByte(offset) }

    private func unsafeByte(_ offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount, "no such byte")
        // Sound: the byte is there.
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }
}
