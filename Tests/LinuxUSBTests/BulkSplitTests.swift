// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import TestEffort
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Bulk transfers in parts")
struct BulkSplitTests {
    /// The most that one part carries where the kernel needs contiguous memory.
    static let part = 16_384

    /// A device behind a controller that cannot gather, so that parts are small.
    static func run(
        continues: Bool = true, prepare: (KernelState, ScriptedDevice) -> Void = { _, _ in },
        _ body: @Sendable (ScriptedKernel, ScriptedDevice, Interface) async throws -> Void
    ) async throws {
        try await withDevice(
            prepare: { state, device in
                device.abilities.remove(.scatterGather)
                if !continues { device.abilities.remove(.bulkContinuation) }
                prepare(state, device)
            }, body)
    }

    @Test("Parts of a write are marked as one chain, and carry every byte once")
    func writeFlags() async throws {
        try await BulkSplitTests.run(prepare: { _, device in
            device.scripts[0x02] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let bytes = (0..<3 * BulkSplitTests.part + 100).map { UInt8(truncatingIfNeeded: $0 / 251) }
            let moved = try await interface.outPipe(0x02, Bulk.self).write(bytes)
            #expect(moved == bytes.count)
            let sent = kernel.atOnce { _ in device.submissions }
            #expect(sent.map(\.length) == [16_384, 16_384, 16_384, 100])
            #expect(sent.map { $0.has(.bulkContinuation) } == [false, true, true, true])
            #expect(sent.map { $0.has(.shortIsError) } == [false, false, false, false])
            #expect(sent.flatMap(\.sent) == bytes)
        }
    }

    @Test("Parts of a read are marked so that a short packet stops what follows")
    func readFlags() async throws {
        try await BulkSplitTests.run { kernel, device, interface in
            let flight = try interface.inPipe(0x81, Bulk.self).makeTransfer(capacity: 3 * BulkSplitTests.part).submit()
            let sent = kernel.atOnce { _ in device.submissions }
            #expect(sent.map { $0.has(.bulkContinuation) } == [false, true, true])
            #expect(sent.map { $0.has(.shortIsError) } == [true, true, false])
            kernel.end(device, 0x81, [.all, .all, .short(10)])
            let done = await flight.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == 2 * BulkSplitTests.part + 10)
        }
    }

    @Test("A short packet in the middle ends the read well, and the kernel drops the rest")
    func shortMiddle() async throws {
        try await BulkSplitTests.run { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 5 * BulkSplitTests.part).submit()
            kernel.end(device, 0x81, [.all, .short(1000)])
            let done = await flight.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == BulkSplitTests.part + 1000)
            #expect(done.outcome.isShort)
            #expect(kernel.atOnce { $0.discards } == 0, "the kernel does that by itself")
            let again = try pipe.makeTransfer(capacity: 512).submit()
            kernel.end(device, 0x81, [.all])
            let next = await again.completion()
            #expect(next.outcome.byteCount == 512)
        }
    }

    @Test("A part that comes when the chain has ended already is no failure")
    func endedBeforeTheRest() async throws {
        try await BulkSplitTests.run(prepare: { _, device in
            device.scripts[0x81] = { _ in .end(.short(700)) }
        }) { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            for round in 1...50 {
                let done = try await pipe.makeTransfer(capacity: 4 * BulkSplitTests.part).submit().completion()
                #expect(done.outcome.status == .completed)
                #expect(done.outcome.byteCount == 700)
                #expect(kernel.atOnce { $0.reaps } <= round * 2)
            }
        }
    }

    @Test("A transfer whose rest was not taken ends with its own parts, whatever is queued behind it")
    func restDoesNotWaitForOthers() async throws {
        try await BulkSplitTests.run(prepare: { state, device in
            state.holdsCompletions = true
            device.scripts[0x81] = { $0.length > 512 ? .end(.short(700)) : .keep }
        }) { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let first = try pipe.makeTransfer(capacity: 3 * BulkSplitTests.part).submit()
            // It waits for an answer to what the first one brings.
            let second = try pipe.makeTransfer(capacity: 512).submit()
            kernel.atOnce { $0.holdsCompletions = false }
            let done = await first.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == 700)
            kernel.end(device, 0x81, [.all])
            let next = await second.completion()
            #expect(next.outcome.byteCount == 512)
        }
    }

    @Test("On a controller that cannot drop the rest, a read goes part after part")
    func partAfterPart() async throws {
        try await BulkSplitTests.run(continues: false) { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 4 * BulkSplitTests.part).submit()
            for count in 1...3 {
                await kernel.until { _ in device.submissions.count == count }
                #expect(kernel.atOnce { $0.pending(device, 0x81).count } == 1)
                kernel.end(device, 0x81, [count == 3 ? .short(5) : .all])
            }
            let done = await flight.completion()
            #expect(done.outcome.byteCount == 2 * BulkSplitTests.part + 5)
            let sent = kernel.atOnce { _ in device.submissions }
            #expect(sent.count == 3)
            #expect(sent.allSatisfy { !$0.has(.bulkContinuation) })
        }
    }

    @Test(
        "A failure in the middle ends the write with the bytes before it, and nothing behind it is sent",
        arguments: [true, false], [EPIPE, EPROTO])
    func failsInTheMiddle(continues: Bool, code: Int32) async throws {
        try await BulkSplitTests.run(continues: continues) { kernel, device, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 4 * BulkSplitTests.part).submit()
            kernel.end(device, 0x02, [.all, .failed(code, after: 512)])
            let done = await flight.completion()
            #expect(done.outcome.status == (code == EPIPE ? .stalled : .failed(.bus(.transaction))))
            #expect(done.outcome.byteCount == BulkSplitTests.part + 512)
            #expect(kernel.atOnce { $0.pending(device, 0x02).count } == 0)
        }
    }

    @Test("A cancel in the middle tells the bytes of the parts that had moved")
    func cancelInTheMiddle() async throws {
        try await BulkSplitTests.run { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            kernel.atOnce { $0.holdsCompletions = true }
            let flight = try pipe.makeTransfer(capacity: 4 * BulkSplitTests.part).submit()
            kernel.end(device, 0x81, [.all])
            kernel.atOnce { $0.pending(device, 0x81).first?.progress = 1024 }
            flight.cancel()
            kernel.atOnce { $0.holdsCompletions = false }
            let done = await flight.completion()
            #expect(done.outcome.status == .cancelled)
            #expect(done.outcome.byteCount == BulkSplitTests.part + 1024)
        }
    }

    @Test("Where a controller can gather, parts are large, and no more are in flight than the budget bears")
    func largeParts() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 6 << 20).submit()
            #expect(
                kernel.atOnce { $0.pending(device, 0x02).map(\.submission.length) }
                    == [Int](repeating: 1 << 20, count: 4))
            for _ in 0..<6 {
                await kernel.until { !$0.pending(device, 0x02).isEmpty }
                kernel.end(device, 0x02, [.all])
            }
            let done = await flight.completion()
            #expect(done.outcome.byteCount == 6 << 20)
            let marks = kernel.atOnce { _ in device.submissions.map { $0.has(.bulkContinuation) } }
            #expect(marks == [false, true, true, true, true, true])
        }
    }

    // MARK: Memory

    @Test("A part for which there is no memory waits for one before it, and nothing is lost", arguments: [1, 2, 3])
    func waitsForMemory(fitting: Int) async throws {
        try await BulkSplitTests.run(prepare: { state, _ in
            state.memoryLimit = fitting * BulkSplitTests.part + 1000
        }) { kernel, device, interface in
            let bytes = (0..<7 * BulkSplitTests.part).map { UInt8(truncatingIfNeeded: $0 / 1021) }
            let pipe = try interface.outPipe(0x02, Bulk.self)
            var transfer = pipe.makeTransfer(capacity: bytes.count)
            try transfer.fill(from: bytes.span)
            let taken = Log<UInt8>()
            let flight = try transfer.submit()
            for _ in 0..<7 {
                await kernel.until { !$0.pending(device, 0x02).isEmpty }
                kernel.atOnce { state in
                    state.pending(device, 0x02).first?.submission.sent.forEach(taken.add)
                    state.end(device, 0x02, .all)
                }
            }
            let done = await flight.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == bytes.count)
            #expect(taken.elements == bytes)
        }
    }

    @Test("A part for which there never is memory ends the write, with the bytes before it and what would help")
    func outOfMemory() async throws {
        try await BulkSplitTests.run(prepare: { state, device in
            state.tree.write("/sys/module/usbcore/parameters/usbfs_memory_mb", "16")
            device.scripts[0x02] = { $0.has(.bulkContinuation) ? .refuse(ENOMEM) : .end(.all) }
        }) { kernel, device, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let error = try #require(
                await failure { try await pipe.write([UInt8](repeating: 0, count: 3 * BulkSplitTests.part)) })
            #expect(error.kind == .outOfMemory)
            #expect(error.byteCount == BulkSplitTests.part)
            #expect(error.message.contains("16 MB"))
            #expect(error.detail?.hint.contains("usbcore.usbfs_memory_mb") == true)
            try await pipe.write([1])
        }
    }

    @Test("A part that the kernel refuses takes back those before it: one end, with the reason")
    func refusedPart() async throws {
        try await BulkSplitTests.run(prepare: { _, device in
            device.scripts[0x02] = { $0.has(.bulkContinuation) ? .refuse(EHOSTUNREACH) : .keep }
        }) { kernel, device, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let ends = Log<TransferOutcome>()
            let error = await failure {
                let done = try await pipe.makeTransfer(capacity: 3 * BulkSplitTests.part).submit().completion()
                ends.add(done.outcome)
            }
            #expect(error == nil)
            #expect(ends.elements.map(\.status) == [.failed(.other)])
            #expect(ends.elements.first?.detail?.name == "EHOSTUNREACH")
            #expect(kernel.atOnce { $0.pending(device, 0x02).count } == 0)
        }
    }

    // MARK: Calls

    @Test("With everything ready, a transfer costs the two calls that the kernel needs and a share of a wait")
    func callsPerTransfer() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x81] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let count = sparing(4096, by: 8)
            let bus = interface.device.controller
            try await bus.run {
                var queue: [Holder<Bulk>] = []
                for _ in 0..<16 { queue.append(Holder(try pipe.makeTransfer(capacity: 512).submit())) }
                for index in 0..<count {
                    let transfer = await queue[index % 16].transfer()
                    if index + 16 < count { queue[index % 16] = Holder(try transfer.submit()) }
                }
            }
            let calls = kernel.atOnce { ($0.submits, $0.reaps, $0.waits) }
            #expect(calls.0 == count)
            let perTransfer = Double(calls.0 + calls.1 + calls.2) / Double(count)
            #expect(perTransfer <= 2.1, "\(calls)")
        }
    }
}

extension Holder {
    /// The transfer, idle again. Called once.
    func transfer() async -> Transfer<Kind> {
        let done = await take().completion()
        return done.transfer
    }
}
#endif
