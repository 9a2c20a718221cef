// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Results for other programs: one JSON value on one line.
enum JSONLine {
    /// Encodes a value on one line, without a line feed. Keys are sorted, so that equal values give equal lines.
    ///
    /// - Throws: what the value's own encoding throws, and `EncodingError` for infinite and undefined numbers.
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
