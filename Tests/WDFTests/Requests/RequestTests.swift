// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import NTKernel
import Testing
import USB
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("requests and their memory")
struct RequestTests {
    @Test(
        "behaviour 23: memory that a request is formatted with lives on though its handle is deleted, until the request is used anew"
    )
    func memoryLivesOn() throws {
        try Targets.run(TargetDevice()) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try request.formatWrite(pipe, memory) == 0)
            memory.delete()
            #expect(!memory.isFreed)
            #expect(request.send(pipe))
            #expect(request.wait() == 0)
            #expect(device.withPeripheral { $0.received } == [counting(5)])
            #expect(!memory.isFreed)
            #expect(request.reuse() == 0)
            #expect(memory.isFreed)
            request.delete()
        }
    }

    @Test("behaviour 23: a second format releases the memory of the first, and so does deleting the request")
    func secondFormat() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let first = TestMemory(counting(5))
            let second = TestMemory(counting(6))
            #expect(try request.formatWrite(pipe, first) == 0)
            first.delete()
            #expect(!first.isFreed)
            #expect(try request.formatWrite(pipe, second) == 0)
            #expect(first.isFreed)
            second.delete()
            #expect(!second.isFreed)
            request.delete()
            #expect(second.isFreed)
        }
    }

    @Test("behaviour 23: a request that is deleted while it is sent keeps its memory, and its handle, until its end")
    func deletedWhileSent() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            memory.delete()
            request.delete()
            #expect(!memory.isFreed)
            #expect(request.object != nil)
            device.withPeripheral { $0.room = [:] }
            #expect(request.wait() == 0)
            #expect(device.withPeripheral { $0.received } == [counting(5)])
            #expect(memory.isFreed)
            #expect(request.object == nil)
        }
    }

    @Test("a call that waits releases memory at its end; as documented, only with the request's next use")
    func calls() throws {
        for profile in [Profile.framework, .documented] {
            try Targets.run(TargetDevice()) { targets, _ in
                let pipe = try targets.pipe(TargetDevice.bulkOut)
                let request = try TestRequest(targets)
                let memory = TestMemory(counting(5))
                let part = try memory.part
                for isOwn in [true, false] {
                    let handle: WDFREQUEST? = unsafe isOwn ? request.handle : nil
                    let status = Profile.with(profile) {
                        unsafe pipe.call(handle, nil, in: "test") { () throws(Refusal) in
                            .pipe(pipe, part, isRead: false)
                        }
                    }
                    #expect(status == 0)
                }
                memory.delete()
                #expect(memory.isFreed == (profile == .framework))
                request.delete()
                #expect(memory.isFreed)
            }
        }
    }

    @Test("a call that waits does not call a completion routine, and sets none again")
    func callsNoRoutine() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            request.notesEnd()
            let memory = TestMemory(counting(5))
            let part = try memory.part
            var result: SentResult?
            let status = unsafe pipe.call(request.handle, nil, in: "test", ended: { result = $0 }) {
                () throws(Refusal) in .pipe(pipe, part, isRead: false)
            }
            #expect(status == 0)
            #expect(result?.byteCount == 5)
            #expect(request.status == 0)
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.sendAsItIs(pipe, flags: WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue))
            #expect(request.ends.isEmpty)
            request.delete()
        }
    }

    @Test("a call checks options before it makes the operation, and the level before those")
    func orderOfChecks() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            var options = WDF_REQUEST_SEND_OPTIONS(Size: 15, Flags: 0x100, Timeout: 0)
            func status() -> NTSTATUS {
                unsafe pipe.call(nil, &options, in: "test") { () throws(Refusal) in throw Refusal(.integerOverflow) }
            }
            let atDispatch = InterruptLevel.atDispatch { status() }
            #expect(atDispatch == NTStatus.infoLengthMismatch.rawValue)
            let verified = Verifier.with(true) { InterruptLevel.atDispatch { status() } }
            #expect(verified == STATUS_INVALID_DEVICE_REQUEST)
            let documented = Profile.with(.documented) { InterruptLevel.atDispatch { status() } }
            #expect(documented == STATUS_INVALID_DEVICE_REQUEST)
            #expect(status() == NTStatus.infoLengthMismatch.rawValue)
            options.Size = 16
            #expect(status() == NTStatus.invalidParameter.rawValue)
            options.Flags = 0x9
            #expect(status() == NTStatus.invalidParameter.rawValue)
            options.Flags = 0x7
            #expect(status() == NTStatus.integerOverflow.rawValue)
        }
    }

    @Test("as documented, a request that has been sent is refused with STATUS_INVALID_DEVICE_REQUEST")
    func alreadySentDocumented() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            let part = try memory.part
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(request.send(pipe))
            try Profile.with(.documented) { () throws in
                #expect(!request.sendAsItIs(pipe))
                #expect(request.status == STATUS_INVALID_DEVICE_REQUEST)
                #expect(try request.formatWrite(pipe, memory) == STATUS_INVALID_DEVICE_REQUEST)
                #expect(request.reuse() == STATUS_INVALID_DEVICE_REQUEST)
                let status = unsafe pipe.call(request.handle, nil, in: "test") { () throws(Refusal) in
                    .pipe(pipe, part, isRead: false)
                }
                #expect(status == STATUS_INVALID_DEVICE_REQUEST)
            }
            device.withPeripheral { $0.room = [:] }
            #expect(request.wait() == 0)
            request.delete()
        }
    }

    @Test("with the verifier on, a request that is not formatted is not accepted, nor one that has ended since")
    func verifier() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            try Verifier.with(true) { () throws in
                #expect(!request.sendAsItIs(pipe))
                #expect(request.status == NTStatus.requestNotAccepted.rawValue)
                #expect(try request.formatWrite(pipe, memory) == 0)
                #expect(request.send(pipe))
                #expect(request.wait() == 0)
                #expect(!request.sendAsItIs(pipe))
                #expect(request.status == NTStatus.requestNotAccepted.rawValue)
            }
            request.delete()
        }
    }

    // MARK: Functions

    @Test("wrong handles and missing pointers are bug checks, and nothing else happens")
    func violations() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let wrong = unsafe WDFREQUEST(bitPattern: UInt(bitPattern: pipe.handle))
            let missing = BugCheck.intercepting {
                #expect(WdfRequestCreate(nil, nil, nil) == STATUS_UNSUCCESSFUL)
                #expect(unsafe WdfRequestReuse(request.handle, nil) == STATUS_UNSUCCESSFUL)
                unsafe WdfRequestGetCompletionParams(request.handle, nil)
                unsafe WdfRequestWdmFormatUsingStackLocation(request.handle, nil)
                var made: WDFREQUEST?
                #expect(unsafe WdfRequestCreateFromIrp(nil, nil, 0, &made) == STATUS_UNSUCCESSFUL)
            }
            #expect(missing.map { $0.parameters[0] } == [4, 4, 4, 4, 4])
            let handles = BugCheck.intercepting {
                #expect(unsafe WdfRequestSend(wrong, pipe.targetHandle, nil) == 0)
                #expect(unsafe WdfRequestSend(request.handle, nil, nil) == 0)
                #expect(WdfRequestCancelSentRequest(nil) == 0)
                #expect(unsafe WdfRequestGetStatus(wrong) == STATUS_UNSUCCESSFUL)
                #expect(unsafe WdfRequestChangeTarget(request.handle, nil) == STATUS_UNSUCCESSFUL)
                #expect(WdfRequestAllocateTimer(nil) == STATUS_UNSUCCESSFUL)
                #expect(unsafe WdfRequestWdmGetIrp(nil) == nil)
            }
            #expect(handles.map { $0.parameters[0] } == [5, 5, 5, 5, 5, 5, 5])
            #expect((missing + handles).allSatisfy { $0.code == 0x10D })
            #expect(unsafe handles[0].parameters[1] == UInt(bitPattern: pipe.handle))
            #expect(handles[0].parameters[2] == UInt(ObjectKind.request.rawValue))
            request.delete()
        }
    }

    @Test("using a request anew: the parameters' size and flags are looked at, and the status is theirs")
    func reuse() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let request = try TestRequest(targets)
            for (size, flags, expected) in [
                (ULONG(23), ULONG(0), NTStatus.invalidParameter), (24, 4, .invalidParameter), (24, 2, .success),
            ] {
                var parameters = unsafe WDF_REQUEST_REUSE_PARAMS(Size: size, Flags: flags, Status: 0x103, NewIrp: nil)
                #expect(unsafe WdfRequestReuse(request.handle, &parameters) == expected.rawValue)
            }
            #expect(request.status == 0x103)
            // The completion routine is forgotten.
            request.notesEnd()
            request.reuse(STATUS_NOT_SUPPORTED)
            #expect(request.status == STATUS_NOT_SUPPORTED)
            #expect(request.sendAsItIs(try targets.pipe(TargetDevice.bulkOut), flags: 2))
            #expect(request.ends.isEmpty)
            request.delete()
        }
    }

    @Test("with another size, the completion parameters are not written")
    func parametersOfAnotherSize() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let request = try TestRequest(targets)
            request.reuse(STATUS_NOT_SUPPORTED)
            var parameters = unsafe WDF_REQUEST_COMPLETION_PARAMS()
            unsafe parameters.Size = 8
            unsafe WdfRequestGetCompletionParams(request.handle, &parameters)
            #expect(unsafe parameters.IoStatus.Status == 0)
            unsafe WDF_REQUEST_COMPLETION_PARAMS_INIT(&parameters)
            unsafe WdfRequestGetCompletionParams(request.handle, &parameters)
            #expect(unsafe parameters.IoStatus.Status == STATUS_NOT_SUPPORTED)
            #expect(unsafe parameters.Type == WdfRequestTypeNoFormat)
            request.delete()
        }
    }

    @Test("a packet of the driver's takes a request as far as it has stack locations")
    func packets() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let memory = TestMemory(counting(5))
            for size in [CCHAR(0), 1, 2] {
                let packet = unsafe try #require(unsafe IoAllocateIrp(size, 0))
                var handle: WDFREQUEST?
                #expect(unsafe WdfRequestCreateFromIrp(nil, packet, 0, &handle) == 0)
                let request = unsafe TestRequest(targets, unsafe try #require(unsafe handle))
                #expect(unsafe WdfRequestWdmGetIrp(request.handle) == packet)
                let accepted: NTSTATUS = size == 0 ? NTStatus.requestNotAccepted.rawValue : 0
                #expect(unsafe WdfRequestChangeTarget(request.handle, pipe.targetHandle) == accepted)
                #expect(try request.formatWrite(pipe, memory) == accepted)
                if size > 0 {
                    #expect(request.send(pipe))
                    #expect(request.wait() == 0)
                    #expect(unsafe packet.pointee.IoStatus.Information == 5)
                }
                request.delete()
                unsafe IoFreeIrp(packet)
            }
        }
    }

    @Test("a request goes by a stack location of the driver's, with a block as its argument")
    func stackLocation() throws {
        try Targets.run(TargetDevice()) { targets, device in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets, for: targets.usbDevice)
            let memory = TestMemory(counting(5))
            var block = unsafe URB()
            unsafe block.UrbHeader.Length = USHORT(MemoryLayout<_URB_BULK_OR_INTERRUPT_TRANSFER>.size)
            unsafe block.UrbHeader.Function = USHORT(URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER)
            unsafe block.UrbBulkOrInterruptTransfer.PipeHandle = unsafe pipe.pipe.handle
            unsafe block.UrbBulkOrInterruptTransfer.TransferBuffer = unsafe memory.bytes.baseAddress
            unsafe block.UrbBulkOrInterruptTransfer.TransferBufferLength = 5
            unsafe withUnsafeMutablePointer(to: &block) { block in
                var location = unsafe IO_STACK_LOCATION()
                unsafe location.MajorFunction = UCHAR(IRP_MJ_INTERNAL_DEVICE_CONTROL)
                unsafe location.Parameters.Others.Argument1 = UnsafeMutableRawPointer(block)
                unsafe location.Parameters.DeviceIoControl.IoControlCode = IOCTL_INTERNAL_USB_SUBMIT_URB
                for _ in 0..<2 {
                    unsafe WdfRequestWdmFormatUsingStackLocation(request.handle, &location)
                    #expect(request.send(targets.usbDevice))
                    #expect(request.wait() == 0)
                    request.reuse()
                }
                // The same again, cancelled.
                device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
                unsafe WdfRequestWdmFormatUsingStackLocation(request.handle, &location)
                #expect(request.send(targets.usbDevice))
                #expect(unsafe WdfRequestCancelSentRequest(request.handle) != 0)
                #expect(request.wait() == STATUS_CANCELLED)
            }
            #expect(device.withPeripheral { $0.received } == [counting(5), counting(5)])
            request.delete()
        }
    }

    @Test("a request without a packet cannot be formatted as it came: bug check 0x10D, 6, 2")
    func currentType() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let request = try TestRequest(targets)
            let found = BugCheck.intercepting { unsafe WdfRequestFormatRequestUsingCurrentType(request.handle) }
            #expect(found.map { $0.parameters[..<2] } == [[6, 2]])
            request.delete()
        }
    }

    @Test("internal control codes go to the target, with their pointers")
    func others() throws {
        try Targets.run(TargetDevice()) { targets, device in
            let target = unsafe targets.usbDevice.targetHandle
            var bits: ULONG = 0
            var returned: ULONG_PTR = 9
            let (up, gone): (NTSTATUS, NTSTATUS) = unsafe withUnsafeMutablePointer(to: &bits) { bits in
                var argument = unsafe WDF_MEMORY_DESCRIPTOR()
                unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&argument, bits, 4)
                let first = unsafe WdfIoTargetSendInternalIoctlOthersSynchronously(
                    target, nil, ULONG(IOCTL_INTERNAL_USB_GET_PORT_STATUS), &argument, nil, nil, nil, &returned)
                #expect(unsafe bits.pointee == 3)
                device.unplug()
                let second = unsafe WdfIoTargetSendInternalIoctlOthersSynchronously(
                    target, nil, ULONG(IOCTL_INTERNAL_USB_GET_PORT_STATUS), &argument, nil, nil, nil, nil)
                #expect(unsafe bits.pointee == 0)
                return (first, second)
            }
            #expect(up == 0)
            #expect(gone == 0)
            #expect(returned == 0)
            let code = ULONG(IOCTL_INTERNAL_USB_SUBMIT_URB)
            #expect(
                unsafe WdfIoTargetSendInternalIoctlOthersSynchronously(target, nil, code, nil, nil, nil, nil, nil)
                    == NTStatus.invalidParameter.rawValue)
            let request = try TestRequest(targets)
            #expect(
                unsafe WdfIoTargetFormatRequestForInternalIoctlOthers(
                    target, request.handle, 0x1234, nil, nil, nil, nil, nil, nil) == 0)
            #expect(request.send(targets.usbDevice))
            #expect(request.wait() == STATUS_INVALID_DEVICE_REQUEST)
            #expect(request.ends.first?.type == WdfRequestTypeOther)
            request.delete()
        }
    }

    // MARK: Threads

    @Test("a call that waits is cancelled by another thread, and tells the bytes that moved")
    func cancelledByAnotherThread() throws {
        try Targets.run(TargetDevice(), flow: .free) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 1 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let request = try TestRequest(targets)
            let memory = TestMemory(counting(1024))
            let part = try memory.part
            let clock = targets.controller.clock
            let executor = targets.executor
            let done = BusEvent(on: executor)
            startThread(name: "canceller") {
                clock.blockingSleep(until: clock.presentInstant.advanced(by: .milliseconds(10)))
                _ = unsafe WdfRequestCancelSentRequest(request.handle)
                executor.removeClient()
                done.set()
            }
            var result: SentResult?
            let status = unsafe pipe.call(request.handle, nil, in: "test", ended: { result = $0 }) {
                () throws(Refusal) in .pipe(pipe, part, isRead: false)
            }
            #expect(status == STATUS_CANCELLED)
            #expect(result?.byteCount == 512)
            _ = BusEvent.wait(for: [done], on: executor)
            request.delete()
        }
    }

    @Test("a device that is unplugged during a call ends it with STATUS_DEVICE_NOT_CONNECTED")
    func unpluggedDuringACall() throws {
        try Targets.run(TargetDevice(), flow: .free) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 1 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let memory = TestMemory(counting(1024))
            let part = try memory.part
            let clock = targets.controller.clock
            let executor = targets.executor
            let done = BusEvent(on: executor)
            startThread(name: "unplugger") {
                clock.blockingSleep(until: clock.presentInstant.advanced(by: .milliseconds(10)))
                device.unplug()
                executor.removeClient()
                done.set()
            }
            var result: SentResult?
            let status = unsafe pipe.call(nil, nil, in: "test", ended: { result = $0 }) { () throws(Refusal) in
                .pipe(pipe, part, isRead: false)
            }
            #expect(status == STATUS_DEVICE_NOT_CONNECTED)
            #expect(result?.byteCount == 512)
            _ = BusEvent.wait(for: [done], on: executor)
        }
    }

    @Test("sends, cancels, stops and starts of several threads: each request that was sent ends once", arguments: 1...4)
    func race(seed: UInt64) throws {
        try Targets.run(TargetDevice(), flow: .free) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let executor = targets.executor
            let host = targets.usb.host
            let requests = try (0..<4).map { _ in try TestRequest(targets) }
            let dones = requests.map { _ in BusEvent(on: executor) }
            for (index, request) in requests.enumerated() {
                let memory = TestMemory.kept(counting(100), by: request)
                startThread(name: "sender \(index)") {
                    ProcessHost.withHost(host) {
                        var generator = SeededGenerator(seed: seed &* 7 &+ UInt64(index))
                        for _ in 0..<50 {
                            request.reuse()
                            _ = try? request.formatWrite(pipe, memory)
                            let before = request.ends.count
                            guard request.send(pipe, timeout: milliseconds(Int64.random(in: 1...3, using: &generator)))
                            else { continue }
                            if Bool.random(using: &generator) { _ = unsafe WdfRequestCancelSentRequest(request.handle) }
                            request.wait()
                            #expect(request.ends.count == before + 1)
                        }
                        executor.removeClient()
                        dones[index].set()
                    }
                }
            }
            var generator = SeededGenerator(seed: seed)
            for _ in 0..<20 {
                unsafe WdfIoTargetStop(
                    pipe.targetHandle,
                    Bool.random(using: &generator) ? WdfIoTargetCancelSentIo : WdfIoTargetLeaveSentIoPending)
                _ = unsafe WdfIoTargetStart(pipe.targetHandle)
            }
            _ = BusEvent.wait(for: dones, all: true, on: executor)
            #expect(
                requests.allSatisfy { request in
                    request.ends.allSatisfy {
                        $0.status == 0 || $0.status == STATUS_CANCELLED || $0.status == NTStatus.ioTimeout.rawValue
                    }
                })
            for request in requests { request.delete() }
        }
    }
}
