// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@Suite("Sample rates")
struct SampleRatePlanTests {
    @Test("44,100 Hz at 1 ms is nine packets of 44 samples and one of 45")
    func compactDisc() throws {
        let plan = try #require(SampleRatePlan(rate: 44_100, bytesPerSampleFrame: 4, interval: .frame))
        #expect(plan.repeatLength == 10)
        #expect(plan.maximumBytes == 180)
        var cursor = plan.cursor()
        for _ in 0..<5 {
            #expect((0..<10).map { _ in cursor.next() } == [176, 176, 176, 176, 176, 176, 176, 176, 176, 180])
        }
        #expect(cursor.packet == 50)
        #expect(plan.samples(beforePacket: 1_000) == 44_100)
        #expect(plan.samples(beforePacket: -1_000) == -44_100)
    }

    @Test(
        "The first packets of common rates",
        arguments: [
            (48_000, 8, [48, 48, 48, 48]), (48_000, 1, [6, 6, 6, 6]), (44_100, 1, [5, 6, 5, 6, 5, 6, 5, 6]),
            (8_000, 1, [1, 1, 1]), (4_000, 1, [0, 1, 0, 1]), (11_025, 8, [11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11]),
            (96_000, 4, [48, 48]), (1, 8, [0, 0, 0]), (22_050, 16, [44, 44, 44, 44, 44, 44, 44, 44, 44, 45]),
        ] as [(Int, Int64, [Int])])
    func common(rate: Int, microframes: Int64, expected: [Int]) throws {
        let interval = try #require(ServiceInterval(microframes: microframes))
        let plan = try #require(SampleRatePlan(rate: rate, bytesPerSampleFrame: 6, interval: interval))
        var cursor = plan.cursor()
        #expect(expected.map { _ in cursor.next() } == expected.map { $0 * 6 })
    }

    @Test(
        "A second holds exactly the rate, and no sum strays by a sample",
        arguments: sparing(1...30 as ClosedRange<UInt64>))
    func noDrift(seed: UInt64) throws {
        var random = TimingRandom(seed: seed)
        let rate = Int.random(in: 1...400_000, using: &random)
        let microframes = Int64(1) << Int64.random(in: 0...6, using: &random)
        let interval = try #require(ServiceInterval(microframes: microframes))
        let plan = try #require(SampleRatePlan(rate: rate, bytesPerSampleFrame: 1, interval: interval))
        let first = Int64.random(in: -1_000_000...1_000_000, using: &random)
        var cursor = plan.cursor(at: first)
        var sum: Int64 = 0
        for packet in 1...Int64(8_000 / microframes) {
            let size = cursor.next()
            #expect(size <= plan.maximumBytes && size >= plan.maximumBytes - 1)
            sum += Int64(size)
            #expect(abs(sum * 8_000 - packet * microframes * Int64(rate)) < 8_000)
            #expect(plan.samples(beforePacket: first + packet) - plan.samples(beforePacket: first) == sum)
        }
        #expect(sum == Int64(rate))
        #expect(plan.bytes(inPackets: Int(8_000 / microframes), from: first) == rate)
    }

    @Test("A plan can be taken up anywhere", arguments: sparing(1...10 as ClosedRange<UInt64>))
    func resumes(seed: UInt64) throws {
        var random = TimingRandom(seed: seed)
        let rate = Int.random(in: 1...400_000, using: &random)
        let plan = try #require(SampleRatePlan(rate: rate, bytesPerSampleFrame: 3, interval: .microframe))
        let start = Int64.random(in: .min...(.max - 100), using: &random)
        var cursor = plan.cursor(at: start)
        for packet in start..<start + 100 {
            let size = cursor.next()
            #expect(size == plan.bytes(inPacket: packet))
            // The formula itself, in twice the width.
            let wide = { (number: Int64) in
                let product = number.multipliedFullWidth(by: Int64(rate))
                return SampleRatePlanTests.flooredQuotient(product, by: 8_000)
            }
            #expect(Int64(size / 3) == wide(packet + 1) &- wide(packet))
        }
    }

    // The low 64 bits of a 128-bit number divided by a small one, rounded down.
    static func flooredQuotient(_ number: (high: Int64, low: UInt64), by divisor: Int64) -> Int64 {
        let high = number.high >= 0 ? number.high % divisor : (number.high % divisor + divisor) % divisor
        return Int64(bitPattern: UInt64(divisor).dividingFullWidth((UInt64(high), number.low)).quotient)
    }

    @Test("The ends of the packet numbers are as good as the middle", arguments: [Int64.min, -1, 0, .max - 1, .max])
    func extremes(number: Int64) throws {
        let plan = try #require(
            SampleRatePlan(rate: 4_294_967_295, bytesPerSampleFrame: 1_024, interval: .longest))
        #expect((plan.maximumBytes - 1_024...plan.maximumBytes).contains(plan.bytes(inPacket: number)))
        #expect(abs(plan.samples(beforePacket: number) / 2) >= number.magnitude / 2)
        #expect(plan.bytes(inPackets: .max, from: number) == .max)
        var cursor = plan.cursor(at: number)
        #expect(cursor.next() == plan.bytes(inPacket: number))
        #expect(cursor.packet == number &+ 1)
    }

    @Test("Rates and sizes that make no packet are refused")
    func refused() {
        #expect(SampleRatePlan(rate: 0, bytesPerSampleFrame: 4, interval: .frame) == nil)
        #expect(SampleRatePlan(rate: -1, bytesPerSampleFrame: 4, interval: .frame) == nil)
        #expect(SampleRatePlan(rate: 48_000, bytesPerSampleFrame: 0, interval: .frame) == nil)
        #expect(SampleRatePlan(rate: .max, bytesPerSampleFrame: 1, interval: .frame) == nil)
        #expect(SampleRatePlan(rate: 48_000, bytesPerSampleFrame: .max, interval: .frame) == nil)
        #expect(SampleRatePlan(rate: 8_000, bytesPerSampleFrame: .max, interval: .microframe) != nil)
    }
}
