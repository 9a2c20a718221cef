// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing

@testable import USBHost

@Suite("The life of a pipe")
struct PipeLifeTests {
    enum Gate: CaseIterable { case open, held, purged }

    static func life(
        _ gate: Gate, halted: Bool = false, aborting: Bool = false, death: PipeLife.DeathCause? = nil
    ) -> PipeLife {
        var life = PipeLife()
        switch gate {
        case .open: break
        case .held: life.hold()
        case .purged: life.purge()
        }
        if halted { life.halt() }
        if aborting { life.beginAbort() }
        if let death { life.die(death) }
        return life
    }

    static func policy(_ aborting: PipePolicy.WhileAborting, _ halted: PipePolicy.WhileHalted) -> PipePolicy {
        var policy = PipePolicy()
        policy.whileAborting = aborting
        policy.whileHalted = halted
        return policy
    }

    /// What a submit meets when no abort is under way and the pipe lives: with a halt refusing, with a halt sending,
    /// and the same two past the gate.
    struct Row: Sendable {
        let gate: Gate
        let halted: Bool
        let state: PipeLife.State
        let refusing, sending, refusingPast, sendingPast: PipeLife.Disposition
    }

    static let stalled = PipeLife.Disposition.refuse(.stalled)
    static let closed = PipeLife.Disposition.refuse(.notAccepting)
    static let rows: [Row] = [
        Row(
            gate: .open, halted: false, state: .open, refusing: .give, sending: .give, refusingPast: .give,
            sendingPast: .give),
        Row(
            gate: .held, halted: false, state: .held, refusing: .hold, sending: .hold, refusingPast: .give,
            sendingPast: .give),
        Row(
            gate: .purged, halted: false, state: .purged, refusing: closed, sending: closed, refusingPast: .give,
            sendingPast: .give),
        Row(
            gate: .open, halted: true, state: .halted, refusing: stalled, sending: .give, refusingPast: stalled,
            sendingPast: .give),
        Row(
            gate: .held, halted: true, state: .halted, refusing: .hold, sending: .hold, refusingPast: stalled,
            sendingPast: .give),
        Row(
            gate: .purged, halted: true, state: .purged, refusing: closed, sending: closed, refusingPast: stalled,
            sendingPast: .give),
    ]

    @Test("What a submit meets", arguments: rows)
    func dispositions(_ row: Row) {
        let life = PipeLifeTests.life(row.gate, halted: row.halted)
        #expect(life.state == row.state)
        for aborting in [PipePolicy.WhileAborting.refuse, .hold] {
            let refuse = PipeLifeTests.policy(aborting, .refuse)
            let send = PipeLifeTests.policy(aborting, .send)
            #expect(life.disposition(refuse) == row.refusing)
            #expect(life.disposition(send) == row.sending)
            #expect(life.disposition(refuse, ignoringGate: true) == row.refusingPast)
            #expect(life.disposition(send, ignoringGate: true) == row.sendingPast)
        }
    }

    @Test("An abort decides before gate and halt, an end before everything", arguments: rows)
    func stronger(_ row: Row) {
        for halt in [PipePolicy.WhileHalted.refuse, .send] {
            for past in [false, true] {
                let aborting = PipeLifeTests.life(row.gate, halted: row.halted, aborting: true)
                #expect(aborting.state == .aborting)
                // What would wait at the gate even after the abort is refused rather than kept.
                #expect(
                    aborting.disposition(PipeLifeTests.policy(.refuse, halt), ignoringGate: past)
                        == (past && row.gate == .open ? .hold : .refuse(.notAccepting)))
                #expect(aborting.disposition(PipeLifeTests.policy(.hold, halt), ignoringGate: past) == .hold)
                for (cause, kind) in [(PipeLife.DeathCause.closed, USBError.Kind.closed), (.deviceGone, .deviceGone)] {
                    for isAborting in [false, true] {
                        let dead = PipeLifeTests.life(
                            row.gate, halted: row.halted, aborting: isAborting, death: cause)
                        #expect(dead.state == .dead)
                        #expect(!dead.mayRelease)
                        for while_ in [PipePolicy.WhileAborting.refuse, .hold] {
                            #expect(
                                dead.disposition(PipeLifeTests.policy(while_, halt), ignoringGate: past)
                                    == .refuse(kind))
                        }
                    }
                }
            }
        }
    }

    @Test("What each event leads to, and whether held transfers may go", arguments: rows)
    func events(_ row: Row) {
        var opened = PipeLifeTests.life(row.gate, halted: row.halted)
        #expect(opened.mayRelease == (row.gate == .open))
        let opens = opened.open()
        #expect(opens)
        #expect(opened.state == (row.halted ? .halted : .open))

        var cleared = PipeLifeTests.life(row.gate, halted: row.halted)
        let releases = cleared.clearHalt()
        #expect(releases == (row.gate == .open))
        #expect(!cleared.isHalted)

        var aborted = PipeLifeTests.life(row.gate, halted: row.halted, aborting: true)
        #expect(!aborted.mayRelease)
        aborted.beginAbort()
        let releasesEarly = aborted.endAbort()
        #expect(!releasesEarly, "another abort is still under way")
        #expect(aborted.state == .aborting)
        let releasesAfterAbort = aborted.endAbort()
        #expect(releasesAfterAbort == (row.gate == .open))
        #expect(aborted.state == row.state)

        var openedInAbort = PipeLifeTests.life(row.gate, halted: row.halted, aborting: true)
        let opensInAbort = openedInAbort.open()
        #expect(!opensInAbort)
        let releasesOpened = openedInAbort.endAbort()
        #expect(releasesOpened)

        for target in Gate.allCases where target != .open {
            var moved = PipeLifeTests.life(row.gate, halted: row.halted)
            if target == .held { moved.hold() } else { moved.purge() }
            #expect(moved == PipeLifeTests.life(target, halted: row.halted))
            #expect(!moved.mayRelease)
        }
    }

    @Test("That the device has gone overrides that the pipe was closed, not the other way round")
    func deaths() {
        var life = PipeLife()
        life.die(.closed)
        #expect(life.death == .closed)
        life.die(.deviceGone)
        #expect(life.death == .deviceGone)
        life.die(.closed)
        #expect(life.death == .deviceGone)
        let opens = life.open()
        #expect(!opens)
        let releases = life.clearHalt()
        #expect(!releases)
    }
}
