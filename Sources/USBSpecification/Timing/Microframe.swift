// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A microframe of 125 us, the unit in which high-speed buses keep time (USB 2.0 section 5.3.3); the bus interval of
/// SuperSpeed has the same length (USB 3.2 chapter 2).
///
/// The count is unwrapped; a controller's 14-bit register is `truncated(toBits: 14)`, of which the high 11 bits are the
/// frame number.
public struct Microframe: BusCount {
    /// Whole microframes since the origin of the bus.
    public let count: Int64

    /// Takes a count of microframes.
    public init(_ count: Int64) { self.count = count }

    /// One microframe: 125,000 ns.
    public static var nanoseconds: Int64 { 125_000 }

    /// The frame that it is part of.
    public var frame: Frame { Frame(count >> 3) }

    /// Its place in that frame, 0 to 7. Negative counts are no exception: -1 is the last microframe of frame -1.
    public var indexInFrame: Int { Int(count & 7) }

    /// The frame and the place in it, for example "1700.3".
    public var description: String { "\(frame).\(indexInFrame)" }
}
