// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What is wrong with the packets of a transfer.
public enum PacketPlanError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The plan has no packets.
    case noPackets
    /// The plan has more packets than a transfer may have.
    case tooManyPackets(Int, limit: Int)
    /// A packet is larger than the endpoint moves in an interval. The first such packet is named.
    case packetTooLarge(index: Int, bytes: Int, limit: Int)
    /// A packet has a negative size. The first such packet is named.
    case negativeSize(index: Int, bytes: Int)
    /// The packets together do not have the bytes of the transfer.
    case totalDiffers(Int, expected: Int)

    /// A sentence without a full stop.
    public var description: String {
        switch self {
        case .noPackets: "there are no packets"
        case .tooManyPackets(let count, let limit): "there are \(count) packets, at most \(limit) are allowed"
        case .packetTooLarge(let index, let bytes, let limit):
            "packet \(index) has \(bytes) bytes, at most \(limit) fit in an interval"
        case .negativeSize(let index, let bytes): "packet \(index) has a negative size, \(bytes)"
        case .totalDiffers(let total, let expected): "the packets have \(total) bytes, the transfer has \(expected)"
        }
    }
}
