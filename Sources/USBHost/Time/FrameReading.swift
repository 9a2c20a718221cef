// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// One reading of a bus's frame clock.
public struct FrameReading: Sendable, Hashable {
    /// How far a reading can be trusted.
    public enum Quality: Int, Sendable, Hashable, Comparable, CustomStringConvertible {
        /// The bus does not tell; the count free-runs from the host's clock and its origin is arbitrary.
        case unavailable
        /// Derived from completions: the rate is good, the origin arbitrary.
        case estimated
        /// Read from the controller a short while ago and carried forward by the host's clock.
        case reference
        /// The controller's own count, at this very moment.
        case exact

        /// Orders from worst to best.
        public static func < (left: Quality, right: Quality) -> Bool { left.rawValue < right.rawValue }

        /// The word.
        public var description: String {
            switch self {
            case .unavailable: "unavailable"
            case .estimated: "estimated"
            case .reference: "reference"
            case .exact: "exact"
            }
        }
    }

    /// The microframe that is under way.
    public var microframe: Microframe
    /// The host's time at which that was so, as the controller's clock counts.
    public var time: BusInstant
    /// How far the reading can be trusted.
    public var quality: Quality
    /// Changes whenever the count starts anew (reset, sleep, re-enumeration, first completion). Positions of different
    /// epochs must not be compared.
    public var epoch: UInt64

    /// When the microframe began, where the wire knows; nil where it does not.
    public var microframeStart: BusInstant?

    /// The frame that is under way.
    public var frame: Frame { microframe.frame }

    /// Makes a reading.
    public init(
        microframe: Microframe, time: BusInstant, quality: Quality, epoch: UInt64, microframeStart: BusInstant? = nil
    ) {
        self.microframe = microframe
        self.time = time
        self.quality = quality
        self.epoch = epoch
        self.microframeStart = microframeStart
    }
}
