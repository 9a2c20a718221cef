// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviours 6 and 7: as soon as possible, and continuing or failing.
@Suite("Isochronous transfers behind one another")
struct IsochronousChainTests {
    // MARK: 6

    @Test(
        "As soon as possible on an idle pipe is the present plus the lead, rounded to the interval",
        arguments: Recorder.Grid.all)
    func idle(grid: Recorder.Grid) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder(grid))
        let pipe = try plugged.out
        for offset: Int64 in [0, 1, 7, 8, 9, 15, 16, 17] {
            bus.advance(to: bus.present.roundedUp(toMultipleOf: 64) + 64 + offset)
            let expected = (bus.present + bus.capabilities.leadMicroframes).roundedUp(toMultipleOf: grid.interval)
            let inFlight = try pipe.send(2, .asSoonAsPossible)
            let outcome = inFlight.blockingCompletion().outcome
            #expect(outcome.firstPosition == expected)
            #expect(plugged.received.suffix(2).map(\.position) == [expected, expected + grid.interval])
        }
    }

    @Test(
        "As soon as possible and continuing, 1,000 chained transfers leave no gap, and each reports its start",
        arguments: Recorder.Grid.all,
        [IsochronousStart.asSoonAsPossible, .continuing])
    func chain(grid: Recorder.Grid, start: IsochronousStart) throws {
        let rounds = sparing(250)
        let received = try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(grid))
            let pipe = try plugged.out
            var inFlight = Flights<Isochronous>()
            var next: Microframe?
            func check(_ flights: Flights<Isochronous>) async {
                for outcome in await flights.outcomes() {
                    #expect(outcome.status == .completed)
                    if let next { #expect(outcome.firstPosition == next) }
                    next = outcome.nextPosition
                }
            }
            for round in 0..<rounds {
                let flights = Flights<Isochronous>()
                for number in 0..<4 {
                    flights.add(try pipe.send(3, round == 0 && number == 0 ? .asSoonAsPossible : start))
                }
                // Those of the round before are awaited only now, so that the queue never runs out.
                await check(inFlight)
                inFlight = flights
            }
            await check(inFlight)
            return plugged.received
        }
        #expect(received.count == 12 * rounds)
        for (before, after) in zip(received, received.dropFirst()) {
            #expect(after.position - before.position == grid.interval)
        }
    }

    // MARK: 7

    @Test(
        "Continuing fails instead of leaving a gap when the chain has run out, and nothing is sent",
        arguments: Recorder.Grid.all)
    func broken(grid: Recorder.Grid) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder(grid))
        let pipe = try plugged.out
        #expect(failure { _ = try pipe.send(1, .continuing) }?.kind == .discontinuous, "nothing was ever sent")
        let start = microframe(160)
        let end = start + 4 * grid.interval
        let first = try pipe.send(4, .at(start))
        // Up to the lead before its end the queue can still be continued.
        bus.advance(to: end - bus.capabilities.leadMicroframes)
        let second = try pipe.send(4, .continuing)
        bus.advance(to: end + 4 * grid.interval)
        #expect(failure { _ = try pipe.send(4, .continuing) }?.kind == .discontinuous)
        bus.advance(by: .seconds(1))
        #expect(failure { _ = try pipe.send(4, .continuing) }?.kind == .discontinuous)
        #expect(first.outcomeIfComplete?.nextPosition == end)
        #expect(second.outcomeIfComplete?.firstPosition == end)
        bus.advance(by: .seconds(1))
        #expect(plugged.received.map(\.position) == (0..<8).map { start + $0 * grid.interval })
    }

    @Test("A chain that began off the grid goes on there", arguments: [IsochronousStart.asSoonAsPossible, .continuing])
    func offTheGrid(start: IsochronousStart) throws {
        let grid = Recorder.Grid.all[3]
        for now: Int64 in [3, 10, 11, 12, 18] {
            let bus = VirtualBus(flow: .manual, driver: .caller)
            let plugged = try bus.plugBlocking(Recorder(grid))
            let pipe = try plugged.out
            let first = try pipe.send(2, .at(microframe(163)))
            bus.advance(to: microframe(160 + now))
            // The second packet goes out in 171, so that the next service is in 179.
            let second = try pipe.send(1, start)
            bus.advance(by: .seconds(1))
            #expect(first.outcomeIfComplete?.nextPosition == microframe(179))
            #expect(second.outcomeIfComplete?.firstPosition == microframe(179))
        }
    }

    @Test("A refusal is thrown, or comes as the completion with the transfer, as the submitter asked")
    func refusals() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let pipe = try plugged.out
            let refused: [(IsochronousStart, USBError.Kind)] = [
                (.continuing, .discontinuous), (.at(microframe(0)), .tooLate), (.at(Microframe(1 << 50)), .tooEarly),
            ]
            var transfer = try pipe.makePackets([1, 2, 3])
            for (start, kind) in refused {
                #expect(failure { _ = try pipe.send(1, start) }?.kind == kind)
                let inFlight = try transfer.submit(start, deliveringRefusal: true)
                #expect(inFlight.outcomeIfComplete?.status == .failed(kind))
                let done = await inFlight.completion()
                #expect(done.outcome.status == .failed(kind))
                #expect(done.outcome.error?.message.isEmpty == false)
                #expect(done.outcome.byteCount == 0)
                #expect(done.transfer.packets.map(\.status) == [.notAttempted, .notAttempted, .notAttempted])
                transfer = done.transfer
            }
            #expect(plugged.received.isEmpty)
            let done = try await transfer.submit(.asSoonAsPossible).completion()
            #expect(done.outcome.status == .completed)
            #expect(plugged.received.map(\.bytes) == [[0], [1, 2], [3, 4, 5]])
        }
    }

    @Test("A transfer that is submitted from the handler of the one before it goes on without a gap")
    func fromHandlers() throws {
        let received = try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let pipe = try plugged.out
            let chain = HandlerChain(pipe, left: 500)
            for number in 0..<3 { chain.submit(try pipe.makePackets([1, 1], first: UInt8(number))) }
            try await bus.clock.sleep(for: .seconds(1))
            #expect(chain.failures.elements.isEmpty)
            return plugged.received
        }
        #expect(received.count == 1_000)
        for (before, after) in zip(received, received.dropFirst()) { #expect(after.position - before.position == 1) }
    }
}

/// Submits a transfer again whenever one ends.
private final class HandlerChain: @unchecked Sendable {
    let failures = Log<String>()
    private let lock = Lock()
    private let pipe: OutPipe<Isochronous>
    private var left: Int
    private var isFirst = true

    init(_ pipe: OutPipe<Isochronous>, left: Int) {
        self.pipe = pipe
        self.left = left
    }

    func submit(_ transfer: consuming Transfer<Isochronous>) {
        let start: IsochronousStart? = lock.withLock {
            guard left > 0 else { return nil }
            left -= 1
            defer { isFirst = false }
            return isFirst ? .asSoonAsPossible : .continuing
        }
        guard let start else { return }
        do {
            try transfer.submit(start) { [self] done in
                if done.outcome.status != .completed { failures.add("\(done.outcome.status)") }
                submit(done.transfer)
            }
        } catch {
            failures.add("\(error)")
        }
    }
}
