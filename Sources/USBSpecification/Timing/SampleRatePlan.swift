// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Packet sizes that keep a sample rate exactly, when the rate is not a whole number of samples an interval.
///
/// With r samples in n intervals, packet k carries floor((k + 1) r / n) - floor(k r / n) samples: at 44,100 Hz and 1 ms
/// nine packets of 44 and then one of 45, for ever. The sum of any run of packets is less than one sample away from
/// rate times time. The size of a packet depends on its number alone, so that a plan can be taken up anywhere; all
/// numbers from `Int64.min` to `Int64.max` are good. A sample here is what all channels have at one moment.
public struct SampleRatePlan: Hashable, Sendable {
    /// Samples a second.
    public let rate: Int

    /// The bytes of one sample of all channels.
    public let bytesPerSampleFrame: Int

    /// The time between packets.
    public let interval: ServiceInterval

    /// The bytes of the largest packet.
    public let maximumBytes: Int

    // Every packet carries `whole` samples, and `part` packets in every `period` carry one more (part < period).
    private let whole: Int64
    private let part: Int64
    private let period: Int64

    /// Makes a plan; nil unless the rate and the sample size are positive and the largest packet has a size that fits
    /// in an `Int`.
    public init?(rate: Int, bytesPerSampleFrame: Int, interval: ServiceInterval) {
        guard rate > 0 && bytesPerSampleFrame > 0 else { return nil }
        let (samples, overflow) = Int64(rate).multipliedReportingOverflow(by: interval.microframes)
        guard !overflow else { return nil }
        let second: Int64 = 8_000
        let divisor = greatestCommonDivisor(samples, second)
        period = second / divisor
        whole = samples / second
        part = samples % second / divisor
        let most = Int(clamping: part == 0 ? whole : whole + 1)
        let (bytes, tooLarge) = most.multipliedReportingOverflow(by: bytesPerSampleFrame)
        guard !tooLarge else { return nil }
        maximumBytes = bytes
        self.rate = rate
        self.bytesPerSampleFrame = bytesPerSampleFrame
        self.interval = interval
    }

    /// After so many packets the sizes repeat: 10 for 44,100 Hz at 1 ms. At most 8,000.
    public var repeatLength: Int { Int(period) }

    /// The samples that a packet carries.
    public func samples(inPacket number: Int64) -> Int {
        let phase = number.flooredRemainder(by: period) * part % period
        return Int(phase + part >= period ? whole + 1 : whole)
    }

    /// The bytes that a packet carries.
    public func bytes(inPacket number: Int64) -> Int { samples(inPacket: number) * bytesPerSampleFrame }

    /// The samples in all packets from number 0 up to, and not including, this one: floor(number x r / n), negative
    /// for a negative number. Saturates.
    public func samples(beforePacket number: Int64) -> Int64 {
        // Split at whole periods, since number x part can need more than 64 bits.
        let periods = number.flooredQuotient(by: period)
        let rest = number.flooredRemainder(by: period) * part / period
        return number.multipliedSaturated(by: whole)
            .addingSaturated(periods.multipliedSaturated(by: part).addingSaturated(rest))
    }

    /// The bytes in a run of packets. Saturates.
    public func bytes(inPackets count: Int, from first: Int64) -> Int {
        guard count > 0 else { return 0 }
        // Sizes repeat, so that the run may begin anywhere with the same remainder: in the first period.
        let start = first.flooredRemainder(by: period)
        let end = start.addingSaturated(Int64(count))
        let samples = samples(beforePacket: end).subtractingSaturated(samples(beforePacket: start))
        return Int(clamping: samples).multipliedSaturated(by: bytesPerSampleFrame)
    }

    /// Gives one packet size after the other, without end.
    public struct Cursor: Hashable, Sendable {
        /// The plan that it follows.
        public let plan: SampleRatePlan

        /// The number of the packet that `next()` gives.
        public var packet: Int64

        /// The bytes of the next packet. Packet numbers wrap round after `Int64.max`.
        public mutating func next() -> Int {
            defer { packet &+= 1 }
            return plan.bytes(inPacket: packet)
        }
    }

    /// Begins at any packet.
    public func cursor(at packet: Int64 = 0) -> Cursor { Cursor(plan: self, packet: packet) }
}
