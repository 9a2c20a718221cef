// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification

@testable import VirtualUSB

/// Behaviour 21: a cancel, and the completion that it races.
@Suite("Cancelling transfers")
struct CancellingTests {
    /// A device that is slow at times, counts what it is sent and sends a running count.
    private final class Moody: Peripheral {
        let model = TestDevice().model
        private var generator = SeededGenerator(seed: 4)
        private(set) var received = 0
        private(set) var sent = 0

        func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
            guard Int.random(in: 0..<8, using: &generator) > 0 else { return .nak }
            received += bytes.count
            return .accept
        }

        func transmit(
            into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
        ) -> Reply {
            guard Int.random(in: 0..<8, using: &generator) > 0 else { return .nak }
            for index in 0..<buffer.count { buffer[index] = UInt8(truncatingIfNeeded: sent + index) }
            sent += buffer.count
            return .data(buffer.count)
        }

        var wantsFrames: Bool { true }
    }

    /// One transfer that is used again and again.
    private final class Racer: @unchecked Sendable {
        let isIn: Bool
        private var transfer: Transfer<Bulk>?
        private var flight: InFlight<Bulk>?
        private(set) var canceller: Canceller?
        private(set) var asked = 0

        init(_ transfer: consuming Transfer<Bulk>, isIn: Bool) {
            self.isIn = isIn
            self.transfer = consume transfer
        }

        func start(_ count: Int) throws {
            guard var idle = transfer.take() else { throw USBError(.busy) }
            try idle.setByteCount(count)
            asked = count
            let started = try idle.submit()
            canceller = started.canceller
            flight = consume started
        }

        func cancel() { canceller?.cancel() }

        /// The outcome, with the bytes that came.
        func finish(_ look: (Span<UInt8>) -> Void) async throws -> TransferOutcome {
            guard let ending = flight.take() else { throw USBError(.busy) }
            let done = await ending.completion()
            let outcome = done.outcome
            if isIn { done.transfer.withBytes { look($0.extracting(first: outcome.byteCount)) } }
            let idle = done.transfer
            transfer = consume idle
            return outcome
        }
    }

    @Test("In 100,000 random races each transfer completes once: cancelled, or done with its own status")
    func races() throws {
        let racers = 10
        let rounds = lengthy(100_000) / racers
        let (completed, cancelled) = try VirtualBus.simulate(seed: 21) { bus in
            let attachment = try bus.attach(Moody())
            let interface = try bus.open(attachment).claim(0)
            let back = try interface.inPipe(TestDevice.bulkIn, Bulk.self)
            let out = try interface.outPipe(TestDevice.bulkOut, Bulk.self)
            let all = (0..<racers).map { number in
                number % 2 == 0
                    ? Racer(back.makeTransfer(capacity: 2_560), isIn: true)
                    : Racer(out.makeTransfer(capacity: 2_560), isIn: false)
            }
            var random = bus.makeGenerator()
            var (completed, cancelled, received, sent, wrongBytes) = (0, 0, 0, 0, 0)
            for _ in 0..<rounds {
                let stale = all.map(\.canceller)
                for racer in all { try racer.start(racer.isIn ? 512 * Int.random(in: 1...5, using: &random) : 1_300) }
                // These belong to uses that have ended.
                for canceller in stale { canceller?.cancel() }
                let isQuiet = Int.random(in: 0..<4, using: &random) == 0
                if !isQuiet {
                    for racer in all.shuffled(using: &random) where Bool.random(using: &random) {
                        let wait = Int64.random(in: -100_000...80_000, using: &random)
                        if wait > 0 { try await bus.clock.sleep(for: .nanoseconds(wait)) }
                        racer.cancel()
                        racer.cancel()
                    }
                }
                for racer in all {
                    let outcome = try await racer.finish { bytes in
                        for index in bytes.indices
                        where bytes[index] != UInt8(truncatingIfNeeded: received + index) { wrongBytes += 1 }
                    }
                    if racer.isIn { received += outcome.byteCount } else { sent += outcome.byteCount }
                    switch outcome.status {
                    case .completed where outcome.byteCount == racer.asked: completed += 1
                    case .cancelled where outcome.byteCount <= racer.asked && !isQuiet: cancelled += 1
                    default: Issue.record("\(outcome), of \(racer.asked) bytes")
                    }
                }
            }
            #expect(wrongBytes == 0)
            #expect(attachment.withPeripheral { $0.sent } == received)
            #expect(attachment.withPeripheral { $0.received } == sent)
            #expect(bus.lock.withLock { bus.schedule.pending } == 0)
            return (completed, cancelled)
        }
        #expect(completed + cancelled == rounds * racers)
        #expect(completed > rounds * racers / 4)
        #expect(cancelled > rounds * racers / 20)
    }

    @Test("A cancelled transfer completes at once, and takes nothing from those behind it")
    func promptness() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            let first = try pipe.makeTransfer(capacity: 512).submit()
            let second = try pipe.makeTransfer(capacity: 512).submit()
            let third = try pipe.makeTransfer(capacity: 512).submit()
            try await bus.clock.sleep(for: .milliseconds(3))
            let begin = bus.clock.presentInstant
            second.cancel()
            let two = await second.completion()
            first.cancel()
            let one = await first.completion()
            #expect(two.outcome.status == .cancelled)
            #expect(one.outcome.status == .cancelled)
            #expect(bus.clock.presentInstant == begin)
            attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[1, 2]] }
            let done = await third.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == 2)
        }
    }

    @Test("A cancel behind the last packet changes nothing: the transfer is done")
    func tooLate() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let attachment = try bus.attach(TestDevice())
        let pipe = try bus.open(attachment).claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
        let inTime = try pipe.makeTransfer(capacity: 512).submit()
        bus.advance(by: .microseconds(124))
        inTime.cancel()
        let late = try pipe.makeTransfer(capacity: 512).submit()
        bus.advance(by: .microseconds(126))
        let canceller = late.canceller
        late.cancel()
        bus.advance(by: .zero)
        #expect(inTime.outcomeIfComplete?.status == .cancelled)
        #expect(late.outcomeIfComplete?.status == .completed)
        let done = late.blockingCompletion()
        canceller.cancel()
        #expect(done.outcome.byteCount == 512)
        #expect(attachment.withPeripheral { $0.events.compactMap(\.outSize) } == [512])
    }
}
