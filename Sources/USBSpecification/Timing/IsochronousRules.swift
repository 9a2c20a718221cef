// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Rules that some interfaces make for isochronous transfers and the bus does not. Each looks at one thing, and
/// answers with the violation or nil.
public enum IsochronousRules {
    /// The packets must fill whole frames: 8, 4 or 2 at a time for an interval of 1, 2 or 4 microframes.
    ///
    /// An interval of whole frames fulfils this with any number of packets from 1.
    public static func wholeFrames(packets: Int, interval: ServiceInterval) -> IsochronousViolation? {
        guard packets > 0 else { return .empty }
        let multiple = interval.packetsToWholeFrames
        return packets % multiple == 0 ? nil : .packetsNotWholeFrames(packets, multiple: multiple)
    }

    /// The bytes must fill whole frames, each packet being of maximum size, as WinUSB wants it.
    ///
    /// - Parameters:
    ///   - bytes: the length of the transfer.
    ///   - maximumBytesPerInterval: the size of a packet.
    ///   - interval: the time between packets.
    ///   - allowingShortLastPacket: whether the last packet may be shorter; the packets must fill whole frames all the
    ///     same. Meant for OUT.
    public static func wholeFrames(
        bytes: Int, maximumBytesPerInterval: Int, interval: ServiceInterval, allowingShortLastPacket: Bool = false
    ) -> IsochronousViolation? {
        let plan = PacketPlan.filling(bytes: bytes, maximum: maximumBytesPerInterval)
        let packets = plan.packetCount
        guard packets > 0 else { return .empty }
        let isWhole =
            packets % interval.packetsToWholeFrames == 0
            && (allowingShortLastPacket || bytes % maximumBytesPerInterval == 0)
        guard !isWhole else { return nil }
        return .bytesNotWholeFrames(
            bytes, multiple: maximumBytesPerInterval.multipliedSaturated(by: interval.packetsToWholeFrames))
    }

    /// The endpoint must be served at least once a frame, at 1, 2, 4 or 8 microframes.
    public static func withinFrame(interval: ServiceInterval) -> IsochronousViolation? {
        interval.packetsPerFrame == nil ? .intervalExceedsFrame(interval) : nil
    }

    /// Where the interval is longer than a frame, the first frame must be a multiple of it.
    public static func alignedStart(_ start: Frame, interval: ServiceInterval) -> IsochronousViolation? {
        guard let frames = interval.framesPerPacket, !start.isMultiple(of: frames) else { return nil }
        return .startNotAligned(start, multiple: frames)
    }

    /// There must be a packet, and no more than the limit.
    public static func packetCount(_ count: Int, limit: Int) -> IsochronousViolation? {
        guard count > 0 else { return .empty }
        return count > limit ? .tooManyPackets(count, limit: limit) : nil
    }

    /// The most packets that USBD takes in a request: 255 up to full speed, 1024 above.
    public static func packetLimit(at speed: Speed) -> Int { speed <= .full ? 255 : 1024 }
}
