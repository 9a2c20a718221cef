// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("Bulk and interrupt transfers")
struct DataTransferTests {
    @Test("IO moves bytes and counts them")
    func synchronous() throws {
        try Dext.run { dext in
            #expect(try dext.write(counting(1300)) == End(status: kIOReturnSuccess, count: 1300))
            #expect(dext.withDevice { $0.received.flatMap(\.bytes) } == counting(1300))
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes(counting(512)), .bytes(counting(7))] }
            let (end, bytes) = try dext.read(2048)
            // A short packet ends a transfer well.
            #expect(end == End(status: kIOReturnSuccess, count: 519))
            #expect(Array(bytes.prefix(519)) == counting(512) + counting(7))
            #expect(try dext.write(counting(16), to: DextDevice.interruptOut) == End(status: 0, count: 16))
        }
    }

    @Test("nil is a zero-length packet")
    func zeroLength() throws {
        try Dext.run { (dext) throws in
            var count: UInt32 = 1
            #expect(
                try dext.pipe(DextDevice.bulkOut).IO(
                    dataBuffer: nil, dataBufferLength: 0, bytesTransferred: &count, completionTimeoutMs: 0)
                    == kIOReturnSuccess)
            #expect(count == 0)
            #expect(dext.withDevice { $0.received.map(\.bytes) } == [[]])
        }
    }

    @Test("more than the buffer describes, and a timeout on an interrupt pipe, are bad arguments")
    func badArguments() throws {
        try Dext.run { dext in
            let buffer = try dext.buffer(count: 64)
            let ends = Ends<End>(dext)
            #expect(buffer.SetLength(length: 10) == kIOReturnSuccess)
            for (address, length, timeout, expected) in [
                (DextDevice.bulkOut, 11, 0, kIOReturnBadArgument),
                (DextDevice.interruptOut, 10, 5, kIOReturnBadArgument),
                (DextDevice.isochronousOut, 10, 0, kIOReturnUnsupported),
            ] as [(UInt8, UInt32, UInt32, kern_return_t)] {
                let pipe = try dext.pipe(address)
                var count: UInt32 = 9
                #expect(
                    pipe.IO(
                        dataBuffer: buffer, dataBufferLength: length, bytesTransferred: &count,
                        completionTimeoutMs: timeout) == expected)
                #expect(count == 0)
                #expect(
                    pipe.AsyncIO(
                        dataBuffer: buffer, dataBufferLength: length, completion: dext.action(ends),
                        completionTimeoutMs: timeout) == expected)
            }
            let pipe = try dext.pipe(DextDevice.bulkOut)
            #expect(
                pipe.AsyncIO(dataBuffer: buffer, dataBufferLength: 10, completion: nil, completionTimeoutMs: 0)
                    == kIOReturnBadArgument)
            #expect(
                pipe.AsyncIO(
                    dataBuffer: buffer, dataBufferLength: 10, completion: dext.action(Ends<kern_return_t>(dext)),
                    completionTimeoutMs: 0) == kIOReturnBadArgument)
            #expect(ends.all.isEmpty)
            #expect(dext.withDevice { $0.received.isEmpty })
        }
    }

    @Test("20: a timeout tells the bytes that moved, keeps them, and leaves the pipe as it was")
    func timeout() throws {
        try Dext.run { dext in
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes(counting(512))] }
            let before = mach_absolute_time()
            let (end, bytes) = try dext.read(4096, timeout: 30)
            #expect(end == End(status: kIOReturnTimeout, count: 512))
            #expect(Array(bytes.prefix(512)) == counting(512))
            #expect(mach_absolute_time() - before >= 30_000_000)
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([1, 2])] }
            #expect(try dext.read(512, timeout: 30).end == End(status: kIOReturnSuccess, count: 2))
        }
    }

    @Test("25: completions of a pipe come in the order of submission, with their time")
    func order() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkOut)
            let ends = Ends<(UInt32, UInt64)>(dext)
            let action = OSAction.CompleteAsyncIO(target: dext) { _, status, count, time in
                #expect(status == kIOReturnSuccess)
                ends.note((count, time))
            }
            for size in 1...40 {
                #expect(
                    pipe.AsyncIO(
                        dataBuffer: try dext.buffer(count: size), dataBufferLength: UInt32(size), completion: action,
                        completionTimeoutMs: 0) == kIOReturnSuccess)
            }
            let noted = ends.wait(for: 40)
            #expect(noted.map(\.0) == Array(1...40))
            #expect(noted.map(\.1) == noted.map(\.1).sorted())
            #expect(mach_absolute_time() >= noted[39].1)
        }
    }

    @Test("an action's reference is its own memory, zeroed at first")
    func reference() throws {
        try Dext.run { dext in
            let ends = Ends<UInt32>(dext)
            let actions = (0..<3).map { _ in
                OSAction.CompleteAsyncIO(target: dext, referenceSize: 4) { action, _, _, _ in
                    ends.note(unsafe action.GetReference()?.load(as: UInt32.self) ?? 99)
                }
            }
            for (number, action) in actions.enumerated() {
                #expect(unsafe action.GetReference()?.load(as: UInt32.self) == 0)
                unsafe action.GetReference()?.storeBytes(of: UInt32(number), as: UInt32.self)
            }
            for action in actions {
                let status = try dext.pipe(DextDevice.bulkOut).AsyncIO(
                    dataBuffer: nil, dataBufferLength: 0, completion: action, completionTimeoutMs: 0)
                #expect(status == kIOReturnSuccess)
            }
            #expect(ends.wait(for: 3) == [0, 1, 2])
            #expect(unsafe dext.action(Ends<End>(dext)).GetReference() == nil)
        }
    }

    @Test("25: a completion may transfer synchronously, and submit again")
    func insideCompletion() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkOut)
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([1]), .bytes([2, 2]), .bytes([3, 3, 3])] }
            let ends = Ends<UInt32>(dext)
            let action = OSAction.CompleteAsyncIO(target: dext) { action, _, _, _ in
                let read = try? dext.read(512)
                ends.note(read?.end.count ?? 99)
                guard ends.all.count < 3 else { return }
                let status = pipe.AsyncIO(
                    dataBuffer: nil, dataBufferLength: 0, completion: action, completionTimeoutMs: 0)
                #expect(status == kIOReturnSuccess)
            }
            #expect(
                pipe.AsyncIO(dataBuffer: nil, dataBufferLength: 0, completion: action, completionTimeoutMs: 0)
                    == kIOReturnSuccess)
            #expect(ends.wait(for: 3) == [1, 2, 3])
        }
    }

    @Test("16: a buffer and an action stay until the completion has returned")
    func lifetimes() throws {
        try Dext.run { dext in
            let ends = Ends<[UInt8]>(dext)
            weak var data: IOBufferMemoryDescriptor?
            do {
                let buffer = try dext.buffer(count: 512)
                data = buffer
                let action = OSAction.CompleteAsyncIO(target: dext) { [weak buffer] _, _, count, _ in
                    ends.note(Array(buffer?.copied.prefix(Int(count)) ?? []))
                }
                #expect(
                    try dext.pipe(DextDevice.bulkIn).AsyncIO(
                        dataBuffer: buffer, dataBufferLength: 512, completion: action, completionTimeoutMs: 0)
                        == kIOReturnSuccess)
            }
            #expect(data != nil)
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([5, 6, 7])] }
            #expect(ends.wait() == [[5, 6, 7]])
            dext.queue(kIOServiceDefaultQueueName).DispatchSync {}
            #expect(data == nil)
        }
    }
}
