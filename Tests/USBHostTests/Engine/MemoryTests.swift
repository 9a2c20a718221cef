// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import USBHost

@Suite("Memory of transfers")
struct MemoryTests {
    @Test("A registered buffer is range-checked, reused, and stays while a transfer uses it")
    func registered() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { request in
            request.fill { UInt8(truncatingIfNeeded: $0 + 1) }
            return .all.after(1_000_000)
        }
        let buffer = RegisteredBuffer(byteCount: 4096)
        try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            for (offset, count) in [(-1, 8), (0, 4097), (4096, 1), (8, -1), (.max, .max), (4000, 97)] {
                let error = failure {
                    let transfer = try pipe.makeTransfer(using: buffer, offset: offset, count: count)
                    _ = consume transfer
                }
                #expect(error?.kind == .invalidArgument, "\(offset), \(count)")
            }
            var transfer = try pipe.makeTransfer(using: buffer, offset: 512, count: 512)
            for _ in 0..<3 {
                let flight = try transfer.submit()
                let other = try pipe.makeTransfer(using: buffer, offset: 2048, count: 512).submit()
                #expect(buffer.transferCount == 2)
                #expect(failure { try buffer.unregister() }?.kind == .busy)
                let done = await flight.completion()
                transfer = done.transfer
                _ = await other.completion()
                #expect(buffer.transferCount == 0)
            }
            var bytes = [UInt8](repeating: 0, count: 1024)
            var span = bytes.mutableSpan
            try buffer.load(into: &span, from: 256)
            #expect(bytes[0..<256].allSatisfy { $0 == 0 })
            #expect(Array(bytes[256..<260]) == [1, 2, 3, 4])
            #expect(bytes[768...].allSatisfy { $0 == 0 })

            // A refusal gives the buffer back as well, thrown or delivered.
            wire.refuse { _, _ in USBError(.outOfMemory) }
            let done = await (try transfer.submit(deliveringRefusal: true)).completion()
            #expect(buffer.transferCount == 0)
            let thrown = await done.transfer.submitError()
            #expect(thrown?.kind == .outOfMemory)
            #expect(buffer.transferCount == 0)
            wire.refuse(nil)

            let last = try pipe.makeTransfer(using: buffer, offset: 0, count: 8)
            try buffer.unregister()
            let unregistered = await last.submitError()
            #expect(unregistered?.kind == .invalidArgument)
            #expect(failure { try buffer.store([1, 2].span, at: 4095) }?.kind == .invalidArgument)
        }
    }

    @Test("A cancelled transfer gives its registered buffer back")
    func cancelled() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .never }
        let buffer = RegisteredBuffer(byteCount: 512)
        try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let flight = try pipe.makeTransfer(using: buffer, offset: 0, count: 512).submit()
            flight.cancel()
            let status = await flight.completion().outcome.status
            #expect(status == .cancelled)
            pipe.hold()
            let held = try pipe.makeTransfer(using: buffer, offset: 0, count: 512).submit()
            #expect(buffer.transferCount == 1)
            held.cancel()
            let statusOfHeld = await held.completion().outcome.status
            #expect(statusOfHeld == .cancelled)
            try buffer.unregister()
        }
    }

    @Test("Borrowed memory is used in place")
    func borrowed() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { request in
            request.fill { UInt8(truncatingIfNeeded: 0xF0 + $0) }
            return .short(3)
        }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 16)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        do {
            let pipe = try wire.openFirstInterface().interface.inPipe(0x81, Bulk.self)
            let flight = try unsafe pipe.makeTransfer(borrowing: memory).submit()
            let done = flight.blockingCompletion()
            #expect(done.outcome.byteCount == 3)
            let capacity = done.transfer.capacity
            #expect(capacity == 512)
        }
        #expect(unsafe Array(memory.prefix(3)) == [0xF0, 0xF1, 0xF2])
        try wire.expectClean()
    }

    @Test("An own transfer is zeroed, filled within its size, and reused without losing its memory")
    func owned() throws {
        let wire = ScriptedWire()
        let seen = Log<[UInt8]>()
        wire.script(0x02) { request in
            seen.add(request.bytes)
            return .all
        }
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            var transfer = pipe.makeTransfer(capacity: 4)
            let isZeroed = transfer.withBytes { span in span.indices.allSatisfy { span[$0] == 0 } }
            #expect(isZeroed)
            for bytes: [UInt8] in [[1, 2, 3, 4], [5], []] {
                try transfer.fill(from: bytes.span)
                let done = await (try transfer.submit()).completion()
                transfer = done.transfer
            }
            do throws(USBError) {
                try transfer.fill(from: [UInt8](repeating: 0, count: 5).span)
                Issue.record("five bytes went into four")
            } catch {
                #expect(error.kind == .invalidArgument)
            }
            let count = transfer.byteCount
            #expect(count == 0)
        }
        #expect(seen.elements == [[1, 2, 3, 4], [5], []])
    }
}
