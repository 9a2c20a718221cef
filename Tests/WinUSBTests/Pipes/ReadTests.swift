// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification
import VirtualUSB
import WinUSB

@Suite("Reads")
struct ReadTests {
    private let pipe = ScriptedDevice.bulkIn

    private func provide(_ device: Device, _ packets: [[UInt8]]) {
        device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = packets }
    }

    @Test(
        "A read of less than a packet, or of packets and a rest, asks for whole packets", arguments: [1, 63, 65, 130])
    func rounding(_ count: Int) throws {
        try Device.with(ScriptedDevice()) { device in
            provide(device, [counting(64), counting(64, from: 64), counting(64, from: 128)])
            #expect(device.read(pipe, count) == Transferred(counting(count)))
            let rest = (64 - count % 64) % 64
            let left = device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn]?.count ?? 0 }
            #expect(left == 3 - (count + 63) / 64, "no packet more than needed was fetched")
            // What is left of the packet was a full one, so that the next read goes on behind it.
            provide(device, [[7]])
            #expect(device.read(pipe, 64) == Transferred(counting(rest, from: count) + [7]))
        }
    }

    @Test("A short packet ends a read, also where the read takes the end of it from the surplus")
    func shortEnd() throws {
        try Device.with(ScriptedDevice()) { device in
            provide(device, [counting(20), [99]])
            #expect(device.read(pipe, 8) == Transferred(counting(8)))
            #expect(device.read(pipe, 8) == Transferred(counting(8, from: 8)))
            #expect(device.read(pipe, 8) == Transferred(counting(4, from: 16)))
            #expect(device.read(pipe, 8) == Transferred([99]))
        }
    }

    @Test("A surplus is dropped by a flush, and only on its own pipe")
    func flush() throws {
        try Device.with(ScriptedDevice()) { device in
            provide(device, [counting(12), [99]])
            #expect(device.read(pipe, 8) == Transferred(counting(8)))
            #expect(errorCode { unsafe WinUsb_FlushPipe(device.handle, ScriptedDevice.bulkOut) } == 0)
            #expect(errorCode { unsafe WinUsb_FlushPipe(device.handle, 0) } == 0)
            #expect(device.read(pipe, 1) == Transferred([8]))
            #expect(errorCode { unsafe WinUsb_FlushPipe(device.handle, pipe) } == 0)
            #expect(device.read(pipe, 8) == Transferred([99]))
        }
    }

    @Test("A read of nothing succeeds at once, and asks the device where partial reads are off")
    func zeroLength() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.read(pipe, 0) == Transferred([]))
            let overlapped = Overlapped(0)
            #expect(overlapped.read(device, pipe, 0) == 997)
            #expect(!overlapped.isPending)
            #expect(overlapped.result(device, waits: false) == Transferred([]))
            #expect(device.set(pipe, ALLOW_PARTIAL_READS, false) == 0)
            #expect(device.setTimeout(pipe, 5) == 0)
            #expect(device.read(pipe, 0) == Transferred([], error: 121))
            provide(device, [[]])
            #expect(device.read(pipe, 0) == Transferred([]))
        }
    }

    @Test("IGNORE_SHORT_PACKETS reads on until the buffer is full, in front of what is queued")
    func ignoreShortPackets() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.set(pipe, IGNORE_SHORT_PACKETS, true) == 0)
            let first = Overlapped(100)
            let second = Overlapped(4)
            #expect(first.read(device, pipe, 100) == 997)
            #expect(second.read(device, pipe, 4) == 997)
            provide(device, [counting(30), [], counting(64, from: 30), counting(10, from: 94)])
            #expect(first.result(device) == Transferred(counting(100)))
            #expect(second.result(device) == Transferred(counting(4, from: 100)))
        }
    }

    @Test("A read that ends early for another reason than a short packet says what had come")
    func partialError() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.set(pipe, IGNORE_SHORT_PACKETS, true) == 0)
            #expect(device.setTimeout(pipe, 20) == 0)
            provide(device, [counting(10)])
            let before = device.now
            #expect(device.read(pipe, 100) == Transferred(counting(10), error: 121))
            #expect(before.duration(to: device.now) < .milliseconds(23), "the limit is for the whole read")
            provide(device, [counting(64)])
            device.attachment.withPeripheral { _ = $0.stalled.insert(ScriptedDevice.bulkIn) }
            #expect(device.read(pipe, 100) == Transferred([], error: 31))
        }
    }

    @Test("A read beyond the largest request is cut, and comes whole")
    func split() throws {
        try Device.with(ScriptedDevice(speed: .high)) { device in
            let count = (4 << 20) + 700
            let all = counting(count + 324)
            provide(device, stride(from: 0, to: all.count, by: 512).map { Array(all[$0..<min($0 + 512, all.count)]) })
            #expect(device.read(pipe, count) == Transferred(Array(all.prefix(count))))
            #expect(device.read(pipe, 324) == Transferred(Array(all.dropFirst(count))))
        }
    }

    @Test("Reads of several threads each get packets of their own")
    func threads() throws {
        try Device.with(ScriptedDevice()) { device in
            let threads = BusThreads(device.bus)
            let results = Results<[UInt8]>()
            for _ in 0..<4 {
                threads.start {
                    for _ in 0..<25 { results.add(device.read(ScriptedDevice.bulkIn, 64).bytes) }
                }
            }
            provide(device, (0..<100).map { [UInt8($0)] })
            threads.join()
            #expect(results.all.map { $0.first ?? 255 }.sorted() == Array(0..<100))
        }
    }

    // MARK: RAW_IO

    @Test(
        "With RAW_IO only whole packets up to the largest request are allowed, in both directions",
        arguments: [(0, 0), (1, 87), (63, 87), (64, 0), (65, 87), (128, 0), (4 << 20, 0), ((4 << 20) + 64, 87)])
    func rawLengths(_ count: Int, _ code: UInt32) throws {
        try Device.with(ScriptedDevice()) { device in
            provide(device, [[1]])
            #expect(device.set(pipe, RAW_IO, true) == 0)
            #expect(device.set(ScriptedDevice.bulkOut, RAW_IO, true) == 0)
            #expect(device.read(pipe, count).error == code)
            guard count <= 128 || code != 0 else { return }
            #expect(device.write(ScriptedDevice.bulkOut, counting(count)).error == code)
        }
    }

    @Test("With RAW_IO reads end with their packets, whatever IGNORE_SHORT_PACKETS and AUTO_CLEAR_STALL say")
    func rawReads() throws {
        try Device.with(ScriptedDevice()) { device in
            for policy in [RAW_IO, IGNORE_SHORT_PACKETS, AUTO_CLEAR_STALL] {
                #expect(device.set(pipe, policy, true) == 0)
            }
            let reads = (0..<4).map { _ in Overlapped(64) }
            for read in reads { #expect(read.read(device, pipe, 64) == 997) }
            provide(device, (0..<4).map { [UInt8($0)] })
            for (index, read) in reads.enumerated() { #expect(read.result(device) == Transferred([UInt8(index)])) }
            device.attachment.withPeripheral { _ = $0.stalled.insert(ScriptedDevice.bulkIn) }
            #expect(device.read(pipe, 64).error == 31)
            #expect(device.attachment.withPeripheral { $0.cleared } == [])
        }
    }

    @Test("A surplus from before RAW_IO comes first, so that the bytes keep their order")
    func rawAfterSurplus() throws {
        try Device.with(ScriptedDevice()) { device in
            provide(device, [counting(12), [99]])
            #expect(device.read(pipe, 8) == Transferred(counting(8)))
            #expect(device.set(pipe, RAW_IO, true) == 0)
            #expect(device.read(pipe, 64) == Transferred(counting(4, from: 8)))
            #expect(device.read(pipe, 64) == Transferred([99]))
        }
    }

    // MARK: Halts

    @Test("A stall fails every transfer until the pipe is reset")
    func stall() throws {
        try Device.with(ScriptedDevice()) { device in
            for address in [ScriptedDevice.bulkIn, ScriptedDevice.bulkOut] {
                device.attachment.withPeripheral { _ = $0.stalled.insert(address) }
                func transfer() -> UInt32 {
                    address & 0x80 != 0 ? device.read(address, 64).error : device.write(address, [1]).error
                }
                #expect(transfer() == 31)
                #expect(transfer() == 31)
                #expect(errorCode { unsafe WinUsb_ResetPipe(device.handle, address) } == 0)
                provide(device, [[5]])
                #expect(transfer() == 0)
                #expect(device.attachment.withPeripheral { $0.cleared.last } == address)
            }
        }
    }

    @Test("AUTO_CLEAR_STALL clears the halt before the read ends, and not when it was taken back or timed out")
    func autoClearStall() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(device.set(pipe, AUTO_CLEAR_STALL, true) == 0)
            #expect(device.setTimeout(pipe, 5) == 0)
            #expect(device.read(pipe, 64).error == 121)
            let aborted = Overlapped(64)
            #expect(aborted.read(device, pipe, 64) == 997)
            #expect(errorCode { unsafe WinUsb_AbortPipe(device.handle, pipe) } == 0)
            #expect(aborted.result(device).error == 995)
            #expect(device.attachment.withPeripheral { $0.cleared } == [])

            device.attachment.withPeripheral { _ = $0.stalled.insert(ScriptedDevice.bulkIn) }
            let failing = Overlapped(64)
            let next = Overlapped(64)
            #expect(failing.read(device, pipe, 64) == 997)
            #expect(next.read(device, pipe, 64) == 997)
            #expect(failing.result(device).error == 31)
            #expect(device.attachment.withPeripheral { $0.cleared } == [ScriptedDevice.bulkIn])
            provide(device, [[7]])
            #expect(next.result(device) == Transferred([7]))
        }
    }
}
