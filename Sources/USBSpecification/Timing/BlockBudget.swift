// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A simple account of bus time in blocks, as host controllers without a scheduler of their own are driven: what a
/// frame or microframe holds once bit stuffing and coding are taken off, and what each packet costs in it.
///
/// The figures are those of the Linux xHCI driver. The account is what there is for SuperSpeed, to which the bus times of
/// USB 2.0 section 5.11.3 do not apply.
public struct BlockBudget: Hashable, Sendable {
    /// The blocks of a frame (low and full speed) or a microframe.
    public let blocks: Int

    /// The bytes of data in a block.
    public let bytesPerBlock: Int

    /// The blocks that each packet costs besides its data.
    public let packetOverhead: Int

    /// The blocks that each burst costs besides its packets.
    public let burstOverhead: Int

    /// The percentage kept back from periodic endpoints.
    public let reservedPercent: Int

    /// The length of the frame or microframe, in nanoseconds.
    public let periodNanoseconds: Int64

    /// The budget of a bus of that speed. SuperSpeedPlus is given what one lane of SuperSpeed has.
    public init(speed: Speed) {
        switch speed {
        case .low:
            self.init(1285, bytesPerBlock: 1, packetOverhead: 128, reservedPercent: 10, period: Frame.nanoseconds)
        case .full:
            self.init(1285, bytesPerBlock: 1, packetOverhead: 20, reservedPercent: 10, period: Frame.nanoseconds)
        case .high:
            self.init(1607, bytesPerBlock: 4, packetOverhead: 26, reservedPercent: 20, period: Microframe.nanoseconds)
        case .superSpeed, .superSpeedPlus:
            self.init(
                3906, bytesPerBlock: 16, packetOverhead: 8, burstOverhead: 32, reservedPercent: 10,
                period: Microframe.nanoseconds)
        }
    }

    private init(
        _ blocks: Int, bytesPerBlock: Int, packetOverhead: Int, burstOverhead: Int = 0, reservedPercent: Int,
        period: Int64
    ) {
        self.blocks = blocks
        self.bytesPerBlock = bytesPerBlock
        self.packetOverhead = packetOverhead
        self.burstOverhead = burstOverhead
        self.reservedPercent = reservedPercent
        periodNanoseconds = period
    }

    /// The blocks that periodic endpoints may take together, rounded down.
    public var periodicBlocks: Int { blocks * (100 - reservedPercent) / 100 }

    /// The blocks that an interval's bytes cost, cut into packets and these into bursts. Saturates.
    ///
    /// No bytes cost one empty packet. A packet size or burst below 1 counts as 1.
    public func blocks(bytes: Int, maximumPacketSize: Int, packetsPerBurst: Int = 1) -> Int {
        let (bytes, size, burst) = (max(bytes, 0), max(maximumPacketSize, 1), max(packetsPerBurst, 1))
        let packets = max(BlockBudget.quotientUp(bytes, size), 1)
        let last = bytes - (packets - 1) * size
        let data = (packets - 1).multipliedSaturated(by: BlockBudget.quotientUp(size, bytesPerBlock))
            .addingSaturated(BlockBudget.quotientUp(last, bytesPerBlock))
        return data.addingSaturated(packets.multipliedSaturated(by: packetOverhead))
            .addingSaturated(BlockBudget.quotientUp(packets, burst).multipliedSaturated(by: burstOverhead))
    }

    /// The bus time of so many blocks in nanoseconds, rounded up, for comparison with a `PeriodicBudget`. Saturates.
    public func nanoseconds(blocks count: Int) -> Int64 {
        let time = Int64(max(count, 0)).multipliedSaturated(by: periodNanoseconds)
        return time / Int64(blocks) + (time % Int64(blocks) == 0 ? 0 : 1)
    }

    private static func quotientUp(_ dividend: Int, _ divisor: Int) -> Int {
        dividend / divisor + (dividend % divisor == 0 ? 0 : 1)
    }
}
