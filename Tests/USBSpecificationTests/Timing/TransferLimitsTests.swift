// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

/// A row of one of the tables: payload, bandwidth in bytes a second, transfers, bytes remaining, bytes of useful data.
typealias LimitRow = (payload: Int, bandwidth: Int, transfers: Int, remaining: Int, useful: Int)

@Suite("Transfer limits, USB 2.0 chapter 5")
struct TransferLimitsTests {
    private func check(_ speed: Speed, _ type: TransferType, _ row: LimitRow) throws {
        let limits = try #require(TransferLimits(speed: speed, type: type, bytes: row.payload))
        #expect(limits.bytesPerSecond == row.bandwidth)
        #expect(limits.transfers == row.transfers)
        #expect(limits.bytesRemaining == row.remaining)
        #expect(limits.usefulBytes == row.useful)
    }

    @Test(
        "Table 5-1, low-speed control",
        arguments: [(1, 3_000, 3, 40, 3), (2, 6_000, 3, 37, 6), (4, 12_000, 3, 31, 12), (8, 24_000, 3, 19, 24)]
            as [LimitRow])
    func lowSpeedControl(row: LimitRow) throws { try check(.low, .control, row) }

    @Test(
        "Table 5-2, full-speed control",
        arguments: [
            (1, 32_000, 32, 28, 32), (2, 62_000, 31, 43, 62), (4, 120_000, 30, 30, 120), (8, 224_000, 28, 16, 224),
            (16, 384_000, 24, 36, 384), (32, 608_000, 19, 37, 608), (64, 832_000, 13, 83, 832),
        ] as [LimitRow])
    func fullSpeedControl(row: LimitRow) throws { try check(.full, .control, row) }

    @Test(
        "Table 5-3, high-speed control",
        arguments: [
            (1, 344_000, 43, 18, 43), (2, 672_000, 42, 150, 84), (4, 1_344_000, 42, 66, 168),
            (8, 2_624_000, 41, 79, 328), (16, 4_992_000, 39, 129, 624), (32, 9_216_000, 36, 120, 1_152),
            (64, 15_872_000, 31, 153, 1_984),
        ] as [LimitRow])
    func highSpeedControl(row: LimitRow) throws { try check(.high, .control, row) }

    @Test(
        "Table 5-4, full-speed isochronous",
        arguments: [
            (1, 150_000, 150, 0, 150), (2, 272_000, 136, 4, 272), (4, 460_000, 115, 5, 460), (8, 704_000, 88, 4, 704),
            (16, 960_000, 60, 0, 960), (32, 1_152_000, 36, 24, 1_152), (64, 1_280_000, 20, 40, 1_280),
            (128, 1_280_000, 10, 130, 1_280), (256, 1_280_000, 5, 175, 1_280), (512, 1_024_000, 2, 458, 1_024),
            (1_023, 1_023_000, 1, 468, 1_023),
        ] as [LimitRow])
    func fullSpeedIsochronous(row: LimitRow) throws { try check(.full, .isochronous, row) }

    @Test(
        "Table 5-5, high-speed isochronous",
        arguments: [
            (1, 1_536_000, 192, 12, 192), (2, 2_992_000, 187, 20, 374), (4, 5_696_000, 178, 24, 712),
            (8, 10_432_000, 163, 2, 1_304), (16, 17_664_000, 138, 48, 2_208), (32, 27_392_000, 107, 10, 3_424),
            (64, 37_376_000, 73, 54, 4_672), (128, 46_080_000, 45, 30, 5_760), (256, 51_200_000, 25, 150, 6_400),
            (512, 53_248_000, 13, 350, 6_656), (1_024, 57_344_000, 7, 66, 7_168), (2_048, 49_152_000, 3, 1_242, 6_144),
            (3_072, 49_152_000, 2, 1_280, 6_144),
        ] as [LimitRow])
    func highSpeedIsochronous(row: LimitRow) throws { try check(.high, .isochronous, row) }

    @Test(
        "Table 5-6, low-speed interrupt",
        arguments: [(1, 9_000, 9, 7, 9), (2, 16_000, 8, 19, 16), (4, 32_000, 8, 3, 32), (8, 48_000, 6, 25, 48)]
            as [LimitRow])
    func lowSpeedInterrupt(row: LimitRow) throws { try check(.low, .interrupt, row) }

    @Test(
        "Tables 5-7 and 5-9, full-speed interrupt and bulk",
        arguments: [
            (1, 107_000, 107, 2, 107), (2, 200_000, 100, 0, 200), (4, 352_000, 88, 4, 352), (8, 568_000, 71, 9, 568),
            (16, 816_000, 51, 21, 816), (32, 1_056_000, 33, 15, 1_056), (64, 1_216_000, 19, 37, 1_216),
        ] as [LimitRow])
    func fullSpeedInterruptAndBulk(row: LimitRow) throws {
        try check(.full, .interrupt, row)
        try check(.full, .bulk, row)
    }

    // Table 5-10 ends at 512, the largest bulk packet.
    @Test(
        "Tables 5-8 and 5-10, high-speed interrupt and bulk",
        arguments: [
            (1, 1_064_000, 133, 52, 133), (2, 2_096_000, 131, 33, 262), (4, 4_064_000, 127, 7, 508),
            (8, 7_616_000, 119, 3, 952), (16, 13_440_000, 105, 45, 1_680), (32, 22_016_000, 86, 18, 2_752),
            (64, 32_256_000, 63, 3, 4_032), (128, 40_960_000, 40, 180, 5_120), (256, 49_152_000, 24, 36, 6_144),
            (512, 53_248_000, 13, 129, 6_656), (1_024, 49_152_000, 6, 1_026, 6_144),
            (2_048, 49_152_000, 3, 1_191, 6_144), (3_072, 49_152_000, 2, 1_246, 6_144),
        ] as [LimitRow])
    func highSpeedInterruptAndBulk(row: LimitRow) throws {
        try check(.high, .interrupt, row)
        if row.payload <= 512 { try check(.high, .bulk, row) }
    }

    @Test("The frame is used up, and never overfilled")
    func property() throws {
        for (speed, type) in [(.low, .interrupt), (.full, .isochronous), (.high, .bulk)] as [(Speed, TransferType)] {
            let capacity = try #require(TransferLimits.byteTimes(at: speed))
            let overhead = try #require(TransferLimits.overhead(speed: speed, type: type))
            for bytes in 0...8_000 {
                let limits = try #require(TransferLimits(speed: speed, type: type, bytes: bytes))
                #expect(limits.transfers * (bytes + overhead) + limits.bytesRemaining == capacity)
                #expect(limits.bytesRemaining < bytes + overhead)
            }
        }
    }

    @Test("There are no limits for what does not exist")
    func none() {
        #expect(TransferLimits(speed: .low, type: .bulk, bytes: 8) == nil)
        #expect(TransferLimits(speed: .low, type: .isochronous, bytes: 8) == nil)
        #expect(TransferLimits(speed: .superSpeed, type: .bulk, bytes: 8) == nil)
        #expect(TransferLimits(speed: .high, type: .bulk, bytes: -1) == nil)
        #expect(TransferLimits(speed: .high, type: .bulk, bytes: .max)?.transfers == 0)
    }
}
