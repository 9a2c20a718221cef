// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import USBHost

@Suite("Transfers in parts")
struct SplitTests {
    static let outOfMemory = USBError(
        .outOfMemory, message: "the budget is used up", detail: WireDetail(code: 12, name: "ENOMEM"))

    @Test("A short packet in the middle part ends the transfer; what follows does not count", arguments: [true, false])
    func shortMiddle(continuation: Bool) throws {
        let wire = ScriptedWire(bulkContinuation: continuation)
        wire.script(0x81, replies: [.all, .short(1000), .all])
        let (outcome, next) = try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let outcome = try await pipe.makeTransfer(capacity: 3 * 16_384).submit().completion().outcome
            return (outcome, try await pipe.read(upTo: 512).count)
        }
        #expect(outcome.status == .completed)
        #expect(outcome.byteCount == 16_384 + 1000)
        #expect(outcome.isShort)
        #expect(next == 512, "the pipe is as good as new")
        #expect(wire.submits == (continuation ? 4 : 3))
    }

    @Test("A fault or stall in the middle part reports the bytes before it", arguments: [true, false])
    func faultMiddle(continuation: Bool) throws {
        let wire = ScriptedWire(bulkContinuation: continuation)
        wire.script(0x02, replies: [.all, .fault(.transaction, after: 512), .all, .stall])
        let outcomes = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let first = try await pipe.makeTransfer(capacity: 3 * 16_384).submit().completion().outcome
            let second = try await pipe.makeTransfer(capacity: 3 * 16_384).submit().completion().outcome
            return [first, second]
        }
        #expect(outcomes.map(\.status) == [.failed(.bus(.transaction)), .stalled])
        #expect(outcomes.map(\.byteCount) == [16_384 + 512, 16_384])
    }

    @Test(
        "Out of memory at a later part: one completion, with the error and the bytes moved, and nothing outstanding",
        arguments: [true, false], [2, 3])
    func refusedPart(continuation: Bool, failing: Int) throws {
        let wire = ScriptedWire(bulkContinuation: continuation)
        wire.refuse { request, count in
            unsafe count >= failing && request.buffer.count == 16_384 ? SplitTests.outOfMemory : nil
        }
        let completions = Counter()
        let outcomes = Log<TransferOutcome>()
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            try pipe.makeTransfer(capacity: 5 * 16_384).submit { done in
                completions.next()
                outcomes.add(done.outcome)
            }
            try await wire.clock.sleep(for: .milliseconds(10))
            #expect(wire.outstanding == 0)
            #expect(try await pipe.write([1, 2, 3]) == 3)
        }
        #expect(completions.value == 1)
        let outcome = outcomes.elements.first
        #expect(outcome?.status == .failed(.outOfMemory))
        #expect(outcome?.error?.detail?.name == "ENOMEM")
        #expect(outcome?.error?.message == "the budget is used up")
        #expect(outcome?.byteCount == (failing - 1) * 16_384)
    }

    @Test("A part for which there is no memory waits for one before it, and nothing is lost", arguments: [2, 4])
    func memoryComesBack(inFlight: Int) throws {
        let wire = ScriptedWire()
        let sent = Log<UInt8>()
        wire.script(0x02) { request in
            request.bytes.forEach(sent.add)
            return .all
        }
        wire.limitMemory(to: inFlight)
        let bytes = (0..<10 * 16_384).map { UInt8(truncatingIfNeeded: $0 / 512) }
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            #expect(try await pipe.write(bytes) == bytes.count)
        }
        #expect(sent.elements == bytes)
    }

    @Test("Parts in flight are limited", arguments: [1, 3])
    func partsInFlight(limit: Int) throws {
        let wire = ScriptedWire(partsInFlight: limit)
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 10 * 16_384).submit()
            #expect(wire.outstanding == limit)
            let done = await flight.completion()
            #expect(done.outcome.byteCount == 10 * 16_384)
        }
    }

    @Test("No transfer comes between the parts of the one before it", arguments: [true, false])
    func noInterleaving(continuation: Bool) throws {
        let wire = ScriptedWire(bulkContinuation: continuation, partsInFlight: 2)
        let order = Log<UInt8>()
        wire.script(0x02) { request in
            order.add(request.bytes[0])
            return .all
        }
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let flights = Flights<Bulk>()
            for mark: UInt8 in 1...3 {
                var transfer = pipe.makeTransfer(capacity: 3 * 16_384)
                transfer.withMutableBytes { bytes in for place in bytes.indices { bytes[place] = mark } }
                flights.add(try transfer.submit())
            }
            #expect(await flights.statuses() == [.completed, .completed, .completed])
        }
        #expect(order.elements == [1, 1, 1, 2, 2, 2, 3, 3, 3])
    }

    @Test("A part that completes before it can be taken back counts")
    func refusedPartLosesRace() throws {
        let wire = ScriptedWire()
        wire.refuse { _, count in count == 3 ? USBError(.other) : nil }
        wire.letCancelsLose { _ in true }
        let outcome = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            return try await pipe.makeTransfer(capacity: 5 * 16_384).submit().completion().outcome
        }
        #expect(outcome.status == .failed(.other))
        #expect(outcome.byteCount == 16_384, "the first part was being served, the second was not")
    }

    @Test("Out of memory at the first part is thrown, or delivered if that is wanted", arguments: [true, false])
    func refusedFirst(delivered: Bool) throws {
        let wire = ScriptedWire()
        wire.refuse { _, count in count == 1 ? SplitTests.outOfMemory : nil }
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let transfer = pipe.makeTransfer(capacity: 40_000)
            if delivered {
                let done = await (try transfer.submit(deliveringRefusal: true)).completion()
                #expect(done.outcome.status == .failed(.outOfMemory))
                #expect(done.outcome.byteCount == 0)
                let again = await (try done.transfer.submit()).completion()
                #expect(again.outcome.status == .completed)
            } else {
                let flights = Flights<Bulk>()
                do throws(USBError) {
                    flights.add(try transfer.submit())
                } catch {
                    #expect(error.kind == .outOfMemory)
                }
                #expect(await flights.statuses() == [])
            }
        }
    }

    @Test("A cancel between the parts reports the parts that were done", arguments: [true, false])
    func cancelMiddle(continuation: Bool) throws {
        let wire = ScriptedWire(bulkContinuation: continuation)
        wire.script(0x02) { _ in .all.after(1_000_000) }
        let outcomes = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 4 * 16_384).submit()
            try await wire.clock.sleep(for: .microseconds(2_500))
            flight.cancel()
            let cancelled = await flight.completion().outcome
            let late = try pipe.makeTransfer(capacity: 4 * 16_384).submit(timeout: .microseconds(3_500))
            return [cancelled, await late.completion().outcome]
        }
        #expect(outcomes.map(\.status) == [.cancelled, .timedOut])
        #expect(outcomes.map(\.byteCount) == [2 * 16_384, 3 * 16_384])
    }

    @Test("An isochronous transfer of 300 packets goes out as 128, 128 and 44, without a gap")
    func isochronous() throws {
        let wire = ScriptedWire()
        let completions = Counter()
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 300 * 64)
            try transfer.setPackets([Int](repeating: 64, count: 300))
            try transfer.submit(.asSoonAsPossible) { done in
                completions.next()
                #expect(done.outcome.status == .completed)
                #expect(done.outcome.byteCount == 300 * 64)
                #expect(done.transfer.packetCount == 300)
                #expect((0..<300).allSatisfy { done.transfer.packet($0).status == .completed })
                #expect(done.outcome.positionQuality == .estimated)
                let first = done.outcome.firstPosition ?? Microframe(0)
                #expect(done.outcome.nextPosition == first + 300)
            }
            try await wire.clock.sleep(for: .milliseconds(60))
        }
        #expect(completions.value == 1)
        let spans = wire.spans
        #expect(spans.map(\.packets) == [128, 128, 44])
        for (left, right) in zip(spans, spans.dropFirst()) { #expect(left.start + Int64(left.packets) == right.start) }
    }

    @Test("Out of memory at the second part of an isochronous transfer")
    func isochronousRefused() throws {
        let wire = ScriptedWire()
        wire.refuse { _, count in count == 2 ? SplitTests.outOfMemory : nil }
        let (refused, again) = try wire.simulate { interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 300 * 8)
            try transfer.setPackets([Int](repeating: 8, count: 300))
            let done = await (try transfer.submit(.asSoonAsPossible)).completion()
            #expect(wire.outstanding == 0)
            let packets = (0..<300).map { done.transfer.packet($0).status }
            #expect(packets == [PacketStatus](repeating: .notAttempted, count: 300))
            let again = await (try done.transfer.submit(.asSoonAsPossible)).completion()
            return (done.outcome, again.outcome)
        }
        #expect(refused.status == .failed(.outOfMemory))
        #expect(refused.byteCount == 0)
        #expect(again.status == .completed)
    }
}
