// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("sending requests")
struct SendTests {
    @Test("a write is sent, and the completion routine told at DISPATCH_LEVEL, once")
    func write() throws {
        try Targets.run(TargetDevice()) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets, for: pipe)
            let memory = TestMemory(counting(700))
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            #expect(request.wait() == 0)
            let end = try #require(request.ends.first)
            #expect(request.ends.count == 1)
            #expect(end.level == 2)
            #expect(end.information == 700)
            #expect(unsafe end.target == UInt(bitPattern: pipe.handle))
            let usb = unsafe try #require(unsafe end.usb)
            #expect(unsafe usb.Type == WdfUsbRequestTypePipeWrite)
            #expect(unsafe usb.Parameters.PipeWrite.Length == 700)
            #expect(unsafe usb.Parameters.PipeWrite.Buffer == memory.object?.memoryHandle)
            #expect(unsafe usb.UsbdStatus == 0)
            #expect(request.status == 0)
            #expect(device.withPeripheral { $0.received.map(\.count) } == [512, 188])
            // The routine has to be set again.
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.sendAsItIs(pipe, flags: WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue))
            #expect(request.ends.count == 1)
            request.delete()
        }
    }

    @Test("a read brings what came, also less than was asked")
    func read() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.packets[TargetDevice.bulkIn] = [counting(512), counting(100, from: 7)] }
            let pipe = try targets.pipe(TargetDevice.bulkIn)
            let request = try TestRequest(targets)
            let memory = TestMemory(count: 1024)
            #expect(try request.formatRead(pipe, memory) == 0)
            #expect(request.send(pipe))
            #expect(request.wait() == 0)
            #expect(request.ends.first?.information == 612)
            #expect(unsafe request.ends.first?.usb?.Type == WdfUsbRequestTypePipeRead)
            #expect(unsafe request.ends.first?.usb?.Parameters.PipeRead.Length == 612)
            #expect(Array(memory.content.prefix(612)) == counting(512) + counting(100, from: 7))
            request.delete()
        }
    }

    @Test(
        "behaviour 24: wrong options are FALSE and STATUS_INVALID_PARAMETER, whatever is wrong with them",
        arguments: [
            (size: ULONG(15), flags: ULONG(0), documented: STATUS_INFO_LENGTH_MISMATCH),
            (size: 16, flags: 0x10, documented: NTSTATUS(bitPattern: 0xC000_000D)),
            (size: 16, flags: 0x10000, documented: NTSTATUS(bitPattern: 0xC000_000D)),
            (size: 16, flags: 0x9, documented: NTSTATUS(bitPattern: 0xC000_000D)),
            (size: 16, flags: 0xA, documented: NTSTATUS(bitPattern: 0xC000_000D)),
        ])
    func options(size: ULONG, flags: ULONG, documented: NTSTATUS) throws {
        try Targets.run(TargetDevice()) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try request.formatWrite(pipe, memory) == 0)
            var options = WDF_REQUEST_SEND_OPTIONS(Size: size, Flags: flags, Timeout: 0)
            #expect(unsafe WdfRequestSend(request.handle, pipe.targetHandle, &options) == 0)
            #expect(request.status == NTStatus.invalidParameter.rawValue)
            // The options are looked at before the target.
            let found = BugCheck.intercepting {
                #expect(unsafe WdfRequestSend(request.handle, nil, &options) == 0)
            }
            #expect(found.isEmpty)
            // Nothing has happened to the request.
            #expect(request.send(pipe))
            #expect(request.wait() == 0)
            #expect(device.withPeripheral { $0.received.count } == 1)
            request.delete()
        }
    }

    @Test("behaviour 24: a request that has been sent cannot be sent, formatted or used anew before its end")
    func alreadySent() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            let found = try BugCheck.intercepting {
                #expect(!request.sendAsItIs(pipe))
                _ = try request.formatWrite(pipe, memory)
                request.reuse()
            }
            let expected = unsafe [0x6, 0x3, UInt(bitPattern: request.handle), 0]
            #expect(found.map(\.code) == [0x10D, 0x10D, 0x10D])
            #expect(found.allSatisfy { $0.parameters == expected })
            #expect(found.first?.function == "WdfRequestSend")
            device.withPeripheral { $0.room = [:] }
            #expect(request.wait() == 0)
            #expect(request.ends.count == 1)
            request.delete()
        }
    }

    @Test("behaviour 24: a cancel after the end is FALSE, and lets nothing be sent before the request is used anew")
    func cancelAfterEnd() throws {
        try Targets.run(TargetDevice()) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            #expect(request.wait() == 0)
            #expect(unsafe WdfRequestCancelSentRequest(request.handle) == 0)
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(!request.send(pipe))
            #expect(request.status == STATUS_CANCELLED)
            #expect(request.reuse() == 0)
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            #expect(request.wait() == 0)
            #expect(request.ends.count == 2)
            request.delete()
        }
    }

    @Test("a cancel ends what is under way, with the bytes that moved")
    func cancel() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.packets[TargetDevice.bulkIn] = [counting(512)] }
            let pipe = try targets.pipe(TargetDevice.bulkIn)
            let request = try TestRequest(targets)
            let memory = TestMemory(count: 1024)
            #expect(try request.formatRead(pipe, memory) == 0)
            #expect(request.send(pipe))
            targets.controller.clock.blockingSleep(
                until: targets.controller.clock.presentInstant.advanced(by: .milliseconds(5)))
            #expect(unsafe WdfRequestCancelSentRequest(request.handle) != 0)
            #expect(request.wait() == STATUS_CANCELLED)
            #expect(request.ends.first?.information == 512)
            #expect(Array(memory.content.prefix(512)) == counting(512))
            request.delete()
        }
    }

    @Test("sent synchronously, TRUE says that it has ended, however that was; the completion routine is called")
    func synchronous() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.stalled = [TargetDevice.bulkOut] }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe, flags: WDF_REQUEST_SEND_OPTION_SYNCHRONOUS))
            #expect(request.status == STATUS_UNSUCCESSFUL)
            #expect(request.ends.map(\.status) == [STATUS_UNSUCCESSFUL])
            #expect(unsafe request.ends.first?.usb?.UsbdStatus == USBD_STATUS_STALL_PID)
            var parameters = unsafe WDF_REQUEST_COMPLETION_PARAMS()
            unsafe WDF_REQUEST_COMPLETION_PARAMS_INIT(&parameters)
            unsafe WdfRequestGetCompletionParams(request.handle, &parameters)
            #expect(unsafe parameters.IoStatus.Status == STATUS_UNSUCCESSFUL)
            #expect(unsafe parameters.Type == WdfRequestTypeUsb)
            request.delete()
        }
    }

    @Test("a request of the driver's own cannot be sent and forgotten")
    func forget() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(!request.sendAsItIs(pipe, flags: WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET.rawValue))
            #expect(request.status == STATUS_INVALID_DEVICE_STATE)
            request.delete()
        }
    }

    @Test("without a format nothing moves: STATUS_INVALID_DEVICE_REQUEST at the end")
    func unformatted() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            #expect(request.send(pipe))
            #expect(request.wait() == STATUS_INVALID_DEVICE_REQUEST)
            #expect(request.ends.first?.type == WdfRequestTypeNoFormat)
            request.delete()
        }
    }

    @Test("what is sent while the device is gone ends with STATUS_DEVICE_NOT_CONNECTED, without bytes")
    func gone() throws {
        try Targets.run(TargetDevice()) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            device.unplug()
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            #expect(request.wait() == STATUS_DEVICE_NOT_CONNECTED)
            #expect(request.ends.first?.information == 0)
            request.delete()
        }
    }

    @Test("a completion routine cannot wait: bug check 0xA; with the verifier on, STATUS_INVALID_DEVICE_REQUEST")
    func waitingInARoutine() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            let part = try memory.part
            let statuses = Locked<[NTSTATUS]>([])
            let found = Locked<[BugCheck]>([])
            request.onEnd = {
                func call() -> NTSTATUS {
                    unsafe pipe.call(nil, nil, in: "test") { () throws(Refusal) in .pipe(pipe, part, isRead: false) }
                }
                let checks = BugCheck.intercepting {
                    let status = call()
                    statuses.withLock { $0.append(status) }
                }
                let verified = Verifier.with(true) { call() }
                statuses.withLock { $0.append(verified) }
                found.withLock { $0 = checks }
            }
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            #expect(request.wait() == 0)
            #expect(found.withLock { $0.map(\.code) } == [0xA])
            #expect(statuses.withLock { $0 } == [STATUS_UNSUCCESSFUL, STATUS_INVALID_DEVICE_REQUEST])
            request.delete()
        }
    }

    @Test("a completion routine sends its request anew, until all has gone")
    func resend() throws {
        try Targets.run(TargetDevice(), flow: .free) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(100))
            let done = BusEvent(on: targets.executor)
            request.onEnd = { [unowned request] in
                guard request.ends.count < 50 else { return _ = done.set() }
                request.reuse()
                _ = try? request.formatWrite(pipe, memory)
                request.send(pipe)
            }
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            _ = BusEvent.wait(for: [done], on: targets.executor)
            #expect(request.ends.allSatisfy { $0.status == 0 })
            #expect(device.withPeripheral { $0.received.count } == 50)
            request.delete()
        }
    }
}
