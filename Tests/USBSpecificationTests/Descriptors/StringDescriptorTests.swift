// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite struct StringDescriptorTests {
    @Test(arguments: ["", "Gadget Zero", "Größe", "日本語", "a🎧b"])
    func roundTrip(text: String) throws {
        let descriptor = StringDescriptor(text)
        #expect(descriptor.string == text)
        #expect(descriptor.bytes.count == 2 + text.utf16.count * 2)
        #expect(try StringDescriptor(descriptor.bytes) == descriptor)
    }

    @Test func bytesAreLittleEndian() {
        #expect(StringDescriptor("Aß").bytes == [6, 3, 0x41, 0, 0xDF, 0])
    }

    @Test func longTextIsCutBetweenCharacters() {
        #expect(StringDescriptor(String(repeating: "x", count: 200)).string.count == 126)
        // 125 units, then a character of two.
        let text = String(repeating: "x", count: 125) + "🎧"
        #expect(StringDescriptor(text).codeUnits.count == 125)
        #expect(StringDescriptor(String(repeating: "x", count: 126)).bytes.count == 254)
    }

    @Test func languages() throws {
        let bytes: [UInt8] = [6, 3, 0x09, 0x04, 0x07, 0x04]
        let descriptor = try StringDescriptor(bytes)
        #expect(descriptor.languages == [.englishUS, 0x0407])
        #expect(StringDescriptor(languages: [.englishUS, 0x0407]).bytes == bytes)
        #expect(try StringDescriptor([2, 3]).languages.isEmpty)
    }

    @Test(
        arguments: [
            ([0x00, 0xD8], "\u{FFFD}"), ([0x00, 0xDC], "\u{FFFD}"), ([0x00, 0xDC, 0x00, 0xD8], "\u{FFFD}\u{FFFD}"),
            ([0x41, 0x00, 0x3C, 0xD8, 0x42, 0x00], "A\u{FFFD}B"), ([0x3C, 0xD8, 0xA7, 0xDF], "🎧"),
        ] as [([UInt8], String)])
    func loneSurrogatesAreRepaired(units: [UInt8], text: String) throws {
        let bytes = [UInt8(units.count + 2), 3] + units
        let descriptor = try StringDescriptor(bytes)
        #expect(descriptor.string == text)
        #expect(descriptor.bytes == bytes)
    }

    @Test func oddLength() {
        let bytes: [UInt8] = [5, 3, 0x41, 0, 0x42]
        let parsed = StringDescriptor.parse(bytes)
        #expect(parsed.value?.string == "A")
        #expect(parsed.defects == [DescriptorDefect(.oddStringLength(5), at: 0)])
        #expect(throws: DescriptorDefect(.oddStringLength(5), at: 0)) { try StringDescriptor(bytes) }
    }

    @Test func everyTruncation() {
        let bytes = StringDescriptor("Gadget").bytes
        for count in 0..<bytes.count {
            let parsed = StringDescriptor.parse([UInt8](bytes.prefix(count)))
            if count < 2 {
                #expect(parsed == Parsed(value: nil, defects: [DescriptorDefect(.strayBytes(count: count), at: 0)]))
            } else {
                #expect(parsed.value?.string == String("Gadget".prefix((count - 2) / 2)))
                #expect(
                    parsed.defects.first
                        == DescriptorDefect(.overrun(.string, length: bytes.count, available: count), at: 0))
                #expect(parsed.defects.contains { $0.kind == .oddStringLength(count) } == (count % 2 != 0))
            }
        }
    }

    @Test func everyLength() {
        for length in UInt8.min...UInt8.max {
            var bytes = StringDescriptor("Gadget").bytes
            bytes[0] = length
            let parsed = StringDescriptor.parse(bytes)
            #expect((parsed.value == nil) == (length < 2))
            #expect(parsed.defects.isEmpty == (length >= 2 && length <= 14 && length % 2 == 0))
        }
        #expect(StringDescriptor.parse([2, 3]).value?.string == "")
        #expect(
            StringDescriptor.parse([2, 4]).defects.map(\.kind) == [.wrongType(expected: .string, found: .interface)])
    }
}
