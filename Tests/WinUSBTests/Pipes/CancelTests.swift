// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB
import WinUSB

@Suite("Cancelling, unplugging and freeing")
struct CancelTests {
    private let pipe = ScriptedDevice.bulkIn

    /// Reads and a write and a request that the device does not answer.
    private func begin(_ device: Device) -> [Overlapped] {
        #expect(device.setTimeout(0, 0) == 0)
        device.attachment.withPeripheral {
            $0.busy = [ScriptedDevice.bulkOut]
            $0.answer = .nak
        }
        let transfers = (0..<5).map { _ in Overlapped(64) }
        for transfer in transfers[..<3] { #expect(transfer.read(device, pipe, 64) == 997) }
        #expect(transfers[3].write(device, ScriptedDevice.bulkOut, 64) == 997)
        let packet = WINUSB_SETUP_PACKET(RequestType: 0xC0, Request: 1, Value: 0, Index: 0, Length: 8)
        let code = errorCode {
            unsafe WinUsb_ControlTransfer(
                device.handle, packet, transfers[4].buffer.baseAddress, 8, nil, transfers[4].block)
        }
        #expect(code == 997)
        return transfers
    }

    @Test("AbortPipe returns when everything on the pipe has ended with 995, and leaves other pipes alone")
    func abort() throws {
        try Device.with(ScriptedDevice()) { device in
            let transfers = begin(device)
            #expect(errorCode { unsafe WinUsb_AbortPipe(device.handle, pipe) } == 0)
            #expect(transfers.map(\.isPending) == [false, false, false, true, true])
            for read in transfers[..<3] { #expect(read.result(device, waits: false) == Transferred([], error: 995)) }
            #expect(errorCode { unsafe WinUsb_AbortPipe(device.handle, ScriptedDevice.bulkOut) } == 0)
            #expect(errorCode { unsafe WinUsb_AbortPipe(device.handle, 0) } == 0)
            #expect(transfers.allSatisfy { $0.result(device, waits: false).error == 995 })
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[4]] }
            #expect(device.read(pipe, 64) == Transferred([4]), "the pipe goes on")
        }
    }

    @Test("A call that waits on one thread ends with 995 when another aborts the pipe")
    func abortFromAnotherThread() throws {
        try Device.with(ScriptedDevice()) { device in
            for round in 0..<sparing(20, by: 4) {
                let threads = BusThreads(device.bus)
                let ends = Results<UInt32>()
                for _ in 0..<3 {
                    threads.start { ends.add(device.read(ScriptedDevice.bulkIn, round % 2 == 0 ? 64 : 100).error) }
                }
                // An abort takes what has begun, and a thread may be late.
                while ends.all.count < 3 {
                    device.sleep(1)
                    unsafe WinUsb_AbortPipe(device.handle, pipe)
                }
                threads.join()
                #expect(ends.all == [995, 995, 995])
            }
        }
    }

    @Test("CancelIoEx takes one operation back, and says when there is none")
    func cancelIoEx() throws {
        try Device.with(ScriptedDevice()) { device in
            let transfers = begin(device)
            for index in [1, 0, 2, 4, 3] {
                #expect(errorCode { unsafe CancelIoEx(device.file, transfers[index].block) } == 0)
                #expect(transfers[index].result(device).error == 995)
                #expect(errorCode { unsafe CancelIoEx(device.file, transfers[index].block) } == 1168)
            }
            #expect(errorCode { unsafe CancelIoEx(device.file, nil) } == 1168)
        }
    }

    @Test("CancelIo takes back what its own thread has begun")
    func cancelIo() throws {
        try Device.with(ScriptedDevice()) { device in
            let transfers = begin(device)
            let others = Overlapped(64)
            let threads = BusThreads(device.bus)
            threads.start { #expect(others.read(device, ScriptedDevice.bulkIn, 64) == 997) }
            threads.join()
            #expect(errorCode { unsafe CancelIo(device.file) } == 0)
            for transfer in transfers { #expect(transfer.result(device).error == 995) }
            #expect(others.isPending)
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[4]] }
            #expect(others.result(device) == Transferred([4]))
        }
    }

    @Test("A device that is unplugged ends everything with 1167, and later calls too")
    func unplug() throws {
        try Device.with(ScriptedDevice()) { device in
            let transfers = begin(device)
            device.attachment.unplug()
            for transfer in transfers { #expect(transfer.result(device).error == 1167) }
            #expect(device.read(pipe, 64).error == 1167)
            #expect(device.read(pipe, 7).error == 1167)
            #expect(device.write(ScriptedDevice.bulkOut, [1]).error == 1167)
            #expect(errorCode { unsafe WinUsb_ResetPipe(device.handle, pipe) } == 1167)
            #expect(errorCode { unsafe WinUsb_AbortPipe(device.handle, pipe) } == 0)
            #expect(errorCode { unsafe WinUsb_SetCurrentAlternateSetting(device.handle, 0) } == 1167)
            var length: ULONG = 0
            var bytes = [UInt8](repeating: 0, count: 18)
            #expect(errorCode { unsafe WinUsb_GetDescriptor(device.handle, 1, 0, 0, &bytes, 18, &length) } == 1167)
        }
    }

    @Test("Free ends what is under way with 995, and the handle is none any more", arguments: [false, true])
    func free(_ closesFile: Bool) throws {
        try Device.with(ScriptedDevice()) { device in
            let transfers = begin(device)
            if closesFile { #expect(errorCode { unsafe CloseHandle(device.file) } == 0) }
            #expect(errorCode { unsafe WinUsb_Free(device.handle) } == 0)
            for transfer in transfers {
                #expect(transfer.status.systemError == 995)
                #expect(transfer.eventIsSet)
            }
            for call in handleCalls {
                #expect(unsafe call.code(device.handle) == 6, "\(call.name)")
            }
        }
    }

    @Test("After CloseHandle the interface's handle serves only for results, and to be freed")
    func closedFile() throws {
        try Device.with(ScriptedDevice()) { device in
            let transfers = begin(device)
            #expect(errorCode { unsafe CloseHandle(device.file) } == 0)
            for transfer in transfers { #expect(transfer.result(device, waits: false).error == 995) }
            for call in handleCalls where call.name != "Free" && call.name != "GetOverlappedResult" {
                #expect(unsafe call.code(device.handle) == 6, "\(call.name)")
            }
            #expect(errorCode { unsafe WinUsb_Free(device.handle) } == 0)
        }
    }

    @Test("On a clock that moves by hand a call that can never end says so, and the pipe goes on")
    func deadlock() throws {
        try Device.with(ScriptedDevice(), flow: .manual) { device in
            #expect(device.read(pipe, 64) == Transferred([], error: 1131))
            #expect(device.read(pipe, 7) == Transferred([], error: 1131))
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[4]] }
            #expect(device.read(pipe, 64) == Transferred([4]))
            let read = Overlapped(64)
            #expect(read.read(device, pipe, 64) == 997)
            #expect(read.result(device).error == 1131)
            #expect(read.isPending)
            #expect(errorCode { unsafe WinUsb_AbortPipe(device.handle, pipe) } == 0)
            #expect(read.result(device).error == 995)
        }
    }
}
