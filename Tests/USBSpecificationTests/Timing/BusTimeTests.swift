// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite("Bus time of a transaction")
struct BusTimeTests {
    @Test(
        "The kernel's figures at full speed: isochronous IN and OUT, interrupt",
        arguments: [
            (0, 8_526, 7_523, 10_365), (1, 9_278, 8_275, 11_117), (8, 14_708, 13_705, 16_547), (9, 15_544, 14_541, nil),
            (64, 58_400, 57_397, 60_239), (96, 83_378, 82_375, nil), (192, 158_230, 157_227, nil),
            (196, 161_321, 160_318, nil), (288, 233_082, 232_079, nil), (512, 407_681, 406_678, nil),
            (1_000, 788_205, 787_202, nil), (1_023, 806_166, 805_163, nil),
        ] as [(Int, Int64, Int64, Int64?)])
    func linuxFull(bytes: Int, isochronousIn: Int64, isochronousOut: Int64, interrupt: Int64?) {
        let time = { BusTime.linuxNanoseconds(speed: .full, type: $0, direction: $1, bytes: bytes) }
        #expect(time(.isochronous, .in) == isochronousIn)
        #expect(time(.isochronous, .out) == isochronousOut)
        if let interrupt {
            for type in [TransferType.interrupt, .bulk, .control] {
                #expect(time(type, .in) == interrupt && time(type, .out) == interrupt)
            }
        }
    }

    @Test(
        "The kernel's figures at high speed: isochronous, interrupt and bulk; and rounded up to microseconds",
        arguments: [
            (0, 644, 1, 927, 1), (8, 798, 1, 1_081, 2), (64, 1_888, 2, 2_171, 3), (188, 4_298, 5, 4_581, 5),
            (192, 4_377, 5, 4_660, 5), (512, 10_597, 11, 10_880, 11), (1_024, 20_551, 21, 20_835, 21),
            (2_048, 40_458, 41, 40_742, 41), (2_688, 52_902, 53, 53_186, 54), (2_892, 56_868, 57, 57_152, 58),
            (3_072, 60_368, 61, 60_651, 61),
        ] as [(Int, Int64, Int64, Int64, Int64)])
    func linuxHigh(bytes: Int, isochronous: Int64, isochronousUs: Int64, other: Int64, otherUs: Int64) throws {
        for direction in Direction.allCases {
            let time = { BusTime.linuxNanoseconds(speed: .high, type: $0, direction: direction, bytes: bytes) }
            #expect(time(.isochronous) == isochronous)
            #expect(time(.interrupt) == other)
            #expect(time(.bulk) == other)
            #expect(try (#require(time(.isochronous)) + 999) / 1_000 == isochronousUs)
            #expect(try (#require(time(.interrupt)) + 999) / 1_000 == otherUs)
        }
    }

    @Test(
        "The kernel's figures at low speed: IN and OUT",
        arguments: [
            (0, 67_823, 67_840), (1, 73_913, 73_843), (4, 92_860, 92_519), (8, 117_897, 117_198),
        ] as [(Int, Int64, Int64)])
    func linuxLow(bytes: Int, inward: Int64, outward: Int64) {
        for type in [TransferType.interrupt, .control] {
            #expect(BusTime.linuxNanoseconds(speed: .low, type: type, direction: .in, bytes: bytes) == inward)
            #expect(BusTime.linuxNanoseconds(speed: .low, type: type, direction: .out, bytes: bytes) == outward)
        }
    }

    // Worked by hand. 3 bit times for 0 bytes; 77 for 8 (3.167 + 74.6688); 9 551 for 1023; 28 675 for 3072.
    @Test(
        "The specification's formulas, without delays, in picoseconds",
        arguments: [
            (.full, .isochronous, .in, 0, 7_268_000 + 3 * 83_540),
            (.full, .isochronous, .in, 8, 7_268_000 + 77 * 83_540),
            (.full, .isochronous, .out, 1_023, 6_265_000 + 9_551 * 83_540),
            (.full, .interrupt, .in, 8, 9_107_000 + 77 * 83_540), (.full, .bulk, .out, 8, 9_107_000 + 77 * 83_540),
            (.high, .isochronous, .in, 3_072, 633_232 + 28_675 * 2_083),
            (.high, .interrupt, .out, 0, 916_520 + 3 * 2_083), (.low, .interrupt, .in, 8, 64_060_000 + 77 * 676_670),
            (.low, .control, .out, 8, 64_107_000 + 77 * 667_000),
        ] as [(Speed, TransferType, Direction, Int, Int64)])
    func exact(speed: Speed, type: TransferType, direction: Direction, bytes: Int, expected: Int64) {
        let time = BusTime.picoseconds(
            speed: speed, type: type, direction: direction, bytes: bytes,
            delays: .init(host: 0, hubLowSpeedSetup: 0))
        #expect(time == expected)
    }

    @Test("Delays are added, the hub's twice and at low speed alone")
    func delays() {
        let cases: [(Speed, BusTime.Delays?, Int64)] = [
            (.low, .init(host: 7, hubLowSpeedSetup: 100), 66_090_217),
            (.full, .init(host: 7, hubLowSpeedSetup: 100), 9_357_627), (.full, nil, 10_357_620), (.high, nil, 927_769),
            (.low, nil, 67_756_010), (.low, .init(host: .max, hubLowSpeedSetup: .max), .max),
        ]
        for (speed, delays, expected) in cases {
            let time = BusTime.picoseconds(speed: speed, type: .interrupt, direction: .in, bytes: 0, delays: delays)
            #expect(time == expected)
        }
        let rounded = BusTime.nanoseconds(speed: .full, type: .interrupt, direction: .in, bytes: 0)
        #expect(rounded == 10_358)
    }

    @Test(
        "The kernel's figures stay within two bit times of the formulas",
        arguments: [
            (.low, .interrupt, 8, 1_354), (.full, .isochronous, 1_023, 168), (.full, .bulk, 64, 168),
            (.high, .isochronous, 3_072, 5), (.high, .bulk, 512, 5),
        ] as [(Speed, TransferType, Int, Int64)])
    func closeness(speed: Speed, type: TransferType, most: Int, bound: Int64) throws {
        for bytes in 0...most {
            for direction in Direction.allCases {
                let exact = try #require(
                    BusTime.nanoseconds(speed: speed, type: type, direction: direction, bytes: bytes))
                let linux = try #require(
                    BusTime.linuxNanoseconds(speed: speed, type: type, direction: direction, bytes: bytes))
                #expect(abs(exact - linux) <= bound)
            }
        }
    }

    @Test("There is no time for what the section does not cover")
    func none() {
        let none: [(Speed, TransferType, Int)] = [
            (.low, .isochronous, 8), (.low, .bulk, 8), (.superSpeed, .bulk, 8), (.superSpeedPlus, .isochronous, 8),
            (.full, .bulk, -1), (.high, .bulk, .max), (.high, .bulk, .min), (.low, .control, 0x100_0000),
        ]
        for (speed, type, bytes) in none {
            for direction in Direction.allCases {
                #expect(BusTime.picoseconds(speed: speed, type: type, direction: direction, bytes: bytes) == nil)
                #expect(BusTime.linuxNanoseconds(speed: speed, type: type, direction: direction, bytes: bytes) == nil)
            }
        }
        let most = BusTime.byteRange.upperBound
        #expect(BusTime.picoseconds(speed: .low, type: .control, direction: .in, bytes: most) != nil)
        #expect(BusTime.linuxNanoseconds(speed: .low, type: .control, direction: .in, bytes: most) != nil)
    }
}

@Suite("Budgets of bus time")
struct BudgetTests {
    @Test(
        "Periodic endpoints have 90 %, 80 % and 90 %",
        arguments: [
            (.low, 1_000_000, 900_000), (.full, 1_000_000, 900_000), (.high, 125_000, 100_000),
            (.superSpeed, 125_000, 112_500), (.superSpeedPlus, 125_000, 112_500),
        ] as [(Speed, Int64, Int64)])
    func periodic(speed: Speed, period: Int64, limit: Int64) {
        let budget = PeriodicBudget(speed: speed)
        #expect(budget.periodNanoseconds == period)
        #expect(budget.limitNanoseconds == limit)
        #expect(budget.nanosecondsLeft(afterTaking: limit + 1) == -1)
        #expect(budget.nanosecondsLeft(afterTaking: .min) == .max)
    }

    @Test(
        "How many equal streams fit",
        arguments: [
            (.full, 192, 5), (.full, 1_023, 1), (.high, 3_072, 1), (.high, 1_024, 4), (.high, 192, 22),
        ] as [(Speed, Int, Int64)])
    func streams(speed: Speed, bytes: Int, count: Int64) throws {
        let time = try #require(
            BusTime.nanoseconds(speed: speed, type: .isochronous, direction: .out, bytes: bytes))
        let budget = PeriodicBudget(speed: speed)
        #expect(budget.nanosecondsLeft(afterTaking: count * time) >= 0)
        #expect(budget.nanosecondsLeft(afterTaking: (count + 1) * time) < 0)
    }

    @Test(
        "Blocks: what a bus holds, what is kept back, what a packet costs",
        arguments: [
            (.low, 1285, 1156, 8, 8, 1, 136), (.full, 1285, 1156, 192, 192, 1, 212),
            (.high, 1607, 1285, 512, 512, 1, 154),
            (.high, 1607, 1285, 3_072, 1_024, 1, 846), (.superSpeed, 3906, 3515, 1_024, 1_024, 1, 104),
            (.superSpeed, 3906, 3515, 0, 1_024, 1, 40), (.superSpeed, 3906, 3515, 1_025, 1_024, 16, 64 + 1 + 16 + 32),
            (.superSpeedPlus, 3906, 3515, 49_152, 1_024, 16, 48 * 72 + 3 * 32),
        ] as [(Speed, Int, Int, Int, Int, Int, Int)])
    func blocks(speed: Speed, total: Int, periodic: Int, bytes: Int, size: Int, burst: Int, cost: Int) {
        let budget = BlockBudget(speed: speed)
        #expect(budget.blocks == total)
        #expect(budget.periodicBlocks == periodic)
        #expect(budget.blocks(bytes: bytes, maximumPacketSize: size, packetsPerBurst: burst) == cost)
    }

    @Test("Blocks as time agree with the budget of bus time", arguments: [Speed.full, .high, .superSpeed])
    func blockTime(speed: Speed) {
        let blocks = BlockBudget(speed: speed)
        let budget = PeriodicBudget(speed: speed)
        #expect(blocks.nanoseconds(blocks: blocks.blocks) == budget.periodNanoseconds)
        #expect(blocks.nanoseconds(blocks: blocks.periodicBlocks) <= budget.limitNanoseconds)
        #expect(blocks.nanoseconds(blocks: blocks.periodicBlocks + 1) > budget.limitNanoseconds)
        #expect(blocks.nanoseconds(blocks: -1) == 0)
        #expect(blocks.nanoseconds(blocks: .max) > 0)
        #expect(blocks.blocks(bytes: .max, maximumPacketSize: .min, packetsPerBurst: .min) == .max)
    }
}
