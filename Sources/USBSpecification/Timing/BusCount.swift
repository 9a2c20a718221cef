// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A position on the time line of a bus, as a 64-bit count that never wraps in practice: `Frame` or `Microframe`.
///
/// At one count every 125 microseconds, 63 bits last for 36 million years. Hardware and other interfaces count in
/// fewer bits; `truncated(toBits:)` gives their view and `init(extending:bits:near:)` comes back from it. Arithmetic
/// stops at the ends of the range instead of wrapping or trapping.
public protocol BusCount: Hashable, Strideable, Sendable, CustomStringConvertible where Stride == Int64 {
    /// Whole units since an origin that the bus chooses. It may be negative.
    var count: Int64 { get }

    /// Takes a count of whole units.
    init(_ count: Int64)

    /// The nominal length of one unit, in nanoseconds.
    static var nanoseconds: Int64 { get }
}

extension BusCount {
    /// The unit during which a moment falls, for a time line whose count 0 began at 0 nanoseconds.
    public init(containingNanoseconds time: Int64) { self.init(time.flooredQuotient(by: Self.nanoseconds)) }

    /// When the unit begins, in nanoseconds from the beginning of count 0. Saturates.
    public var startNanoseconds: Int64 { count.multipliedSaturated(by: Self.nanoseconds) }

    /// The position so many units later, or earlier if negative. Saturates.
    public func advanced(by units: Int64) -> Self { Self(count.addingSaturated(units)) }

    /// How many units later the other position is, negative if it is earlier. Saturates.
    public func distance(to other: Self) -> Int64 { other.count.subtractingSaturated(count) }

    /// The position so many units later. Saturates.
    public static func + (position: Self, units: Int64) -> Self { position.advanced(by: units) }

    /// The position so many units earlier. Saturates.
    public static func - (position: Self, units: Int64) -> Self { Self(position.count.subtractingSaturated(units)) }

    /// How many units the left position is later than the right one. Saturates.
    public static func - (left: Self, right: Self) -> Int64 { right.distance(to: left) }

    /// Orders positions from early to late.
    public static func < (left: Self, right: Self) -> Bool { left.count < right.count }

    /// Whether the count leaves the remainder `phase` when divided by `step`. A step below 1 counts as 1.
    public func isMultiple(of step: Int64, phase: Int64 = 0) -> Bool { excess(over: step, phase: phase) == 0 }

    /// The first position, here or later, whose count leaves the remainder `phase` when divided by `step`.
    ///
    /// A step below 1 counts as 1. Saturates; the last count need not be a multiple.
    public func roundedUp(toMultipleOf step: Int64, phase: Int64 = 0) -> Self {
        let excess = excess(over: step, phase: phase)
        return excess == 0 ? self : self + (step - excess)
    }

    /// The last position, here or earlier, whose count leaves the remainder `phase` when divided by `step`.
    ///
    /// A step below 1 counts as 1. Saturates; the first count need not be a multiple.
    public func roundedDown(toMultipleOf step: Int64, phase: Int64 = 0) -> Self {
        self - excess(over: step, phase: phase)
    }

    private func excess(over step: Int64, phase: Int64) -> Int64 {
        let difference = count.flooredRemainder(by: step) - phase.flooredRemainder(by: step)
        return difference < 0 ? difference + step : difference
    }

    /// The low bits of the count, as a counter of that width shows it. The width is clamped to 1...63.
    public func truncated(toBits bits: Int) -> UInt64 {
        UInt64(bitPattern: count) & Self.mask(ofBits: bits)
    }

    /// The position nearest to another one whose low bits are the given ones; of two equally near, the earlier.
    ///
    /// Higher bits of `value` are ignored and the width is clamped to 1...63. At the ends of the range the result
    /// saturates, and need not have the low bits.
    public init(extending value: UInt64, bits: Int, near position: Self) {
        let mask = Self.mask(ofBits: bits)
        let ahead = (value &- UInt64(bitPattern: position.count)) & mask
        // Half a turn and more counts as behind, as it does when two 32-bit numbers are subtracted as signed ones.
        let offset = ahead > mask >> 1 ? Int64(bitPattern: ahead &- mask &- 1) : Int64(bitPattern: ahead)
        self = position.advanced(by: offset)
    }

    /// The low 32 bits of the count, the form in which several interfaces number frames.
    public var truncated32: UInt32 { UInt32(truncatingIfNeeded: count) }

    /// The position nearest to another one whose low 32 bits are the given ones: numbers are compared modulo 2^32, by
    /// their signed distance.
    public init(extending value: UInt32, near position: Self) {
        self.init(extending: UInt64(value), bits: 32, near: position)
    }

    private static func mask(ofBits bits: Int) -> UInt64 { (1 << UInt64(min(max(bits, 1), 63))) - 1 }
}
