// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost

@Suite("Instants of a bus's clock")
struct BusInstantTests {
    @Test(
        "Durations become whole nanoseconds and saturate",
        arguments: [
            (Duration.zero, Int64(0)), (.nanoseconds(1), 1), (.milliseconds(-3), -3_000_000),
            (.nanoseconds(Int64.max), .max), (.nanoseconds(Int64.min), .min), (.seconds(Int64.max), .max),
            (.seconds(Int64.min), .min), (.seconds(9_223_372_036), 9_223_372_036_000_000_000),
            (.seconds(9_223_372_037), .max), (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1),
        ] as [(Duration, Int64)])
    func durations(duration: Duration, nanoseconds: Int64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
    }

    @Test("Adding saturates at both ends")
    func saturation() {
        let late = BusInstant(nanoseconds: .max - 1)
        let early = BusInstant(nanoseconds: .min + 1)
        #expect(late.advanced(by: .seconds(1)).nanoseconds == .max)
        #expect(early.advanced(by: .seconds(-1)).nanoseconds == .min)
        #expect(late.advanced(byNanoseconds: .max).nanoseconds == .max)
        #expect(early.advanced(byNanoseconds: .min).nanoseconds == .min)
        #expect(early.duration(to: late) == .nanoseconds(Int64.max) + .nanoseconds(Int64.max) - .nanoseconds(1))
        #expect(early < late)
    }

    @Test(
        "Text shows seconds to the nanosecond",
        arguments: [
            (Int64(0), "0.000000000 s"), (1, "0.000000001 s"), (-1, "-0.000000001 s"),
            (1_500_000_000, "1.500000000 s"), (.min, "-9223372036.854775808 s"), (.max, "9223372036.854775807 s"),
        ] as [(Int64, String)])
    func text(nanoseconds: Int64, expected: String) {
        #expect(BusInstant(nanoseconds: nanoseconds).description == expected)
    }
}
