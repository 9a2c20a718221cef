// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing

@testable import usbpipe

@Suite struct TextTableTests {
    @Test("Columns are aligned and lines end without spaces") func alignment() {
        var table = TextTable([
            .init(title: "Path"), .init(title: "Bytes", alignment: .right), .init(title: "Name"),
        ])
        table.add("1-2", "64", "zero")
        table.add("1-2.3", "192000", "")
        table.add("2-1")
        table.add("", "", "é is one place", "left out")
        #expect(
            table.text == """
                Path    Bytes  Name
                1-2        64  zero
                1-2.3  192000
                2-1
                               é is one place

                """)
    }

    @Test("A table without rows is its headings") func empty() {
        #expect(TextTable("A", "B").text == "A  B\n")
    }

    @Test("A cell cannot break its line or the terminal") func hostileCells() {
        var table = TextTable("A", "B")
        table.add("x\ny", "\u{1B}[31m\u{202E}z")
        #expect(table.text == "A    B\nx\u{FFFD}y  \u{FFFD}[31m\u{FFFD}z\n")
    }
}

@Suite struct ReadableTests {
    @Test(
        "Counts take an s unless there is one",
        arguments: [
            (0, "0 packets"), (1, "1 packet"), (2, "2 packets"),
        ])
    func counts(_ count: Int, text: String) {
        #expect(Readable.count(count, "packet") == text)
    }

    @Test(
        "Bytes",
        arguments: [
            (0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
            (1_048_524, "1023.9 KiB"), (1_048_575, "1.0 MiB"), (1 << 20, "1.0 MiB"), (1 << 30, "1.0 GiB"),
            (5 << 40, "5.0 TiB"), (-2048, "-2.0 KiB"), (.min, "-8388608.0 TiB"),
        ])
    func bytes(_ count: Int, text: String) {
        #expect(Readable.bytes(count) == text)
    }

    @Test(
        "Durations",
        arguments: [
            (Duration.zero, "0 s"), (.nanoseconds(850), "850 ns"), (.nanoseconds(1250), "1.25 us"),
            (.microseconds(125), "125 us"), (.nanoseconds(999_600), "1 ms"), (.microseconds(12_340), "12.3 ms"),
            (.milliseconds(999), "999 ms"), (.seconds(1), "1.00 s"), (.milliseconds(2346), "2.35 s"),
            (.milliseconds(9_994), "9.99 s"), (.milliseconds(9_996), "10.0 s"), (.seconds(3600), "3600.0 s"),
            (.milliseconds(-5), "-5 ms"),
        ])
    func durations(_ duration: Duration, text: String) {
        #expect(Readable.duration(duration) == text)
    }

    @Test(
        "The clock cuts off",
        arguments: [
            (Duration.zero, "0:00.0"), (.milliseconds(2499), "0:02.4"), (.milliseconds(59_999), "0:59.9"),
            (.seconds(3665), "61:05.0"), (.seconds(-1), "0:00.0"),
        ])
    func clock(_ duration: Duration, text: String) {
        #expect(Readable.clock(duration) == text)
    }

    @Test(
        "Decimals",
        arguments: [
            (0.0, 2, "0.00"), (0.05, 1, "0.1"), (-0.04, 1, "0.0"), (-1.25, 2, "-1.25"), (1234.5, 0, "1235"),
            (1e20, 1, "1e+20"), (.infinity, 1, "inf"), (.nan, 1, "nan"),
        ])
    func decimals(_ value: Double, places: Int, text: String) {
        #expect(Readable.decimal(value, places: places) == text)
    }
}

@Suite struct JSONLineTests {
    private struct Value: Encodable {
        var zebra = "a/b\n"
        var apple: [String: Int] = ["y": 1, "x": 2]
    }

    @Test("One line, sorted keys, plain slashes") func text() throws {
        #expect(try JSONLine.text(Value()) == #"{"apple":{"x":2,"y":1},"zebra":"a/b\n"}"#)
    }

    @Test("Numbers that JSON does not have are an error") func notANumber() {
        #expect(throws: EncodingError.self) { try JSONLine.text([Double.nan]) }
    }
}

@Suite struct LiveLineTests {
    /// What a terminal was sent.
    private final class Terminal {
        var sent: [String] = []
    }

    @Test("The line is written over, as often as its interval allows") func throttling() {
        let terminal = Terminal()
        var line = LiveLine(columns: 80, interval: .milliseconds(100)) { terminal.sent.append($0) }
        var made = 0
        for milliseconds in stride(from: 0, to: 250, by: 10) {
            line.update(at: .milliseconds(milliseconds)) {
                made += 1
                return "\(milliseconds) ms"
            }
        }
        #expect(terminal.sent == ["\r0 ms\u{1B}[K", "\r100 ms\u{1B}[K", "\r200 ms\u{1B}[K"])
        #expect(made == 3)
    }

    @Test("Taken away, it is shown again at once") func clearing() {
        let terminal = Terminal()
        var line = LiveLine(columns: 80, interval: .seconds(1)) { terminal.sent.append($0) }
        line.clear()
        #expect(terminal.sent.isEmpty)
        line.update(at: .zero) { "a" }
        line.clear()
        line.clear()
        line.update(at: .milliseconds(1)) { "b" }
        #expect(terminal.sent == ["\ra\u{1B}[K", "\r\u{1B}[K", "\rb\u{1B}[K"])
    }

    @Test("It never wraps, and a name in it cannot disturb the terminal") func width() {
        let terminal = Terminal()
        var line = LiveLine(columns: 6, interval: .zero) { terminal.sent.append($0) }
        line.update(at: .zero) { "123456789" }
        line.update(at: .zero) { "a\nb" }
        #expect(terminal.sent == ["\r12345\u{1B}[K", "\ra\u{FFFD}b\u{1B}[K"])
    }

    @Test("A clock that was set back does not silence it") func clockJump() {
        let terminal = Terminal()
        var line = LiveLine(columns: 80, interval: .seconds(1)) { terminal.sent.append($0) }
        line.update(at: .seconds(100)) { "a" }
        line.update(at: .seconds(5)) { "b" }
        #expect(terminal.sent.count == 2)
    }

    @Test("Where nobody looks, nothing is made") func inactive() {
        var line = LiveLine(columns: 0, interval: .zero, write: nil)
        #expect(!line.isActive)
        line.update(at: .zero) {
            Issue.record("made")
            return ""
        }
        line.clear()
    }
}
