// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// How WinUSB cuts a transfer on an endpoint into packets, and which lengths it takes: every service interval has a packet
/// of MaximumBytesPerInterval, and the packets fill whole frames.
struct IsochronousShape: Hashable, Sendable {
    /// The size of a packet.
    let bytesPerInterval: Int
    /// The time between packets.
    let interval: ServiceInterval
    /// The most packets of a transfer.
    let packetLimit: Int
    /// Where the packets go.
    let direction: Direction
    /// Whether the endpoint is served at least once a frame, as it must be above full speed.
    let isSupported: Bool

    /// The shape of transfers on an endpoint; nil when it is not isochronous.
    init?(_ endpoint: EndpointInfo) {
        guard endpoint.type == .isochronous, let interval = endpoint.serviceInterval else { return nil }
        bytesPerInterval = endpoint.maximumBytesPerInterval
        self.interval = interval
        packetLimit = IsochronousRules.packetLimit(at: endpoint.speed)
        direction = endpoint.address.direction
        isSupported = endpoint.speed <= .full || IsochronousRules.withinFrame(interval: interval) == nil
    }

    /// What a transfer takes up.
    struct Extent: Hashable, Sendable {
        /// The service intervals.
        var packets: Int
        /// The frames.
        var frames: Int64
    }

    /// What a transfer of so many bytes takes up; nil when WinUSB does not take that length: none, more than 255 packets
    /// (full speed) or 1024, or not whole frames. The last packet of an OUT transfer may be short, if it lies in the last
    /// interval of a frame.
    func extent(ofBytes length: Int) -> Extent? {
        let packets = PacketPlan.filling(bytes: length, maximum: bytesPerInterval).packetCount
        guard isSupported, IsochronousRules.packetCount(packets, limit: packetLimit) == nil,
            IsochronousRules.wholeFrames(
                bytes: length, maximumBytesPerInterval: bytesPerInterval, interval: interval,
                allowingShortLastPacket: direction == .out) == nil
        else { return nil }
        return Extent(packets: packets, frames: interval.frames(forPackets: packets))
    }
}
