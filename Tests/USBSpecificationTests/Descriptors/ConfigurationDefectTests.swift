// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

/// Each case of ``DescriptorDefect/Kind`` that a configuration can have, and what a lenient parse makes of it.
@Suite struct ConfigurationDefectTests {
    private static let interface: [UInt8] = [9, 4, 0, 0, 1, 0xFF, 0, 0, 0]
    private static let bulkIn: [UInt8] = [7, 5, 0x81, 2, 0, 2, 0]
    private static let companion: [UInt8] = [6, 0x30, 0, 0, 0, 0]
    private static let raw: [UInt8] = [3, 0x24, 7]

    private static func interface(_ number: UInt8, _ alternate: UInt8, endpoints: UInt8 = 0) -> [UInt8] {
        [9, 4, number, alternate, endpoints, 0xFF, 0, 0, 0]
    }

    private static func association(_ first: UInt8, _ count: UInt8) -> [UInt8] { [8, 0x0B, first, count, 0, 0, 0, 0] }

    /// A header with right figures, then the descriptors.
    private static func configuration(interfaces: UInt8 = 1, _ descriptors: [[UInt8]]) -> [UInt8] {
        let body = descriptors.flatMap { $0 }
        return [9, 2, UInt8(body.count + 9), 0, interfaces, 1, 0, 0x80, 50] + body
    }

    /// Bytes, the defects they have, and the sizes of what is left: for each interface, for each setting, its
    /// endpoints.
    struct Case: CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var defects: [DescriptorDefect]
        var left: [[Int]]
        var speed: Speed?

        init(
            _ name: String, _ bytes: [UInt8], _ defects: [(DescriptorDefect.Kind, Int)], left: [[Int]],
            speed: Speed? = nil
        ) {
            self.name = name
            self.bytes = bytes
            self.defects = defects.map { DescriptorDefect($0.0, at: $0.1) }
            self.left = left
            self.speed = speed
        }

        var testDescription: String { name }
    }

    static let structure: [Case] = [
        Case(
            "endpoint before any interface", configuration([bulkIn, raw, interface, bulkIn]),
            [(.endpointOutsideInterface(0x81), 9)], left: [[1]]),
        Case(
            "interface twice", configuration([interface, bulkIn, interface, bulkIn, raw]),
            [(.repeatedAlternateSetting(interface: 0, alternate: 0), 25)], left: [[1]]),
        Case(
            "settings out of order are fine",
            configuration([interface(0, 2), interface(0, 0), interface(0, 1)]), [], left: [[0, 0, 0]]),
        Case(
            "interfaces out of order are fine", configuration(interfaces: 2, [interface(1, 0), interface(0, 0)]), [],
            left: [[0], [0]]),
        Case(
            "settings apart", configuration(interfaces: 2, [interface(0, 0), interface(1, 0), interface(0, 1)]),
            [(.scatteredAlternateSetting(interface: 0, alternate: 1), 27)], left: [[0, 0], [0]]),
        Case(
            "no setting 0", configuration([interface(0, 1)]), [(.missingDefaultSetting(interface: 0), 9)], left: [[0]]),
        Case(
            "number too large", configuration([interface(4, 0)]), [(.interfaceNumberTooLarge(4, count: 1), 9)],
            left: [[0]]),
        Case(
            "no interfaces stated", configuration(interfaces: 0, [interface(0, 0)]),
            [(.interfaceNumberTooLarge(0, count: 0), 9), (.wrongInterfaceCount(stated: 0, actual: 1), 0)], left: [[0]]),
        Case(
            "more interfaces stated", configuration(interfaces: 255, [interface(0, 0)]),
            [(.wrongInterfaceCount(stated: 255, actual: 1), 0)], left: [[0]]),
        Case(
            "configuration inside", configuration([interface(0, 0), [9, 2, 9, 0, 0, 1, 0, 0x80, 0]]),
            [(.misplaced(.configuration), 18)], left: [[0]]),
        Case(
            "short interface", configuration([interface, bulkIn, [8, 4, 0, 1, 1, 0, 0, 0], bulkIn, raw]),
            [(.tooShort(.interface, length: 8, minimum: 9), 25)], left: [[1]]),
    ]

    static let associationCases: [Case] = [
        Case(
            "missing interface", configuration([association(0, 2), interface(0, 0)]),
            [(.associationOfMissingInterface(1), 9)], left: [[0]]),
        Case(
            "none of the interfaces", configuration([association(7, 1), interface(0, 0)]),
            [(.associationOfMissingInterface(7), 9)], left: [[0]]),
        Case(
            "beyond the last number", configuration([association(0, 255), interface(0, 0)]),
            [(.associationOfMissingInterface(1), 9)], left: [[0]]),
        Case(
            "empty", configuration([association(0, 0), interface(0, 0)]), [(.emptyAssociation(first: 0), 9)],
            left: [[0]]),
        Case(
            "behind its interface", configuration([interface(0, 0), association(0, 1)]),
            [(.misplacedAssociation(first: 0), 18)], left: [[0]]),
        Case(
            "something in between", configuration([association(0, 1), raw, interface(0, 0)]),
            [(.misplacedAssociation(first: 0), 9)], left: [[0]]),
        Case(
            "overlap",
            configuration(
                interfaces: 2, [association(0, 2), interface(0, 0), association(1, 1), interface(1, 0)]),
            [(.overlappingAssociations(interface: 1), 26)], left: [[0], [0]]),
        Case(
            "short", configuration([[4, 0x0B, 0, 1], interface(0, 0)]),
            [(.tooShort(.interfaceAssociation, length: 4, minimum: 8), 9)], left: [[0]]),
    ]

    static let endpointCases: [Case] = [
        Case(
            "number 0", configuration([interface, [7, 5, 0x80, 2, 0, 2, 0], raw]),
            [(.endpointNumberZero(0x80), 18)], left: [[0]]),
        Case(
            "reserved address bits", configuration([interface, [7, 5, 0xF1, 2, 0, 2, 0]]),
            [(.reservedAddressBits(0xF1), 18)], left: [[1]]),
        Case(
            "same address twice", configuration([interface(0, 0, endpoints: 2), bulkIn, bulkIn, raw]),
            [(.repeatedEndpoint(0x81, interface: 0), 25)], left: [[1]]),
        Case(
            "address of another interface",
            configuration(interfaces: 2, [interface, bulkIn, interface(1, 0, endpoints: 1), bulkIn]),
            [(.repeatedEndpoint(0x81, interface: 0), 34)], left: [[1], [0]]),
        Case(
            "same address in another setting is fine",
            configuration([interface, bulkIn, interface(0, 1, endpoints: 1), bulkIn]), [], left: [[1, 1]]),
        Case(
            "both directions of a number are fine",
            configuration([interface(0, 0, endpoints: 2), bulkIn, [7, 5, 0x01, 2, 0, 2, 0]]), [], left: [[2]]),
        Case(
            "a control endpoint takes both directions",
            configuration([interface(0, 0, endpoints: 2), [7, 5, 0x01, 0, 64, 0, 0], bulkIn]),
            [(.repeatedEndpoint(0x81, interface: 0), 25)], left: [[1]]),
        Case(
            "short endpoint", configuration([interface, [6, 5, 0x81, 2, 0, 2], raw]),
            [(.tooShort(.endpoint, length: 6, minimum: 7), 18)], left: [[0]]),
        Case(
            "no endpoints stated", configuration([interface(0, 0), bulkIn]),
            [(.wrongEndpointCount(interface: 0, alternate: 0, stated: 0, actual: 1), 9)], left: [[1]]),
        Case(
            "more endpoints stated", configuration([interface(0, 0, endpoints: 255), bulkIn]),
            [(.wrongEndpointCount(interface: 0, alternate: 0, stated: 255, actual: 1), 9)], left: [[1]]),
    ]

    static let companionCases: [Case] = [
        Case(
            "before the endpoint", configuration([interface, companion, bulkIn]),
            [(.misplacedCompanion(.superSpeedEndpointCompanion), 18)], left: [[1]]),
        Case(
            "behind something else", configuration([interface, bulkIn, raw, companion]),
            [(.misplacedCompanion(.superSpeedEndpointCompanion), 28)], left: [[1]]),
        Case(
            "two", configuration([interface, bulkIn, companion, companion]),
            [(.repeatedCompanion(.superSpeedEndpointCompanion), 31)], left: [[1]]),
        Case(
            "short", configuration([interface, bulkIn, [5, 0x30, 0, 0, 0]]),
            [(.tooShort(.superSpeedEndpointCompanion, length: 5, minimum: 6), 25)], left: [[1]]),
        Case(
            "isochronous companion alone", configuration([interface, bulkIn, [8, 0x31, 0, 0, 0, 0, 0, 0]]),
            [(.misplacedCompanion(.superSpeedPlusIsochronousCompanion), 25)], left: [[1]]),
        Case(
            "isochronous companion of a bulk endpoint",
            configuration([interface, bulkIn, [6, 0x30, 0, 0x80, 0, 0], [8, 0x31, 0, 0, 0, 0, 0, 0]]),
            [(.unannouncedIsochronousCompanion(0x81), 31)], left: [[1]]),
    ]

    /// An isochronous endpoint of 1024 bytes in alternate setting 1, with these companions behind it.
    private static func isochronous(_ companions: [[UInt8]]) -> [UInt8] {
        configuration([interface(0, 0), interface(0, 1, endpoints: 1), [7, 5, 0x81, 5, 0, 4, 1]] + companions)
    }

    static let isochronousCompanionCases: [Case] = [
        Case(
            "not announced", isochronous([[6, 0x30, 0, 0, 0, 4], [8, 0x31, 0, 0, 0, 4, 0, 0]]),
            [(.unannouncedIsochronousCompanion(0x81), 40)], left: [[0, 1]]),
        Case(
            "announced, not there", isochronous([[6, 0x30, 0, 0x80, 1, 0]]),
            [(.missingIsochronousCompanion(0x81), 27)], left: [[0, 1]]),
        Case(
            "behind something else", isochronous([[6, 0x30, 0, 0x80, 1, 0], raw, [8, 0x31, 0, 0, 0, 4, 0, 0]]),
            [
                (.misplacedCompanion(.superSpeedPlusIsochronousCompanion), 43),
                (.missingIsochronousCompanion(0x81), 27),
            ], left: [[0, 1]]),
        Case(
            "two",
            isochronous([
                [6, 0x30, 0, 0x80, 1, 0], [8, 0x31, 0, 0, 0, 4, 0, 0], [8, 0x31, 0, 0, 0, 4, 0, 0],
            ]),
            [(.repeatedCompanion(.superSpeedPlusIsochronousCompanion), 48)], left: [[0, 1]]),
        Case(
            "none at SuperSpeed", isochronous([]), [(.missingCompanion(0x81), 27)], left: [[0, 1]],
            speed: .superSpeed),
        Case(
            "one at high speed", isochronous([[6, 0x30, 0, 0, 0, 4]]), [(.companionBelowSuperSpeed(0x81), 27)],
            left: [[0, 1]], speed: .high),
        Case(
            "burst of 17", isochronous([[6, 0x30, 16, 0, 0, 4]]), [(.burstOutOfRange(0x81, maxBurst: 16), 27)],
            left: [[0, 1]]),
        Case(
            "Mult 3", isochronous([[6, 0x30, 0, 3, 0, 4]]), [(.multiplierOutOfRange(0x81, multiplier: 3), 27)],
            left: [[0, 1]]),
        Case(
            "too many bytes", isochronous([[6, 0x30, 1, 1, 1, 0x10]]),
            [(.bytesPerIntervalTooLarge(0x81, bytes: 4097, maximum: 4096), 27)], left: [[0, 1]]),
        Case(
            "as many bytes as fit", isochronous([[6, 0x30, 15, 2, 0, 0xC0]]), [], left: [[0, 1]], speed: .superSpeed),
    ]

    @Test(arguments: [structure, associationCases, endpointCases, companionCases, isochronousCompanionCases].joined())
    func isNamedAndSurvived(_ test: Case) throws {
        let parsed = Configuration.parse(test.bytes, speed: test.speed)
        #expect(parsed.defects == test.defects)
        let value = try #require(parsed.value)
        #expect(value.interfaces.map { $0.alternateSettings.map(\.endpoints.count) } == test.left)
        #expect(Configuration.parse(value.bytes).value == value)
        if let first = test.defects.first {
            #expect(throws: first) { try Configuration(test.bytes, speed: test.speed) }
        } else {
            #expect(value.bytes == test.bytes)
        }
    }

    @Test func whatIsKeptRawStaysInPlace() throws {
        let bytes = Self.configuration([Self.interface, Self.companion, Self.bulkIn, Self.companion, Self.companion])
        let value = try #require(Configuration.parse(bytes).value)
        #expect(value.alternateSetting(0, of: 0)?.extras.map(\.type) == [.superSpeedEndpointCompanion])
        let endpoint = try #require(value.alternateSetting(0, of: 0)?.endpoint(0x81))
        #expect(endpoint.companion != nil)
        #expect(endpoint.extras.map(\.bytes) == [Self.companion])
        #expect(value.bytes == bytes)
    }

    /// Class descriptors and companions behind something that is skipped are not taken for another's.
    @Test(
        arguments: [
            [7, 5, 0x80, 2, 0, 2, 0], [7, 5, 0x81, 2, 0, 2, 0], [6, 5, 0x82, 2, 0, 2], [9, 4, 0, 0, 0, 0, 0, 0, 0],
            [8, 4, 0, 1, 0, 0, 0, 0],
        ] as [[UInt8]])
    func whatFollowsASkippedDescriptorIsSkipped(skipped: [UInt8]) {
        let start = [Self.interface, Self.bulkIn, Self.companion, Self.raw]
        let bytes = Self.configuration(start + [skipped, Self.raw, Self.companion, Self.raw])
        #expect(Configuration.parse(bytes).value?.bytes == Self.configuration(start))
    }

    @Test func whatPrecedesTheFirstInterfaceIsSkippedOnlyBehindAnEndpoint() {
        let bytes = Self.configuration([Self.raw, Self.bulkIn, Self.raw, Self.interface])
        #expect(Configuration.parse(bytes).value?.extras.count == 1)
    }

    @Test func reservedAddressBitsAreCleared() throws {
        let bytes = Self.configuration([Self.interface, [7, 5, 0xF1, 2, 0, 2, 0]])
        #expect(Configuration.parse(bytes).value?.alternateSetting(0, of: 0)?.endpoint(0x81) != nil)
    }

    @Test(arguments: [
        (0, 18), (8, 18), (9, 9), (17, 9), (19, 18), (65_535, 18),
    ])
    func totalLength(stated: Int, used: Int) throws {
        var bytes = Self.configuration([Self.interface(0, 0)])
        bytes[2] = UInt8(stated & 0xFF)
        bytes[3] = UInt8(stated >> 8)
        let parsed = Configuration.parse(bytes)
        #expect(parsed.defects.first == DescriptorDefect(.wrongTotalLength(stated: stated, actual: 18), at: 0))
        #expect(parsed.value?.interfaces.count == (used == 18 ? 1 : 0))
        #expect(parsed.value?.descriptor.totalLength == UInt16(used))
        #expect(
            parsed.defects.contains(DescriptorDefect(.overrun(.interface, length: 9, available: 8), at: 9))
                == (stated == 17))
    }

    @Test func otherDescriptorsAreNoConfiguration() {
        #expect(
            Configuration.parse(DescriptorTable.device)
                == Parsed(
                    value: nil,
                    defects: [DescriptorDefect(.wrongType(expected: .configuration, found: .device), at: 0)]))
        #expect(throws: DescriptorDefect(.strayBytes(count: 0), at: 0)) { try Configuration([]) }
    }

    @Test func defectsSayWhatAndWhere() {
        #expect(
            DescriptorDefect(.tooShort(.endpoint, length: 5, minimum: 7), at: 18).description
                == "at byte 18: endpoint descriptor of 5 bytes, needs 7")
        #expect(
            DescriptorDefect(.repeatedEndpoint(0x81, interface: 2), at: 34).description
                == "at byte 34: endpoint 0x81 is already in use by interface 2")
    }
}
