// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 15: where the boundary lies in a transfer that is ended early.
@Suite("Isochronous transfers that end early")
struct IsochronousCancelTests {
    /// What ends a transfer.
    enum Means: CaseIterable { case cancel, canceller, abort, timeout }

    @Test(
        "Packets of an aborted transfer that were served are completed, untouched ones not attempted: an exact boundary",
        arguments: Means.allCases)
    func boundary(means: Means) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let pipe = try plugged.out
        var random = SeededGenerator(seed: 3)
        var expected: [Microframe] = []
        for _ in 0..<100 {
            let count = Int.random(in: 1...40, using: &random)
            let served = Int.random(in: 0..<count, using: &random)
            let now = bus.present
            let start = now + Int64.random(in: 1...20, using: &random)
            let end = start + Int64(served)
            var transfer = try pipe.makePackets([Int](repeating: 1, count: count))
            transfer.withMutableBytes { bytes in bytes[0] = 1 }
            let inFlight = try transfer.submit(
                .at(start), timeout: means == .timeout ? .nanoseconds((end - now) * Microframe.nanoseconds) : nil)
            bus.advance(to: end)
            switch means {
            case .cancel: inFlight.cancel()
            case .canceller: inFlight.canceller.cancel()
            case .abort: startAbort(of: pipe)
            case .timeout: break
            }
            bus.advance(by: .zero)
            let done = inFlight.blockingCompletion()
            #expect(done.outcome.status == (means == .timeout ? .timedOut : .cancelled))
            #expect(done.outcome.byteCount == served)
            #expect(done.outcome.firstPosition == start)
            let statuses = done.transfer.packets.map(\.status)
            #expect(statuses == (0..<count).map { $0 < served ? .completed : .notAttempted })
            #expect(done.transfer.packets.allSatisfy { $0.actualLength == ($0.status == .completed ? 1 : 0) })
            expected += (0..<Int64(served)).map { start + $0 }
            bus.advance(by: .milliseconds(10))
        }
        #expect(plugged.received.map(\.position) == expected)
    }

    private func startAbort(of pipe: OutPipe<Isochronous>) {
        pipe.purge()
        pipe.start()
    }

    @Test("What is queued behind a cancelled transfer keeps its own microframes", arguments: Recorder.Grid.all)
    func followers(grid: Recorder.Grid) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder(grid))
        let pipe = try plugged.out
        let start = microframe(160)
        let length = 4 * grid.interval
        let first = try pipe.send(4, .at(start), first: 0x10)
        let second = try pipe.send(4, .continuing, first: 0x20)
        let third = try pipe.send(4, .continuing, first: 0x30)
        bus.advance(to: start + length / 2)
        first.cancel()
        second.cancel()
        // The chain goes on behind what is left of it.
        let fourth = try pipe.send(1, .continuing, first: 0x40)
        bus.advance(by: .seconds(1))
        #expect(first.outcomeIfComplete?.status == .cancelled)
        #expect(first.outcomeIfComplete?.byteCount == 2)
        #expect(second.outcomeIfComplete?.status == .cancelled)
        #expect(second.outcomeIfComplete?.byteCount == 0)
        #expect(third.outcomeIfComplete?.firstPosition == start + 2 * length)
        #expect(fourth.outcomeIfComplete?.firstPosition == start + 3 * length)
        let positions: [Int64] = [0, 1, 8, 9, 10, 11, 12]
        #expect(
            plugged.received
                == zip(positions, [0x10, 0x11, 0x30, 0x31, 0x32, 0x33, 0x40]).map { position, value in
                    .init(position: start + position * grid.interval, bytes: [value])
                })
    }

    @Test("Behind a chain whose last transfer was cancelled, the next one follows what is left")
    func cancelTheLast() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let pipe = try plugged.out
        let first = try pipe.send(10, .at(microframe(100)))
        let second = try pipe.send(10, .continuing)
        second.cancel()
        bus.advance(to: microframe(105))
        #expect(second.outcomeIfComplete?.status == .cancelled)
        let third = try pipe.send(10, .continuing)
        bus.advance(to: microframe(115))
        #expect(first.outcomeIfComplete?.status == .completed)
        third.cancel()
        bus.advance(to: microframe(117))
        #expect(third.outcomeIfComplete?.byteCount == 5)
        // Nothing is left to follow.
        #expect(failure { _ = try pipe.send(1, .continuing) }?.kind == .discontinuous)
        let fourth = try pipe.send(1, .asSoonAsPossible)
        bus.advance(to: microframe(200))
        #expect(fourth.outcomeIfComplete?.firstPosition == microframe(118))
        #expect(plugged.received.map(\.position) == ((100..<115).map { $0 } + [118]).map(microframe))
    }

    @Test("Letting go of a transfer in flight cancels it and leaves the pipe free")
    func lettingGo() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let pipe = try plugged.out
        for round in 0..<50 {
            let start = microframe(100 + Int64(round) * 100)
            do { _ = try pipe.send(1000, .at(start)) }
            // Its place is free when the wire has given it back.
            bus.advance(by: .zero)
            let next = try pipe.send(1, .at(start + 50))
            bus.advance(to: start + 60)
            #expect(next.outcomeIfComplete?.status == .completed)
        }
        #expect(plugged.received.map(\.position) == (0..<50).map { microframe(150 + $0 * 100) })
    }

    @Test("Cancelling the task that waits cancels the transfer", arguments: [0, 1, 7, 19])
    func taskCancellation(served: Int64) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let pipe = try plugged.out
            let start = microframe(800)
            try await withThrowingTaskGroup(of: TransferOutcome.self) { group in
                group.addTask { try await pipe.send(20, .at(start)).completion().outcome }
                try await bus.wait(until: start + served)
                group.cancelAll()
                for try await outcome in group {
                    #expect(outcome.status == .cancelled)
                    #expect(outcome.byteCount == Int(served))
                }
            }
            try await bus.clock.sleep(for: .seconds(1))
            #expect(plugged.received.count == Int(served))
        }
    }

    @Test("Unplugging ends everything that is queued, each transfer with what it had moved")
    func unplug() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let pipe = try plugged.out
        let first = try pipe.send(10, .at(microframe(100)))
        let second = try pipe.send(10, .continuing)
        bus.advance(to: microframe(104))
        plugged.attachment.unplug()
        bus.advance(by: .zero)
        #expect(first.outcomeIfComplete?.status == .deviceGone)
        #expect(first.outcomeIfComplete?.byteCount == 4)
        #expect(second.outcomeIfComplete?.status == .deviceGone)
        #expect(second.outcomeIfComplete?.byteCount == 0)
        for start in [IsochronousStart.asSoonAsPossible, .continuing, .at(microframe(1000))] {
            #expect(failure { _ = try pipe.send(1, start) }?.kind == .deviceGone)
        }
    }
}
