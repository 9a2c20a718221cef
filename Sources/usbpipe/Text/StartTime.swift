// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// When an isochronous transfer is to begin: the argument of `--at`.
enum StartTime: Equatable, Sendable {
    /// As soon as the bus can.
    case soon
    /// In the frame with this number, counted as the bus counts them.
    case frame(Int64)
    /// So many frames, of a millisecond each, after the current one.
    case after(frames: Int64)

    /// Frames beyond this do not fit in a count of 125 us microframes.
    private static let largestFrame = UInt64(Int64.max / 8)

    /// Reads `FRAME` (decimal, or hexadecimal after `0x`), `asap`, or `+MS` (with or without the unit `ms`).
    init(parsing text: String) throws(ArgumentError) {
        let folded = text.lowercased()
        if folded == "asap" {
            self = .soon
            return
        }
        let isRelative = folded.hasPrefix("+")
        var digits = isRelative ? folded.dropFirst() : folded[...]
        if isRelative, digits.hasSuffix("ms") { digits.removeLast(2) }
        guard let number = Quantities.unsigned(digits) else {
            throw ArgumentError(description: "give a frame number, asap, or +MS for milliseconds from now, as in +10")
        }
        guard number <= Self.largestFrame else { throw ArgumentError(description: "that is too far ahead") }
        self = isRelative ? .after(frames: Int64(number)) : .frame(Int64(number))
    }
}

extension StartTime: CustomStringConvertible {
    var description: String {
        switch self {
        case .soon: "asap"
        case .frame(let number): "\(number)"
        case .after(let frames): "+\(frames)"
        }
    }
}
