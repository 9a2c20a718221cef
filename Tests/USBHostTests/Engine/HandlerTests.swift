// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import USBHost

@Suite("Completion handlers")
struct HandlerTests {
    @Test("A handler runs on the executor and may submit again", arguments: [false, true])
    func resubmission(continuation: Bool) throws {
        let wire = ScriptedWire(bulkContinuation: continuation)
        let ends = Log<Int>()
        let isOnExecutor = Log<Bool>()
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            @Sendable func again(_ transfer: consuming Transfer<Bulk>, left: Int) {
                do throws(USBError) {
                    try transfer.submit { done in
                        isOnExecutor.add(wire.executor.isCurrent)
                        ends.add(done.outcome.byteCount)
                        if left > 1 { again(done.transfer, left: left - 1) }
                    }
                } catch { Issue.record(error) }
            }
            again(pipe.makeTransfer(capacity: 20_000), left: 100)
            try await wire.clock.sleep(for: .seconds(1))
        }
        #expect(ends.elements == [Int](repeating: 20_000, count: 100))
        #expect(isOnExecutor.elements.allSatisfy { $0 })
    }

    @Test("A handler may block on other transfers")
    func blockingInHandler() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .short(6) }
        let counts = Log<Int>()
        try wire.simulate { interface in
            let out = try interface.outPipe(0x02, Bulk.self)
            let back = try interface.inPipe(0x81, Bulk.self)
            for _ in 0..<3 {
                try out.makeTransfer(capacity: 4).submit { _ in
                    do { counts.add(try back.blocking.read(upTo: 512).count) } catch { Issue.record(error) }
                }
            }
            try await wire.clock.sleep(for: .milliseconds(10))
        }
        #expect(counts.elements == [6, 6, 6])
    }

    @Test("Completions of one pipe come in the order of submission, reaped in batches")
    func ordering() throws {
        let wire = ScriptedWire()
        wire.script(0x02) { _ in .all.after(0) }
        let order = Log<Int>()
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            for number in 0..<50 {
                var transfer = pipe.makeTransfer(capacity: 4)
                try transfer.setByteCount(number % 4)
                try transfer.submit { _ in order.add(number) }
            }
            try await wire.clock.sleep(for: .milliseconds(1))
        }
        #expect(order.elements == Array(0..<50))
        #expect(wire.largestBatch > 10)
    }

    @Test("With a thread of its own, handlers run on that thread")
    func ownThread() async throws {
        let wire = ScriptedWire(flow: .real, driver: .thread(name: "wire"))
        let (stream, continuation) = AsyncStream.makeStream(of: Bool.self)
        let pipe = try wire.openFirstInterface().interface.outPipe(0x02, Bulk.self)
        try pipe.makeTransfer(capacity: 4).submit { done in
            let isCurrent = wire.executor.isCurrent
            // Blocking here reaps, and the next handler waits for its turn.
            do { try pipe.blocking.write([1, 2, 3].span) } catch { Issue.record(error) }
            continuation.yield(isCurrent && done.outcome.status == .completed)
            continuation.finish()
        }
        var seen: [Bool] = []
        for await value in stream { seen.append(value) }
        #expect(seen == [true])
        #expect(wire.violations.isEmpty)
    }
}
