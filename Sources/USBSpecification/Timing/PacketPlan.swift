// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How the bytes of a transfer are cut into packets, one for each service interval.
///
/// As a sequence it gives the packets' sizes, in bytes, without allocating.
public enum PacketPlan: Hashable, Sendable, Sequence {
    /// Every packet has the maximum size, but the last, which has what is left.
    ///
    /// Nothing to send, or a maximum below 1, makes no packets.
    case filling(bytes: Int, maximum: Int)

    /// Packets of these sizes.
    case sizes([Int])

    /// Packets that keep a sample rate: `count` of them, beginning at packet `first` of the rate's own numbering.
    case samples(SampleRatePlan, first: Int64, count: Int)

    /// How many packets there are.
    public var packetCount: Int {
        switch self {
        case .filling(let bytes, let maximum):
            bytes > 0 && maximum > 0 ? bytes / maximum + (bytes % maximum == 0 ? 0 : 1) : 0
        case .sizes(let sizes): sizes.count
        case .samples(_, _, let count): Swift.max(count, 0)
        }
    }

    /// The bytes of a packet; 0 for an index that no packet has.
    public func bytes(inPacket index: Int) -> Int {
        guard index >= 0 && index < packetCount else { return 0 }
        return switch self {
        case .filling(let bytes, let maximum): Swift.min(maximum, bytes - index * maximum)
        case .sizes(let sizes): sizes[index]
        case .samples(let plan, let first, _): plan.bytes(inPacket: first &+ Int64(index))
        }
    }

    /// The bytes of all packets. Saturates.
    public var totalBytes: Int {
        switch self {
        case .filling(let bytes, _): packetCount > 0 ? bytes : 0
        case .sizes(let sizes): sizes.reduce(0) { $0.addingSaturated($1) }
        case .samples(let plan, let first, _): plan.bytes(inPackets: packetCount, from: first)
        }
    }

    /// Checks the plan against a transfer and an endpoint.
    ///
    /// - Parameters:
    ///   - expected: the bytes of the transfer, if they must be matched.
    ///   - maximumBytes: what the endpoint moves in an interval.
    ///   - maximumPackets: the most packets in a transfer, if there is a limit.
    /// - Throws: the first of: `noPackets`, `tooManyPackets`, a packet's `negativeSize` or `packetTooLarge`,
    ///   `totalDiffers`.
    public func validate(
        totalBytes expected: Int? = nil, maximumBytes: Int, maximumPackets: Int? = nil
    ) throws(PacketPlanError) {
        let count = packetCount
        guard count > 0 else { throw .noPackets }
        if let maximumPackets, count > maximumPackets { throw .tooManyPackets(count, limit: maximumPackets) }
        // A filling plan is largest in front, and a rate repeats itself, so that neither needs a look at every packet.
        let toCheck =
            switch self {
            case .filling: 1
            case .sizes: count
            case .samples(let plan, _, _): plan.maximumBytes <= maximumBytes ? 0 : Swift.min(count, plan.repeatLength)
            }
        for index in 0..<toCheck {
            let bytes = bytes(inPacket: index)
            guard bytes >= 0 else { throw .negativeSize(index: index, bytes: bytes) }
            guard bytes <= maximumBytes else {
                throw .packetTooLarge(index: index, bytes: bytes, limit: maximumBytes)
            }
        }
        let total = totalBytes
        if let expected, total != expected { throw .totalDiffers(total, expected: expected) }
    }

    /// Gives the size of each packet in turn.
    public struct Iterator: IteratorProtocol {
        private let plan: PacketPlan
        private let count: Int
        private var index = 0

        fileprivate init(_ plan: PacketPlan) {
            self.plan = plan
            count = plan.packetCount
        }

        /// The bytes of the next packet, or nil after the last.
        public mutating func next() -> Int? {
            guard index < count else { return nil }
            defer { index += 1 }
            return plan.bytes(inPacket: index)
        }
    }

    /// Begins at the first packet.
    public func makeIterator() -> Iterator { Iterator(self) }

    /// The packet count, which is exact.
    public var underestimatedCount: Int { packetCount }
}
