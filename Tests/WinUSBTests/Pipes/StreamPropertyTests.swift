// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB
import WinUSB

/// What reads are to bring, worked out from the packets alone.
private struct ReadModel {
    var packets: [[UInt8]]
    /// What the last packet left over, and whether it was a short one.
    var surplus: [UInt8] = []
    var surplusEndsShort = false
    let packetSize: Int

    /// The bytes of a read, or nil when it waits for more than there is. `drops` is AUTO_FLUSH.
    mutating func read(_ count: Int, ignoresShort: Bool, drops: Bool) -> [UInt8]? {
        var result: [UInt8] = []
        if !surplus.isEmpty {
            let taken = min(count, surplus.count)
            result += surplus.prefix(taken)
            surplus.removeFirst(taken)
            if surplus.isEmpty, surplusEndsShort, !ignoresShort { return result }
        }
        while result.count < count {
            guard !packets.isEmpty else { return nil }
            let packet = packets.removeFirst()
            let fitting = min(packet.count, count - result.count)
            result += packet.prefix(fitting)
            if fitting < packet.count, !drops {
                surplus = Array(packet.dropFirst(fitting))
                surplusEndsShort = packet.count < packetSize
            }
            if packet.count < packetSize, !ignoresShort { break }
        }
        return result
    }
}

@Suite("Reads as a stream of bytes")
struct StreamPropertyTests {
    @Test(
        "Whatever the lengths, policies and ends of reads: nothing is lost, and nothing comes twice",
        arguments: sparing(0..<60))
    func stream(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let speed: Speed = seed % 2 == 0 ? .full : .high
        let packetSize = speed == .full ? 64 : 512
        var next = 0
        let packets = (0..<120).map { _ in
            let kind = Int.random(in: 0..<4, using: &random)
            let count = kind == 0 ? Int.random(in: 0..<packetSize, using: &random) : kind == 1 ? 0 : packetSize
            defer { next += count }
            return counting(count, from: next)
        }
        try Device.with(ScriptedDevice(speed: speed)) { device in
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = packets }
            var model = ReadModel(packets: packets, packetSize: packetSize)
            // Several reads are queued at a time; the policies of each are those at its beginning.
            while true {
                var queued: [(read: Overlapped, expected: [UInt8])] = []
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let ignoresShort = Int.random(in: 0..<4, using: &random) == 0
                    let drops = Int.random(in: 0..<6, using: &random) == 0
                    let count = Int.random(in: 1...(3 * packetSize), using: &random)
                    guard let expected = model.read(count, ignoresShort: ignoresShort, drops: drops) else { break }
                    #expect(device.set(ScriptedDevice.bulkIn, IGNORE_SHORT_PACKETS, ignoresShort) == 0)
                    #expect(device.set(ScriptedDevice.bulkIn, AUTO_FLUSH, drops) == 0)
                    let read = Overlapped(count)
                    #expect(read.read(device, ScriptedDevice.bulkIn, count) == 997)
                    queued.append((read, expected))
                }
                guard !queued.isEmpty else { break }
                for (read, expected) in queued { #expect(read.result(device) == Transferred(expected)) }
            }
        }
    }

    @Test(
        "Reads that are cancelled or time out in between hand over what they have, in order", arguments: sparing(0..<60)
    )
    func interrupted(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed) &+ 1000)
        try Device.with(ScriptedDevice()) { device in
            var sent = 0
            var received: [UInt8] = []
            #expect(device.set(ScriptedDevice.bulkIn, IGNORE_SHORT_PACKETS, seed % 3 == 0) == 0)
            for _ in 0..<40 {
                let pieces = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    let count = [0, 1, 30, 63, 64].randomElement(using: &random) ?? 0
                    defer { sent += count }
                    return counting(count, from: sent)
                }
                device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn, default: []] += pieces }
                #expect(device.setTimeout(ScriptedDevice.bulkIn, UInt32.random(in: 0...2, using: &random)) == 0)
                let reads = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    Overlapped(Int.random(in: 1...150, using: &random))
                }
                for read in reads { #expect(unsafe read.read(device, ScriptedDevice.bulkIn, read.buffer.count) == 997) }
                device.sleep(Int64.random(in: 0...3, using: &random))
                if let one = reads.randomElement(using: &random) { unsafe CancelIoEx(device.file, one.block) }
                unsafe WinUsb_AbortPipe(device.handle, ScriptedDevice.bulkIn)
                for read in reads {
                    let result = read.result(device, waits: false)
                    #expect([0, 121, 995].contains(result.error))
                    received += result.bytes
                }
            }
            // What is left is fetched without any end but its own.
            #expect(device.setTimeout(ScriptedDevice.bulkIn, 200) == 0)
            while true {
                let rest = device.read(ScriptedDevice.bulkIn, 64)
                received += rest.bytes
                if rest.error != 0, rest.bytes.isEmpty { break }
            }
            #expect(received == counting(sent))
        }
    }
}
