// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite struct BasicTypeTests {
    @Test func speedsGrow() {
        #expect(Speed.allCases == Speed.allCases.sorted())
        #expect(Speed.allCases.map(\.megabitsPerSecond) == [1.5, 12, 480, 5_000, 10_000])
        #expect(Speed.allCases.filter(\.isSuperSpeed) == [.superSpeed, .superSpeedPlus])
        #expect(
            Speed.allCases.map(\.description)
                == ["low speed", "full speed", "high speed", "super speed", "super speed plus"])
    }

    @Test func transferTypesHaveTheCodesOfTheDescriptor() {
        #expect((0...3).map { TransferType(rawValue: $0) } == [.control, .isochronous, .bulk, .interrupt])
        #expect(TransferType.allCases.map(\.description) == ["control", "isochronous", "bulk", "interrupt"])
        #expect(TransferType.allCases.filter(\.isPeriodic) == [.isochronous, .interrupt])
        #expect(Direction.allCases.map(\.description) == ["OUT", "IN"])
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func endpointAddress(_ raw: UInt8) {
        let address = EndpointAddress(rawValue: raw)
        #expect(address.number == raw % 16)
        #expect(address.direction == (raw < 128 ? .out : .in))
        #expect(EndpointAddress(number: address.number, direction: address.direction) == address.withoutReservedBits)
        #expect((address == address.withoutReservedBits) == (raw & 0x70 == 0))
    }

    @Test func endpointAddressText() {
        #expect("\(EndpointAddress(number: 1, direction: .in))" == "0x81")
        #expect("\(EndpointAddress.control)" == "0x00")
        #expect(EndpointAddress(0x02) < 0x81)
    }

    @Test(
        arguments: [
            (0x0200, 2, 0, 0, "2.00"), (0x0110, 1, 1, 0, "1.10"), (0x0320, 3, 2, 0, "3.20"),
            (0x1234, 12, 3, 4, "12.34"),
            (0x0000, 0, 0, 0, "0.00"), (0x0001, 0, 0, 1, "0.01"), (0xFFFF, 165, 15, 15, "ff.ff"),
        ] as [(UInt16, Int, Int, Int, String)])
    func release(raw: UInt16, major: Int, minor: Int, subminor: Int, text: String) {
        let release = BinaryCodedRelease(rawValue: raw)
        #expect([release.major, release.minor, release.subminor] == [major, minor, subminor])
        #expect(release.description == text)
    }

    @Test func releasesGrow() {
        #expect([.usb11, .usb20, .usb21, .usb32].sorted() == [BinaryCodedRelease.usb11, .usb20, .usb21, .usb32])
    }

    @Test(
        arguments: [
            (ClassCode(base: 0x01, subclass: 2), "Audio / Streaming"),
            (ClassCode(base: 0x01, subclass: 1, protocol: 0x20), "Audio / Control / Version 2"),
            (ClassCode(base: 0x03, subclass: 1, protocol: 1), "HID / Boot / Keyboard"),
            (ClassCode(base: 0x08, subclass: 6, protocol: 0x50), "Mass Storage / SCSI / Bulk-Only"),
            (ClassCode(base: 0x08, subclass: 6, protocol: 0x62), "Mass Storage / SCSI / USB Attached SCSI"),
            (ClassCode(base: 0x0E, subclass: 3), "Video / Interface Collection"),
            (.interfaceAssociation, "Miscellaneous / Common / Interface Association"),
            (.perInterface, "Per Interface"),
            (.vendorSpecific, "Vendor Specific"),
            (ClassCode(base: 0xFF, subclass: 1, protocol: 2), "Vendor Specific / 0x01 / 0x02"),
            (ClassCode(base: 0x99, subclass: 1, protocol: 2), "class 0x99 / 0x01 / 0x02"),
        ] as [(ClassCode, String)])
    func className(code: ClassCode, name: String) {
        #expect(code.description == name)
    }

    @Test func everyClassCodeHasAText() {
        for base in UInt8.min...UInt8.max {
            for subclass: UInt8 in [0, 1, 6, 255] {
                #expect(!ClassCode(base: base, subclass: subclass, protocol: 1).description.isEmpty)
            }
        }
    }

    @Test func descriptorTypeText() {
        #expect(DescriptorType.endpoint.description == "endpoint")
        #expect(DescriptorType(rawValue: 0x77).description == "0x77")
    }
}
