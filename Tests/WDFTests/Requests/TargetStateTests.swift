// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("states of targets")
struct TargetStateTests {
    /// A write of a few bytes that is ready to be sent.
    private func makeWrite(_ targets: Targets, _ pipe: UsbPipeObject, _ first: Int = 0) throws -> TestRequest {
        let request = try TestRequest(targets)
        try #require(try request.formatWrite(pipe, TestMemory.kept(counting(5, from: first), by: request)) == 0)
        return request
    }

    private static let sent: NTSTATUS = 0
    private static let refused: NTSTATUS = STATUS_INVALID_DEVICE_STATE

    /// How a target comes into a state.
    enum Way: CaseIterable {
        case started, stopped, purged, deleted

        func take(_ target: IoTargetObject) {
            switch self {
            case .started: break
            case .stopped: unsafe WdfIoTargetStop(target.targetHandle, WdfIoTargetCancelSentIo)
            case .purged: unsafe WdfIoTargetPurge(target.targetHandle, WdfIoTargetPurgeIoAndWait)
            case .deleted: target.close()
            }
        }

        var state: WDF_IO_TARGET_STATE {
            switch self {
            case .started: WdfIoTargetStarted
            case .stopped: WdfIoTargetStopped
            case .purged: WdfIoTargetPurged
            case .deleted: WdfIoTargetDeleted
            }
        }
    }

    @Test(
        "what a state does to a send; with the flag it is ignored, unless the target is no more",
        arguments: Way.allCases,
        [false, true])
    func table(way: Way, ignores: Bool) throws {
        try Targets.run(TargetDevice()) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try makeWrite(targets, pipe)
            #expect(unsafe WdfIoTargetGetState(pipe.targetHandle) == WdfIoTargetStarted)
            way.take(pipe)
            #expect(unsafe WdfIoTargetGetState(pipe.targetHandle) == way.state)
            let flags = ignores ? WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE.rawValue : 0
            let wasTaken = request.send(pipe, flags: WDF_REQUEST_SEND_OPTIONS_FLAGS(rawValue: flags))
            switch way {
            case .started,
                .stopped where ignores, .purged where ignores:
                #expect(wasTaken)
                #expect(request.wait() == 0)
            case .stopped:
                #expect(wasTaken)
                #expect(request.ends.isEmpty)
                #expect(unsafe WdfIoTargetStart(pipe.targetHandle) == 0)
                #expect(request.wait() == 0)
            case .purged, .deleted:
                #expect(!wasTaken)
                #expect(request.status == STATUS_INVALID_DEVICE_STATE)
                #expect(request.ends.isEmpty)
            }
            #expect(unsafe WdfIoTargetStart(pipe.targetHandle) == (way == .deleted ? STATUS_INVALID_DEVICE_STATE : 0))
            request.delete()
        }
    }

    @Test("behaviour 24: a stopped target holds requests, and sends them in their order when it is started")
    func held() throws {
        try Targets.run(TargetDevice()) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetLeaveSentIoPending)
            let requests = try (0..<4).map { try makeWrite(targets, pipe, $0 * 10) }
            for request in requests { #expect(request.send(pipe)) }
            // One of them is cancelled while it is held.
            #expect(unsafe WdfRequestCancelSentRequest(requests[2].handle) != 0)
            #expect(requests[2].ends.map(\.status) == [STATUS_CANCELLED])
            #expect(requests[2].ends.first?.information == 0)
            #expect(device.withPeripheral { $0.received.isEmpty })
            #expect(unsafe WdfIoTargetStart(pipe.targetHandle) == 0)
            for index in [0, 1, 3] { #expect(requests[index].wait() == 0) }
            #expect(device.withPeripheral { $0.received.map { Int($0[0]) } } == [0, 10, 30])
            for request in requests { request.delete() }
        }
    }

    @Test("a stop cancels what is under way and waits for its end, or waits, or does neither")
    func stopActions() throws {
        for action in [WdfIoTargetCancelSentIo, WdfIoTargetWaitForSentIoToComplete, WdfIoTargetLeaveSentIoPending] {
            try Targets.run(TargetDevice(), flow: .free) { targets, device in
                let pipe = try targets.pipe(TargetDevice.bulkOut)
                // What is to be awaited must end some day.
                if action != WdfIoTargetWaitForSentIoToComplete {
                    device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
                }
                let requests = try (0..<3).map { try makeWrite(targets, pipe, $0) }
                for request in requests { #expect(request.send(pipe)) }
                unsafe WdfIoTargetStop(pipe.targetHandle, action)
                let ends = requests.flatMap { $0.ends.map(\.status) }
                switch action {
                case WdfIoTargetCancelSentIo: #expect(ends == [STATUS_CANCELLED, STATUS_CANCELLED, STATUS_CANCELLED])
                case WdfIoTargetWaitForSentIoToComplete: #expect(ends == [0, 0, 0])
                default:
                    #expect(ends.isEmpty)
                    // They are a stop's business as much as before.
                    unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetCancelSentIo)
                    #expect(requests.allSatisfy { $0.ends.map(\.status) == [STATUS_CANCELLED] })
                }
                for request in requests { request.delete() }
            }
        }
    }

    @Test("what was sent without regard to the state is no stop's business")
    func ignoringState() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try makeWrite(targets, pipe)
            #expect(request.send(pipe, flags: WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE))
            unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetCancelSentIo)
            unsafe WdfIoTargetPurge(pipe.targetHandle, WdfIoTargetPurgeIoAndWait)
            #expect(request.ends.isEmpty)
            pipe.close()
            #expect(request.ends.map(\.status) == [STATUS_CANCELLED])
            request.delete()
        }
    }

    @Test("a purge ends what is held and what is under way")
    func purge() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let sent = try makeWrite(targets, pipe)
            #expect(sent.send(pipe))
            unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetLeaveSentIoPending)
            let held = try makeWrite(targets, pipe)
            #expect(held.send(pipe))
            unsafe WdfIoTargetPurge(pipe.targetHandle, WdfIoTargetPurgeIoAndWait)
            #expect(sent.ends.map(\.status) == [STATUS_CANCELLED])
            #expect(held.ends.map(\.status) == [STATUS_WDF_DEVICE_REMOVED_NOT_SENT])
            sent.delete()
            held.delete()
        }
    }

    @Test("at DISPATCH_LEVEL a stop may leave requests alone; to wait for them is bug check 0xA")
    func level() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try makeWrite(targets, pipe)
            #expect(request.send(pipe))
            let found = BugCheck.intercepting {
                InterruptLevel.atDispatch {
                    unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetLeaveSentIoPending)
                    unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetWaitForSentIoToComplete)
                }
            }
            #expect(found.map(\.code) == [0xA])
            #expect(found.first?.function == "WdfIoTargetStop")
            unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetCancelSentIo)
            request.delete()
        }
    }

    @Test("a call that waits goes on when another thread starts the target, and ends when it is purged")
    func otherThread() throws {
        for isStarted in [true, false] {
            try Targets.run(TargetDevice(), flow: .free) { targets, _ in
                let pipe = try targets.pipe(TargetDevice.bulkOut)
                unsafe WdfIoTargetStop(pipe.targetHandle, WdfIoTargetLeaveSentIoPending)
                let executor = targets.executor
                let clock = targets.controller.clock
                let done = BusEvent(on: executor)
                startThread(name: "starter") {
                    clock.blockingSleep(until: clock.presentInstant.advanced(by: .milliseconds(20)))
                    if isStarted {
                        _ = unsafe WdfIoTargetStart(pipe.targetHandle)
                    } else {
                        unsafe WdfIoTargetPurge(pipe.targetHandle, WdfIoTargetPurgeIo)
                    }
                    executor.removeClient()
                    done.set()
                }
                let memory = TestMemory(counting(5))
                let status = try call(pipe, memory)
                #expect(status == (isStarted ? 0 : STATUS_WDF_DEVICE_REMOVED_NOT_SENT))
                _ = BusEvent.wait(for: [done], on: executor)
            }
        }
    }

    private func call(_ pipe: UsbPipeObject, _ memory: TestMemory) throws -> NTSTATUS {
        let part = try memory.part
        return unsafe pipe.call(nil, nil, in: "test") { () throws(Refusal) in .pipe(pipe, part, isRead: false) }
    }

    @Test("a target tells its device, and its device object")
    func belongings() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            #expect(
                unsafe WdfIoTargetGetDevice(pipe.targetHandle).map { UnsafeMutableRawPointer($0) }
                    == targets.device.handle)
            #expect(unsafe WdfIoTargetWdmGetTargetDeviceObject(pipe.targetHandle) == targets.usb.pointer)
            let found = BugCheck.intercepting {
                #expect(unsafe WdfIoTargetGetDevice(nil) == nil)
                #expect(unsafe WdfIoTargetWdmGetTargetDeviceObject(nil) == nil)
                #expect(WdfIoTargetGetState(nil) == WdfIoTargetStateUndefined)
            }
            #expect(found.map(\.code) == [0x10D, 0x10D, 0x10D])
            #expect(found.allSatisfy { $0.parameters[0] == 5 })
        }
    }
}
