// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("Bundled transfers")
struct BundledTests {
    /// What one call of a completion told.
    struct Bundle: Hashable, Sendable {
        var first: UInt32
        var counts: [UInt32]
        var statuses: [kern_return_t]
    }

    /// A pipe with a ring of `size` places of 64 bytes each.
    private func withRing(
        _ size: UInt32, _ body: (Dext, IOUSBHostPipe, [IOBufferMemoryDescriptor], OSAction, Ends<Bundle>) throws -> Void
    ) throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            #expect(pipe.CreateMemoryDescriptorRing(size: size) == kIOReturnSuccess)
            let buffers = try (0..<Int(size)).map { _ in try dext.buffer(count: 64) }
            for (index, buffer) in buffers.enumerated() {
                #expect(pipe.SetMemoryDescriptor(memoryDescriptor: buffer, index: UInt32(index)) == kIOReturnSuccess)
            }
            let ends = Ends<Bundle>(dext)
            let action = OSAction.CompleteAsyncIOBundled(target: dext) { _, first, count, counts, statuses in
                #expect(Int(count) == counts.count && Int(count) == statuses.count)
                ends.note(Bundle(first: first, counts: counts, statuses: statuses))
            }
            try body(dext, pipe, buffers, action, ends)
        }
    }

    private func submit(
        _ pipe: IOUSBHostPipe, _ first: UInt32, _ count: Int, _ action: OSAction?, length: UInt32 = 64
    ) -> (status: kern_return_t, accepted: UInt32) {
        var accepted: UInt32 = 99
        let status = pipe.AsyncIOBundled(
            ioTransferIndex: first, ioTransferCount: UInt32(count), ioTransferAcceptedCount: &accepted,
            dataBufferLengthArray: [UInt32](repeating: length, count: count), completion: action, completionTimeoutMs: 0
        )
        return (status, accepted)
    }

    /// Places and their bytes, in the order in which they were told.
    private func places(_ bundles: [Bundle]) -> [UInt32: UInt32] {
        var places: [UInt32: UInt32] = [:]
        for bundle in bundles {
            for (number, count) in bundle.counts.enumerated() {
                #expect(places.updateValue(count, forKey: bundle.first + UInt32(number)) == nil)
            }
        }
        return places
    }

    @Test("each place fills its own memory, and is told once")
    func transfers() throws {
        try withRing(16) { dext, pipe, buffers, action, ends in
            dext.withDevice { $0.packets[DextDevice.bulkIn] = (0..<16).map { .bytes(counting($0 + 1, from: $0)) } }
            let (status, accepted) = submit(pipe, 0, 16, action)
            #expect(status == kIOReturnSuccess && accepted == 16)
            ends.wait { $0.flatMap(\.counts).count >= 16 }
            #expect(places(ends.all) == Dictionary(uniqueKeysWithValues: (0..<16).map { (UInt32($0), UInt32($0 + 1)) }))
            #expect(ends.all.flatMap(\.statuses).allSatisfy { $0 == kIOReturnSuccess })
            for (index, buffer) in buffers.enumerated() {
                #expect(Array(buffer.copied.prefix(index + 1)) == counting(index + 1, from: index))
            }
        }
    }

    @Test("what has ended while the queue was busy is told together")
    func bundling() throws {
        try withRing(4) { dext, pipe, _, action, ends in
            let queue = dext.queue(kIOServiceDefaultQueueName)
            let (hasBegun, mayEnd) = (BusEvent(on: dext.bus.executor), BusEvent(on: dext.bus.executor))
            queue.DispatchAsync {
                hasBegun.set()
                _ = mayEnd.wait()
            }
            #expect(hasBegun.wait() == .set(0))
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([1]), .bytes([2]), .bytes([3])] }
            #expect(submit(pipe, 0, 4, action) == (kIOReturnSuccess, 4))
            // The fourth place gets nothing; the others have ended when a write behind them has.
            _ = try dext.write(counting(8192))
            mayEnd.set()
            #expect(ends.wait() == [Bundle(first: 0, counts: [1, 1, 1], statuses: [0, 0, 0])])
            pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnAborted, forClient: nil)
            #expect(ends.wait(for: 2).last == Bundle(first: 3, counts: [0], statuses: [kIOReturnAborted]))
        }
    }

    @Test("places that are under way are not taken, and those behind them neither")
    func busyPlaces() throws {
        try withRing(8) { dext, pipe, buffers, action, ends in
            #expect(submit(pipe, 4, 2, action) == (kIOReturnSuccess, 2))
            #expect(submit(pipe, 2, 4, action) == (kIOReturnSuccess, 2))
            #expect(submit(pipe, 4, 1, action) == (kIOReturnBusy, 0))
            #expect(pipe.SetMemoryDescriptor(memoryDescriptor: buffers[0], index: 5) == kIOReturnBusy)
            #expect(pipe.SetMemoryDescriptor(memoryDescriptor: buffers[0], index: 6) == kIOReturnSuccess)
            // Behind the last place comes the first.
            #expect(submit(pipe, 7, 3, action) == (kIOReturnSuccess, 3))
            pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnAborted, forClient: nil)
            ends.wait { $0.flatMap(\.counts).count >= 7 }
            #expect(Set(places(ends.all).keys) == [0, 1, 2, 3, 4, 5, 7])
            #expect(submit(pipe, 4, 1, action) == (kIOReturnSuccess, 1))
        }
    }

    @Test("a ring is made once, for a bulk pipe, and filled from its beginning")
    func ring() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let buffer = try dext.buffer(count: 64)
            let action = OSAction.CompleteAsyncIOBundled(target: dext) { _, _, _, _, _ in }
            for other in [DextDevice.interruptIn, DextDevice.isochronousIn] {
                #expect(try dext.pipe(other).CreateMemoryDescriptorRing(size: 4) == kIOReturnUnsupported)
            }
            #expect(pipe.SetMemoryDescriptor(memoryDescriptor: buffer, index: 0) == kIOReturnNotReady)
            #expect(submit(pipe, 0, 1, action) == (kIOReturnNotReady, 0))
            #expect(pipe.CreateMemoryDescriptorRing(size: 0) == kIOReturnBadArgument)
            #expect(pipe.CreateMemoryDescriptorRing(size: 2) == kIOReturnSuccess)
            #expect(pipe.CreateMemoryDescriptorRing(size: 2) == kIOReturnBusy)
            #expect(pipe.SetMemoryDescriptor(memoryDescriptor: buffer, index: 1) == kIOReturnBadArgument)
            #expect(pipe.SetMemoryDescriptor(memoryDescriptor: buffer, index: 0) == kIOReturnSuccess)
            #expect(submit(pipe, 0, 1, action) == (kIOReturnNotReady, 0))
            #expect(pipe.SetMemoryDescriptor(memoryDescriptor: buffer, index: 1) == kIOReturnSuccess)
            #expect(pipe.SetMemoryDescriptor(memoryDescriptor: buffer, index: 2) == kIOReturnBadArgument)
            for (first, count, length) in [(2, 1, 64), (0, 0, 64), (0, 3, 64), (0, 17, 64), (0, 1, 65)]
                as [(UInt32, Int, UInt32)]
            {
                #expect(submit(pipe, first, count, action, length: length) == (kIOReturnBadArgument, 0))
            }
            #expect(submit(pipe, 0, 1, nil) == (kIOReturnBadArgument, 0))
            #expect(submit(pipe, 0, 1, dext.action(Ends<End>(dext))) == (kIOReturnBadArgument, 0))
        }
    }
}
