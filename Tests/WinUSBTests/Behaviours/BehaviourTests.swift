// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification
import VirtualUSB
import WinUSB

typealias Device = OpenDevice<ScriptedDevice>

@Suite("Behaviours of WinUSB")
struct BehaviourTests {
    // MARK: 1

    @Test("1: structures have the sizes and offsets of 64-bit Windows")
    func structures() {
        #expect(MemoryLayout<WINUSB_SETUP_PACKET>.size == 8)
        #expect(MemoryLayout<WINUSB_SETUP_PACKET>.alignment == 1)
        #expect(MemoryLayout<WINUSB_PIPE_INFORMATION>.size == 12)
        #expect(MemoryLayout<WINUSB_PIPE_INFORMATION>.offset(of: \.PipeType) == 0)
        #expect(MemoryLayout<WINUSB_PIPE_INFORMATION>.offset(of: \.PipeId) == 4)
        #expect(MemoryLayout<WINUSB_PIPE_INFORMATION>.offset(of: \.MaximumPacketSize) == 6)
        #expect(MemoryLayout<WINUSB_PIPE_INFORMATION>.offset(of: \.Interval) == 8)
        #expect(MemoryLayout<WINUSB_PIPE_INFORMATION_EX>.size == 16)
        #expect(MemoryLayout<WINUSB_PIPE_INFORMATION_EX>.offset(of: \.MaximumBytesPerInterval) == 12)
        #expect(MemoryLayout<USBD_ISO_PACKET_DESCRIPTOR>.size == 12)
        #expect(MemoryLayout<USBD_ISO_PACKET_DESCRIPTOR>.offset(of: \.Length) == 4)
        #expect(MemoryLayout<USBD_ISO_PACKET_DESCRIPTOR>.offset(of: \.Status) == 8)
        #expect(MemoryLayout<USB_INTERFACE_DESCRIPTOR>.size == 9)
        #expect(MemoryLayout<USB_CONFIGURATION_DESCRIPTOR>.size == 9)
        #expect(unsafe MemoryLayout<OVERLAPPED>.size == 32)
        #expect(unsafe MemoryLayout<OVERLAPPED>.offset(of: \.InternalHigh) == 8)
        #expect(unsafe MemoryLayout<OVERLAPPED>.offset(of: \.hEvent) == 24)
    }

    @Test(
        "1: constants have the values of the headers",
        arguments: [
            (SHORT_PACKET_TERMINATE, 0x01), (AUTO_CLEAR_STALL, 0x02), (PIPE_TRANSFER_TIMEOUT, 0x03),
            (IGNORE_SHORT_PACKETS, 0x04), (ALLOW_PARTIAL_READS, 0x05), (AUTO_FLUSH, 0x06), (RAW_IO, 0x07),
            (MAXIMUM_TRANSFER_SIZE, 0x08), (RESET_PIPE_ON_RESUME, 0x09), (AUTO_SUSPEND, 0x81), (ENABLE_WAKE, 0x82),
            (SUSPEND_DELAY, 0x83), (DEVICE_SPEED, 0x01), (LowSpeed, 1), (FullSpeed, 2), (HighSpeed, 3),
            (Int32(UsbdPipeTypeControl.rawValue), 0), (Int32(UsbdPipeTypeIsochronous.rawValue), 1),
            (Int32(UsbdPipeTypeBulk.rawValue), 2), (Int32(UsbdPipeTypeInterrupt.rawValue), 3),
        ] as [(Int32, Int32)])
    func constants(_ constant: Int32, _ value: Int32) {
        #expect(constant == value)
    }

    // MARK: 15

    @Test("15: NULL is an invalid handle to every function that takes one")
    func nullHandles() {
        for call in handleCalls {
            #expect(unsafe call.code(nil) == 6, "\(call.name)")
        }
    }

    @Test(
        "15: an overlapped call is pending, its result incomplete until it has ended, and its event reset by the start")
    func overlapped() throws {
        try Device.with(ScriptedDevice()) { device in
            let read = Overlapped(64)
            unsafe SetEvent(read.block.pointee.hEvent)
            #expect(read.read(device, ScriptedDevice.bulkIn, 64) == 997)
            #expect(read.isPending)
            #expect(!read.eventIsSet)
            #expect(read.result(device, waits: false).error == 996)
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [counting(64)] }
            #expect(read.result(device) == Transferred(counting(64)))
            #expect(read.eventIsSet)
            #expect(unsafe read.block.pointee.Internal == 0)
            #expect(unsafe read.block.pointee.InternalHigh == 64)
            #expect(read.result(device, waits: false) == Transferred(counting(64)), "a result can be asked for again")
        }
    }

    @Test("15: without an event the file is what is waited for")
    func fileAsEvent() throws {
        try Device.with(ScriptedDevice()) { device in
            let read = Overlapped(64, hasEvent: false)
            #expect(read.read(device, ScriptedDevice.bulkIn, 64) == 997)
            #expect(unsafe WaitForSingleObject(device.file, 5) == 258, "WAIT_TIMEOUT")
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [counting(10)] }
            #expect(unsafe WaitForSingleObject(device.file, 1000) == 0)
            #expect(read.result(device) == Transferred(counting(10)))
        }
    }

    @Test("15: a program that polls for a result comes to an end")
    func polling() throws {
        try Device.with(ScriptedDevice()) { device in
            let write = Overlapped(counting(64))
            #expect(write.write(device, ScriptedDevice.bulkOut, 64) == 997)
            while write.result(device, waits: false).error == 996 {}
            #expect(write.result(device) == Transferred(counting(64)))
        }
    }

    // MARK: 16

    @Test("16: what a read did not ask for is returned first by the next")
    func surplus() throws {
        try Device.with(ScriptedDevice()) { device in
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [counting(12), [99]] }
            #expect(device.read(ScriptedDevice.bulkIn, 8) == Transferred(counting(8)))
            #expect(device.read(ScriptedDevice.bulkIn, 64) == Transferred(counting(4, from: 8)))
            #expect(device.read(ScriptedDevice.bulkIn, 64) == Transferred([99]))
        }
    }

    @Test("16: with AUTO_FLUSH it is lost")
    func autoFlush() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.set(ScriptedDevice.bulkIn, AUTO_FLUSH, true) == 0)
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [counting(12), [99]] }
            #expect(device.read(ScriptedDevice.bulkIn, 8) == Transferred(counting(8)))
            #expect(device.read(ScriptedDevice.bulkIn, 64) == Transferred([99]))
        }
    }

    @Test("16: without ALLOW_PARTIAL_READS the read fails, whatever AUTO_FLUSH says", arguments: [false, true])
    func noPartialReads(_ flushes: Bool) throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.set(ScriptedDevice.bulkIn, ALLOW_PARTIAL_READS, false) == 0)
            #expect(device.set(ScriptedDevice.bulkIn, AUTO_FLUSH, flushes) == 0)
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [counting(12), [99]] }
            #expect(device.read(ScriptedDevice.bulkIn, 8) == Transferred(counting(8), error: 234))
            #expect(device.read(ScriptedDevice.bulkIn, 64) == Transferred([99]))
        }
    }

    // MARK: 17

    @Test("17: SHORT_PACKET_TERMINATE adds a zero-length packet to whole packets", arguments: [false, true])
    func shortPacketTerminate(_ terminates: Bool) throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.set(ScriptedDevice.bulkOut, SHORT_PACKET_TERMINATE, terminates) == 0)
            #expect(device.write(ScriptedDevice.bulkOut, counting(128)) == (0, 128))
            #expect(device.write(ScriptedDevice.bulkOut, counting(65)) == (0, 65))
            let sizes = device.attachment.withPeripheral { $0.packetsReceived(ScriptedDevice.bulkOut).map(\.count) }
            #expect(sizes == (terminates ? [64, 64, 0, 64, 1] : [64, 64, 64, 1]))
        }
    }

    @Test("17: a write of no bytes is one zero-length packet", arguments: [false, true])
    func zeroLengthWrite(_ terminates: Bool) throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.set(ScriptedDevice.bulkOut, SHORT_PACKET_TERMINATE, terminates) == 0)
            #expect(device.write(ScriptedDevice.bulkOut, []) == (0, 0))
            #expect(device.attachment.withPeripheral { $0.packetsReceived(ScriptedDevice.bulkOut) } == [[]])
        }
    }

    // MARK: 18

    @Test("18: a read that gets no answer ends with 121 when its time is up, and the pipe goes on")
    func pipeTimeout() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.setTimeout(ScriptedDevice.bulkIn, 50) == 0)
            let before = device.now
            #expect(device.read(ScriptedDevice.bulkIn, 64) == Transferred([], error: 121))
            let waited = before.duration(to: device.now)
            #expect(waited >= .milliseconds(50) && waited < .milliseconds(52))
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [counting(3)] }
            #expect(device.read(ScriptedDevice.bulkIn, 64) == Transferred(counting(3)))
        }
    }

    @Test("18: with a time limit of 0 a read waits")
    func noTimeout() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.setTimeout(ScriptedDevice.bulkIn, 0) == 0)
            let read = Overlapped(64)
            #expect(read.read(device, ScriptedDevice.bulkIn, 64) == 997)
            device.sleep(60_000)
            #expect(read.isPending)
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[1]] }
            #expect(read.result(device) == Transferred([1]))
        }
    }

    @Test("18: the time of a transfer counts from its turn")
    func timeoutFromService() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.setTimeout(ScriptedDevice.bulkIn, 50) == 0)
            #expect(device.setTimeout(ScriptedDevice.bulkOut, 50) == 0)
            device.attachment.withPeripheral { $0.busy = [ScriptedDevice.bulkOut] }
            for isRead in [true, false] {
                let before = device.now
                let queued = (0..<3).map { _ in Overlapped(64) }
                for transfer in queued {
                    let code =
                        isRead
                        ? transfer.read(device, ScriptedDevice.bulkIn, 64)
                        : transfer.write(device, ScriptedDevice.bulkOut, 64)
                    #expect(code == 997)
                }
                for (index, transfer) in queued.enumerated() {
                    #expect(transfer.result(device).error == 121)
                    let waited = before.duration(to: device.now)
                    #expect(waited >= .milliseconds(50 * (index + 1)) && waited < .milliseconds(50 * (index + 1) + 3))
                }
            }
        }
    }
}
