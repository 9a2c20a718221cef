// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite("Service intervals")
struct ServiceIntervalTests {
    static let allValues = UInt8.min...UInt8.max

    @Test("Low- and full-speed interrupt endpoints count in milliseconds", arguments: [Speed.low, .full])
    func linear(speed: Speed) throws {
        for value in UInt8(1)...255 {
            let interval = try ServiceInterval(speed: speed, type: .interrupt, bInterval: value)
            #expect(interval.microframes == Int64(value) * 8)
            #expect(interval.framesPerPacket == Int64(value))
        }
        #expect(throws: EndpointTimingError.intervalOutOfRange(0, allowed: 1...255)) {
            try ServiceInterval(speed: speed, type: .interrupt, bInterval: 0)
        }
    }

    @Test(
        "Every other endpoint counts in powers of two",
        arguments: [
            (.full, .isochronous, 8), (.high, .isochronous, 1), (.high, .interrupt, 1), (.superSpeed, .isochronous, 1),
            (.superSpeed, .interrupt, 1), (.superSpeedPlus, .isochronous, 1), (.superSpeedPlus, .interrupt, 1),
        ] as [(Speed, TransferType, Int64)])
    func powers(speed: Speed, type: TransferType, unit: Int64) throws {
        var expected = unit
        for value in ServiceIntervalTests.allValues {
            if (1...16).contains(value) {
                let interval = try ServiceInterval(speed: speed, type: type, bInterval: value)
                #expect(interval.microframes == expected)
                #expect(interval.roundedDownToPowerOfTwo == interval)
                expected *= 2
            } else {
                #expect(throws: EndpointTimingError.intervalOutOfRange(value, allowed: 1...16)) {
                    try ServiceInterval(speed: speed, type: type, bInterval: value)
                }
            }
        }
    }

    @Test("Control and bulk endpoints have no interval, nor has low-speed isochronous", arguments: Speed.allCases)
    func withoutInterval(speed: Speed) {
        for type in [TransferType.control, .bulk] {
            #expect(throws: EndpointTimingError.notPeriodic(type)) {
                try ServiceInterval(speed: speed, type: type, bInterval: 1)
            }
        }
        #expect(throws: EndpointTimingError.isochronousAtLowSpeed) {
            try ServiceInterval(speed: .low, type: .isochronous, bInterval: 1)
        }
    }

    @Test(
        "Packets and frames",
        arguments: [
            (1, 8, nil, 8, "every 125 us"), (2, 4, nil, 4, "every 250 us"), (4, 2, nil, 2, "every 500 us"),
            (8, 1, 1, 1, "every 1 ms"), (16, nil, 2, 1, "every 2 ms"), (80, nil, 10, 1, "every 10 ms"),
            (32_768, nil, 4_096, 1, "every 4096 ms"), (3, nil, nil, 8, "every 375 us"),
            (6, nil, nil, 4, "every 750 us"), (12, nil, nil, 2, "every 1500 us"),
        ] as [(Int64, Int?, Int64?, Int, String)])
    func frames(microframes: Int64, perFrame: Int?, perPacket: Int64?, whole: Int, text: String) throws {
        let interval = try #require(ServiceInterval(microframes: microframes))
        #expect(interval.packetsPerFrame == perFrame)
        #expect(interval.framesPerPacket == perPacket)
        #expect(interval.packetsToWholeFrames == whole)
        #expect(interval.description == text)
        #expect(interval.nanoseconds == microframes * 125_000)
    }

    @Test(
        "The frames that packets take",
        arguments: [
            (1, 0, 0), (1, 1, 1), (1, 8, 1), (1, 9, 2), (4, 2, 1), (4, 3, 2), (8, 10, 10), (16, 10, 20), (3, 8, 3),
        ] as [(Int64, Int, Int64)])
    func span(microframes: Int64, packets: Int, frames: Int64) throws {
        let interval = try #require(ServiceInterval(microframes: microframes))
        #expect(interval.microframes(forPackets: packets) == microframes * Int64(packets))
        #expect(interval.frames(forPackets: packets) == frames)
    }

    @Test("An interval lies between 125 us and 32.768 s")
    func range() throws {
        #expect(ServiceInterval(microframes: 0) == nil)
        #expect(ServiceInterval(microframes: .min) == nil)
        #expect(ServiceInterval(microframes: 262_145) == nil)
        #expect(ServiceInterval(microframes: 262_144) == .longest)
        #expect(try ServiceInterval(speed: .full, type: .isochronous, bInterval: 16) == .longest)
        #expect(ServiceInterval.longest.frames(forPackets: .max) == .max / 8)
        #expect(ServiceInterval.microframe < .frame)
    }

    @Test(
        "A schedule takes the power of two below",
        arguments: [(1, 1), (2, 2), (3, 2), (80, 64), (2_040, 1_024), (262_144, 262_144)] as [(Int64, Int64)])
    func powerOfTwo(microframes: Int64, expected: Int64) {
        #expect(ServiceInterval(microframes: microframes)?.roundedDownToPowerOfTwo.microframes == expected)
    }

    @Test("Errors say what was found and what is allowed")
    func messages() {
        let error = EndpointTimingError.intervalOutOfRange(17, allowed: 1...16)
        #expect(error.description == "bInterval is 17, allowed are 1 to 16")
    }
}
