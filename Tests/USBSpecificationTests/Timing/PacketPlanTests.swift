// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite("Packet plans")
struct PacketPlanTests {
    static let cd = SampleRatePlan(rate: 44_100, bytesPerSampleFrame: 4, interval: .frame)

    @Test(
        "Filling leaves the short packet to the end",
        arguments: [
            (0, 100, []), (1, 100, [1]), (100, 100, [100]), (250, 100, [100, 100, 50]), (-5, 100, []), (5, 0, []),
            (5, -1, []), (3, 1, [1, 1, 1]),
        ] as [(Int, Int, [Int])])
    func filling(bytes: Int, maximum: Int, expected: [Int]) {
        let plan = PacketPlan.filling(bytes: bytes, maximum: maximum)
        #expect(Array(plan) == expected)
        #expect(plan.packetCount == expected.count)
        #expect(plan.totalBytes == expected.reduce(0, +))
    }

    @Test("A packet that does not exist has no bytes", arguments: [Int.min, -1, 3, .max])
    func outside(index: Int) throws {
        #expect(PacketPlan.filling(bytes: 250, maximum: 100).bytes(inPacket: index) == 0)
        #expect(PacketPlan.sizes([1, 2, 3]).bytes(inPacket: index) == 0)
        #expect(try PacketPlan.samples(#require(PacketPlanTests.cd), first: 0, count: 3).bytes(inPacket: index) == 0)
    }

    @Test("A rate is a plan too, from any packet")
    func samples() throws {
        let plan = try PacketPlan.samples(#require(PacketPlanTests.cd), first: 8, count: 4)
        #expect(Array(plan) == [176, 180, 176, 176])
        #expect(plan.totalBytes == 708)
    }

    @Test("A good plan passes")
    func good() throws {
        try PacketPlan.filling(bytes: 1_000, maximum: 100).validate(
            totalBytes: 1_000, maximumBytes: 100, maximumPackets: 10)
        try PacketPlan.sizes([0, 100, 7]).validate(totalBytes: 107, maximumBytes: 100)
        try PacketPlan.samples(#require(PacketPlanTests.cd), first: 0, count: 10).validate(
            totalBytes: 1_764, maximumBytes: 180)
        // Larger packets than the limit may be in the rate, if none is in the transfer.
        try PacketPlan.samples(#require(PacketPlanTests.cd), first: 0, count: 9).validate(maximumBytes: 176)
    }

    @Test("A bad plan is refused with the packet, its size and the limit")
    func bad() throws {
        let cd = try #require(PacketPlanTests.cd)
        let cases: [(PacketPlan, Int?, PacketPlanError)] = [
            (.sizes([]), nil, .noPackets),
            (.filling(bytes: 0, maximum: 10), nil, .noPackets),
            (.sizes([1, 2, 3, 4]), nil, .tooManyPackets(4, limit: 3)),
            (.filling(bytes: .max, maximum: 1), nil, .tooManyPackets(.max, limit: 3)),
            (.sizes([100, 101, 102]), nil, .packetTooLarge(index: 1, bytes: 101, limit: 100)),
            (.filling(bytes: 303, maximum: 101), nil, .packetTooLarge(index: 0, bytes: 101, limit: 100)),
            (.samples(cd, first: 8, count: 3), nil, .packetTooLarge(index: 0, bytes: 176, limit: 100)),
            (.sizes([1, -1]), nil, .negativeSize(index: 1, bytes: -1)),
            (.sizes([1, 2]), 4, .totalDiffers(3, expected: 4)),
        ]
        for (plan, total, error) in cases {
            #expect(throws: error) {
                try plan.validate(totalBytes: total, maximumBytes: 100, maximumPackets: 3)
            }
        }
        #expect(throws: PacketPlanError.packetTooLarge(index: 1, bytes: 180, limit: 179)) {
            try PacketPlan.samples(cd, first: 8, count: 100).validate(maximumBytes: 179)
        }
        #expect(
            PacketPlanError.packetTooLarge(index: 1, bytes: 180, limit: 179).description
                == "packet 1 has 180 bytes, at most 179 fit in an interval")
    }

    @Test("Enormous plans neither trap nor take long")
    func enormous() throws {
        let plan = PacketPlan.filling(bytes: .max, maximum: 2)
        try plan.validate(totalBytes: .max, maximumBytes: 2)
        #expect(plan.bytes(inPacket: plan.packetCount - 1) == 1)
        let rate = try PacketPlan.samples(#require(PacketPlanTests.cd), first: .max, count: .max)
        try rate.validate(maximumBytes: 180)
        #expect(rate.totalBytes == .max)
        #expect(PacketPlan.sizes([.max, .max]).totalBytes == .max)
    }
}
