// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing

@testable import usbpipe

@Suite struct SampleConversionTests {
    private func converted(_ samples: [UInt8], _ encoding: WAVFormat.Encoding, channels: Int = 2) -> [UInt8] {
        var bytes: [UInt8] = []
        SampleConversion.appendStereo16(samples, encoding: encoding, channels: channels, to: &bytes)
        return bytes
    }

    private static let everySample = sparing(Int16.min...Int16.max)

    @Test("Whatever came from 16 bits goes back to the same 16 bits, for every value")
    func exact() {
        let expected = Self.everySample.flatMap { little($0) }
        #expect(converted(expected, .signed16) == expected)
        #expect(converted(Self.everySample.flatMap { [0] + little($0) }, .signed24) == expected)
        #expect(converted(Self.everySample.flatMap { [0, 0] + little($0) }, .signed32) == expected)
        let floats = Self.everySample.map { Float($0) / 32768 }
        #expect(converted(floats.flatMap { little($0.bitPattern) }, .float32) == expected)
    }

    @Test("One channel goes to both sides") func mono() {
        let samples = Self.everySample.flatMap { little($0) }
        let expected = Self.everySample.flatMap { little($0) + little($0) }
        #expect(converted(samples, .signed16, channels: 1) == expected)
    }

    @Test(
        "8-bit samples are unsigned and span the range",
        arguments: [
            (UInt8(0), Int16(-32768)), (1, -32512), (127, -256), (128, 0), (129, 256), (255, 32512),
        ])
    func eightBit(_ sample: UInt8, value: Int16) {
        #expect(converted([sample], .unsigned8, channels: 1) == little(value) + little(value))
    }

    @Test(
        "Longer samples are rounded to the nearest value and limited",
        arguments: [
            (Int32(0x0000_7FFF), Int16(0)), (0x0000_8000, 1), (-0x0000_8000, 0), (-0x0000_8001, -1),
            (0x7FFF_8000, 32767), (.max, 32767), (.min, -32768),
        ])
    func rounding(_ sample: Int32, value: Int16) {
        #expect(converted(little(sample) + little(sample), .signed32) == little(value) + little(value))
        if sample & 0xFF == 0 || sample == .max {
            let three = Array(little(sample).dropFirst())
            #expect(converted(three + three, .signed24) == little(value) + little(value))
        }
    }

    @Test(
        "Floating-point samples beyond full scale are limited; what is no number is silence",
        arguments: [
            (Float(1), Int16(32767)), (-1, -32768), (2, 32767), (-1e30, -32768), (.infinity, 32767),
            (-.infinity, -32768), (.nan, 0), (-.nan, 0), (0.5, 16384), (-0.0, 0), (1e-30, 0),
        ])
    func floats(_ sample: Float, value: Int16) {
        let bytes = little(sample.bitPattern)
        #expect(converted(bytes, .float32, channels: 1) == little(value) + little(value))
    }

    @Test("A rest that is no whole frame is left out") func rest() {
        #expect(converted([1, 2, 3, 4, 5, 6, 7], .signed16) == [1, 2, 3, 4])
        #expect(converted([1, 2, 3], .signed16, channels: 1) == [1, 2, 1, 2])
        #expect(converted([], .float32).isEmpty)
    }
}
