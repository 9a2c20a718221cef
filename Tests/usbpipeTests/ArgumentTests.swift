// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing

@testable import usbpipe

@Suite struct QuantitiesTests {
    @Test(
        "Sizes",
        arguments: [
            ("0", 0), ("4096", 4096), ("0x1000", 4096), ("0XfF", 255), ("64K", 65536), ("64k", 65536), ("64KB", 65536),
            ("64KiB", 65536), ("64kib", 65536), ("1M", 1 << 20), ("2G", 2 << 30), ("9223372036854775807", Int.max),
        ])
    func sizes(_ text: String, bytes: Int) throws {
        #expect(try Quantities.byteCount(text) == bytes)
    }

    @Test(
        "What is no size",
        arguments: [
            "", "K", "-1", "+1", "1.5K", "12x", "0x", "0x1K", "0x-1", "1KK", "1 K", "١", "9223372036854775808",
            "9999999999G", "99999999999999999999",
        ])
    func badSizes(_ text: String) {
        #expect(throws: ArgumentError.self) { try Quantities.byteCount(text) }
    }

    @Test(
        "Time limits",
        arguments: [
            ("none", nil), ("None", nil), ("100ms", .milliseconds(100)), ("2s", .seconds(2)), ("2 s", .seconds(2)),
            ("1.5s", .milliseconds(1500)), ("0.25ms", .microseconds(250)), ("250us", .microseconds(250)),
            ("250µs", .microseconds(250)), ("250μs", .microseconds(250)), ("7ns", .nanoseconds(7)),
            ("1min", .seconds(60)),
            ("0.1min", .seconds(6)), ("1.0000000019s", .nanoseconds(1_000_000_001)), ("0s", .zero),
            ("1MS", .milliseconds(1)),
        ] as [(String, Duration?)])
    func timeLimits(_ text: String, limit: Duration?) throws {
        #expect(try Quantities.timeLimit(text) == limit)
    }

    @Test(
        "What is no time limit",
        arguments: [
            "", "ms", "-1s", "+1s", "1..2s", ".5s", "1.s", "1.2.3s", "1h", "1ms2", "nonesuch", "٣s",
            "9223372036854775807s", "9223372036.9s", "153722867281min",
        ])
    func badTimeLimits(_ text: String) {
        #expect(throws: ArgumentError.self) { try Quantities.timeLimit(text) }
    }

    @Test("A time without a unit is refused with the remedy") func missingUnit() {
        let error = #expect(throws: ArgumentError.self) { try Quantities.duration("100") }
        #expect(error?.description == "add a unit, as in 100ms or 100s")
    }
}

@Suite struct DeviceNameTests {
    @Test(
        "Names are read and written",
        arguments: [
            ("0525:a4a0", DeviceName.product(vendor: 0x525, product: 0xA4A0, serial: nil), "0525:a4a0"),
            ("525:A4A0", .product(vendor: 0x525, product: 0xA4A0, serial: nil), "0525:a4a0"),
            ("0x0525:0xa4a0", .product(vendor: 0x525, product: 0xA4A0, serial: nil), "0525:a4a0"),
            ("0:0:x", .product(vendor: 0, product: 0, serial: "x"), "0000:0000:x"),
            (
                "0525:a4a0:a:b-1.2 c", .product(vendor: 0x525, product: 0xA4A0, serial: "a:b-1.2 c"),
                "0525:a4a0:a:b-1.2 c"
            ),
            ("1-2", .path(bus: 1, ports: [2]), "1-2"), ("10-2.3.14", .path(bus: 10, ports: [2, 3, 14]), "10-2.3.14"),
        ])
    func reading(_ text: String, name: DeviceName, written: String) throws {
        let read = try DeviceName(parsing: text)
        #expect(read == name)
        #expect(read.description == written)
        #expect(try DeviceName(parsing: written) == name)
    }

    @Test(
        "What is no name",
        arguments: [
            "", ":", "0525", "0525:", ":a4a0", "0525:a4a0:", "12345:0001", "0525:g000", "-1:0001", "+525:0001", "0x:1",
            "1", "1-", "-1", "1-2.", "1-.2", "1-2..3", "1-2-3", "1-+2", "a-2", "1-a", "99999999999999999999-1", " 1-2",
        ])
    func badNames(_ text: String) {
        #expect(throws: ArgumentError.self) { _ = try DeviceName(parsing: text) }
    }

    @Test("A name fits the devices that it names and no others") func matching() throws {
        func fits(_ text: String, serial: String? = "S1", path: String = "1-2.3") throws -> Bool {
            try DeviceName(parsing: text).matches(vendor: 0x525, product: 0xA4A0, serial: serial, path: path)
        }
        #expect(try fits("0525:a4a0"))
        #expect(try fits("0525:a4a0", serial: nil))
        #expect(try fits("0525:a4a0:S1"))
        #expect(try fits("1-2.3"))
        #expect(try fits("01-2.3"))
        #expect(try !fits("0525:a4a1"))
        #expect(try !fits("0526:a4a0"))
        #expect(try !fits("0525:a4a0:s1"))
        #expect(try !fits("0525:a4a0:S1", serial: nil))
        #expect(try !fits("1-2"))
        #expect(try !fits("1-2.3.1"))
        #expect(try !fits("2-2.3"))
        #expect(try !fits("1-2.3", path: "usb1"))
    }
}

@Suite struct EndpointNameTests {
    @Test(
        "Names of endpoints",
        arguments: [
            ("0x81", UInt8(0x81)), ("0X8F", 0x8F), ("0x02", 0x02), ("0x2", 0x02), ("129", 0x81), ("1", 0x01),
            ("15", 0x0F),
            ("1in", 0x81), ("in1", 0x81), ("IN15", 0x8F), ("2out", 0x02), ("out2", 0x02), ("0x2out", 0x02),
            ("0xfin", 0x8F),
        ])
    func reading(_ text: String, address: UInt8) throws {
        let name = try EndpointName(parsing: text)
        #expect(name.address == address)
        #expect(name.isIn == (address >= 0x80))
        #expect(try EndpointName(parsing: name.description) == name)
    }

    @Test(
        "What names no endpoint",
        arguments: [
            "", "in", "out", "0x", "0x10", "0x91", "256", "-1", "16in", "in-1", "inout", "1inout", "one", "0x181",
            "1 in",
        ])
    func badNames(_ text: String) {
        #expect(throws: ArgumentError.self) { _ = try EndpointName(parsing: text) }
    }

    @Test("A hexadecimal number without 0x is refused with the remedy", arguments: ["81", "8f", "8F", "83"])
    func forgottenPrefix(_ text: String) {
        let error = #expect(throws: ArgumentError.self) { _ = try EndpointName(parsing: text) }
        #expect(error?.description == "write hexadecimal numbers with 0x, as in 0x\(text.lowercased())")
    }

    @Test("Endpoint 0 is refused with the remedy", arguments: ["0", "0x80", "0in", "out0"])
    func endpointZero(_ text: String) {
        let error = #expect(throws: ArgumentError.self) { _ = try EndpointName(parsing: text) }
        #expect(error?.description.contains("usbpipe control") == true)
    }
}

@Suite struct StartTimeTests {
    @Test(
        "Starts",
        arguments: [
            ("asap", StartTime.soon), ("ASAP", .soon), ("0", .frame(0)), ("1234", .frame(1234)), ("0x10", .frame(16)),
            ("+10", .after(frames: 10)), ("+10ms", .after(frames: 10)), ("+0", .after(frames: 0)),
            ("1152921504606846975", .frame(1 << 60 - 1)),
        ])
    func reading(_ text: String, start: StartTime) throws {
        #expect(try StartTime(parsing: text) == start)
        #expect(try StartTime(parsing: start.description) == start)
    }

    @Test(
        "What is no start",
        arguments: [
            "", "+", "-1", "++1", "+ms", "10ms", "+10s", "now", "1.5", "1152921504606846976", "+99999999999999999999",
        ])
    func badStarts(_ text: String) {
        #expect(throws: ArgumentError.self) { _ = try StartTime(parsing: text) }
    }
}
