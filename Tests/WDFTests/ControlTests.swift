// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import USBSpecification
import VirtualUSB
import Win32

@testable import WDF

@Suite("control transfers")
struct ControlTests {
    private func vendor(_ direction: WDF_USB_BMREQUEST_DIRECTION, _ request: UInt8) -> WDF_USB_CONTROL_SETUP_PACKET {
        var packet = WDF_USB_CONTROL_SETUP_PACKET()
        unsafe WDF_USB_CONTROL_SETUP_PACKET_INIT_VENDOR(&packet, direction, BmRequestToDevice, request, 0x1234, 0x5678)
        return packet
    }

    private func send(
        _ fixture: UsbFixture<ScriptedDevice>, _ packet: WDF_USB_CONTROL_SETUP_PACKET,
        _ bytes: UnsafeMutableRawBufferPointer?, _ byteCount: PULONG? = nil
    ) -> NTSTATUS {
        var packet = packet
        var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
        guard let bytes = unsafe bytes else {
            return unsafe WdfUsbTargetDeviceSendControlTransferSynchronously(
                fixture.usb, nil, nil, &packet, nil, byteCount)
        }
        unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, bytes.baseAddress, ULONG(bytes.count))
        return unsafe WdfUsbTargetDeviceSendControlTransferSynchronously(
            fixture.usb, nil, nil, &packet, &descriptor, byteCount)
    }

    @Test("bytes go and come; the length is that of the memory, whatever the packet says")
    func data() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            unsafe try withMemory(100) { bytes in
                for index in 0..<100 { unsafe bytes[index] = UInt8(index) }
                var packet = vendor(BmRequestHostToDevice, 1)
                unsafe packet.Packet.wLength = 7
                var count: ULONG = 0
                #expect(unsafe send(fixture, packet, bytes, &count) == 0)
                #expect(count == 100)
                let setup = try #require(fixture.look(\.controls.last))
                #expect(setup.length == 100)
                #expect(setup.value == 0x1234)
                #expect(setup.index == 0x5678)
                #expect(setup.requestType.rawValue == 0x40)
                #expect(fixture.look(\.controlData) == (0..<100).map { UInt8($0) })
            }
            // Fewer bytes than there is room for are no error.
            unsafe withMemory(200) { bytes in
                var count: ULONG = 0
                #expect(unsafe send(fixture, vendor(BmRequestDeviceToHost, 2), bytes, &count) == 0)
                #expect(count == 100)
                #expect(unsafe bytes[99] == 99)
            }
        }
    }

    @Test("a transfer without data, and one that the device refuses")
    func refusal() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            var count: ULONG = 5
            #expect(unsafe send(fixture, vendor(BmRequestHostToDevice, 1), nil, &count) == 0)
            #expect(count == 0)
            for profile in [Profile.framework, .documented] {
                count = 5
                #expect(
                    Profile.with(profile) {
                        unsafe send(fixture, vendor(BmRequestHostToDevice, 0xEE), nil, &count)
                    } == status(0xC000_0001))
                #expect(count == 0)
            }
            // The pipe itself stays usable.
            #expect(unsafe send(fixture, vendor(BmRequestHostToDevice, 1), nil) == 0)
        }
    }

    @Test("65535 bytes are the most", arguments: [(65535, UInt32(0)), (65536, 0xC000_000D)])
    func limit(byteCount: Int, code: UInt32) throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            unsafe withMemory(byteCount) { bytes in
                #expect(unsafe send(fixture, vendor(BmRequestHostToDevice, 1), bytes) == status(code))
            }
        }
    }

    @Test("a descriptor without a pointer stands for no bytes, if it has no length")
    func emptyDescriptors() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            var packet = vendor(BmRequestHostToDevice, 1)
            var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
            func send() -> NTSTATUS {
                unsafe WdfUsbTargetDeviceSendControlTransferSynchronously(
                    fixture.usb, nil, nil, &packet, &descriptor, nil)
            }
            unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, nil, 0)
            #expect(send() == 0)
            unsafe WDF_MEMORY_DESCRIPTOR_INIT_MDL(&descriptor, nil, 0)
            #expect(send() == 0)
            unsafe WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&descriptor, nil, nil)
            #expect(send() == 0)
            unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, nil, 4)
            #expect(send() == status(0xC000_000D))
            #expect(Profile.with(.documented) { send() } == status(0xC000_0010))
        }
    }

    @Test("a request is formatted for a control transfer, and tells its packet afterwards")
    func formatted() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            let target = unsafe WdfUsbTargetDeviceGetIoTarget(fixture.usb)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, target, &request) == 0)
            var memory: WDFMEMORY?
            #expect(unsafe WdfMemoryCreate(nil, NonPagedPool, 0, 20, &memory, nil) == 0)
            var packet = vendor(BmRequestHostToDevice, 3)
            var offsets = WDFMEMORY_OFFSET(BufferOffset: 8, BufferLength: 0)
            #expect(
                unsafe WdfUsbTargetDeviceFormatRequestForControlTransfer(
                    fixture.usb, request, &packet, memory, &offsets) == 0)
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue)
            #expect(unsafe WdfRequestSend(request, target, &options) != 0)
            #expect(unsafe WdfRequestGetStatus(request) == 0)
            #expect(fixture.look(\.controlData.count) == 12)
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(memory))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
        }
    }

    @Test("a missing setup packet is a bug check")
    func missingPacket() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            let found = BugCheck.intercepting {
                #expect(
                    unsafe WdfUsbTargetDeviceSendControlTransferSynchronously(fixture.usb, nil, nil, nil, nil, nil)
                        == status(0xC000_0001))
            }
            #expect(found.map { $0.parameters[0] } == [4])
        }
    }
}
