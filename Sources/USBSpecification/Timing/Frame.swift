// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A frame of 1 ms, the unit in which low-speed and full-speed buses keep time (USB 2.0 section 8.4.3).
///
/// The count is unwrapped; the frame number that a start-of-frame packet carries is `truncated(toBits: 11)`.
public struct Frame: BusCount {
    /// Whole frames since the origin of the bus.
    public let count: Int64

    /// Takes a count of frames.
    public init(_ count: Int64) { self.count = count }

    /// One frame: 1,000,000 ns.
    public static var nanoseconds: Int64 { 1_000_000 }

    /// Microframes in a frame: 8.
    public static var microframes: Int64 { 8 }

    /// The first of its eight microframes. Saturates.
    public var firstMicroframe: Microframe { Microframe(count.multipliedSaturated(by: Frame.microframes)) }

    /// The count in decimal, for example "1700".
    public var description: String { "\(count)" }
}
