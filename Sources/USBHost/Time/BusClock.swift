// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Synchronization

/// A moment of a controller's clock: nanoseconds since the clock's origin.
public struct BusInstant: InstantProtocol, Hashable, Sendable, CustomStringConvertible {
    /// Nanoseconds since the origin of the clock.
    public var nanoseconds: Int64

    /// Makes the instant that lies `nanoseconds` after the clock's origin.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The instant `duration` later; it saturates at the ends of the 64-bit range.
    @inlinable
    public func advanced(by duration: Duration) -> BusInstant {
        advanced(byNanoseconds: duration.wholeNanoseconds)
    }

    /// The instant `nanoseconds` later; it saturates at the ends of the 64-bit range.
    @inlinable
    public func advanced(byNanoseconds nanoseconds: Int64) -> BusInstant {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return BusInstant(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
    }

    /// The time from this instant to `other`.
    @inlinable
    public func duration(to other: BusInstant) -> Duration {
        .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
    }

    /// Orders instants by time.
    @inlinable
    public static func < (left: BusInstant, right: BusInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Seconds since the origin, to the nanosecond.
    public var description: String {
        let fraction = String(nanoseconds.magnitude % 1_000_000_000)
        let padding = String(repeating: "0", count: 9 - fraction.count)
        return "\(nanoseconds < 0 ? "-" : "")\(nanoseconds.magnitude / 1_000_000_000).\(padding)\(fraction) s"
    }
}

extension Duration {
    /// The duration in whole nanoseconds, saturated to 64 bits.
    @inlinable
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carry) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carry ? (seconds < 0 ? .min : .max) : sum
    }
}

/// How a controller's time passes.
public enum TimeFlow: Sendable, Hashable {
    /// At the pace of the machine's monotonic clock.
    case real
    /// It jumps to the next event as soon as every known client waits.
    case free
    /// It moves only when a test steps it, or when a blocking call needs it to.
    case manual
}

/// The clock of one controller: it serves timeouts, time stamps of frames and completions, and everything else by which
/// a program can tell the time.
///
/// On a real bus it is the machine's monotonic clock. On a bus in memory it is the bus's own clock, which may run free or
/// by hand; then a second on it need not be a second on the wall.
public final class BusClock: Clock, Sendable {
    /// The moments of this clock.
    public typealias Instant = BusInstant

    /// How time passes.
    public let flow: TimeFlow

    /// Wall time that is the origin, when the flow is real.
    private let origin: Int64
    /// The present, when the flow is not real.
    private let present: Atomic<Int64>
    /// What one look at a free-running clock costs, in nanoseconds.
    private static let costOfALook: Int64 = 1_000

    /// The executor that serves sleepers; set once by the executor.
    let sleepers = SleeperHandle()

    /// Makes a clock that starts at its origin.
    public init(flow: TimeFlow) {
        self.flow = flow
        origin = MonotonicTime.nanoseconds
        present = Atomic(0)
    }

    /// The present. On a free-running clock each look costs one microsecond of bus time, so that a program which polls
    /// the time comes to an end.
    public var now: BusInstant {
        switch flow {
        case .real: BusInstant(nanoseconds: MonotonicTime.nanoseconds &- origin)
        case .manual: BusInstant(nanoseconds: present.load(ordering: .acquiring))
        case .free:
            BusInstant(
                nanoseconds: present.add(BusClock.costOfALook, ordering: .acquiringAndReleasing).newValue)
        }
    }

    /// The present, without the cost that ``now`` has on a free-running clock. For wires and the engine.
    public var presentInstant: BusInstant {
        flow == .real
            ? BusInstant(nanoseconds: MonotonicTime.nanoseconds &- origin)
            : BusInstant(nanoseconds: present.load(ordering: .acquiring))
    }

    /// The smallest step that the clock can show.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Moves a free or manual clock forward to `instant`; an earlier instant changes nothing. Called by the wire that
    /// owns the clock.
    public func advance(to instant: BusInstant) {
        precondition(flow != .real, "a real clock advances by itself")
        var seen = present.load(ordering: .acquiring)
        while seen < instant.nanoseconds {
            let result = present.compareExchange(
                expected: seen, desired: instant.nanoseconds, ordering: .acquiringAndReleasing)
            if result.exchanged { return }
            seen = result.original
        }
    }

    /// Suspends the task until `deadline`, as this clock counts.
    ///
    /// Throws `CancellationError` when the task is cancelled. `tolerance` is ignored: wake-ups are exact in bus time.
    public func sleep(until deadline: BusInstant, tolerance: Duration? = nil) async throws {
        try await sleepers.sleep(until: deadline)
    }

    /// Suspends the task for `duration`, as this clock counts.
    public func sleep(for duration: Duration) async throws {
        try await sleepers.sleep(until: presentInstant.advanced(by: duration))
    }
}
