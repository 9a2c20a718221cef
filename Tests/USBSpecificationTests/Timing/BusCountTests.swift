// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@Suite("Frames and microframes")
struct BusCountTests {
    @Test(
        "A microframe knows its frame and its place in it",
        arguments: [
            (0, 0, 0), (7, 0, 7), (8, 1, 0), (13_603, 1_700, 3), (-1, -1, 7), (-8, -1, 0), (-9, -2, 7),
            (Int64.max, Int64.max / 8, 7), (Int64.min, Int64.min / 8, 0),
        ] as [(Int64, Int64, Int)])
    func microframeInFrame(count: Int64, frame: Int64, index: Int) {
        let microframe = Microframe(count)
        #expect(microframe.frame == Frame(frame))
        #expect(microframe.indexInFrame == index)
        #expect(microframe.frame.firstMicroframe + Int64(index) == microframe)
    }

    @Test("Units have their nominal lengths and descriptions")
    func units() {
        #expect(Microframe.nanoseconds == 125_000)
        #expect(Frame.nanoseconds == 1_000_000)
        #expect(Frame.microframes * Microframe.nanoseconds == Frame.nanoseconds)
        #expect(Microframe(13_603).description == "1700.3")
        #expect(Frame(1_700).description == "1700")
        #expect(Microframe(containingNanoseconds: 249_999) == Microframe(1))
        #expect(Frame(containingNanoseconds: -1) == Frame(-1))
        #expect(Frame(3).startNanoseconds == 3_000_000)
    }

    @Test("Positions are ordered, and can be counted through")
    func ordering() {
        #expect(Frame(-1) < Frame(0))
        #expect(Array(Frame(6)..<Frame(9)) == [Frame(6), Frame(7), Frame(8)])
        #expect(Microframe(20) - Microframe(12) == 8)
        #expect(Microframe(20) - 8 == Microframe(12))
    }

    @Test("Arithmetic stops at the ends")
    func saturation() {
        #expect(Frame(.max) + 1 == Frame(.max))
        #expect(Frame(.min) - 1 == Frame(.min))
        #expect(Frame(0) - Int64.min == Frame(.max))
        #expect(Frame(.min).distance(to: Frame(.max)) == .max)
        #expect(Frame(.max).distance(to: Frame(.min)) == .min)
        #expect(Frame(.max).firstMicroframe == Microframe(.max))
        #expect(Frame(.min).startNanoseconds == .min)
        #expect(Frame(.max).roundedUp(toMultipleOf: 10) == Frame(.max))
        #expect(Frame(.min).roundedDown(toMultipleOf: 10) == Frame(.min))
    }

    @Test(
        "Rounding finds the neighbouring multiples",
        arguments: [
            (0, 8, 0, 0, 0), (1, 8, 0, 0, 8), (8, 8, 0, 8, 8), (-1, 8, 0, -8, 0), (-8, 8, 0, -8, -8),
            (10, 8, 3, 3, 11), (11, 8, 3, 11, 11), (11, 8, 11, 11, 11), (2, 8, -1, -1, 7), (5, 1, 0, 5, 5),
            (5, 0, 0, 5, 5), (5, -4, 2, 5, 5),
        ] as [(Int64, Int64, Int64, Int64, Int64)])
    func rounding(count: Int64, step: Int64, phase: Int64, down: Int64, up: Int64) {
        let position = Microframe(count)
        #expect(position.roundedDown(toMultipleOf: step, phase: phase) == Microframe(down))
        #expect(position.roundedUp(toMultipleOf: step, phase: phase) == Microframe(up))
        #expect(position.isMultiple(of: step, phase: phase) == (down == up))
    }

    @Test("Rounding is aligned, and off by less than a step", arguments: sparing(1...20 as ClosedRange<UInt64>))
    func roundingProperty(seed: UInt64) {
        var random = TimingRandom(seed: seed)
        for _ in 0..<200 {
            let position = Frame(.random(in: -1_000_000...1_000_000, using: &random))
            let step = Int64.random(in: 1...40_000, using: &random)
            let phase = Int64.random(in: -100_000...100_000, using: &random)
            let up = position.roundedUp(toMultipleOf: step, phase: phase)
            let down = position.roundedDown(toMultipleOf: step, phase: phase)
            #expect((up.count - phase) % step == 0 && (down.count - phase) % step == 0)
            #expect((0..<step).contains(up - position) && (0..<step).contains(position - down))
        }
    }

    @Test(
        "32-bit numbers are compared modulo 2^32",
        arguments: [
            (5, 0, 5), (0xFFFF_FFFF, 0, -1), (3, 0xFFFF_FFFE, 0x1_0000_0003), (0xFFFF_FFFE, 0x1_0000_0003, 0xFFFF_FFFE),
            (7, -2, 7), (0x7FFF_FFFF, 0, 0x7FFF_FFFF), (0x8000_0000, 0, -0x8000_0000),
            (0x10, 0x5_0000_0000, 0x5_0000_0010),
        ] as [(UInt32, Int64, Int64)])
    func extending32(number: UInt32, near: Int64, expected: Int64) {
        let frame = Frame(extending: number, near: Frame(near))
        #expect(frame == Frame(expected))
        #expect(frame.truncated32 == number)
    }

    @Test("Any position comes back from its low bits and a neighbour", arguments: [1, 2, 11, 14, 16, 32, 63])
    func extendingProperty(bits: Int) {
        var random = TimingRandom(seed: UInt64(bits))
        let half = Int64(1) << Int64(bits - 1)
        for _ in 0..<500 {
            let position = Microframe(.random(in: -(1 << 40)...(1 << 40), using: &random))
            let near = position + .random(in: (1 - half)...half, using: &random)
            let low = position.truncated(toBits: bits)
            #expect(low < 1 << UInt64(bits))
            #expect(Microframe(extending: low, bits: bits, near: near) == position)
        }
    }

    @Test("Impossible widths are clamped", arguments: [Int.min, -1, 0, 64, 65, Int.max])
    func widths(bits: Int) {
        let low = Frame(-1).truncated(toBits: bits)
        #expect(low == (bits < 1 ? 1 : UInt64(Int64.max)))
        #expect(Frame(extending: low, bits: bits, near: Frame(-1)) == Frame(-1))
        #expect(Frame(extending: .max, bits: bits, near: Frame(.max)) == Frame(.max))
    }
}
