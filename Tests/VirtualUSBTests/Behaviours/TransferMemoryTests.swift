// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviours 16 and 17: whose memory it is between submit and completion.
@Suite("The memory of transfers on a running bus")
struct TransferMemoryTests {
    /// Memory of the caller, lent transfer by transfer, with room between the pieces that nobody may touch.
    @safe private final class Field: @unchecked Sendable {
        static let size = 1_024
        static let border = 64
        static let untouched: UInt8 = 0x5A
        private let bytes: UnsafeMutableRawBufferPointer
        let count: Int

        init(pieces: Int) {
            count = pieces
            let stride = Field.size + Field.border
            unsafe bytes = .allocate(byteCount: pieces * stride + Field.border, alignment: 16)
            unsafe bytes.initializeMemory(as: UInt8.self, repeating: Field.untouched)
        }

        // Sound: a transfer that borrows a piece has ended before the test lets go of the field.
        deinit { unsafe bytes.deallocate() }

        func piece(_ index: Int) -> UnsafeMutableRawBufferPointer {
            let first = Field.border + index * (Field.size + Field.border)
            return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[first..<first + Field.size])
        }

        /// Forgets what a transfer left in its piece.
        func clear(_ index: Int) {
            let piece = unsafe piece(index)
            for offset in 0..<Field.size { unsafe piece[offset] = Field.untouched }
        }

        var isUntouched: Bool { unsafe bytes.allSatisfy { $0 == Field.untouched } }
    }

    /// How everything on a device ends at once.
    enum End: CaseIterable, Sendable { case unplug, release, alternateSetting, abort }

    @Test(
        "Memory is the transfer's from submit to completion, and nobody touches it later, under random cancels",
        arguments: End.allCases)
    func lifetimes(end: End) throws {
        try VirtualBus.simulate(seed: 16) { bus in
            let attachment = try bus.attach(TestDevice(isochronousBytes: 64))
            bus.setAdmission(false)
            attachment.withPeripheral {
                $0.packets[TestDevice.bulkIn] = [[UInt8](repeating: 1, count: 512)]
                $0.packets[TestDevice.isochronousIn] = [[UInt8](repeating: 2, count: 64)]
                $0.repeats = [TestDevice.bulkIn, TestDevice.isochronousIn]
            }
            let field = Field(pieces: 16)
            var random = bus.makeGenerator()
            for _ in 0..<lengthy(25, by: 4) {
                // What the round before let go of gives its interface back when the bus has returned it.
                try await bus.clock.sleep(for: .milliseconds(1))
                let device = try bus.open(attachment)
                let (data, streaming) = (try device.claim(0), try device.claim(1))
                try await streaming.selectAlternateSetting(1)
                let bulk = try data.inPipe(TestDevice.bulkIn, Bulk.self)
                let stream = try streaming.inPipe(TestDevice.isochronousIn, Isochronous.self)
                for _ in 0..<10 {
                    let (flights, packets) = (Flights<Bulk>(), Flights<Isochronous>())
                    var cancellers: [Canceller] = []
                    for index in 0..<field.count {
                        if index % 2 == 0 {
                            let flight = try unsafe bulk.makeTransfer(borrowing: field.piece(index)).submit()
                            cancellers.append(flight.canceller)
                            flights.add(flight)
                        } else {
                            let flight = try unsafe stream.makeTransfer(borrowing: field.piece(index)).submit(
                                .asSoonAsPossible)
                            cancellers.append(flight.canceller)
                            packets.add(flight)
                            // Memory of the transfer's own goes when the wire is done with it.
                            _ = try stream.makeTransfer(capacity: 64).submit(.asSoonAsPossible)
                        }
                    }
                    try await bus.clock.sleep(for: .microseconds(Int.random(in: 0...4_000, using: &random)))
                    for canceller in cancellers.shuffled(using: &random) where Bool.random(using: &random) {
                        canceller.cancel()
                    }
                    if Int.random(in: 0..<4, using: &random) == 0 {
                        switch end {
                        case .unplug: attachment.unplug()
                        case .release:
                            await data.release()
                            await streaming.release()
                        case .alternateSetting: try await streaming.selectAlternateSetting(0)
                        case .abort: await bulk.abort()
                        }
                    }
                    let ends = await flights.outcomes() + packets.outcomes()
                    #expect(ends.count == field.count)
                    for index in 0..<field.count { field.clear(index) }
                    try await bus.clock.sleep(for: .milliseconds(3))
                    #expect(field.isUntouched)
                    let isStillOpen = await failure { _ = try await bulk.read(upTo: 512) } == nil
                    let isStillStreaming =
                        failure { _ = try stream.makeTransfer(capacity: 1).submit(.asSoonAsPossible) } == nil
                    guard isStillOpen, isStillStreaming else { break }
                }
                try attachment.replug()
            }
        }
    }

    @Test("A registered buffer is filled in place, within its range, and stays while a transfer uses it")
    func registered() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(isochronousBytes: 64))
            bus.setAdmission(false)
            attachment.withPeripheral {
                $0.packets[TestDevice.bulkIn] = [[UInt8](repeating: 1, count: 512)]
                $0.packets[TestDevice.isochronousIn] = [[UInt8](repeating: 2, count: 64), [3], []]
            }
            let device = try bus.open(attachment)
            let streaming = try device.claim(1)
            try await streaming.selectAlternateSetting(1)
            let bulk = try device.claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            let stream = try streaming.inPipe(TestDevice.isochronousIn, Isochronous.self)
            let buffer = RegisteredBuffer(byteCount: 2_048)
            // The last byte that a range may have is the buffer's last.
            for (offset, count) in [(0, 2_049), (1_985, 64), (2_048, 1), (-1, 64), (.max, 1)] {
                let error = failure {
                    let transfer = try stream.makeTransfer(using: buffer, offset: offset, count: count)
                    _ = consume transfer
                }
                #expect(error?.kind == .invalidArgument, "\(count) bytes at \(offset)")
            }
            let first = try bulk.makeTransfer(using: buffer, offset: 512, count: 512).submit()
            let second = try stream.makeTransfer(using: buffer, offset: 1_856, count: 192).submit(.asSoonAsPossible)
            #expect(buffer.transferCount == 2)
            #expect(failure { try buffer.unregister() }?.kind == .busy)
            let one = await first.completion()
            let two = await second.completion()
            #expect(one.outcome.byteCount == 512)
            #expect(two.transfer.packets.map(\.actualLength) == [64, 1, 0])
            var bytes = [UInt8](repeating: 0, count: 2_048)
            var span = bytes.mutableSpan
            try buffer.load(into: &span, from: 0)
            var expected = [UInt8](repeating: 0, count: 2_048)
            for index in 512..<1_024 { expected[index] = 1 }
            for index in 1_856..<1_920 { expected[index] = 2 }
            expected[1_920] = 3
            #expect(bytes == expected)
            try buffer.unregister()
            do throws(USBError) {
                _ = try one.transfer.submit()
                Issue.record("a buffer that is no longer registered was used")
            } catch {
                #expect(error.kind == .invalidArgument)
            }
        }
    }
}
