// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import USBSpecification
import VirtualUSB
import Win32

@testable import WDF

@Suite("pipes")
struct PipeTests {
    struct Endpoint: Sendable {
        var address: UInt8
        var type: WDF_USB_PIPE_TYPE
        var packetSize: ULONG
        var interval: UInt8 = 0
        var setting: UInt8 = 0
    }

    static let endpoints = [
        Endpoint(address: 0x01, type: WdfUsbPipeTypeBulk, packetSize: 512),
        Endpoint(address: 0x81, type: WdfUsbPipeTypeBulk, packetSize: 512),
        Endpoint(address: 0x02, type: WdfUsbPipeTypeInterrupt, packetSize: 16, interval: 4),
        Endpoint(address: 0x82, type: WdfUsbPipeTypeInterrupt, packetSize: 16, interval: 4),
        Endpoint(address: 0x03, type: WdfUsbPipeTypeIsochronous, packetSize: 64, interval: 1, setting: 1),
        Endpoint(address: 0x83, type: WdfUsbPipeTypeIsochronous, packetSize: 64, interval: 1, setting: 1),
    ]

    @Test("a pipe is described, whatever the size of the description says", arguments: endpoints)
    func information(endpoint: Endpoint) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            if endpoint.setting != 0 { #expect(fixture.select(endpoint.setting) == 0) }
            let pipe = unsafe try fixture.pipe(endpoint.address)
            var found = WDF_USB_PIPE_INFORMATION()
            found.Size = 3
            unsafe WdfUsbTargetPipeGetInformation(pipe, &found)
            #expect(found.Size == 3)
            #expect(found.EndpointAddress == endpoint.address)
            #expect(found.PipeType == endpoint.type)
            #expect(found.MaximumPacketSize == endpoint.packetSize)
            #expect(found.Interval == endpoint.interval)
            #expect(found.SettingIndex == endpoint.setting)
            #expect(found.MaximumTransferSize == 2 * 1024 * 1024)
            #expect(unsafe WdfUsbTargetPipeGetType(pipe) == endpoint.type)
            #expect(unsafe WdfUsbTargetPipeIsInEndpoint(pipe) == (endpoint.address & 0x80 != 0 ? 1 : 0))
            #expect(unsafe WdfUsbTargetPipeIsOutEndpoint(pipe) == (endpoint.address & 0x80 != 0 ? 0 : 1))
            #expect(unsafe WdfUsbTargetPipeWdmGetPipeHandle(pipe) != nil)
            #expect(unsafe WdfIoTargetGetState(ioTarget(pipe)) == WdfIoTargetStarted)
        }
    }

    @Test("a transfer is said to have 256 KB at most at full speed")
    func fullSpeed() throws {
        try UsbFixture.run(ScriptedDevice(.init(speed: .full))) { fixture in
            var found = WDF_USB_PIPE_INFORMATION()
            unsafe WdfUsbTargetPipeGetInformation(try fixture.pipe(0x81), &found)
            #expect(found.MaximumTransferSize == 256 * 1024)
        }
    }

    @Test("a formatted write goes when it is sent, with the bytes of the memory object")
    func formatted() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkOut)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, ioTarget(pipe), &request) == 0)
            var memory: WDFMEMORY?
            var bytes: UnsafeMutableRawPointer?
            #expect(unsafe WdfMemoryCreate(nil, NonPagedPool, 0, 10, &memory, &bytes) == 0)
            for index in 0..<10 { unsafe bytes?.storeBytes(of: UInt8(index), toByteOffset: index, as: UInt8.self) }
            var offsets = WDFMEMORY_OFFSET(BufferOffset: 4, BufferLength: 3)
            #expect(unsafe WdfUsbTargetPipeFormatRequestForWrite(pipe, request, memory, &offsets) == 0)
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue)
            #expect(unsafe WdfRequestSend(request, ioTarget(pipe), &options) != 0)
            #expect(unsafe WdfRequestGetStatus(request) == 0)
            #expect(fixture.look(\.received) == [[4, 5, 6]])
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(memory))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
        }
    }

    @Test("formatting tells what is wrong with the transfer")
    func formatFaults() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let out = unsafe try fixture.pipe(ScriptedDevice.bulkOut)
            let `in` = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, ioTarget(out), &request) == 0)
            var memory: WDFMEMORY?
            #expect(unsafe WdfMemoryCreate(nil, NonPagedPool, 0, 100, &memory, nil) == 0)
            var offsets = WDFMEMORY_OFFSET(BufferOffset: 90, BufferLength: 11)
            #expect(
                unsafe WdfUsbTargetPipeFormatRequestForWrite(out, request, memory, &offsets) == status(0xC000_0095))
            #expect(unsafe WdfUsbTargetPipeFormatRequestForWrite(`in`, request, memory, nil) == status(0xC000_0010))
            #expect(unsafe WdfUsbTargetPipeFormatRequestForRead(out, request, memory, nil) == status(0xC000_0010))
            #expect(unsafe WdfUsbTargetPipeFormatRequestForRead(`in`, request, memory, nil) == status(0xC000_0206))
            #expect(unsafe WdfUsbTargetPipeFormatRequestForRead(`in`, request, nil, nil) == 0)
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(memory))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
        }
    }

    @Test("a reset clears the halt, also while the target is stopped, and cancels what was sent")
    func reset() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkOut)
            fixture.attachment.withPeripheral { $0.stalled = [ScriptedDevice.bulkOut] }
            #expect(unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, nil, nil, nil) == status(0xC000_0001))
            // The host end stays halted too.
            #expect(unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, nil, nil, nil) == status(0xC000_0001))
            unsafe WdfIoTargetStop(ioTarget(pipe), WdfIoTargetCancelSentIo)
            #expect(unsafe WdfUsbTargetPipeResetSynchronously(pipe, nil, nil) == 0)
            #expect(fixture.look(\.clearedHalts) == [ScriptedDevice.bulkOut])
            #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
            #expect(unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, nil, nil, nil) == 0)
        }
    }

    @Test("a reset and an abort end what is under way first", arguments: [true, false])
    func pending(isReset: Bool) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, ioTarget(pipe), &request) == 0)
            var memory: WDFMEMORY?
            #expect(unsafe WdfMemoryCreate(nil, NonPagedPool, 0, 512, &memory, nil) == 0)
            #expect(unsafe WdfUsbTargetPipeFormatRequestForRead(pipe, request, memory, nil) == 0)
            #expect(unsafe WdfRequestSend(request, ioTarget(pipe), nil) != 0)
            let ended =
                unsafe isReset
                ? WdfUsbTargetPipeResetSynchronously(pipe, nil, nil)
                : WdfUsbTargetPipeAbortSynchronously(pipe, nil, nil)
            #expect(ended == 0)
            #expect(unsafe WdfRequestGetStatus(request) == status(0xC000_0120))
            #expect(fixture.look(\.clearedHalts) == (isReset ? [ScriptedDevice.bulkIn] : []))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(memory))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
        }
    }

    @Test("a reset and an abort go by requests that are formatted for them", arguments: [true, false])
    func formattedManagement(isReset: Bool) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, ioTarget(pipe), &request) == 0)
            let formatted =
                unsafe isReset
                ? WdfUsbTargetPipeFormatRequestForReset(pipe, request)
                : WdfUsbTargetPipeFormatRequestForAbort(pipe, request)
            #expect(formatted == 0)
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue)
            #expect(unsafe WdfRequestSend(request, ioTarget(pipe), &options) != 0)
            #expect(unsafe WdfRequestGetStatus(request) == 0)
            #expect(fixture.look(\.clearedHalts) == (isReset ? [ScriptedDevice.bulkIn] : []))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
        }
    }

    @Test("a purged target refuses an abort, and a reset goes all the same")
    func purged() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            unsafe WdfIoTargetPurge(ioTarget(pipe), WdfIoTargetPurgeIoAndWait)
            #expect(unsafe WdfUsbTargetPipeAbortSynchronously(pipe, nil, nil) == status(0xC000_0184))
            #expect(unsafe WdfUsbTargetPipeResetSynchronously(pipe, nil, nil) == 0)
        }
    }

    @Test("every function knows a wrong handle")
    func wrongHandles() throws {
        var information = WDF_USB_PIPE_INFORMATION()
        var config = unsafe WDF_USB_CONTINUOUS_READER_CONFIG()
        let found = BugCheck.intercepting {
            unsafe WdfUsbTargetPipeGetInformation(nil, &information)
            #expect(WdfUsbTargetPipeIsInEndpoint(nil) == 0)
            #expect(WdfUsbTargetPipeIsOutEndpoint(nil) == 0)
            #expect(WdfUsbTargetPipeGetType(nil) == WdfUsbPipeTypeInvalid)
            WdfUsbTargetPipeSetNoMaximumPacketSizeCheck(nil)
            #expect(unsafe WdfUsbTargetPipeWdmGetPipeHandle(nil) == nil)
            let statuses = unsafe [
                WdfUsbTargetPipeReadSynchronously(nil, nil, nil, nil, nil),
                WdfUsbTargetPipeWriteSynchronously(nil, nil, nil, nil, nil),
                WdfUsbTargetPipeFormatRequestForRead(nil, nil, nil, nil),
                WdfUsbTargetPipeFormatRequestForWrite(nil, nil, nil, nil),
                WdfUsbTargetPipeConfigContinuousReader(nil, &config), WdfUsbTargetPipeAbortSynchronously(nil, nil, nil),
                WdfUsbTargetPipeFormatRequestForAbort(nil, nil), WdfUsbTargetPipeResetSynchronously(nil, nil, nil),
                WdfUsbTargetPipeFormatRequestForReset(nil, nil),
                WdfUsbTargetPipeSendUrbSynchronously(nil, nil, nil, nil),
                WdfUsbTargetPipeFormatRequestForUrb(nil, nil, nil, nil),
            ]
            #expect(statuses.allSatisfy { $0 == status(0xC000_0001) })
        }
        #expect(found.count == 17)
        #expect(found.allSatisfy { $0.code == 0x10D && $0.parameters == [5, 0, 0x1203, 0] })
    }
}
