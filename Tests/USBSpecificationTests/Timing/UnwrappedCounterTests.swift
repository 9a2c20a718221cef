// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@Suite("Unwrapped counters")
struct UnwrappedCounterTests {
    @Test("An 11-bit frame number goes on over its wrap at 2048 ms")
    func frameWrap() {
        var counter = UnwrappedCounter(bits: 11, reading: 2_047, near: Frame(2_047))
        #expect(counter.update(reading: 0, elapsedNanoseconds: 1_000_000) == Frame(2_048))
        #expect(counter.update(reading: 2_047, elapsedNanoseconds: 2_047_000_000) == Frame(4_095))
        #expect(counter.update(reading: 2_047, elapsedNanoseconds: 2_048_000_000) == Frame(6_143))
        #expect(counter.update(reading: 2_047, elapsedNanoseconds: 0) == Frame(6_143))
    }

    @Test("A 14-bit microframe register goes on over its wrap at 16384")
    func microframeWrap() {
        var counter = UnwrappedCounter(bits: 14, reading: 16_383, near: Microframe(0))
        #expect(counter.position == Microframe(-1))
        #expect(counter.update(reading: 0, elapsedNanoseconds: 125_000) == Microframe(0))
        #expect(counter.update(reading: 16_383, elapsedNanoseconds: 2_047_875_000) == Microframe(16_383))
        #expect(counter.update(reading: 1, elapsedNanoseconds: 250_000) == Microframe(16_385))
    }

    @Test(
        "A pause of many turns is no trouble while the clocks differ by less than half a turn",
        arguments: [0, 1, 500, 1_023, -1, -500, -1_023] as [Int64])
    func longPause(errorInFrames: Int64) {
        var counter = UnwrappedCounter(bits: 11, reading: 100, near: Frame(100))
        let later = Frame(100) + 3_600_000
        let elapsed = (3_600_000 + errorInFrames) * Frame.nanoseconds
        #expect(counter.update(reading: later.truncated(toBits: 11), elapsedNanoseconds: elapsed) == later)
    }

    @Test("A stale reading gives an earlier position")
    func stale() {
        var counter = UnwrappedCounter(bits: 11, reading: 3, near: Frame(2_051))
        #expect(counter.update(reading: 2_047, elapsedNanoseconds: 0) == Frame(2_047))
    }

    @Test(
        "Readings at random pauses and with a wrong host clock follow the bus",
        arguments: sparing(1...20 as ClosedRange<UInt64>)
    )
    func property(seed: UInt64) {
        var random = TimingRandom(seed: seed)
        var truth = Microframe(.random(in: -1_000_000...1_000_000, using: &random))
        var counter = UnwrappedCounter(bits: 14, reading: truth.truncated(toBits: 14), near: truth)
        for _ in 0..<300 {
            // Up to 100 s, at 500 parts in a million: at most 50 ms out.
            let step = Int64.random(in: 0...800_000, using: &random)
            let drift = Int64.random(in: -500...500, using: &random)
            truth = truth + step
            let elapsed = step * (125_000 + drift * 125 / 1_000)
            // Higher bits of a register may hold anything.
            let reading = truth.truncated(toBits: 14) | UInt64.random(in: 0...7, using: &random) << 14
            #expect(counter.update(reading: reading, elapsedNanoseconds: elapsed) == truth)
        }
    }

    @Test("Extreme input does not trap", arguments: [Int64.min, -1, 0, .max])
    func extremes(elapsed: Int64) {
        var counter = UnwrappedCounter(bits: 99, reading: .max, near: Microframe(.max))
        #expect(counter.bits == 63)
        let first = counter.update(reading: 0, elapsedNanoseconds: elapsed)
        #expect(counter.position == first)
    }
}
