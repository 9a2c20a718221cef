// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("timeouts of requests")
struct TimeoutTests {
    private let synchronous = WDF_REQUEST_SEND_OPTION_SYNCHRONOUS

    /// A read that nothing comes for.
    private func makeRead(_ targets: Targets, count: Int = 512) throws -> (TestRequest, UsbPipeObject, TestMemory) {
        let pipe = try targets.pipe(TargetDevice.bulkIn)
        let request = try TestRequest(targets)
        let memory = TestMemory(count: count)
        try #require(try request.formatRead(pipe, memory) == 0)
        return (request, pipe, memory)
    }

    @Test(
        "behaviour 22: a negative timeout of 10,000 times n is n milliseconds, and ends as STATUS_IO_TIMEOUT",
        arguments: [1, 50, 2_000], [false, true])
    func relative(count: Int64, waits: Bool) throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let (request, pipe, memory) = try makeRead(targets)
            let clock = targets.controller.clock
            let start = clock.presentInstant
            #expect(
                request.send(
                    pipe, flags: waits ? synchronous : WDF_REQUEST_SEND_OPTIONS_FLAGS(rawValue: 0),
                    timeout: milliseconds(count)))
            #expect(request.wait() == NTStatus.ioTimeout.rawValue)
            #expect(request.status == NTStatus.ioTimeout.rawValue)
            #expect(request.ends.count == 1)
            let passed = clock.presentInstant.nanoseconds - start.nanoseconds
            // Then the cancel takes effect, at the next frame at the latest.
            #expect(passed >= count * 1_000_000)
            #expect(passed < count * 1_000_000 + 2_000_000)
            withExtendedLifetime(memory) { request.delete() }
        }
    }

    @Test("behaviour 22: a positive timeout is a time since 1601")
    func absolute() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let (request, pipe, memory) = try makeRead(targets)
            let end = KernelTime.system + 100 * 10_000
            #expect(request.send(pipe, flags: synchronous, timeout: end))
            #expect(request.status == NTStatus.ioTimeout.rawValue)
            #expect(KernelTime.system >= end)
            #expect(KernelTime.system < end + 20_000)
            // One that has passed: at once.
            request.reuse()
            #expect(try request.formatRead(pipe, memory) == 0)
            #expect(request.send(pipe, flags: synchronous, timeout: 1))
            #expect(request.status == NTStatus.ioTimeout.rawValue)
            request.delete()
        }
    }

    @Test("behaviour 22: a timeout of 0, or without its flag, is none", arguments: [ULONG(1), 0])
    func none(flags: ULONG) throws {
        try Targets.run(TargetDevice()) { targets, device in
            let (request, pipe, memory) = try makeRead(targets)
            var options = WDF_REQUEST_SEND_OPTIONS(Size: 16, Flags: flags, Timeout: flags == 1 ? 0 : milliseconds(1))
            request.notesEnd()
            #expect(unsafe WdfRequestSend(request.handle, pipe.targetHandle, &options) != 0)
            let clock = targets.controller.clock
            clock.blockingSleep(until: clock.presentInstant.advanced(by: .seconds(10)))
            #expect(request.ends.isEmpty)
            device.withPeripheral { $0.packets[TargetDevice.bulkIn] = [counting(7)] }
            #expect(request.wait() == 0)
            #expect(request.ends.first?.information == 7)
            withExtendedLifetime(memory) { request.delete() }
        }
    }

    @Test("behaviour 22: a success that comes while the cancel is under way is kept", arguments: [false, true])
    func lateSuccess(waits: Bool) throws {
        // The bytes are there long before the timeout, and the news of that after it.
        let late = FaultRule(ControllerFault.delay(.milliseconds(100)), .packet(0), endpoint: 0x81)
        try Targets.run(TargetDevice(), faults: [late]) { targets, device in
            device.withPeripheral { $0.packets[TargetDevice.bulkIn] = [counting(7)] }
            let (request, pipe, memory) = try makeRead(targets)
            #expect(
                request.send(
                    pipe, flags: waits ? synchronous : WDF_REQUEST_SEND_OPTIONS_FLAGS(rawValue: 0),
                    timeout: milliseconds(10)))
            #expect(request.wait() == 0)
            #expect(request.ends.map(\.information) == [7])
            #expect(Array(memory.content.prefix(7)) == counting(7))
            request.delete()
        }
    }

    @Test(
        "the bytes that moved before a timeout are told, and the pipe is usable afterwards", arguments: [false, true])
    func bytesBefore(waits: Bool) throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 2 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(2048))
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(
                request.send(
                    pipe, flags: waits ? synchronous : WDF_REQUEST_SEND_OPTIONS_FLAGS(rawValue: 0),
                    timeout: milliseconds(20)))
            #expect(request.wait() == NTStatus.ioTimeout.rawValue)
            #expect(request.ends.first?.information == 1024)
            device.withPeripheral { $0.room = [:] }
            request.reuse()
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe, flags: synchronous, timeout: milliseconds(20)))
            #expect(request.status == 0)
            #expect(device.withPeripheral { $0.received.count } == 6)
            request.delete()
        }
    }

    @Test("the time runs while a stopped target holds the request", arguments: [false, true])
    func held(waits: Bool) throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let (request, pipe, memory) = try makeRead(targets)
            unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetLeaveSentIoPending)
            #expect(
                request.send(
                    pipe, flags: waits ? synchronous : WDF_REQUEST_SEND_OPTIONS_FLAGS(rawValue: 0),
                    timeout: milliseconds(5)))
            #expect(request.wait() == NTStatus.ioTimeout.rawValue)
            #expect(unsafe WdfIoTargetStart(pipe.targetHandle) == 0)
            withExtendedLifetime(memory) { request.delete() }
        }
    }

    @Test("a driver's cancel before the time is STATUS_CANCELLED")
    func cancelledBefore() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let (request, pipe, memory) = try makeRead(targets)
            #expect(unsafe WdfRequestAllocateTimer(request.handle) == 0)
            #expect(request.send(pipe, timeout: milliseconds(1_000)))
            #expect(unsafe WdfRequestCancelSentRequest(request.handle) != 0)
            #expect(request.wait() == STATUS_CANCELLED)
            withExtendedLifetime(memory) { request.delete() }
        }
    }

    @Test("the timer of one sending does not end the next", arguments: [nil, milliseconds(1_000)])
    func timersOfEarlierSendings(next: Int64?) throws {
        try Targets.run(TargetDevice()) { targets, device in
            let (request, pipe, memory) = try makeRead(targets)
            let clock = targets.controller.clock
            device.withPeripheral { $0.packets[TargetDevice.bulkIn] = [counting(7)] }
            #expect(request.send(pipe, timeout: milliseconds(5)))
            #expect(request.wait() == 0)
            request.reuse()
            #expect(try request.formatRead(pipe, memory) == 0)
            #expect(request.send(pipe, timeout: next))
            clock.blockingSleep(until: clock.presentInstant.advanced(by: .milliseconds(50)))
            #expect(request.ends.count == 1)
            device.withPeripheral { $0.packets[TargetDevice.bulkIn] = [counting(8)] }
            #expect(request.wait() == 0)
            #expect(request.ends.last?.information == 8)
            request.delete()
        }
    }

    @Test("on a clock that moves by hand, a wait that nothing can end is told: STATUS_POSSIBLE_DEADLOCK")
    func deadlock() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkIn)
            unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetLeaveSentIoPending)
            let memory = TestMemory(count: 512)
            let part = try memory.part
            let status = unsafe pipe.call(nil, nil, in: "test") { () throws(Refusal) in .pipe(pipe, part, isRead: true)
            }
            #expect(UInt32(bitPattern: status) == 0xC000_0194)
        }
    }
}
