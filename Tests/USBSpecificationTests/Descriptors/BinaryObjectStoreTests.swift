// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@Suite struct BinaryObjectStoreTests {
    let table = DescriptorTable.objectStore

    @Test func capabilities() throws {
        let store = try BinaryObjectStore(table)
        #expect(store.bytes == table)
        #expect(
            store.capabilities.map(\.type) == [.usb2Extension, .superSpeed, .containerID, .platform, .superSpeedPlus])
        guard case .usb2Extension(let usb2) = store.capabilities[0], case .superSpeed(let fast) = store.capabilities[1],
            case .containerID(let container) = store.capabilities[2],
            case .platform(let platform) = store.capabilities[3],
            case .superSpeedPlus(let faster) = store.capabilities[4]
        else {
            Issue.record("capabilities of other kinds")
            return
        }
        #expect(usb2.supportsLinkPowerManagement && usb2.supportsBestEffortServiceLatency)
        #expect(usb2.baselineServiceLatency == 4 && usb2.deepServiceLatency == 15)
        #expect(Speed.allCases.filter(fast.supports) == [.full, .high, .superSpeed])
        #expect(fast.functionalitySpeed == 1 && fast.u1ExitLatency == 10 && fast.u2ExitLatency == 2047)
        #expect("\(container.identifier)" == "12345678-1234-5678-9abc-123456789abc")
        #expect(platform.identifier == .microsoftOS20)
        #expect(platform.data == [0x00, 0x00, 0x03, 0x06, 0xB2, 0x00, 0x01, 0x00])
        #expect(faster.sublinkSpeeds.map(\.bitsPerSecond) == [10_000_000_000, 10_000_000_000])
        #expect(faster.sublinkSpeeds.map(\.isTransmit) == [false, true])
        #expect(faster.sublinkSpeeds.allSatisfy { $0.isSuperSpeedPlus && !$0.isAsymmetric && $0.identifier == 0 })
    }

    @Test func latenciesNotStatedAreNil() {
        #expect(USB2Extension(attributes: 0xFF06).baselineServiceLatency == nil)
        #expect(USB2Extension(attributes: 0xFF06).deepServiceLatency == nil)
    }

    @Test func theNumberOfSublinkSpeedsIsComputed() throws {
        var capability = SuperSpeedPlusCapability(
            attributes: 0x3F, functionality: 0x1100, sublinkSpeeds: [SublinkSpeed(rawValue: 0x000A_4030)])
        #expect(capability.attributes == 0x20)
        capability.attributes = 0x5F
        capability.sublinkSpeeds.append(SublinkSpeed(rawValue: 0x000A_40B0))
        let bytes = DeviceCapability.superSpeedPlus(capability).bytes
        #expect(bytes[4] == 0x41)
        #expect(try DeviceCapability(bytes) == .superSpeedPlus(capability))
    }

    @Test func everyTruncation() {
        let starts = [0, 5, 12, 22, 42, 70, 90]
        for count in 0..<table.count {
            let parsed = BinaryObjectStore.parse([UInt8](table.prefix(count)))
            if count < 5 {
                #expect(parsed.value == nil && parsed.defects.count == 1)
                continue
            }
            let whole = starts.filter { $0 > 0 && $0 <= count }.count - 1
            #expect(parsed.value?.capabilities.count == whole)
            #expect(parsed.defects.contains(DescriptorDefect(.wrongTotalLength(stated: 90, actual: count), at: 0)))
            #expect(parsed.defects.contains(DescriptorDefect(.wrongCapabilityCount(stated: 5, actual: whole), at: 0)))
            #expect(parsed.defects.contains { $0.offset > 0 } == !starts.contains(count))
        }
    }

    @Test(arguments: [(0, 90), (8, 1), (89, 4), (91, 5), (65_535, 5)] as [(UInt16, Int)])
    func totalLength(stated: UInt16, capabilities: Int) {
        var bytes = table
        bytes[2] = UInt8(stated & 0xFF)
        bytes[3] = UInt8(stated >> 8)
        let parsed = BinaryObjectStore.parse(bytes)
        #expect(parsed.defects.first?.kind == .wrongTotalLength(stated: Int(stated), actual: 90))
        // A length too small for the header is not used; with 8, what is left is the beginning of a capability.
        #expect(parsed.value?.capabilities.count == (stated == 0 ? 5 : stated == 8 ? 0 : capabilities))
    }

    @Test(arguments: [0, 4, 6, 255])
    func count(stated: UInt8) {
        var bytes = table
        bytes[4] = stated
        let parsed = BinaryObjectStore.parse(bytes)
        #expect(parsed.value?.capabilities.count == 5)
        #expect(parsed.defects.map(\.kind) == [.wrongCapabilityCount(stated: Int(stated), actual: 5)])
    }

    @Test func lengthsOfCapabilities() {
        for (offset, type, length) in [
            (5, .usb2Extension, 7), (12, .superSpeed, 10), (22, .containerID, 20), (70, .superSpeedPlus, 20),
        ] as [(Int, DeviceCapabilityType, Int)] {
            for bad: UInt8 in [0, 1] {
                var bytes = table
                bytes[offset] = bad
                #expect(
                    BinaryObjectStore.parse(bytes).defects.contains(
                        DescriptorDefect(.impossibleLength(Int(bad)), at: offset)))
            }
            var bytes = table
            bytes[offset] = 255
            #expect(
                BinaryObjectStore.parse(bytes).defects.contains(
                    DescriptorDefect(.overrun(.deviceCapability, length: 255, available: 90 - offset), at: offset)))

            // Cut one byte out, so that everything behind stays in place.
            var short = [UInt8](table[offset..<(offset + length - 1)])
            short[0] -= 1
            let store = [5, 15, UInt8(short.count + 5), 0, 1] + short
            let parsed = BinaryObjectStore.parse(store)
            #expect(
                parsed.defects == [DescriptorDefect(.shortCapability(type, length: length - 1, minimum: length), at: 5)]
            )
            #expect(parsed.value?.capabilities == [.other(type, payload: [UInt8](short.dropFirst(3)))])
            #expect(parsed.value?.bytes == store)
        }
    }

    @Test func unknownAndForeignDescriptors() {
        let parsed = BinaryObjectStore.parse([5, 15, 14, 0, 2, 5, 0x10, 0x0D, 1, 2, 4, 0x24, 0, 0])
        #expect(parsed.value?.capabilities == [.other(.billboard, payload: [1, 2])])
        #expect(
            parsed.defects == [
                DescriptorDefect(.wrongType(expected: .deviceCapability, found: .classInterface), at: 10)
            ])
    }

    @Test(arguments: sparing(0..<200 as Range<UInt64>))
    func randomStoresSurvive(seed: UInt64) throws {
        var random = DescriptorRandom(seed: seed)
        let identifier = try #require(UniqueIdentifier(random.bytes(16...16)))
        let all: [DeviceCapability] = [
            .usb2Extension(USB2Extension(attributes: UInt32.random(in: 0 ... .max, using: &random))),
            .superSpeed(
                SuperSpeedCapability(
                    attributes: random.byte(), speeds: UInt16.random(in: 0 ... .max, using: &random),
                    functionalitySpeed: random.byte(), u1ExitLatency: random.byte(),
                    u2ExitLatency: UInt16.random(in: 0 ... .max, using: &random), trailing: random.trailing())),
            .superSpeedPlus(
                SuperSpeedPlusCapability(
                    attributes: UInt32.random(in: 0 ... .max, using: &random), functionality: 0x1100,
                    reserved: random.byte(), reservedWord: 7,
                    sublinkSpeeds: (0..<Int.random(in: 1...32, using: &random)).map { _ in
                        SublinkSpeed(rawValue: UInt32.random(in: 0 ... .max, using: &random))
                    }, trailing: random.trailing())),
            .containerID(ContainerIDCapability(identifier: identifier, trailing: random.trailing())),
            .platform(PlatformCapability(identifier: identifier, reserved: random.byte(), data: random.bytes(0...235))),
            .other(0x0B, payload: random.bytes(0...252)),
        ]
        let store = BinaryObjectStore(
            capabilities: (0..<Int.random(in: 0...9, using: &random)).compactMap { _ in
                all.randomElement(using: &random)
            },
            trailing: random.trailing())
        #expect(try BinaryObjectStore(store.bytes) == store)
    }

    @Test(arguments: sparing(0..<50 as Range<UInt64>))
    func damagedStoresAreRead(seed: UInt64) {
        var random = DescriptorRandom(seed: seed)
        for _ in 0..<100 {
            var bytes = table
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = random.byte()
            }
            let parsed = BinaryObjectStore.parse(bytes)
            if parsed.defects.isEmpty { #expect(parsed.value?.bytes == bytes) }
            if let value = parsed.value { #expect(BinaryObjectStore.parse(value.bytes).value == value) }
        }
    }
}

@Suite struct UniqueIdentifierTests {
    @Test(
        arguments: [
            (UniqueIdentifier.microsoftOS20, "d8dd60df-4589-4cc7-9cd2-659d9e648a9f"),
            (.webUSB, "3408b638-09a9-47a0-8bfd-a0768815b665"),
        ] as [(UniqueIdentifier, String)])
    func wellKnown(identifier: UniqueIdentifier, text: String) {
        #expect(identifier.description == text)
        #expect(UniqueIdentifier(text) == identifier)
        #expect(UniqueIdentifier(text.uppercased()) == identifier)
        #expect(UniqueIdentifier(identifier.bytes) == identifier)
    }

    @Test(arguments: [
        "", "-", "d8dd60df45894cc79cd2659d9e648a9f", "d8dd60df-4589-4cc7-9cd2-659d9e648a9",
        "g8dd60df-4589-4cc7-9cd2-659d9e648a9f",
        "+8dd60df-4589-4cc7-9cd2-659d9e648a9f", "d8dd60df-4589-4cc7-9cd2-659d9e648a9f-", "----",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(UniqueIdentifier(text) == nil)
    }

    @Test func otherNumbersOfBytesAreRefused() {
        #expect(UniqueIdentifier([UInt8](repeating: 0, count: 15)) == nil)
        #expect(UniqueIdentifier([UInt8](repeating: 0, count: 17)) == nil)
    }
}
