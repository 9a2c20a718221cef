// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A frame clock for wires that cannot read one: it free-runs from the host's monotonic clock, and completions of
/// isochronous transfers discipline it.
///
/// Before the first completion its quality is `unavailable`. The first completion starts an epoch of quality
/// `estimated`; its origin stays arbitrary. Within an epoch the count never steps back, and its rate is held within
/// 0.1 % of the host's clock, twice what USB allows a bus to differ (USB 2.0 section 7.1.11 allows 0.05 %).
public struct FrameEstimator: Sendable {
    /// Counts from here on, so that no position near the start is negative.
    private static let origin = Microframe(8_000_000)
    /// How much of a measured difference is corrected at each completion.
    private static let gain = 16
    /// Beyond this difference, in nanoseconds, the bus and the count have parted: after sleep, reset or a long gap.
    private static let jump: Int64 = 100_000_000
    /// The largest correction per nanosecond that has passed, as a fraction.
    private static let steepest: Int64 = 1_000

    /// The host time that stands for ``origin``.
    private var base: BusInstant
    private var lastReading: Microframe
    private var lastCompletion: BusInstant?

    /// Changes when the count starts anew.
    public private(set) var epoch: UInt64 = 0
    /// How far the readings can be trusted.
    public private(set) var quality = FrameReading.Quality.unavailable

    /// Starts to count at `now`.
    public init(now: BusInstant) {
        base = now
        lastReading = FrameEstimator.origin
    }

    /// The microframe under way at `time`, which must not be earlier than in the call before.
    public mutating func reading(at time: BusInstant) -> FrameReading {
        let count = FrameEstimator.origin + elapsed(at: time) / Microframe.nanoseconds
        lastReading = max(lastReading, count)
        return FrameReading(microframe: lastReading, time: time, quality: quality, epoch: epoch)
    }

    /// Learns that an isochronous request ended, as observed at `time`.
    ///
    /// - Parameters:
    ///   - end: the position at which the request should have ended, from an unbroken chain; nil when a stream starts.
    ///   - time: when its completion was seen; later than the end by an unknown delay.
    public mutating func completed(at end: Microframe?, observed time: BusInstant) {
        guard quality == .estimated else {
            quality = .estimated
            epoch += 1
            lastCompletion = time
            return
        }
        defer { lastCompletion = time }
        guard let end else { return }
        let expected = Microframe(end - FrameEstimator.origin).startNanoseconds
        let difference = FrameEstimator.difference(elapsed(at: time), expected)
        if difference.magnitude > FrameEstimator.jump.magnitude {
            restart(at: time)
            return
        }
        // Each completion is seen late by another delay, so that only a part of each difference is believed.
        let since = lastCompletion.map { max(0, FrameEstimator.difference(time.nanoseconds, $0.nanoseconds)) } ?? 0
        let most = since / FrameEstimator.steepest
        let wanted = difference / Int64(FrameEstimator.gain)
        base = base.advanced(byNanoseconds: min(most, max(-most, wanted)))
    }

    /// Begins a new epoch: the bus slept, was reset, or the device was enumerated anew.
    public mutating func restart(at time: BusInstant) {
        epoch += 1
        let reading = max(lastReading, FrameEstimator.origin + elapsed(at: time) / Microframe.nanoseconds)
        // The count goes on from where it was, so that old positions lie behind, not ahead.
        base = time.advanced(byNanoseconds: -Microframe(reading - FrameEstimator.origin).startNanoseconds)
        lastReading = reading
        lastCompletion = nil
    }

    private func elapsed(at time: BusInstant) -> Int64 {
        FrameEstimator.difference(time.nanoseconds, base.nanoseconds)
    }

    /// The difference, saturated: what comes from a wire may lie anywhere.
    private static func difference(_ left: Int64, _ right: Int64) -> Int64 {
        let (result, overflow) = left.subtractingReportingOverflow(right)
        return overflow ? (left < right ? .min : .max) : result
    }
}
