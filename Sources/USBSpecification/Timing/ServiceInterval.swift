// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The time from one service of a periodic endpoint to the next (bInterval in USB 2.0 section 9.6.6 and USB 3.2
/// section 9.6.6).
///
/// | speed | interrupt | isochronous |
/// | --- | --- | --- |
/// | low | bInterval ms, 10 to 255 | not allowed |
/// | full | bInterval ms, 1 to 255 | 2^(bInterval - 1) ms, 1 to 16 |
/// | high, super | 2^(bInterval - 1) x 125 us, 1 to 16 | 2^(bInterval - 1) x 125 us, 1 to 16 |
public struct ServiceInterval: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The interval in microframes, 1 to `longest.microframes`.
    public let microframes: Int64

    /// 125 us.
    public static let microframe = ServiceInterval(unchecked: 1)

    /// 1 ms.
    public static let frame = ServiceInterval(unchecked: 8)

    /// 32.768 s, the longest that a descriptor can ask for: full-speed isochronous, bInterval 16.
    public static let longest = ServiceInterval(unchecked: 8 << 15)

    private init(unchecked microframes: Int64) { self.microframes = microframes }

    /// Takes a number of microframes; nil unless it is between 1 and `longest.microframes`.
    public init?(microframes: Int64) {
        guard (1...ServiceInterval.longest.microframes).contains(microframes) else { return nil }
        self.init(unchecked: microframes)
    }

    /// Reads an endpoint descriptor's bInterval.
    ///
    /// Low-speed interrupt endpoints should ask for 10 ms or more; devices that ask for less exist, and 1 to 9 are
    /// taken as they are.
    ///
    /// - Throws: `notPeriodic`, `isochronousAtLowSpeed` or `intervalOutOfRange`.
    public init(speed: Speed, type: TransferType, bInterval: UInt8) throws(EndpointTimingError) {
        guard type.isPeriodic else { throw .notPeriodic(type) }
        if speed <= .full && type == .interrupt {
            guard bInterval >= 1 else { throw .intervalOutOfRange(bInterval, allowed: 1...255) }
            self.init(unchecked: Int64(bInterval) * Frame.microframes)
        } else {
            guard speed != .low else { throw .isochronousAtLowSpeed }
            guard (1...16).contains(bInterval) else { throw .intervalOutOfRange(bInterval, allowed: 1...16) }
            self.init(unchecked: (speed == .full ? Frame.microframes : 1) << Int64(bInterval - 1))
        }
    }

    /// The interval in nanoseconds.
    public var nanoseconds: Int64 { microframes * Microframe.nanoseconds }

    /// How many packets a frame holds: 8, 4, 2 or 1 for an interval of 1, 2, 4 or 8 microframes. Nil for an interval
    /// longer than a frame, or one that does not divide a frame.
    public var packetsPerFrame: Int? {
        Frame.microframes % microframes == 0 ? Int(Frame.microframes / microframes) : nil
    }

    /// How many frames lie between packets; nil for an interval that is not whole frames.
    public var framesPerPacket: Int64? {
        microframes % Frame.microframes == 0 ? microframes / Frame.microframes : nil
    }

    /// The fewest packets that fill whole frames: 8, 4, 2 or 1.
    public var packetsToWholeFrames: Int {
        Int(Frame.microframes / greatestCommonDivisor(microframes, Frame.microframes))
    }

    /// How many microframes so many packets take, from the first one's position to that of the packet after the last.
    /// Saturates.
    public func microframes(forPackets packets: Int) -> Int64 {
        Int64(packets).multipliedSaturated(by: microframes)
    }

    /// How many frames so many packets take, a begun frame counting as one. Saturates.
    public func frames(forPackets packets: Int) -> Int64 {
        microframes(forPackets: packets).addingSaturated(Frame.microframes - 1).flooredQuotient(by: Frame.microframes)
    }

    /// The longest power of two of microframes that is not longer than this interval.
    ///
    /// A host may serve an interrupt endpoint more often than it asks (USB 2.0 section 5.7.4), and schedules are built
    /// from powers of two.
    public var roundedDownToPowerOfTwo: ServiceInterval {
        ServiceInterval(unchecked: 1 << Int64(63 - microframes.leadingZeroBitCount))
    }

    /// For example "every 1 ms" or "every 125 us".
    public var description: String {
        if let frames = framesPerPacket { return "every \(frames) ms" }
        return "every \(nanoseconds / 1_000) us"
    }

    /// Orders intervals from short to long.
    public static func < (left: ServiceInterval, right: ServiceInterval) -> Bool {
        left.microframes < right.microframes
    }
}
