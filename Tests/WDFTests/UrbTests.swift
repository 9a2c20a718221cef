// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import USBRequests
import USBSpecification
import VirtualUSB
import Win32

@testable import WDF

/// An isochronous block that a driver has made with the framework.
@safe private final class IsochronousUrb {
    let block: UnsafeMutablePointer<_URB_ISOCH_TRANSFER>
    let urb: PURB
    private let handle: WDFMEMORY
    private let memory: UnsafeMutableRawBufferPointer

    init(_ fixture: UsbFixture<ScriptedDevice>, _ endpoint: UInt8, packets: Int, room: Int? = nil) throws {
        let size = ScriptedDevice.isochronousSize
        var handle: WDFMEMORY?
        var urb: PURB?
        try #require(
            unsafe WdfUsbTargetDeviceCreateIsochUrb(fixture.usb, nil, ULONG(room ?? packets), &handle, &urb) == 0)
        unsafe self.handle = unsafe try #require(unsafe handle)
        unsafe self.urb = unsafe try #require(unsafe urb)
        unsafe block = unsafe UnsafeMutableRawPointer(self.urb).assumingMemoryBound(to: _URB_ISOCH_TRANSFER.self)
        unsafe memory = .allocate(byteCount: packets * size, alignment: 8)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe block.pointee.Hdr.Length = USHORT(BlockMemory.byteCount(packets: packets))
        unsafe block.pointee.Hdr.Function = USHORT(URB_FUNCTION_ISOCH_TRANSFER)
        unsafe block.pointee.PipeHandle = unsafe WdfUsbTargetPipeWdmGetPipeHandle(try fixture.pipe(endpoint))
        let direction = endpoint & 0x80 != 0 ? USBD_TRANSFER_DIRECTION_IN : 0
        unsafe block.pointee.TransferFlags = ULONG(direction | USBD_START_ISO_TRANSFER_ASAP)
        unsafe block.pointee.TransferBuffer = unsafe memory.baseAddress
        unsafe block.pointee.TransferBufferLength = ULONG(packets * size)
        unsafe block.pointee.NumberOfPackets = ULONG(packets)
        for index in 0..<packets {
            unsafe packet(index).pointee.Offset = ULONG(index * size)
        }
    }

    deinit {
        unsafe WdfObjectDelete(UnsafeMutableRawPointer(handle))
        unsafe memory.deallocate()
    }

    func packet(_ index: Int) -> UnsafeMutablePointer<USBD_ISO_PACKET_DESCRIPTOR> {
        let offset = unsafe MemoryLayout<_URB_ISOCH_TRANSFER>.offset(of: \.IsoPacket) ?? 0
        return unsafe (UnsafeMutableRawPointer(block) + offset + 12 * index).assumingMemoryBound(
            to: USBD_ISO_PACKET_DESCRIPTOR.self)
    }

    func send(_ fixture: UsbFixture<ScriptedDevice>, _ endpoint: UInt8) -> NTSTATUS {
        unsafe WdfUsbTargetPipeSendUrbSynchronously(try? fixture.pipe(endpoint), nil, nil, urb)
    }

    var status: UInt32 { UInt32(bitPattern: unsafe block.pointee.Hdr.Status) }
    var errorCount: ULONG { unsafe block.pointee.ErrorCount }
}

@Suite("blocks of drivers")
struct UrbTests {
    private func withIsochronous(
        _ options: ScriptedDevice.Options = .init(), _ body: (UsbFixture<ScriptedDevice>) throws -> Void
    ) throws {
        try UsbFixture.run(ScriptedDevice(options)) { fixture in
            try #require(fixture.select(1) == 0)
            try body(fixture)
        }
    }

    @Test(
        "behaviour 25: a block fails only when all of its packets do",
        arguments: [([], 0, 0), ([3], 1, 0), ([0, 1, 2, 3, 4, 5, 6, 7], 8, 0xC000_0B00)] as [(Set<Int>, ULONG, UInt32)])
    func outcomes(faults: Set<Int>, errorCount: ULONG, code: UInt32) throws {
        try withIsochronous { fixture in
            fixture.attachment.withPeripheral { $0.isochronousFaults = faults }
            let urb = try IsochronousUrb(fixture, ScriptedDevice.isochronousIn, packets: 8)
            let found = urb.send(fixture, ScriptedDevice.isochronousIn)
            #expect(found == (code == 0 ? 0 : WDFTests.status(0xC000_0001)))
            #expect(urb.status == code)
            #expect(urb.errorCount == errorCount)
            for index in 0..<8 {
                let isFaulty = faults.contains(index)
                #expect(unsafe urb.packet(index).pointee.Status < 0 ? isFaulty : !isFaulty)
                #expect(unsafe urb.packet(index).pointee.Length == (isFaulty ? 0 : 64))
            }
        }
    }

    @Test(
        "behaviour 25: packets are whole frames, and no more than a pipe takes",
        arguments: [
            (Speed.high, 8, UInt32(0)), (.high, 7, 0xC000_000D), (.full, 255, 0), (.full, 256, 0xC000_000D),
        ])
    func packets(speed: Speed, count: Int, code: UInt32) throws {
        try withIsochronous(.init(speed: speed)) { fixture in
            let urb = try IsochronousUrb(fixture, ScriptedDevice.isochronousOut, packets: count)
            #expect(urb.send(fixture, ScriptedDevice.isochronousOut) == status(code))
        }
    }

    @Test("behaviour 25: the frame that was chosen is written back")
    func startFrame() throws {
        try withIsochronous { fixture in
            let urb = try IsochronousUrb(fixture, ScriptedDevice.isochronousOut, packets: 8)
            unsafe urb.block.pointee.StartFrame = 0
            let before = fixture.bus.frame().frame.truncated32
            #expect(urb.send(fixture, ScriptedDevice.isochronousOut) == 0)
            #expect(unsafe urb.block.pointee.StartFrame > before)
            #expect(fixture.look(\.received.count) == 8)
        }
    }

    @Test("a block needs a contract, and a parent that goes with the device")
    func creation() throws {
        try UsbFixture.run(ScriptedDevice(), contract: nil, isConfigured: false) { fixture in
            var memory: WDFMEMORY?
            #expect(unsafe WdfUsbTargetDeviceCreateUrb(fixture.usb, nil, &memory, nil) == status(0xC000_0184))
            #expect(unsafe WdfUsbTargetDeviceCreateIsochUrb(fixture.usb, nil, 8, &memory, nil) == status(0xC000_0184))
        }
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            var memory: WDFMEMORY?
            var size = 0
            #expect(unsafe WdfUsbTargetDeviceCreateUrb(fixture.usb, nil, &memory, nil) == 0)
            #expect(unsafe WdfMemoryGetBuffer(memory, &size) != nil)
            #expect(unsafe size == MemoryLayout<URB>.size)
            #expect(unsafe WdfUsbTargetDeviceCreateIsochUrb(fixture.usb, nil, 8, &memory, nil) == 0)
            _ = unsafe WdfMemoryGetBuffer(memory, &size)
            #expect(size == 248)
            #expect(
                unsafe WdfUsbTargetDeviceCreateIsochUrb(fixture.usb, nil, 5449, &memory, nil) == status(0xC000_000D))
            var general: WDFOBJECT?
            #expect(unsafe WdfObjectCreate(nil, &general) == 0)
            var attributes = unsafe WDF_OBJECT_ATTRIBUTES()
            unsafe WDF_OBJECT_ATTRIBUTES_INIT(&attributes)
            unsafe attributes.ParentObject = unsafe general
            #expect(
                unsafe WdfUsbTargetDeviceCreateUrb(fixture.usb, &attributes, &memory, nil) == status(0xC000_000D))
            unsafe WdfObjectDelete(general)
            unsafe attributes.ParentObject = UnsafeMutableRawPointer(fixture.device)
            #expect(unsafe WdfUsbTargetDeviceCreateUrb(fixture.usb, &attributes, &memory, nil) == 0)
        }
    }

    @Test("a formatted block goes when it is sent; too small a part of a memory object is no block")
    func formatted() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkOut)
            var memory: WDFMEMORY?
            var urb: PURB?
            #expect(unsafe WdfUsbTargetDeviceCreateUrb(fixture.usb, nil, &memory, &urb) == 0)
            let block = unsafe try #require(unsafe urb)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, ioTarget(pipe), &request) == 0)
            var offsets = unsafe WDFMEMORY_OFFSET(BufferOffset: MemoryLayout<URB>.size - 8, BufferLength: 8)
            #expect(
                unsafe WdfUsbTargetPipeFormatRequestForUrb(pipe, request, memory, &offsets) == status(0xC000_000D))
            unsafe withMemory(5) { bytes in
                unsafe block.header.pointee.Length = USHORT(MemoryLayout<_URB_BULK_OR_INTERRUPT_TRANSFER>.size)
                unsafe block.header.pointee.Function = USHORT(URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER)
                unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.PipeHandle =
                    unsafe WdfUsbTargetPipeWdmGetPipeHandle(
                        pipe)
                unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBuffer = bytes.baseAddress
                unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBufferLength = 5
                #expect(unsafe WdfUsbTargetPipeFormatRequestForUrb(pipe, request, memory, nil) == 0)
                var options = WDF_REQUEST_SEND_OPTIONS()
                unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue)
                #expect(unsafe WdfRequestSend(request, ioTarget(pipe), &options) != 0)
                #expect(unsafe WdfRequestGetStatus(request) == 0)
                #expect(fixture.look { $0.received.map(\.count) } == [5])
                // And to the device, at once.
                unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBufferLength = 4
                #expect(unsafe WdfUsbTargetDeviceSendUrbSynchronously(fixture.usb, nil, nil, block) == 0)
                #expect(fixture.look { $0.received.map(\.count) } == [5, 4])
                // And by a request to the device.
                let device = unsafe WdfUsbTargetDeviceGetIoTarget(fixture.usb)
                var other: WDFREQUEST?
                #expect(unsafe WdfRequestCreate(nil, device, &other) == 0)
                #expect(
                    unsafe WdfUsbTargetDeviceFormatRequestForUrb(fixture.usb, other, memory, &offsets)
                        == status(0xC000_000D))
                unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBufferLength = 3
                #expect(unsafe WdfUsbTargetDeviceFormatRequestForUrb(fixture.usb, other, memory, nil) == 0)
                #expect(unsafe WdfRequestSend(other, device, &options) != 0)
                #expect(unsafe WdfRequestGetStatus(other) == 0)
                #expect(fixture.look { $0.received.map(\.count) } == [5, 4, 3])
                unsafe WdfObjectDelete(UnsafeMutableRawPointer(other))
            }
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
        }
    }

    @Test("a missing block is a bug check")
    func missing() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let found = BugCheck.intercepting {
                _ = unsafe WdfUsbTargetDeviceSendUrbSynchronously(fixture.usb, nil, nil, nil)
                _ = unsafe WdfUsbTargetPipeSendUrbSynchronously(try? fixture.pipe(0x01), nil, nil, nil)
            }
            #expect(found.map { $0.parameters[0] } == [4, 4])
        }
    }
}
