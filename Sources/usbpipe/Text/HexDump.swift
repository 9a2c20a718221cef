// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Bytes in hexadecimal, written and read.
enum HexDump {
    /// Two digits for each byte, with spaces between.
    static func digits(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    /// Lines of sixteen bytes: the offset, the bytes, and the characters among them that can be printed.
    static func lines(_ bytes: [UInt8]) -> String {
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 16) {
            let line = bytes[start..<min(start + 16, bytes.count)]
            let offset = String(start, radix: 16)
            let hexadecimal = digits(line)
            text += String(repeating: "0", count: max(0, 4 - offset.count)) + offset + "  " + hexadecimal
            text += String(repeating: " ", count: 16 * 3 - 1 - hexadecimal.count) + "  "
            text += line.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "." }.joined() + "\n"
        }
        return text
    }

    /// Reads bytes: pairs of digits, with or without spaces, colons or commas between them, and `0x` in front of any.
    static func parse(_ text: String) throws(ArgumentError) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in text.split(whereSeparator: { " :,".contains($0) }) {
            var digits = part.lowercased().hasPrefix("0x") ? part.dropFirst(2) : part
            guard !digits.isEmpty, digits.count % 2 == 0 else {
                throw ArgumentError(
                    description: "give bytes as pairs of hexadecimal digits, as in 01a2ff or '01 a2 ff'")
            }
            while !digits.isEmpty {
                let pair = digits.prefix(2)
                guard pair.allSatisfy(\.isHexDigit), let byte = UInt8(pair, radix: 16) else {
                    throw ArgumentError(description: "'\(pair)' is no pair of hexadecimal digits")
                }
                bytes.append(byte)
                digits.removeFirst(2)
            }
        }
        return bytes
    }
}
