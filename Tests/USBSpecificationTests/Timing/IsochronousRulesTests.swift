// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite("Rules for isochronous transfers")
struct IsochronousRulesTests {
    @Test("Packets fill whole frames", arguments: [(1, 8), (2, 4), (4, 2), (8, 1), (16, 1)] as [(Int64, Int)])
    func packets(microframes: Int64, multiple: Int) throws {
        let interval = try #require(ServiceInterval(microframes: microframes))
        for count in 1...24 {
            let expected: IsochronousViolation? =
                count % multiple == 0 ? nil : .packetsNotWholeFrames(count, multiple: multiple)
            #expect(IsochronousRules.wholeFrames(packets: count, interval: interval) == expected)
        }
        #expect(IsochronousRules.wholeFrames(packets: 0, interval: interval) == .empty)
        #expect(IsochronousRules.wholeFrames(packets: -8, interval: interval) == .empty)
    }

    @Test(
        "Bytes fill whole frames",
        arguments: [
            (8_192, 1_024, 1, false, nil), (8_192, 1_024, 1, true, nil), (8_191, 1_024, 1, false, 8_192),
            (8_191, 1_024, 1, true, nil), (7_169, 1_024, 1, true, nil), (7_168, 1_024, 1, true, 8_192),
            (7_168, 1_024, 1, false, 8_192), (600, 300, 4, false, nil), (300, 300, 4, true, 600),
            (192, 192, 8, false, nil), (100, 192, 8, false, 192), (100, 192, 8, true, nil),
        ] as [(Int, Int, Int64, Bool, Int?)])
    func bytes(bytes: Int, maximum: Int, microframes: Int64, short: Bool, multiple: Int?) throws {
        let interval = try #require(ServiceInterval(microframes: microframes))
        let violation = IsochronousRules.wholeFrames(
            bytes: bytes, maximumBytesPerInterval: maximum, interval: interval, allowingShortLastPacket: short)
        #expect(violation == multiple.map { .bytesNotWholeFrames(bytes, multiple: $0) })
    }

    @Test("No bytes are no transfer", arguments: [(0, 100), (-1, 100), (100, 0), (Int.min, Int.min)])
    func noBytes(bytes: Int, maximum: Int) {
        let violation = IsochronousRules.wholeFrames(
            bytes: bytes, maximumBytesPerInterval: maximum, interval: .microframe)
        #expect(violation == .empty)
    }

    @Test("Endpoints served less than once a frame")
    func withinFrame() throws {
        for microframes in [1, 2, 4, 8] as [Int64] {
            #expect(
                try IsochronousRules.withinFrame(interval: #require(ServiceInterval(microframes: microframes))) == nil)
        }
        let long = try #require(ServiceInterval(microframes: 16))
        #expect(IsochronousRules.withinFrame(interval: long) == .intervalExceedsFrame(long))
    }

    @Test("Long intervals start at a multiple")
    func aligned() throws {
        let interval = try ServiceInterval(speed: .high, type: .isochronous, bInterval: 6)
        #expect(IsochronousRules.alignedStart(Frame(8), interval: interval) == nil)
        #expect(IsochronousRules.alignedStart(Frame(-4), interval: interval) == nil)
        #expect(IsochronousRules.alignedStart(Frame(9), interval: interval) == .startNotAligned(Frame(9), multiple: 4))
        #expect(IsochronousRules.alignedStart(Frame(-1), interval: interval) != nil)
        for interval in [ServiceInterval.microframe, .frame] {
            #expect(IsochronousRules.alignedStart(Frame(9), interval: interval) == nil)
        }
    }

    @Test(
        "Packet limits",
        arguments: [(.low, 255), (.full, 255), (.high, 1024), (.superSpeed, 1024), (.superSpeedPlus, 1024)]
            as [(Speed, Int)])
    func limits(speed: Speed, limit: Int) {
        #expect(IsochronousRules.packetLimit(at: speed) == limit)
        #expect(IsochronousRules.packetCount(limit, limit: limit) == nil)
        #expect(IsochronousRules.packetCount(limit + 1, limit: limit) == .tooManyPackets(limit + 1, limit: limit))
        #expect(IsochronousRules.packetCount(0, limit: limit) == .empty)
    }

    @Test(
        "The start windows",
        arguments: [
            (0, true, true), (1_023, true, true), (1_024, false, true), (1_025, false, false), (-1_023, true, true),
            (-1_024, false, true), (-1_025, false, false), (.max, false, false), (.min, false, false),
        ] as [(Int64, Bool, Bool)])
    func window(offset: Int64, windows: Bool, apple: Bool) {
        let now = Frame(70_000)
        let start = now + offset
        let expected: IsochronousViolation = offset < 0 ? .startTooOld(start, now: now) : .startTooNew(start, now: now)
        #expect(StartWindow.windows.violation(start: start, now: now) == (windows ? nil : expected))
        #expect(StartWindow.apple.violation(start: start, now: now) == (apple ? nil : expected))
    }

    @Test("Windows with unequal or impossible limits")
    func otherWindows() {
        let window = StartWindow(behind: -5, ahead: 10, inclusive: true)
        #expect(window.violation(start: Frame(0), now: Frame(0)) == nil)
        #expect(window.violation(start: Frame(-1), now: Frame(0)) != nil)
        #expect(window.violation(start: Frame(10), now: Frame(0)) == nil)
        let all = StartWindow(behind: .max, ahead: .max, inclusive: true)
        #expect(all.violation(start: Frame(.max), now: Frame(0)) == nil)
        #expect(
            StartWindow(behind: .min, ahead: .min, inclusive: false).violation(start: Frame(0), now: Frame(0)) != nil)
    }

    @Test("32-bit start frames are compared modulo 2^32")
    func numbered() throws {
        let now = Frame(0x2_FFFF_FFFE)
        #expect(try StartWindow.windows.frame(numbered: 3, now: now) == Frame(0x3_0000_0003))
        #expect(try StartWindow.windows.frame(numbered: 0xFFFF_FFFD, now: now) == Frame(0x2_FFFF_FFFD))
        #expect(throws: IsochronousViolation.startTooNew(now + 1_024, now: now)) {
            try StartWindow.windows.frame(numbered: 1_022, now: now)
        }
    }

    @Test("A violation says what would do")
    func messages() {
        #expect(
            IsochronousViolation.packetsNotWholeFrames(5, multiple: 8).description
                == "5 packets do not fill whole frames; give a multiple of 8")
        #expect(
            IsochronousViolation.startTooOld(Frame(10), now: Frame(2_000)).description
                == "start frame 10 is 1990 frames before the current frame, 2000")
    }
}
