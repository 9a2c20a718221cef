// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite struct DeviceDescriptorTests {
    @Test func gadgetZero() throws {
        let device = try DeviceDescriptor(DescriptorTable.device)
        #expect(device.usbRelease == .usb20)
        #expect(device.deviceClass == .vendorSpecific)
        #expect(device.vendorID == 0x0525 && device.productID == 0xA4A0)
        #expect(device.deviceRelease.description == "6.12")
        #expect([device.manufacturerString, device.productString, device.serialNumberString] == [1, 2, 3])
        #expect(device.configurationCount == 2)
        #expect(device.bytes == DescriptorTable.device)
    }

    @Test func controlPacketSizeIsAnExponentFromSuperSpeedUp() {
        var device = DeviceDescriptor(vendorID: 1, productID: 2)
        #expect(device.controlPacketSize(at: .high) == 64)
        device.maximumPacketSize0 = 9
        #expect(device.controlPacketSize(at: .superSpeed) == 512)
        #expect(device.controlPacketSize(at: .full) == 9)
        device.maximumPacketSize0 = 255
        #expect(device.controlPacketSize(at: .superSpeedPlus) == 32_768)
    }

    @Test func everyTruncation() {
        for count in 0..<18 {
            let bytes = [UInt8](DescriptorTable.device.prefix(count))
            let kind: DescriptorDefect.Kind =
                count < 2 ? .strayBytes(count: count) : .overrun(.device, length: 18, available: count)
            #expect(throws: DescriptorDefect(kind, at: 0)) { try DeviceDescriptor(bytes) }
        }
    }

    @Test(
        arguments: [
            (0, DescriptorDefect.Kind.impossibleLength(0)), (1, .impossibleLength(1)),
            (2, .tooShort(.device, length: 2, minimum: 18)), (17, .tooShort(.device, length: 17, minimum: 18)),
            (19, .overrun(.device, length: 19, available: 18)), (255, .overrun(.device, length: 255, available: 18)),
        ] as [(UInt8, DescriptorDefect.Kind)])
    func everyLength(length: UInt8, kind: DescriptorDefect.Kind) {
        var bytes = DescriptorTable.device
        bytes[0] = length
        #expect(throws: DescriptorDefect(kind, at: 0)) { try DeviceDescriptor(bytes) }
    }

    @Test func anotherTypeIsRefused() {
        #expect(throws: DescriptorDefect(.wrongType(expected: .deviceQualifier, found: .device), at: 0)) {
            try DeviceQualifierDescriptor(DescriptorTable.device)
        }
    }

    @Test func qualifier() throws {
        let bytes: [UInt8] = [0x0A, 0x06, 0x00, 0x02, 0xEF, 0x02, 0x01, 0x40, 0x01, 0x00]
        let qualifier = try DeviceQualifierDescriptor(bytes)
        #expect(qualifier == DeviceQualifierDescriptor(deviceClass: .interfaceAssociation))
        #expect(qualifier.bytes == bytes)
    }

    @Test func longerThanTheStandardIsKept() throws {
        let bytes = [20] + DescriptorTable.device.dropFirst() + [0xAA, 0xBB]
        let device = try DeviceDescriptor(bytes)
        #expect(device.trailing == [0xAA, 0xBB])
        #expect(device.bytes == bytes)
        // What lies behind the descriptor is not its own.
        #expect(try DeviceDescriptor(bytes + [1, 2, 3]) == device)
    }

    @Test func trailingBytesBeyondTheLengthFieldAreLeftOut() throws {
        let device = DeviceDescriptor(vendorID: 1, productID: 2, trailing: [UInt8](repeating: 7, count: 300))
        #expect(device.bytes.count == 255)
        #expect(try DeviceDescriptor(device.bytes).trailing.count == 237)
    }
}
