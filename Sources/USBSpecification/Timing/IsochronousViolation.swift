// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which rule for isochronous transfers a request breaks. The rules are an interface's own and not the bus's: see
/// `IsochronousRules` and `StartWindow`.
public enum IsochronousViolation: Error, Hashable, Sendable, CustomStringConvertible {
    /// The transfer has no packets.
    case empty
    /// The transfer has more packets than allowed.
    case tooManyPackets(Int, limit: Int)
    /// The packets do not fill whole frames.
    case packetsNotWholeFrames(Int, multiple: Int)
    /// The bytes do not fill whole frames.
    case bytesNotWholeFrames(Int, multiple: Int)
    /// The endpoint's interval is longer than a frame.
    case intervalExceedsFrame(ServiceInterval)
    /// The first frame is not a multiple of the interval, in frames.
    case startNotAligned(Frame, multiple: Int64)
    /// The first frame is too far in the past.
    case startTooOld(Frame, now: Frame)
    /// The first frame is too far in the future.
    case startTooNew(Frame, now: Frame)

    /// A sentence without a full stop.
    public var description: String {
        switch self {
        case .empty: "an isochronous transfer needs a packet"
        case .tooManyPackets(let count, let limit): "there are \(count) packets, at most \(limit) are allowed"
        case .packetsNotWholeFrames(let count, let multiple):
            "\(count) packets do not fill whole frames; give a multiple of \(multiple)"
        case .bytesNotWholeFrames(let bytes, let multiple):
            "\(bytes) bytes do not fill whole frames; give a multiple of \(multiple)"
        case .intervalExceedsFrame(let interval): "the endpoint is served \(interval), less than once a frame"
        case .startNotAligned(let start, let multiple): "start frame \(start) is not a multiple of \(multiple)"
        case .startTooOld(let start, let now):
            "start frame \(start) is \(start.distance(to: now)) frames before the current frame, \(now)"
        case .startTooNew(let start, let now):
            "start frame \(start) is \(now.distance(to: start)) frames after the current frame, \(now)"
        }
    }
}
