// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Simulations")
struct SimulationTests {
    /// Streams, transfers, sleeps and cancels side by side; returns everything that the bus did.
    static func run(seed: UInt64) throws -> [TransactionRecord] {
        let trace = Log<TransactionRecord>()
        try VirtualBus.simulate(seed: seed) { bus in
            bus.setTrace { trace.add($0) }
            let speaker = try await bus.plug(Speaker(), interface: 1)
            let recorder = try await bus.plug(Recorder())
            let (sound, out, back) = (try speaker.out, try recorder.out, try recorder.in)
            var random = bus.makeGenerator()
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<4 {
                    var random = random.split()
                    group.addTask {
                        switch task {
                        case 0: _ = await failure { try await Self.play(sound, bus, &random) }
                        case 1: _ = await failure { try await Self.listen(back, bus, &random) }
                        default: _ = await failure { try await Self.send(out, bus, &random) }
                        }
                    }
                }
                try? await bus.clock.sleep(for: .microseconds(Int64.random(in: 5_000...60_000, using: &random)))
                if Bool.random(using: &random) { group.cancelAll() } else { recorder.attachment.unplug() }
                await group.waitForAll()
            }
        }
        return trace.elements
    }

    private static func play(
        _ pipe: OutPipe<Isochronous>, _ bus: VirtualBus, _ random: inout some RandomNumberGenerator
    ) async throws {
        var stream = try pipe.stream(.fixed(bytes: 192), options: .init(depth: .milliseconds(3)))
        for _ in 0..<60 {
            let count = Int.random(in: 0...400, using: &random)
            try await stream.next { $0.truncate(to: count) }
            try await bus.clock.sleep(for: .microseconds(Int64.random(in: 0...1_500, using: &random)))
        }
        _ = try await stream.finish()
    }

    private static func listen(
        _ pipe: InPipe<Isochronous>, _ bus: VirtualBus, _ random: inout some RandomNumberGenerator
    ) async throws {
        for _ in 0..<10 {
            var stream = try pipe.stream(options: .init(depth: .milliseconds(2)))
            for _ in 0..<Int.random(in: 0...6, using: &random) { try await stream.next { _ in } }
            try await bus.clock.sleep(for: .microseconds(Int64.random(in: 0...3_000, using: &random)))
        }
    }

    private static func send(
        _ pipe: OutPipe<Isochronous>, _ bus: VirtualBus, _ random: inout some RandomNumberGenerator
    ) async throws {
        for _ in 0..<40 {
            let ahead = Int64.random(in: 0...30, using: &random)
            let start: IsochronousStart =
                switch Int.random(in: 0...2, using: &random) {
                case 0: .asSoonAsPossible
                case 1: .continuing
                default: .at(bus.frame().microframe + ahead)
                }
            let transfer = try pipe.makePackets([Int](repeating: 1, count: Int.random(in: 1...20, using: &random)))
            let inFlight = try transfer.submit(start, timeout: .microseconds(1_700), deliveringRefusal: true)
            if Int.random(in: 0...3, using: &random) == 0 { inFlight.cancel() }
            if Int.random(in: 0...3, using: &random) != 0 { _ = await inFlight.completion() }
        }
    }

    @Test("A seed repeats its run to the last transaction, a hundred times over")
    func replay() throws {
        let first = try Self.run(seed: 11)
        #expect(first.count > 100)
        for _ in 0..<sparing(100) { #expect(try Self.run(seed: 11) == first) }
    }

    @Test("Other seeds give other runs, and all of them end", arguments: sparing(12..<32 as Range<UInt64>))
    func seeds(seed: UInt64) throws {
        let run = try Self.run(seed: seed)
        #expect(try Self.run(seed: seed) == run)
        #expect(try Self.run(seed: 11) != run)
        #expect(run.map(\.microframe) == run.map(\.microframe).sorted())
    }

    @Test("A body that waits for what can never happen is told so, and is cancelled")
    func stuck() throws {
        let wasCancelled = Counter()
        #expect(throws: SimulationError.stuck) {
            try VirtualBus.simulate { bus in
                let pipe = try await bus.plug(Recorder()).out
                // A target that nobody opens again keeps its transfers.
                pipe.hold()
                let outcome = try await pipe.send(1, .asSoonAsPossible).completion().outcome
                if outcome.status == .cancelled { wasCancelled.next() }
            }
        }
        #expect(wasCancelled.value == 1)
    }

    @Test("Work that escapes to other threads is reported as lost determinism")
    func lostDeterminism() throws {
        let isBack = Counter()
        let error = #expect(throws: SimulationError.self) {
            try VirtualBus.simulate { bus in
                let pipe = try await bus.plug(Recorder()).out
                // The bus is kept busy until the work that escaped has come back.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        while isBack.value == 0 { _ = try await pipe.send(1, .asSoonAsPossible).completion() }
                    }
                    group.addTask {
                        await Task.detached { await Task.yield() }.value
                        isBack.next()
                    }
                    try await group.waitForAll()
                }
            }
        }
        guard case .lostDeterminism(let jobs) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(jobs > 0)
    }

    @Test("What the body returns and throws comes out, and an hour of frames takes no time")
    func results() throws {
        let frames = try VirtualBus.simulate { bus in
            let before = bus.frame().frame
            try await bus.clock.sleep(for: .seconds(3_600))
            return bus.frame().frame - before
        }
        #expect(frames == 3_600_000)
        #expect(throws: USBError.self) { try VirtualBus.simulate { _ in throw USBError(.busy) } }
    }
}
