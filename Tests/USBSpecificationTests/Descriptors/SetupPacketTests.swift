// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite struct SetupPacketTests {
    /// The requests of USB 2.0 section 9.4 and USB 3.2 section 9.4 with the bytes that the tables there give.
    @Test(
        arguments: [
            (SetupPacket.getDescriptor(type: .device, length: 18), [0x80, 0x06, 0x00, 0x01, 0x00, 0x00, 0x12, 0x00]),
            (.getDescriptor(type: .configuration, index: 2, length: 0x0109), [0x80, 0x06, 2, 0x02, 0, 0, 0x09, 0x01]),
            (
                .getDescriptor(type: .string, index: 3, language: .englishUS, length: 255),
                [0x80, 0x06, 3, 0x03, 0x09, 0x04, 0xFF, 0]
            ),
            (.getDescriptor(type: .hidReport, ofInterface: 1, length: 63), [0x81, 0x06, 0, 0x22, 1, 0, 63, 0]),
            (.setDescriptor(type: .string, index: 1, language: 0x0407, length: 4), [0x00, 0x07, 1, 3, 7, 4, 4, 0]),
            (.setAddress(127), [0x00, 0x05, 0x7F, 0, 0, 0, 0, 0]),
            (.setConfiguration(1), [0x00, 0x09, 1, 0, 0, 0, 0, 0]),
            (.getConfiguration(), [0x80, 0x08, 0, 0, 0, 0, 1, 0]),
            (.setInterface(2, alternateSetting: 5), [0x01, 0x0B, 5, 0, 2, 0, 0, 0]),
            (.getInterface(2), [0x81, 0x0A, 0, 0, 2, 0, 1, 0]),
            (.getStatus(of: .device), [0x80, 0x00, 0, 0, 0, 0, 2, 0]),
            (.getStatus(of: .interface(3)), [0x81, 0x00, 0, 0, 3, 0, 2, 0]),
            (.getStatus(of: .endpoint(0x81)), [0x82, 0x00, 0, 0, 0x81, 0, 2, 0]),
            (.setFeature(.deviceRemoteWakeup, of: .device), [0x00, 0x03, 1, 0, 0, 0, 0, 0]),
            (.setFeature(.testMode, of: .device, option: 4), [0x00, 0x03, 2, 0, 0, 4, 0, 0]),
            (.setFeature(.u1Enable, of: .device), [0x00, 0x03, 48, 0, 0, 0, 0, 0]),
            (.clearFeature(.deviceRemoteWakeup, of: .device), [0x00, 0x01, 1, 0, 0, 0, 0, 0]),
            (.clearHalt(0x82), [0x02, 0x01, 0, 0, 0x82, 0, 0, 0]),
            (.synchFrame(0x01), [0x82, 0x0C, 0, 0, 1, 0, 2, 0]),
            (.setSEL(), [0x00, 0x30, 0, 0, 0, 0, 6, 0]),
            (.setIsochronousDelay(nanoseconds: 400), [0x00, 0x31, 0x90, 0x01, 0, 0, 0, 0]),
        ] as [(SetupPacket, [UInt8])])
    func standardRequest(packet: SetupPacket, bytes: [UInt8]) {
        #expect(packet.bytes == bytes)
        #expect(SetupPacket(bytes) == packet)
        #expect(packet.standardRequest?.rawValue == bytes[1])
        #expect(packet.direction == (bytes[0] >= 0x80 ? .in : .out))
    }

    @Test func anyEightBytesSurvive() {
        var random = DescriptorRandom(seed: 1)
        for _ in 0..<1_000 {
            let bytes = random.bytes(8...8)
            let packet = SetupPacket(bytes)
            #expect(packet?.bytes == bytes)
            #expect(packet.map { SetupPacket(packed: $0.packed) } == packet)
            let packed = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            #expect(packet?.packed == packed)
            #expect(packet?.description.isEmpty == false)
        }
    }

    @Test(arguments: [0, 1, 7, 9, 64])
    func otherNumbersOfBytesAreRefused(count: Int) {
        #expect(SetupPacket([UInt8](repeating: 0, count: count)) == nil)
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func requestType(raw: UInt8) {
        let type = RequestType(rawValue: raw)
        #expect(type.direction == (raw & 0x80 == 0 ? .out : .in))
        #expect(type.kind == [.standard, .class, .vendor, .reserved][Int(raw / 32 % 4)])
        let recipients: [RequestType.Recipient] = [.device, .interface, .endpoint, .other]
        #expect(type.recipient == (raw % 32 < 4 ? recipients[Int(raw % 32)] : .reserved))
        if raw % 32 <= 4 {
            #expect(RequestType(direction: type.direction, kind: type.kind, recipient: type.recipient) == type)
        }
    }

    @Test(
        arguments: [
            (SetupPacket.getDescriptor(type: .device, length: 18), "GET_DESCRIPTOR device 0, length 18"),
            (.setInterface(2, alternateSetting: 5), "SET_INTERFACE interface 2, alternate setting 5"),
            (.clearHalt(0x82), "CLEAR_FEATURE 0 of endpoint 0x82"),
            (.setConfiguration(1), "SET_CONFIGURATION 1"),
            (
                SetupPacket(
                    requestType: RequestType(direction: .in, kind: .vendor, recipient: .device), request: 0x51,
                    value: 0,
                    index: 1, length: 4),
                "IN vendor device request 0x51, value 0x0000, index 0x0001, length 4"
            ),
        ] as [(SetupPacket, String)])
    func text(packet: SetupPacket, text: String) {
        #expect(packet.description == text)
    }

    @Test func otherKindsAreNotStandard() {
        let packet = SetupPacket(
            requestType: RequestType(direction: .in, kind: .class, recipient: .interface), request: 6, value: 0,
            index: 0,
            length: 0)
        #expect(packet.standardRequest == nil)
    }

    @Test("Requests of a vendor and of a class are laid out as USB 2.0 table 9-2 has it")
    func otherRequests() {
        let vendor = SetupPacket.vendor(.out, 0x5B, value: 0x1234, index: 0x5678, length: 8)
        #expect(vendor.bytes == [0x40, 0x5B, 0x34, 0x12, 0x78, 0x56, 8, 0])
        let toInterface = SetupPacket.class(.in, 0x81, of: .interface(3), value: 0x0100, index: 0x0200, length: 1)
        #expect(toInterface.bytes == [0xA1, 0x81, 0x00, 0x01, 3, 2, 1, 0])
        let toEndpoint = SetupPacket.class(.out, 0x01, of: .endpoint(0x81), value: 0x0100, length: 3)
        #expect(toEndpoint.bytes == [0x22, 0x01, 0x00, 0x01, 0x81, 0, 3, 0])
    }
}
