// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// Where an isochronous transfer starts. There is no guessing: one of the three is said.
public enum IsochronousStart: Sendable, Hashable {
    /// Its first packet goes out in exactly this microframe.
    case at(Microframe)
    /// As soon as possible: directly behind what is queued, or at the next service opportunity within reach.
    case asSoonAsPossible
    /// Directly behind the transfer before it, without a gap; or not at all.
    case continuing

    /// Its first packet goes out in the first microframe of `frame`.
    public static func at(_ frame: Frame) -> IsochronousStart { .at(frame.firstMicroframe) }
}

/// The rules for a start.
public struct StartPolicy: Sendable, Hashable {
    /// What happens to packets whose time has passed at submission.
    public enum Late: Sendable, Hashable {
        /// The transfer is refused, and nothing is sent.
        case refuse
        /// The packets that are late are dropped one by one; the rest go out in their own intervals.
        case dropExpired
    }

    /// What a wire that cannot start at a frame is asked to do.
    public enum Accuracy: Sendable, Hashable {
        /// Refuse, with the reason.
        case exact
        /// Hold the transfer until the estimated frame less the lead, then send it as soon as possible.
        case bestEffort
    }

    /// What a transfer keeps to.
    public enum Grid: Sendable, Hashable {
        /// Service opportunities: it starts at the next one, and completes when its last packet has been served.
        case intervals
        /// Whole frames, as far as the wire can start at a frame: what starts as soon as possible starts with a frame, and
        /// what is served completes when the service interval of its last packet has ended.
        case frames
    }

    /// How far from the present a start may lie, in frames; nil for no limit. Only starts at a position are checked.
    public var window: StartWindow?
    /// What happens to packets that are late.
    public var late: Late
    /// What a wire that cannot start at a frame is asked to do.
    public var accuracy: Accuracy
    /// What a transfer keeps to.
    public var grid: Grid
    /// Whether a start before the end of the transfer that was accepted last is refused even when that one has ended, as
    /// far as the wire can start at a frame. What is queued is never overtaken, whatever this says.
    public var goesForward: Bool

    /// Makes a policy. The default refuses what is late or cannot be exact.
    public init(
        window: StartWindow? = nil, late: Late = .refuse, accuracy: Accuracy = .exact, grid: Grid = .intervals,
        goesForward: Bool = false
    ) {
        self.window = window
        self.late = late
        self.accuracy = accuracy
        self.grid = grid
        self.goesForward = goesForward
    }
}
