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

@Suite("Cancels and timeouts")
struct BulkCancelTests {
    @Test("A cancel keeps what had moved, and the pipe can be used after")
    func cancelKeepsBytes() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 4096).submit()
            kernel.atOnce { $0.pending(device, 0x81).first?.progress = 1536 }
            flight.cancel()
            let done = await flight.completion()
            #expect(done.outcome.status == .cancelled)
            #expect(done.outcome.byteCount == 1536)
            done.transfer.withBytes { #expect($0[1535] == 0xFF) }
            kernel.atOnce { _ in device.scripts[0x81] = { _ in .end(.all) } }
            let bytes = try await pipe.read(upTo: 512)
            #expect(bytes.count == 512)
        }
    }

    @Test("A timeout tells the bytes that moved, and they are in the buffer")
    func timeoutKeepsBytes() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 4096).submit(timeout: .milliseconds(20))
            kernel.atOnce { $0.pending(device, 0x81).first?.progress = 512 }
            let done = await flight.completion()
            #expect(done.outcome.status == .timedOut)
            #expect(done.outcome.byteCount == 512)
            done.transfer.withBytes { #expect($0[511] == 0xFF) }
        }
    }

    @Test("One of several in flight is cancelled, and only that one", arguments: [0, 2, 4])
    func oneOfMany(index: Int) async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let outcomes = Log<TransferStatus>()
            var cancellers: [Canceller] = []
            let tasks = try (0..<5).map { number in
                var transfer = pipe.makeTransfer(capacity: 512)
                try transfer.fill(from: [UInt8](repeating: UInt8(number), count: 10).span)
                let flight = try transfer.submit()
                cancellers.append(flight.canceller)
                return Holder(flight)
            }
            cancellers[index].cancel()
            cancellers[index].cancel()
            kernel.atOnce { state in
                #expect(state.discards <= 2)
                for _ in 0..<4 { state.end(device, 0x02, .all) }
            }
            for task in tasks { outcomes.add(await task.completion()) }
            #expect(outcomes.elements == (0..<5).map { $0 == index ? .cancelled : .completed })
            #expect(kernel.atOnce { _ in device.submissions.map { $0.sent[0] } } == [0, 1, 2, 3, 4])
        }
    }

    @Test("A cancel that comes too late changes nothing: the transfer keeps its own end")
    func lateCancel() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            kernel.atOnce { $0.holdsCompletions = true }
            let flight = try pipe.makeTransfer(capacity: 512).submit()
            kernel.atOnce { $0.end(device, 0x81, .short(300)) }
            flight.cancel()
            kernel.atOnce { state in
                #expect(state.discards == 1)
                state.holdsCompletions = false
            }
            let done = await flight.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == 300)
        }
    }

    @Test("A transfer that is let go of is cancelled, and its memory stays until the kernel is done with it")
    func letGo() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            do {
                _ = try pipe.makeTransfer(capacity: 512).submit()
            }
            await kernel.until { $0.deviceFiles.allSatisfy { $0.outstanding == 0 } }
            #expect(kernel.atOnce { $0.discards } == 1)
            #expect(kernel.atOnce { _ in device.submissions.count } == 1)
        }
    }

    @Test("Aborting a pipe ends all that is queued on it, and on no other")
    func abortsOnePipe() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let other = try interface.outPipe(0x02, Bulk.self)
            let statuses = Log<TransferStatus>()
            for _ in 0..<16 { try pipe.makeTransfer(capacity: 512).submit { statuses.add($0.outcome.status) } }
            let kept = try other.makeTransfer(capacity: 512).submit()
            await pipe.abort()
            #expect(kernel.atOnce { $0.pending(device, 0x02).count } == 1)
            kernel.atOnce { $0.end(device, 0x02, .all) }
            let done = await kept.completion()
            #expect(done.outcome.status == .completed)
            try await interface.device.reset()
            #expect(statuses.elements == Array(repeating: .cancelled, count: 16))
        }
    }

    @Test("A cancel that races the real end: each transfer ends once, and tells the truth", arguments: 0..<20)
    func races(seed: Int) async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            for round in 0..<lengthy(25, by: 2) {
                let statuses = Log<TransferOutcome>()
                let flights = try (0..<4).map { _ in Holder(try pipe.makeTransfer(capacity: 512).submit()) }
                let cancellers = flights.map(\.canceller)
                // Which are ended and which are cancelled differs from round to round; some are both.
                let pattern = seed &* 2_654_435_761 &+ round &* 40_503
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for _ in 0..<(pattern >> 4 & 3) + 1 {
                            kernel.atOnce { state in
                                if !state.pending(device, 0x81).isEmpty { state.end(device, 0x81, .all) }
                            }
                        }
                    }
                    group.addTask {
                        for index in [pattern & 3, pattern >> 2 & 3, 0, 1, 2, 3] { cancellers[index].cancel() }
                    }
                }
                for flight in flights { statuses.add(await flight.outcome()) }
                for outcome in statuses.elements {
                    #expect(outcome.status == .completed || outcome.status == .cancelled)
                    #expect(outcome.byteCount == (outcome.status == .completed ? 512 : 0))
                }
                #expect(statuses.elements.count == 4)
            }
            let counts = kernel.atOnce { (submits: $0.submits, reaps: $0.reaps) }
            #expect(counts.submits == 4 * lengthy(25, by: 2))
        }
    }
}

/// Keeps a transfer in flight where values that cannot be copied cannot go.
final class Holder<Kind: PipeKind>: @unchecked Sendable {
    private var flight: InFlight<Kind>?
    let canceller: Canceller

    init(_ flight: consuming InFlight<Kind>) {
        canceller = flight.canceller
        self.flight = consume flight
    }

    func take() -> InFlight<Kind> {
        guard let flight = flight.take() else { fatalError("a transfer ends once") }
        return flight
    }

    /// The end. Called once.
    func outcome() async -> TransferOutcome {
        let done = await take().completion()
        return done.outcome
    }

    func completion() async -> TransferStatus { await outcome().status }
}
#endif
