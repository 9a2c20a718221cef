// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("requests to the control pipe")
struct ControlRequestTests {
    private func format(_ request: TestRequest, _ target: IoTargetObject, _ operation: Operation) -> NTSTATUS {
        unsafe target.format(request.handle, in: "test") { () throws(Refusal) in operation }
    }

    @Test("a control transfer goes out and comes in; its parameters have the length that was put in")
    func control() throws {
        try Targets.run(TargetDevice()) { targets, device in
            let request = try TestRequest(targets)
            for (direction, count) in [(BmRequestHostToDevice, 9), (BmRequestDeviceToHost, 20)] {
                let memory = TestMemory(counting(count))
                var setup = WDF_USB_CONTROL_SETUP_PACKET()
                unsafe WDF_USB_CONTROL_SETUP_PACKET_INIT_VENDOR(&setup, direction, BmRequestToDevice, 0x5B, 1, 2)
                #expect(format(request, targets.usbDevice, .control(setup, try memory.part)) == 0)
                #expect(request.send(targets.usbDevice))
                #expect(request.wait() == 0)
                let usb = unsafe try #require(unsafe request.ends.last?.usb)
                #expect(unsafe usb.Type == WdfUsbRequestTypeDeviceControlTransfer)
                // What comes in is what went out, and less than was asked for.
                #expect(unsafe usb.Parameters.DeviceControlTransfer.Length == 9)
                #expect(unsafe usb.Parameters.DeviceControlTransfer.SetupPacket.Packet.wLength == USHORT(count))
                #expect(unsafe usb.Parameters.DeviceControlTransfer.Buffer == memory.object?.memoryHandle)
                #expect(Array(memory.content.prefix(9)) == counting(9))
                request.reuse()
            }
            #expect(device.withPeripheral { $0.memory } == counting(9))
            request.delete()
        }
    }

    /// A string descriptor, and what a request for it ends with: its status, and the bytes that the text has.
    struct Answer: Sendable {
        var descriptor: [UInt8]
        var room = 8
        var status: NTStatus
        var required: UInt8
    }

    @Test(
        "a string comes without its header; one of odd length is wrong, one that is too long cut off",
        arguments: [
            Answer(descriptor: [6, 3, 0x41, 0, 0x42, 0], status: .success, required: 4),
            Answer(descriptor: [2, 3], status: .success, required: 0),
            Answer(descriptor: [5, 3, 0x41, 0, 0x42], status: .deviceDataError, required: 0),
            Answer(descriptor: [1], status: .deviceDataError, required: 0),
            Answer(descriptor: [8, 3, 0x41, 0], status: .deviceDataError, required: 0),
            Answer(descriptor: [6, 3, 0x41, 0, 0x42, 0], room: 2, status: .bufferOverflow, required: 4),
            Answer(descriptor: [6, 3, 0x41, 0, 0x42, 0], room: 4, status: .success, required: 4),
        ])
    func string(answer: Answer) throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.strings[9] = answer.descriptor }
            let request = try TestRequest(targets)
            let memory = TestMemory(count: answer.room)
            let operation = Operation.string(index: 9, language: 0x409, try memory.part)
            #expect(format(request, targets.usbDevice, operation) == 0)
            #expect(request.send(targets.usbDevice))
            #expect(request.wait() == answer.status.rawValue)
            let usb = unsafe try #require(unsafe request.ends.last?.usb)
            #expect(unsafe usb.Type == WdfUsbRequestTypeDeviceString)
            #expect(unsafe usb.Parameters.DeviceString.RequiredSize == answer.required)
            #expect(unsafe usb.Parameters.DeviceString.LangID == 0x409)
            #expect(unsafe usb.Parameters.DeviceString.StringIndex == 9)
            let text = Array(answer.descriptor.dropFirst(2).prefix(answer.room))
            if answer.status != .deviceDataError { #expect(Array(memory.content.prefix(text.count)) == text) }
            request.delete()
        }
    }

    @Test("a string that the device does not have fails")
    func missingString() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let request = try TestRequest(targets)
            let operation = Operation.string(index: 9, language: 0x409, try TestMemory.kept([0, 0], by: request).part)
            #expect(format(request, targets.usbDevice, operation) == 0)
            #expect(request.send(targets.usbDevice))
            #expect(request.wait() == STATUS_UNSUCCESSFUL)
            #expect(unsafe request.ends.first?.usb?.UsbdStatus == USBD_STATUS_STALL_PID)
            request.delete()
        }
    }

    @Test("taking the device off the bus and back is not supported")
    func cyclePort() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let request = try TestRequest(targets)
            #expect(format(request, targets.usbDevice, .cyclePort) == 0)
            #expect(request.send(targets.usbDevice))
            #expect(request.wait() == STATUS_NOT_SUPPORTED)
            request.delete()
        }
    }

    @Test("an abort ends what is under way on a pipe, and a reset clears its halt")
    func abortAndReset() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let write = try TestRequest(targets)
            let memory = TestMemory(counting(5))
            #expect(try write.formatWrite(pipe, memory) == 0)
            #expect(write.send(pipe))
            let manager = try TestRequest(targets)
            #expect(format(manager, pipe, .abort(pipe)) == 0)
            #expect(manager.send(pipe))
            #expect(manager.wait() == 0)
            #expect(write.wait() == STATUS_CANCELLED)
            #expect(unsafe manager.ends.last?.usb?.Type == WdfUsbRequestTypePipeAbort)
            device.withPeripheral {
                $0.room = [:]
                $0.stalled = [TargetDevice.bulkOut]
            }
            for expected in [STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL] {
                write.reuse()
                #expect(try write.formatWrite(pipe, memory) == 0)
                #expect(write.send(pipe))
                #expect(write.wait() == expected)
            }
            // What is refused for the halt has moved nothing.
            #expect(unsafe write.ends.last?.usb?.UsbdStatus == USBD_STATUS_ENDPOINT_HALTED)
            #expect(write.ends.last?.information == 0)
            manager.reuse()
            #expect(format(manager, pipe, .reset(pipe)) == 0)
            #expect(manager.send(pipe))
            #expect(manager.wait() == 0)
            #expect(unsafe manager.ends.last?.usb?.Type == WdfUsbRequestTypePipeReset)
            write.reuse()
            #expect(try write.formatWrite(pipe, memory) == 0)
            #expect(write.send(pipe))
            #expect(write.wait() == 0)
            write.delete()
            manager.delete()
        }
    }

    @Test("a block that is under way is not taken again: a bug check, and nothing is sent")
    func activeBlock() throws {
        try Targets.run(TargetDevice()) { targets, device in
            device.withPeripheral { $0.room[TargetDevice.bulkOut] = 0 }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let memory = TestMemory(counting(5))
            let requests = try [TestRequest(targets), TestRequest(targets)]
            try unsafe withUnsafeTemporaryAllocation(of: URB.self, capacity: 1) { buffer in
                let block = unsafe try #require(buffer.baseAddress)
                unsafe block.initialize(to: URB())
                unsafe block.header.pointee.Length = USHORT(MemoryLayout<_URB_BULK_OR_INTERRUPT_TRANSFER>.size)
                unsafe block.header.pointee.Function = USHORT(URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER)
                unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.PipeHandle = unsafe pipe.pipe.handle
                unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBuffer = unsafe memory.bytes
                    .baseAddress
                unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBufferLength = 5
                for request in requests { #expect(unsafe format(request, pipe, .block(block, nil)) == 0) }
                #expect(requests[0].send(pipe))
                let found = BugCheck.intercepting { #expect(!requests[1].send(pipe)) }
                #expect(found.map(\.code) == [0xFE])
                #expect(requests[1].ends.isEmpty)
                device.withPeripheral { $0.room = [:] }
                #expect(requests[0].wait() == 0)
                #expect(unsafe requests[0].ends.first?.usb?.Type == WdfUsbRequestTypePipeUrb)
                // Then it is.
                #expect(requests[1].send(pipe))
                #expect(requests[1].wait() == 0)
            }
            for request in requests { request.delete() }
        }
    }
}
