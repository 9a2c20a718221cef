// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing

@testable import USBHost

@Suite("The life of a transfer")
struct TransferLifeTests {
    typealias State = TransferLife.State
    typealias Reason = TransferLife.CancelReason

    /// A life that has come to `state` by legal events.
    static func life(in state: State) -> TransferLife {
        var life = TransferLife()
        switch state {
        case .idle: break
        case .held: life.submit(hold: true)
        case .pending: life.submit(hold: false)
        case .cancelling(let reason):
            life.submit(hold: false)
            _ = life.cancel(reason)
        case .complete:
            life.submit(hold: false)
            _ = life.finish(.completed)
        }
        return life
    }

    static let states: [State] = [.idle, .held, .pending, .complete] + Reason.allCases.map { .cancelling($0) }

    @Test("Each state can be reached", arguments: states)
    func reach(_ state: State) {
        #expect(TransferLifeTests.life(in: state).state == state)
    }

    static let statuses: [(Reason, TransferStatus)] = [
        (.requested, .cancelled), (.timedOut, .timedOut), (.aborted, .cancelled), (.deviceGone, .deviceGone),
        (.broken, .cancelled), (.neverCompletes, .failed(.neverCompletes)),
    ]

    @Test("What a cancel does in each state, for each reason", arguments: statuses)
    func cancel(_ reason: Reason, _ status: TransferStatus) {
        let table: [(State, TransferLife.CancelAction, State)] =
            [
                (.idle, .ignore, .idle),
                (.held, .complete(status), .complete),
                (.pending, .cancelAtWire, .cancelling(reason)),
                (.complete, .ignore, .complete),
            ]
            + Reason.allCases.map { first in
                (.cancelling(first), .ignore, .cancelling(reason == .deviceGone ? .deviceGone : first))
            }
        #expect(table.count == TransferLifeTests.states.count)
        for (state, action, next) in table {
            var life = TransferLifeTests.life(in: state)
            let asked = life.cancel(reason)
            #expect(asked == action, "\(state)")
            #expect(life.state == next, "\(state)")
        }
    }

    static let ends: [(WireCompletion.Status, TransferStatus?)] = [
        (.completed, .completed), (.stalled, .stalled), (.deviceGone, .deviceGone), (.expired, .expired),
        (.refused(.outOfMemory), .failed(.outOfMemory)), (.refused(.noBandwidth), .failed(.noBandwidth)),
        (.failed(.babble), .failed(.overflow)), (.failed(.transaction), .failed(.bus(.transaction))),
        (.failed(.cyclicRedundancyCheck), .failed(.bus(.cyclicRedundancyCheck))),
        (.failed(.noResponse), .failed(.bus(.noResponse))), (.failed(.hostMemory), .failed(.bus(.hostMemory))),
        (.cancelled, nil),
    ]

    @Test("What the wire reports is what the owner gets, unless it was a cancel", arguments: ends)
    func finish(_ end: WireCompletion.Status, _ expected: TransferStatus?) {
        var pending = TransferLifeTests.life(in: .pending)
        let status = pending.finish(end)
        #expect(status == expected ?? .cancelled)
        #expect(pending.state == .complete)
        for (reason, ofReason) in TransferLifeTests.statuses {
            var life = TransferLifeTests.life(in: .cancelling(reason))
            let status = life.finish(end)
            #expect(status == expected ?? ofReason, "\(reason)")
            #expect(life.state == .complete)
        }
    }

    @Test("A release lets go of what is held, and of nothing else", arguments: states)
    func release(_ state: State) {
        var life = TransferLifeTests.life(in: state)
        let released = life.release()
        #expect(released == (state == .held))
        #expect(life.state == (state == .held ? .pending : state))
    }

    @Test("A refusal leaves the transfer idle; a delivered one completes it", arguments: [true, false])
    func refusals(held: Bool) {
        var refused = TransferLifeTests.life(in: held ? .held : .pending)
        refused.refuse()
        #expect(refused.state == .idle)
        var delivered = TransferLifeTests.life(in: held ? .held : .pending)
        delivered.finishWithoutWire()
        #expect(delivered.state == .complete)
        delivered.collect()
        #expect(delivered.state == .idle)
    }

    @Test(
        "Exactly one completion for each accepted submit, whatever happens", arguments: sparing(0..<50 as Range<UInt64>)
    )
    func exactlyOne(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var life = TransferLife()
        var accepted = 0
        var completed = 0
        var collected = 0
        for _ in 0..<2_000 {
            let reason = Reason.allCases.randomElement(using: &generator) ?? .requested
            let before = life.state
            switch (before, Int.random(in: 0..<6, using: &generator)) {
            case (.idle, 0...3):
                life.submit(hold: Bool.random(using: &generator))
                accepted += 1
            case (.held, 0), (.pending, 0):
                life.refuse()
                accepted -= 1
            case (.held, 1): life.finishWithoutWire()
            case (.pending, 1...2), (.cancelling, 1...2):
                let end = TransferLifeTests.ends.randomElement(using: &generator)?.0 ?? .completed
                _ = life.finish(end)
            case (.complete, 0...3):
                life.collect()
                collected += 1
            case (_, 4): _ = life.release()
            default:
                if case .complete = life.cancel(reason) { #expect(before == .held) }
            }
            if before != .complete, life.state == .complete { completed += 1 }
            let isOpen = life.state != .idle && life.state != .complete
            #expect(accepted == completed + (isOpen ? 1 : 0))
            #expect(completed == collected + (life.state == .complete ? 1 : 0))
        }
        #expect(completed > 100)
    }
}
