// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Why an argument was not understood, in words that follow "The value … is invalid for …:".
struct ArgumentError: Error, Equatable, CustomStringConvertible {
    /// The reason and, where there is one, the remedy.
    var description: String
}

/// Numbers with units, as they are typed.
enum Quantities {
    /// Reads a count of bytes: `4096`, `0x1000`, `64K`, `64KiB`, `1M`, `2G`. The units are powers of 1024.
    static func byteCount(_ text: String) throws(ArgumentError) -> Int {
        let units: [(String, Int)] = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)]
        var digits = text[...]
        var factor = 1
        for (unit, bytes) in units {
            for suffix in [unit + "iB", unit + "B", unit] where digits.lowercased().hasSuffix(suffix.lowercased()) {
                if factor == 1, !digits.lowercased().hasPrefix("0x") {
                    digits.removeLast(suffix.count)
                    factor = bytes
                }
            }
        }
        guard let number = unsigned(digits) else {
            throw ArgumentError(description: "give a number of bytes such as 4096, 0x1000, 64K or 1M")
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: UInt64(factor))
        guard !overflow, let count = Int(exactly: product) else {
            throw ArgumentError(description: "that is too large")
        }
        return count
    }

    /// Reads a time limit: `100ms`, `2s`, `1.5s`, `250us`, `1min`, or `none` for no limit (nil).
    ///
    /// A number without a unit is refused, since half of the people would mean seconds and half milliseconds.
    static func timeLimit(_ text: String) throws(ArgumentError) -> Duration? {
        if text.lowercased() == "none" { return nil }
        return try duration(text)
    }

    /// Reads a duration: a decimal number and one of the units ns, us, ms, s, min. Finer than a nanosecond is cut off.
    static func duration(_ text: String) throws(ArgumentError) -> Duration {
        let units: [String: Int64] = [
            "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000,
        ]
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let unit = text.dropFirst(number.count).drop { $0 == " " }
        let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        let isNumber = parts.first?.isEmpty == false && !fraction.contains(".") && !number.hasSuffix(".")
        guard isNumber, let unitNanoseconds = units[unit.lowercased()] else {
            let remedy =
                isNumber && unit.isEmpty ? "add a unit, as in \(number)ms or \(number)s" : "such as 100ms or 2s"
            throw ArgumentError(description: isNumber && unit.isEmpty ? remedy : "give a time \(remedy)")
        }
        let whole = Int64(parts[0]).map { $0.multipliedReportingOverflow(by: unitNanoseconds) }
        guard let whole, !whole.overflow else { throw ArgumentError(description: "that is too long") }
        var rest: Int64 = 0
        var place = unitNanoseconds
        for digit in fraction.compactMap(\.wholeNumberValue) {
            // Sixty is divided by ten once, then powers of ten are: no place is lost before the nanosecond.
            place /= 10
            rest += place * Int64(digit)
        }
        let sum = whole.partialValue.addingReportingOverflow(rest)
        guard !sum.overflow else { throw ArgumentError(description: "that is too long") }
        return .nanoseconds(sum.partialValue)
    }

    /// Reads a number without sign: decimal, or hexadecimal after `0x`. Nil for anything else, and beyond 64 bits.
    static func unsigned(_ text: some StringProtocol) -> UInt64? {
        let isHexadecimal = text.lowercased().hasPrefix("0x")
        let digits = text.dropFirst(isHexadecimal ? 2 : 0)
        // The standard parser takes a sign, which has no place here.
        guard digits.first?.isHexDigit == true else { return nil }
        return UInt64(digits, radix: isHexadecimal ? 16 : 10)
    }
}
