// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 19: the frame count, its wraps and its epochs.
@Suite("The frame count")
struct FrameClockTests {
    @Test("A look tells microframe, time and quality of one moment, and never steps back")
    func readings() throws {
        try VirtualBus.simulate(seed: 19) { bus in
            var random = bus.makeGenerator()
            var last = bus.frame()
            for _ in 0..<1_000 {
                try await bus.clock.sleep(for: .nanoseconds(Int64.random(in: 0...3_000_000, using: &random)))
                let reading = bus.frame()
                #expect(reading.quality == .exact)
                #expect(reading.epoch == last.epoch)
                #expect(reading.microframe >= last.microframe)
                #expect(reading.time >= last.time)
                #expect(reading.time >= instant(reading.microframe))
                #expect(reading.time < instant(reading.microframe + 1))
                #expect(reading.microframeStart == instant(reading.microframe))
                last = reading
            }
        }
    }

    @Test("Counters of 11 and of 14 bits, looked at now and then, are followed over every wrap")
    func wraps() throws {
        try VirtualBus.simulate(seed: 19) { bus in
            var random = bus.makeGenerator()
            var last = bus.frame()
            var frames = UnwrappedCounter(bits: 11, reading: last.frame.truncated(toBits: 11), near: last.frame)
            var microframes = UnwrappedCounter(
                bits: 14, reading: last.microframe.truncated(toBits: 14), near: last.microframe)
            for _ in 0..<1_000 {
                try await bus.clock.sleep(for: .nanoseconds(Int64.random(in: 0...10_000_000_000, using: &random)))
                let reading = bus.frame()
                let elapsed = reading.time.nanoseconds - last.time.nanoseconds
                let frame = frames.update(reading: reading.frame.truncated(toBits: 11), elapsedNanoseconds: elapsed)
                #expect(frame == reading.frame)
                let microframe = microframes.update(
                    reading: reading.microframe.truncated(toBits: 14), elapsedNanoseconds: elapsed)
                #expect(microframe == reading.microframe)
                last = reading
            }
        }
    }

    /// A recorder behind a controller whose clock can jump.
    private static func plug(
        _ grid: Recorder.Grid, on bus: VirtualBus
    ) async throws -> (FaultInjector<VirtualBus>, AttachedPeripheral<Recorder>, Interface) {
        let attachment = try bus.attach(Recorder(grid, answer: { _ in [1] }))
        let faults = FaultInjector(bus)
        bus.setAdmission(false)
        let interface = try faults.open(try faults.devices()[0]).claim(0)
        try await interface.selectAlternateSetting(1)
        return (faults, attachment, interface)
    }

    /// Frames at which the count begins anew: almost at 0, a little back, a little ahead, far ahead.
    static let wakes: [Int64] = [16, 999_900, 1_000_200, 90_000_000]

    @Test("After sleep the count begins a new epoch, and what was planned in the old one is void", arguments: wakes)
    func epochs(frame: Int64) throws {
        try VirtualBus.simulate { bus in
            let (faults, attachment, interface) = try await Self.plug(.microframes, on: bus)
            let pipe = try interface.outPipe(Recorder.out, Isochronous.self)
            let policy = StartPolicy(window: .apple)
            let old = faults.frame()
            let first = try await pipe.send(8, .at(old.frame + 2), policy: policy).completion().outcome
            let end = try #require(first.nextPosition)
            faults.wakeClock(at: Frame(frame))
            let new = faults.frame()
            #expect(new.epoch == old.epoch + 1)
            #expect(new.frame >= Frame(frame) && new.frame <= Frame(frame + 1))
            #expect(failure { _ = try pipe.send(8, .continuing) }?.kind == .discontinuous)
            // The next start as planned lies behind or ahead now, as far as it says.
            let kind = failure { _ = try pipe.send(8, .at(end + 8), policy: policy) }?.kind
            if (end.frame - new.frame).magnitude > 1_024 {
                #expect(kind == (end < new.microframe ? .tooLate : .tooEarly))
            }
            let second = try await pipe.send(8, .asSoonAsPossible).completion().outcome
            let start = try #require(second.firstPosition)
            #expect(start > new.microframe && start <= new.microframe + 8)
            let third = try await pipe.send(8, .at(start + 80), policy: policy).completion().outcome
            #expect(third.firstPosition == start + 80)
            #expect(attachment.withPeripheral { $0.received.count } >= 24)
        }
    }

    @Test(
        "What the bus has when the count begins anew is served, and the next transfer goes out behind it",
        arguments: wakes)
    func outstanding(frame: Int64) throws {
        try VirtualBus.simulate { bus in
            let (faults, attachment, interface) = try await Self.plug(.frames, on: bus)
            let pipe = try interface.outPipe(Recorder.out, Isochronous.self)
            let flights = Flights<Isochronous>()
            flights.add(try pipe.send(20, .asSoonAsPossible))
            try await bus.clock.sleep(for: .milliseconds(4))
            faults.wakeClock(at: Frame(frame))
            flights.add(try pipe.send(10, .asSoonAsPossible, first: 100))
            flights.add(try pipe.send(10, .continuing, first: 200))
            let outcomes = await flights.outcomes()
            #expect(outcomes.map(\.status) == [.completed, .completed, .completed])
            #expect(outcomes[1].nextPosition == outcomes[2].firstPosition)
            #expect((outcomes[1].firstPosition?.frame ?? Frame(0)) - Frame(frame) < 30)
            let received = attachment.withPeripheral { $0.received }
            #expect(received.map { $0.bytes[0] } == Array(0..<20) + Array(100..<110) + Array(200..<210))
            for (before, after) in zip(received, received.dropFirst()) {
                #expect(after.position - before.position == 8)
            }
        }
    }

    @Test("A stream rides over sleep: one gap, nothing lost, no refusals", arguments: wakes)
    func streams(frame: Int64) throws {
        try VirtualBus.simulate { bus in
            let (faults, attachment, interface) = try await Self.plug(.frames, on: bus)
            var out = try interface.outPipe(Recorder.out, Isochronous.self).stream(.fixed(bytes: 1))
            var back = try interface.inPipe(Recorder.in, Isochronous.self).stream()
            var value: UInt8 = 0
            var positions: [Microframe] = []
            for step in 0..<120 {
                if step == 60 { faults.wakeClock(at: Frame(frame)) }
                try await out.next { batch in
                    batch.withMutableBytes { $0[0] = value }
                    value += 1
                }
                try await back.next { positions.append($0.firstPosition ?? microframe(0)) }
            }
            let statistics = try await out.finish()
            #expect(statistics.packetsCompleted == 120)
            #expect(statistics.packetsMissed == 0)
            #expect(statistics.gapCount == 1)
            // How long it lasted is not known, since the two counts have nothing in common.
            #expect(statistics.gapMicroframes == 0)
            #expect((statistics.nextPosition ?? microframe(0)).frame - Frame(frame) < 200)
            let received = attachment.withPeripheral { $0.received }
            #expect(received.map { $0.bytes[0] } == Array(0..<120))
            let length = try #require(received.last).position - #require(received.first).position
            #expect(length < 160 * 8)
            #expect(back.statistics.gapCount == 1)
            #expect(zip(positions, positions.dropFirst()).count { $1 - $0 != 8 } == 1)
        }
    }

    @Test("A device that is plugged in again is another device")
    func identities() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            var seen: Set<DeviceID> = [attachment.id]
            for _ in 0..<10 {
                attachment.unplug()
                try attachment.replug()
                #expect(seen.insert(attachment.id).inserted)
            }
        }
    }
}
