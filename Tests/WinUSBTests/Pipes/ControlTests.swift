// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification
import VirtualUSB
import WinUSB

@Suite("Control transfers")
struct ControlTests {
    @Test("Requests for an interface get its number in the low byte of the index, others keep theirs")
    func interfaceNumber() throws {
        try Device.with(ScriptedDevice()) { device in
            var handle: HANDLE?
            #expect(errorCode { unsafe WinUsb_GetAssociatedInterface(device.handle, 1, &handle) } == 0)
            device.attachment.withPeripheral { $0.answer = .accepted }
            for type: UInt8 in [0x41, 0x21, 0x40, 0x43] {
                let packet = WINUSB_SETUP_PACKET(RequestType: type, Request: 7, Value: 1, Index: 0x1234, Length: 0)
                #expect(errorCode { unsafe WinUsb_ControlTransfer(handle, packet, nil, 0, nil, nil) } == 0)
                let index = device.attachment.withPeripheral { $0.requests.last?.setup.index }
                #expect(index == (type & 0x1F == 1 ? 0x1202 : 0x1234))
            }
            unsafe WinUsb_Free(handle)
        }
    }

    @Test("Data move both ways, as far as packet and buffer both allow")
    func data() throws {
        try Device.with(ScriptedDevice()) { device in
            func packet(_ type: UInt8, _ length: UInt16) -> WINUSB_SETUP_PACKET {
                WINUSB_SETUP_PACKET(RequestType: type, Request: 7, Value: 0, Index: 0, Length: length)
            }
            device.attachment.withPeripheral { $0.answer = .data(counting(100)) }
            #expect(device.control(packet(0xC0, 100), [UInt8](repeating: 0, count: 100)) == Transferred(counting(100)))
            #expect(device.control(packet(0xC0, 100), [UInt8](repeating: 0, count: 10)) == Transferred(counting(10)))
            #expect(device.control(packet(0xC0, 10), [UInt8](repeating: 0, count: 100)) == Transferred(counting(10)))
            device.attachment.withPeripheral { $0.answer = .data([1, 2]) }
            #expect(device.control(packet(0xC0, 64), [UInt8](repeating: 0, count: 64)) == Transferred([1, 2]))
            #expect(device.control(packet(0x40, 5), counting(5)) == Transferred(counting(5)))
            #expect(device.attachment.withPeripheral { $0.requests.last?.bytes } == counting(5))
        }
    }

    @Test("No more than 4096 bytes move", arguments: [(4096, 0), (4097, 87)] as [(Int, UInt32)])
    func limit(_ count: Int, _ code: UInt32) throws {
        try Device.with(ScriptedDevice()) { device in
            device.attachment.withPeripheral { $0.answer = .accepted }
            let packet = WINUSB_SETUP_PACKET(
                RequestType: 0x40, Request: 7, Value: 0, Index: 0, Length: UInt16(count))
            #expect(device.control(packet, counting(count)).error == code)
        }
    }

    @Test("Arguments that cannot be right are error 87")
    func arguments() throws {
        try Device.with(ScriptedDevice()) { device in
            var bytes = [UInt8](repeating: 0, count: 8)
            var length: ULONG = 0
            func call(_ type: UInt8, _ request: UInt8, _ count: ULONG, _ buffer: PUCHAR?, _ moved: PULONG?) -> UInt32 {
                let packet = WINUSB_SETUP_PACKET(
                    RequestType: type, Request: request, Value: 1, Index: 0, Length: UInt16(count))
                return errorCode { unsafe WinUsb_ControlTransfer(device.handle, packet, buffer, count, moved, nil) }
            }
            #expect(unsafe call(0xC0, 1, 8, nil, &length) == 87)
            #expect(unsafe call(0xC0, 1, 8, &bytes, nil) == 87)
            #expect(unsafe call(0x00, 5, 0, nil, &length) == 87, "SET_ADDRESS")
            #expect(unsafe call(0x00, 9, 0, nil, &length) == 87, "SET_CONFIGURATION")
            #expect(unsafe call(0x01, 11, 0, nil, &length) == 87, "SET_INTERFACE")
            #expect(call(0x40, 1, 0, nil, nil) == 31, "the device refuses, and the call was right")
        }
    }

    @Test("A request without an answer ends after 5 seconds, or when the policy says")
    func timeout() throws {
        try Device.with(ScriptedDevice()) { device in
            device.attachment.withPeripheral { $0.answer = .nak }
            let packet = WINUSB_SETUP_PACKET(RequestType: 0x40, Request: 7, Value: 0, Index: 0, Length: 0)
            for (limit, milliseconds) in [(nil, 5000), (20, 20)] as [(UInt32?, Int)] {
                if let limit { #expect(device.setTimeout(0, limit) == 0) }
                let before = device.now
                #expect(device.control(packet, []).error == 121)
                let waited = before.duration(to: device.now)
                #expect(waited >= .milliseconds(milliseconds) && waited < .milliseconds(milliseconds + 3))
            }
            device.attachment.withPeripheral { $0.answer = .accepted }
            #expect(device.control(packet, []).error == 0)
        }
    }
}
