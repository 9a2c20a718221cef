// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which periodic endpoints are served in which (micro)frames of a bus, and how much time they take there.
///
/// The (micro)frames repeat in a pattern as long as the longest interval. Each endpoint gets the phase at which the
/// fullest of its (micro)frames is least full. An interval that is no power of two wanders over the pattern, and is
/// counted in every place that it comes to.
public struct PeriodicSchedule: Hashable, Sendable {
    /// The place of one endpoint.
    public struct Placement: Hashable, Sendable {
        /// The time of one service, in nanoseconds.
        public let nanoseconds: Int64
        /// (Micro)frames from one place that the endpoint may be served in to the next: a power of two.
        public let period: Int
        /// The first of these places, 0 to ``period`` - 1.
        public let phase: Int
    }

    /// The time of a (micro)frame and what periodic endpoints may take of it.
    public let budget: PeriodicBudget
    /// Microframes in a place of the pattern: 8 where the bus keeps time in frames, else 1.
    public let microframesPerSlot: Int64
    /// The nanoseconds taken in each (micro)frame of the pattern. The length is a power of two, at most 32,768; the
    /// (micro)frame with the number n has the place n modulo the length.
    public private(set) var loads: [Int64] = [0]

    /// The empty schedule of a bus. Low and full speed share one.
    public init(speed: Speed) {
        budget = PeriodicBudget(speed: speed)
        microframesPerSlot = speed >= .high ? 1 : Frame.microframes
    }

    /// The time taken in the fullest (micro)frame, in nanoseconds.
    public var peak: Int64 { loads.max() ?? 0 }

    /// Whether no (micro)frame has more than its periodic share taken.
    public var fits: Bool { peak <= budget.limitNanoseconds }

    /// Gives an endpoint a place, whether it fits or not.
    public mutating func place(_ need: PeriodicNeed) -> Placement {
        // The places that an interval visits in a pattern of powers of two repeat with the largest one that divides it.
        let slots = max(1, need.interval.microframes / microframesPerSlot)
        let period = 1 << slots.trailingZeroBitCount
        while loads.count < period { loads += loads }
        var (best, least) = (0, Int64.max)
        for phase in 0..<period {
            var fullest: Int64 = 0
            for index in stride(from: phase, to: loads.count, by: period) { fullest = max(fullest, loads[index]) }
            if fullest < least { (best, least) = (phase, fullest) }
            if least == 0 { break }
        }
        let placement = Placement(nanoseconds: need.nanoseconds, period: period, phase: best)
        add(placement, need.nanoseconds)
        return placement
    }

    /// Gives each of several endpoints a place, those with the shortest intervals first. The
    /// placements are in the order of `needs`.
    public mutating func place(_ needs: [PeriodicNeed]) -> [Placement] {
        let order = needs.indices.sorted { (needs[$0].interval, $0) < (needs[$1].interval, $1) }
        let placed = order.map { (index: $0, placement: place(needs[$0])) }
        return placed.sorted { $0.index < $1.index }.map(\.placement)
    }

    /// Gives back a place that this schedule gave.
    public mutating func remove(_ placement: Placement) {
        // The pattern may have become shorter while the endpoint had its place.
        while loads.count < placement.period { loads += loads }
        add(placement, -placement.nanoseconds)
        while loads.count > 1, loads[..<(loads.count / 2)] == loads[(loads.count / 2)...] {
            loads.removeLast(loads.count / 2)
        }
    }

    private mutating func add(_ placement: Placement, _ nanoseconds: Int64) {
        for index in stride(from: placement.phase, to: loads.count, by: placement.period) {
            loads[index] = loads[index].addingSaturated(nanoseconds)
        }
    }

    /// What is missing for endpoints to be placed as well; nil when they fit.
    public func shortage(placing needs: [PeriodicNeed]) -> PeriodicShortage? {
        guard !needs.isEmpty else { return nil }
        var whole = self
        _ = whole.place(needs)
        guard !whole.fits else { return nil }
        var alone = self
        alone.loads = [0]
        _ = alone.place(needs)
        // Measured where they would go, so that what is left is always less than what is needed.
        let left = budget.limitNanoseconds.addingSaturated(alone.peak).subtractingSaturated(whole.peak)
        let slots = Set(needs.map { $0.interval.microframes / microframesPerSlot })
        return PeriodicShortage(
            needed: alone.peak, left: max(0, left), limit: budget.limitNanoseconds,
            interval: slots.count == 1 ? slots.first : nil, isFrame: microframesPerSlot > 1)
    }
}

/// Why periodic endpoints do not fit on a bus: the time that they need and the time that is left.
public struct PeriodicShortage: Hashable, Sendable, CustomStringConvertible {
    /// The most that they need in one (micro)frame, in nanoseconds.
    public let needed: Int64
    /// What is left there for periodic endpoints, in nanoseconds; always less than ``needed``.
    public let left: Int64
    /// What periodic endpoints may take of a (micro)frame together, in nanoseconds.
    public let limit: Int64
    /// (Micro)frames from one service to the next; nil where the endpoints differ in that.
    public let interval: Int64?
    /// Whether the bus keeps time in frames of 1 ms, not in microframes of 125 us.
    public let isFrame: Bool

    /// For example "61 us of every microframe, 39 of 100 us are left". What is needed is rounded up, what is left down.
    public var description: String {
        let unit = isFrame ? "frame" : "microframe"
        let which: String =
            switch interval {
            case 1: "of every \(unit)"
            case .some(let count): "of every \(PeriodicShortage.ordinal(count)) \(unit)"
            case nil: "of some \(unit)s"
            }
        return "\((needed + 999) / 1_000) us \(which), \(left / 1_000) of \(text(limit)) us are left"
    }

    private func text(_ nanoseconds: Int64) -> String {
        let rest = nanoseconds % 1_000
        return rest == 0 ? "\(nanoseconds / 1_000)" : "\(nanoseconds / 1_000).\(rest / 100)"
    }

    private static func ordinal(_ number: Int64) -> String {
        switch (number % 10, number % 100) {
        case (1, let tens) where tens != 11: "\(number)st"
        case (2, let tens) where tens != 12: "\(number)nd"
        case (3, let tens) where tens != 13: "\(number)rd"
        default: "\(number)th"
        }
    }
}
