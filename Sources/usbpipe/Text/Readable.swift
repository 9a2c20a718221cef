// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Quantities in the form that a person reads fastest.
enum Readable {
    /// "1 packet", "2 packets": a count with its noun, which takes an s.
    static func count(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }

    /// "1 byte", "999 bytes", "1.5 KiB", "64.0 MiB": powers of 1024, whole numbers below 1 KiB.
    static func bytes(_ count: Int) -> String {
        guard count.magnitude >= 1024 else { return Self.count(count, "byte") }
        var value = Double(count)
        for unit in ["KiB", "MiB", "GiB"] {
            value /= 1024
            // What one place would round up to 1024 belongs to the next unit.
            if value.magnitude < 1023.95 { return decimal(value, places: 1) + " " + unit }
        }
        return decimal(value / 1024, places: 1) + " TiB"
    }

    /// "0 s", "850 ns", "125 us", "1.25 ms", "2.00 s", "90.0 s": three figures or more.
    static func duration(_ duration: Duration) -> String {
        let seconds = seconds(duration)
        let size = seconds.magnitude
        switch size {
        case 0: return "0 s"
        case ..<999.5e-9: return figures(seconds * 1e9) + " ns"
        case ..<999.5e-6: return figures(seconds * 1e6) + " us"
        case ..<999.5e-3: return figures(seconds * 1e3) + " ms"
        default: return decimal(seconds, places: size < 9.995 ? 2 : 1) + " s"
        }
    }

    /// "0:02.4", "61:05.0": minutes, seconds and tenths, cut off rather than rounded, as on a stop watch.
    static func clock(_ duration: Duration) -> String {
        let (seconds, attoseconds) = max(duration, .zero).components
        let rest = seconds % 60
        return "\(seconds / 60):\(rest < 10 ? "0" : "")\(rest).\(attoseconds / 100_000_000_000_000_000)"
    }

    /// A duration as a number of seconds.
    static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// A number with a fixed count of decimal places, rounded to the nearest; a point whatever the language.
    static func decimal(_ value: Double, places: Int) -> String {
        var power = 1.0
        for _ in 0..<places { power *= 10 }
        let scaled = (value * power).rounded()
        // Beyond this a Double has no decimal places of its own left to print.
        guard scaled.magnitude < 9e15 else { return "\(value)" }
        let digits = String(Int64(scaled.magnitude))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = scaled < 0 ? "-" : ""
        return places == 0 ? sign + padded : sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// Three figures for numbers from 1 to 999, without zeros that say nothing.
    private static func figures(_ value: Double) -> String {
        let places =
            switch value.magnitude {
            case ..<9.995: 2
            case ..<99.95: 1
            default: 0
            }
        var text = decimal(value, places: places)
        guard text.contains(".") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
