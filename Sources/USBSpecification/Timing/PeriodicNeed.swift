// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The bus time that a periodic endpoint asks for: how much at most, and how often.
public struct PeriodicNeed: Hashable, Sendable {
    /// The endpoint.
    public let endpoint: EndpointAddress

    /// The worst-case time of one service, in nanoseconds; 0 to 2^40.
    public let nanoseconds: Int64

    /// The time from one service to the next.
    public let interval: ServiceInterval

    /// Joins the parts; a time out of range is moved to its nearer end.
    public init(endpoint: EndpointAddress, nanoseconds: Int64, interval: ServiceInterval) {
        self.endpoint = endpoint
        self.nanoseconds = min(max(nanoseconds, 0), 1 << 40)
        self.interval = interval
    }
}

extension EndpointLayout {
    /// The bus time that the endpoint needs on a device of that speed; nil for an endpoint that is not periodic.
    ///
    /// Low, full and high speed: the worst case of USB 2.0 section 5.11.3 in whole numbers, as the Linux kernel computes
    /// it (see `BusTime`). SuperSpeed: blocks (see `BlockBudget`), all packets of an interval in one burst, as Linux has
    /// it.
    ///
    /// - Throws: what `serviceInterval(at:)` and `maximumBytesPerInterval(at:)` throw for descriptors that are wrong.
    public func periodicNeed(at speed: Speed) throws(EndpointTimingError) -> PeriodicNeed? {
        let type = descriptor.transferType
        guard type.isPeriodic else { return nil }
        let interval = try serviceInterval(at: speed)
        let bytes = try maximumBytesPerInterval(at: speed)
        let time: Int64
        if speed.isSuperSpeed {
            let budget = BlockBudget(speed: speed)
            time = budget.nanoseconds(
                blocks: budget.blocks(
                    bytes: bytes, maximumPacketSize: descriptor.maximumPacketSize, packetsPerBurst: .max))
        } else {
            time =
                BusTime.linuxNanoseconds(speed: speed, type: type, direction: descriptor.direction, bytes: bytes) ?? 0
        }
        return PeriodicNeed(endpoint: descriptor.address, nanoseconds: time, interval: interval)
    }
}

extension AlternateSetting {
    /// What the setting's periodic endpoints need on a device of that speed, in their order. An endpoint whose
    /// descriptors are wrong cannot be used, and is left out.
    public func periodicNeeds(at speed: Speed) -> [PeriodicNeed] {
        endpoints.compactMap { (endpoint) -> PeriodicNeed? in
            do throws(EndpointTimingError) { return try endpoint.periodicNeed(at: speed) } catch { return nil }
        }
    }
}
