// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@Suite("Periodic schedule") struct PeriodicScheduleTests {
    private func need(_ nanoseconds: Int64, every slots: Int64, _ speed: Speed = .high) throws -> PeriodicNeed {
        let interval = try #require(ServiceInterval(microframes: slots * (speed >= .high ? 1 : 8)))
        return PeriodicNeed(endpoint: 0x81, nanoseconds: nanoseconds, interval: interval)
    }

    @Test(
        "What endpoints need",
        arguments: [
            (.full, .isochronous, 192, 1, 158_230, 8), (.low, .interrupt, 8, 10, 117_897, 80),
            (.high, .isochronous, 0x1400, 1, 60_368, 1), (.high, .interrupt, 1_024, 4, 20_835, 8),
        ] as [(Speed, TransferType, UInt16, UInt8, Int64, Int64)])
    func needs(speed: Speed, type: TransferType, size: UInt16, interval: UInt8, time: Int64, every: Int64) throws {
        let layout = EndpointLayout(
            EndpointDescriptor(
                address: 0x81, attributes: EndpointAttributes(type), wMaxPacketSize: size, interval: interval))
        let need = try #require(try layout.periodicNeed(at: speed))
        #expect(need.nanoseconds == time)
        #expect(need.interval.microframes == every)
    }

    @Test("SuperSpeed needs blocks, with one burst's overhead an interval")
    func superSpeed() throws {
        let layout = EndpointLayout(
            EndpointDescriptor(address: 0x81, transferType: .isochronous, maximumPacketSize: 1_024, interval: 1),
            companion: SuperSpeedEndpointCompanionDescriptor(maxBurst: 15, attributes: 2, bytesPerInterval: 49_152))
        let blocks = Int64(48 * (64 + 8) + 32)
        #expect(try layout.periodicNeed(at: .superSpeed)?.nanoseconds == (blocks * 125_000 + 3_905) / 3_906)
        #expect(throws: EndpointTimingError.self) {
            _ = try EndpointLayout(layout.descriptor).periodicNeed(at: .superSpeed)
        }
    }

    @Test("Bulk needs nothing, and wrong descriptors are left out")
    func none() throws {
        let bulk = EndpointLayout(EndpointDescriptor(address: 0x81, transferType: .bulk, maximumPacketSize: 512))
        #expect(try bulk.periodicNeed(at: .high) == nil)
        let wrong = EndpointLayout(
            EndpointDescriptor(address: 0x82, transferType: .isochronous, maximumPacketSize: 64, interval: 17))
        let setting = AlternateSetting(
            descriptor: InterfaceDescriptor(number: 0, interfaceClass: .vendorSpecific), endpoints: [bulk, wrong])
        #expect(setting.periodicNeeds(at: .high).isEmpty)
    }

    @Test("Phases spread what is not needed in every microframe")
    func phases() throws {
        var schedule = PeriodicSchedule(speed: .high)
        let placements = schedule.place([PeriodicNeed](repeating: try need(60_000, every: 4), count: 4))
        #expect(placements.map(\.phase) == [0, 1, 2, 3])
        #expect(schedule.peak == 60_000)
        #expect(schedule.fits)
        #expect(try schedule.shortage(placing: [need(60_000, every: 8)]) != nil)
        #expect(try schedule.shortage(placing: [need(40_000, every: 1)]) == nil)
    }

    @Test("An interval that is no power of two is counted wherever it comes to")
    func oddIntervals() throws {
        var schedule = PeriodicSchedule(speed: .full)
        #expect(schedule.place(try need(500_000, every: 10, .full)).period == 2)
        #expect(try schedule.shortage(placing: [need(500_000, every: 6, .full)]) == nil)
        #expect(try schedule.shortage(placing: [need(500_000, every: 255, .full)]) != nil)
    }

    @Test(
        "Whatever is placed and removed, loads are the sum of the placements",
        arguments: sparing(0..<50 as Range<UInt64>))
    func property(seed: UInt64) throws {
        var random = TimingRandom(seed: seed)
        var schedule = PeriodicSchedule(speed: .high)
        var placed: [PeriodicSchedule.Placement] = []
        for _ in 0..<60 {
            if placed.isEmpty || Int.random(in: 0..<3, using: &random) > 0 {
                let slots = Int64.random(in: 1...64, using: &random)
                let time = Int64.random(in: 0...3, using: &random) * 1_000
                placed.append(schedule.place(try need(time, every: slots)))
            } else {
                schedule.remove(placed.remove(at: Int.random(in: placed.indices, using: &random)))
            }
            for slot in 0..<64 {
                let sum = placed.filter { slot % $0.period == $0.phase }.reduce(0) { $0 + $1.nanoseconds }
                #expect(schedule.loads[slot % schedule.loads.count] == sum)
            }
        }
        for placement in placed { schedule.remove(placement) }
        #expect(schedule == PeriodicSchedule(speed: .high))
    }

    @Test("A shortage says what is needed and left, and always needs more than is left")
    func shortages() throws {
        var schedule = PeriodicSchedule(speed: .high)
        _ = schedule.place(try need(60_368, every: 1))
        let cases: [([PeriodicNeed], String)] = [
            ([try need(60_368, every: 1)], "61 us of every microframe, 39 of 100 us are left"),
            ([try need(39_633, every: 2)], "40 us of every 2nd microframe, 39 of 100 us are left"),
            ([try need(50_000, every: 1), try need(1, every: 4)], "51 us of some microframes, 39 of 100 us are left"),
        ]
        for (needs, text) in cases {
            let shortage = try #require(schedule.shortage(placing: needs))
            #expect(shortage.description == text)
            #expect(shortage.needed > shortage.left)
        }
        #expect(schedule.shortage(placing: []) == nil)
    }
}
