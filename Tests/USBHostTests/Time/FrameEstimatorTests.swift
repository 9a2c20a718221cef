// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification

@Suite("The estimated frame clock")
struct FrameEstimatorTests {
    @Test("It free-runs until the first completion, which starts an epoch of estimates")
    func quality() {
        var clock = FrameEstimator(now: BusInstant(nanoseconds: 5_000))
        let first = clock.reading(at: BusInstant(nanoseconds: 5_000))
        #expect(first.quality == .unavailable)
        let second = clock.reading(at: BusInstant(nanoseconds: 5_000 + 3_000_000))
        #expect(second.quality == .unavailable)
        #expect(second.microframe == first.microframe + 24)
        #expect(second.epoch == first.epoch)
        clock.completed(at: nil, observed: BusInstant(nanoseconds: 4_000_000))
        let third = clock.reading(at: BusInstant(nanoseconds: 5_005_000))
        #expect(third.quality == .estimated)
        #expect(third.epoch != first.epoch)
        #expect(third.microframe == first.microframe + 40)
        #expect(third.time == BusInstant(nanoseconds: 5_005_000))
        clock.completed(at: third.microframe, observed: BusInstant(nanoseconds: 5_006_000))
        #expect(clock.epoch == third.epoch, "later completions discipline it and leave the epoch")
    }

    @Test("Within an epoch it never steps back, whatever completions say", arguments: sparing(0..<20 as Range<UInt64>))
    func monotonic(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var clock = FrameEstimator(now: BusInstant(nanoseconds: 0))
        clock.completed(at: nil, observed: BusInstant(nanoseconds: 0))
        let epoch = clock.epoch
        var last = clock.reading(at: BusInstant(nanoseconds: 0))
        for _ in 0..<2_000 {
            let time = last.time.advanced(byNanoseconds: Int64.random(in: 0...2_000_000, using: &random))
            if Bool.random(using: &random) {
                // Off by up to 90 ms either way, which is not yet a jump.
                clock.completed(at: last.microframe + Int64.random(in: -720...720, using: &random), observed: time)
            }
            let reading = clock.reading(at: time)
            #expect(reading.microframe >= last.microframe)
            // Never faster than the bus may be, but for one count of rounding.
            let most = (time.nanoseconds - last.time.nanoseconds) / Microframe.nanoseconds * 1_002 / 1_000 + 2
            #expect(reading.microframe - last.microframe <= most)
            #expect(reading.epoch == epoch)
            last = reading
        }
    }

    @Test(
        "It follows a bus that runs fast or slow, through completions that are seen late by a random delay",
        arguments: [Int64(-500), -100, 0, 100, 500], sparing([Int64(128), 32, 8], by: 3))
    func convergence(partsPerMillion: Int64, microframes: Int64) {
        var random = SeededGenerator(seed: UInt64(bitPattern: partsPerMillion &* 1000 &+ microframes))
        var clock = FrameEstimator(now: BusInstant(nanoseconds: 0))
        let begin = BusInstant(nanoseconds: 1_000_000_000)
        clock.completed(at: nil, observed: begin)
        let origin = clock.reading(at: begin).microframe
        // When the bus reaches a count, by the host's clock.
        func time(of count: Int64) -> BusInstant {
            begin.advanced(byNanoseconds: count * (125_000 * 1_000_000 + 125_000 * partsPerMillion) / 1_000_000)
        }
        var worst: Int64 = 0
        var count: Int64 = 0
        while count < 8_000 * 60 {
            count += microframes
            let delay = Int64.random(in: 0...400_000, using: &random)
            clock.completed(at: origin + count, observed: time(of: count).advanced(byNanoseconds: delay))
            guard count > 8_000 * 20 else { continue }
            let reading = clock.reading(at: time(of: count).advanced(byNanoseconds: 400_000))
            worst = max(worst, (reading.microframe - (origin + count)).magnitudeAsInteger)
        }
        #expect(clock.epoch == 1)
        // 400 us of delay are four counts; a batch of 16 ms at 500 ppm drifts by 8 us, which is corrected by a sixteenth.
        #expect(worst <= 6, "it was off by \(worst) microframes")
    }

    @Test("An offset of tens of milliseconds is worked off at 0.1 percent", arguments: [Int64(-400), 400])
    func offset(microframes: Int64) {
        var clock = FrameEstimator(now: BusInstant(nanoseconds: 0))
        clock.completed(at: nil, observed: BusInstant(nanoseconds: 0))
        let origin = clock.reading(at: BusInstant(nanoseconds: 0)).microframe
        var distances: [Int64] = []
        for millisecond in 1...200_000 as ClosedRange<Int64> {
            let time = BusInstant(nanoseconds: millisecond * 1_000_000)
            let actual = origin + millisecond * 8 + microframes
            clock.completed(at: actual, observed: time)
            if millisecond % 1_000 == 0 {
                distances.append((clock.reading(at: time).microframe - actual).magnitudeAsInteger)
            }
        }
        #expect(clock.epoch == 1)
        #expect(distances == distances.sorted(by: >), "it comes nearer all the time")
        // 50 ms at 0.1 percent take 50 s.
        #expect(distances[10] > 200)
        #expect(distances[80] <= 1)
    }

    @Test(
        "A jump starts a new epoch, and the count goes on from where it was",
        arguments: [Int64(-1 << 40), -900, 900, 1 << 40])
    func jump(microframes: Int64) {
        var clock = FrameEstimator(now: BusInstant(nanoseconds: 0))
        clock.completed(at: nil, observed: BusInstant(nanoseconds: 0))
        let time = BusInstant(nanoseconds: 1_000_000_000)
        let before = clock.reading(at: time)
        clock.completed(at: before.microframe + microframes, observed: time)
        let after = clock.reading(at: time)
        #expect(after.epoch == before.epoch + 1)
        #expect(after.quality == .estimated)
        #expect(after.microframe == before.microframe)
        #expect(clock.reading(at: time.advanced(by: .seconds(1))).microframe == after.microframe + 8_000)
    }

    @Test("A restart begins an epoch without stepping back")
    func restart() {
        var clock = FrameEstimator(now: BusInstant(nanoseconds: 0))
        var last = clock.reading(at: BusInstant(nanoseconds: 0))
        for second in 1...10 as ClosedRange<Int64> {
            let time = BusInstant(nanoseconds: second * 1_000_000_000)
            clock.restart(at: time)
            let reading = clock.reading(at: time)
            #expect(reading.epoch == last.epoch + 1)
            #expect(reading.microframe == last.microframe + 8_000)
            last = reading
        }
    }

    @Test("Times and positions at the ends of their ranges do no harm")
    func extremes() {
        let times = [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max]
        let positions = [Int64.min, -1, 0, 8_000_000, .max].map { Microframe($0) } + [nil]
        for origin in times {
            for first in times {
                for second in times {
                    for position in positions {
                        var clock = FrameEstimator(now: BusInstant(nanoseconds: origin))
                        clock.completed(at: position, observed: BusInstant(nanoseconds: first))
                        clock.completed(at: position, observed: BusInstant(nanoseconds: second))
                        let one = clock.reading(at: BusInstant(nanoseconds: first))
                        clock.restart(at: BusInstant(nanoseconds: second))
                        clock.completed(at: position, observed: BusInstant(nanoseconds: first))
                        let two = clock.reading(at: BusInstant(nanoseconds: second))
                        #expect(two.microframe >= one.microframe)
                        #expect(two.epoch > one.epoch)
                    }
                }
            }
        }
    }
}

extension Int64 {
    fileprivate var magnitudeAsInteger: Int64 { Int64(clamping: magnitude) }
}
