// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

/// Damaged bytes: whatever comes, something sensible is left, and what is wrong is told.
@Suite struct ConfigurationDamageTests {
    /// What holds of any bytes.
    private func check(_ bytes: [UInt8], speed: Speed?) {
        let parsed = Configuration.parse(bytes, speed: speed)
        #expect(parsed.defects.allSatisfy { $0.offset >= 0 && $0.offset <= bytes.count && !$0.description.isEmpty })
        do {
            let strict = try Configuration(bytes, speed: speed)
            #expect(parsed.defects.isEmpty && strict == parsed.value)
            #expect(strict.bytes == bytes)
        } catch {
            #expect(error == parsed.defects.first)
        }
        guard let value = parsed.value else {
            #expect(parsed.defects.count == 1)
            return
        }
        // What was kept is a fixed point: writing and reading it again changes nothing.
        #expect(Configuration.parse(value.bytes, speed: speed).value == value)
        var owners: [EndpointAddress: UInt8] = [:]
        for interface in value.interfaces {
            #expect(!interface.alternateSettings.isEmpty)
            for setting in interface.alternateSettings {
                #expect(setting.descriptor.number == interface.number)
                let addresses = setting.endpoints.map(\.descriptor.address)
                #expect(Set(addresses).count == addresses.count)
                for address in addresses {
                    #expect(address.number > 0 && address == address.withoutReservedBits)
                    #expect(owners[address, default: interface.number] == interface.number)
                    owners[address] = interface.number
                }
            }
        }
    }

    @Test(arguments: DescriptorTable.allCases)
    func everyTruncation(table: DescriptorTable) {
        let whole = table.bytes
        for count in 0..<whole.count {
            let bytes = [UInt8](whole.prefix(count))
            check(bytes, speed: table.speed)
            let parsed = Configuration.parse(bytes)
            guard count >= 9 else {
                let kind: DescriptorDefect.Kind =
                    count < 2
                    ? .strayBytes(count: count) : .overrun(.configuration, length: 9, available: count)
                #expect(parsed == Parsed(value: nil, defects: [DescriptorDefect(kind, at: 0)]))
                continue
            }
            let wrongTotal = DescriptorDefect(.wrongTotalLength(stated: whole.count, actual: count), at: 0)
            #expect(parsed.defects.first == wrongTotal)
            if let cut = table.places.first(where: { $0.offset < count && $0.offset + $0.length > count }) {
                let kind: DescriptorDefect.Kind =
                    count - cut.offset < 2
                    ? .strayBytes(count: 1)
                    : .overrun(DescriptorType(rawValue: cut.type), length: cut.length, available: count - cut.offset)
                #expect(parsed.defects.contains(DescriptorDefect(kind, at: cut.offset)))
            }
        }
    }

    @Test(arguments: DescriptorTable.allCases)
    func everyLengthOfEveryDescriptor(table: DescriptorTable) {
        for place in table.places {
            for length in [0, 1, 2, place.length - 1, place.length + 1, 255] {
                var bytes = table.bytes
                bytes[place.offset] = UInt8(length)
                check(bytes, speed: table.speed)
                let kinds = Configuration.parse(bytes).defects.filter { $0.offset == place.offset }.map(\.kind)
                let type = DescriptorType(rawValue: place.type)
                let available = bytes.count - place.offset
                if length < 2 {
                    #expect(kinds.contains(.impossibleLength(length)))
                } else if length > available {
                    #expect(kinds.contains(.overrun(type, length: length, available: available)))
                } else if let least = DescriptorTable.leastLength(place.type), length < least {
                    #expect(kinds.contains(.tooShort(type, length: length, minimum: least)))
                }
            }
        }
    }

    @Test(arguments: DescriptorTable.allCases)
    func everyTotalLength(table: DescriptorTable) {
        let count = table.bytes.count
        for stated in Array(0...(count + 2)) + [65_535] where stated != count {
            var bytes = table.bytes
            bytes[2] = UInt8(stated & 0xFF)
            bytes[3] = UInt8(stated >> 8)
            check(bytes, speed: table.speed)
            let parsed = Configuration.parse(bytes)
            #expect(parsed.defects.first == DescriptorDefect(.wrongTotalLength(stated: stated, actual: count), at: 0))
            if stated < 9 || stated > count {
                #expect(parsed.defects.count == 1)
                #expect(parsed.value?.bytes == table.bytes)
            }
        }
    }

    @Test(arguments: DescriptorTable.allCases)
    func everyCount(table: DescriptorTable) {
        for place in table.places where place.type == 0x02 || place.type == 0x04 {
            let actual = table.bytes[place.offset + 4]
            for stated in [0, actual + 1, 255] where stated != actual {
                var bytes = table.bytes
                bytes[place.offset + 4] = stated
                check(bytes, speed: table.speed)
                let expected: DescriptorDefect.Kind =
                    place.type == 0x02
                    ? .wrongInterfaceCount(stated: Int(stated), actual: Int(actual))
                    : .wrongEndpointCount(
                        interface: bytes[place.offset + 2], alternate: bytes[place.offset + 3], stated: Int(stated),
                        actual: Int(actual))
                let parsed = Configuration.parse(bytes)
                #expect(parsed.defects.contains(DescriptorDefect(expected, at: place.offset)))
                #expect(parsed.value?.bytes == table.bytes)
            }
        }
    }

    /// Any one byte with a few values that are likely to hurt.
    @Test(arguments: DescriptorTable.allCases)
    func everyByte(table: DescriptorTable) {
        for position in sparing(table.bytes.indices) {
            for value in [0, 1, 2, 4, 5, 0x0B, 0x30, 0x31, 0x7F, 0x80, 0xFF] as [UInt8] {
                var bytes = table.bytes
                bytes[position] = value
                check(bytes, speed: table.speed)
            }
        }
    }

    /// Descriptors of all types in any order, some of them damaged.
    @Test(arguments: sparing(0..<300 as Range<UInt64>))
    func shuffledDescriptors(seed: UInt64) {
        var random = DescriptorRandom(seed: seed)
        for _ in 0..<20 {
            var body: [UInt8] = []
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                var descriptor: [UInt8] =
                    switch Int.random(in: 0..<12, using: &random) {
                    case 0, 1, 2: [9, 4, random.byte() % 4, random.byte() % 3, random.byte() % 3, 0xFF, 0, 0, 0]
                    case 3, 4, 5, 6: [7, 5, random.byte() & 0x8F, random.byte(), 0, 2, 1]
                    case 7, 8: [6, 0x30, random.byte() % 18, random.byte(), random.byte(), 0]
                    case 9: [8, 0x31, 0, 0, random.byte(), 0, 0, 0]
                    case 10: [8, 0x0B, random.byte() % 4, random.byte() % 3, 0, 0, 0, 0]
                    default: [UInt8(Int.random(in: 2...5, using: &random)), random.byte(), 1, 2, 3]
                    }
                descriptor = [UInt8](descriptor.prefix(Int(descriptor[0])))
                if random.chance(3) { descriptor[Int.random(in: 0..<descriptor.count, using: &random)] = random.byte() }
                body += descriptor
            }
            let total = body.count + 9
            check(
                [9, 2, UInt8(total & 0xFF), UInt8(total >> 8), 4, 1, 0, 0x80, 50] + body,
                speed: Speed(rawValue: random.byte() % 6))
        }
    }

    @Test(arguments: sparing(0..<200 as Range<UInt64>))
    func randomBytes(seed: UInt64) {
        var random = DescriptorRandom(seed: seed)
        for _ in 0..<20 {
            var bytes = random.bytes(0...400)
            if random.chance(70), bytes.count > 9 { bytes.replaceSubrange(0..<2, with: [9, 2]) }
            if random.chance(50), bytes.count > 9 { bytes.replaceSubrange(9..., with: bytes[9...].map { $0 % 12 }) }
            check(bytes, speed: nil)
        }
    }

    /// The largest inputs there can be, of the descriptors that lead to the most work.
    @Test(
        arguments: [
            [9, 4, 0, 0, 0, 0, 0, 0, 0], [9, 4, 0, 1, 255, 0, 0, 0, 0], [7, 5, 0x81, 2, 0, 2, 0],
            [8, 0x0B, 0, 255, 0, 0, 0, 0],
            [6, 0x30, 0, 0, 0, 0], [2, 0x24],
        ] as [[UInt8]])
    func largestInputs(descriptor: [UInt8]) throws {
        let start: [UInt8] = [9, 2, 0xFF, 0xFF, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 1, 0, 0, 0, 0, 7, 5, 0x81, 2, 0, 2, 0]
        var bytes = start
        while bytes.count < 70_000 { bytes += descriptor }
        let parsed = Configuration.parse(bytes)
        let value = try #require(parsed.value)
        #expect(value.interfaces.count == 1)
        #expect(value.bytes.count <= 65_535)
        #expect(parsed.defects.count <= 3 * 65_535 / descriptor.count + 10)
    }
}
