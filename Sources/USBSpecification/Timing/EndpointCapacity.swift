// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How many bytes a periodic endpoint moves in one service interval, from the numbers in its descriptors.
public enum EndpointCapacity {
    /// The bytes in an interval at low, full or high speed (USB 2.0 section 9.6.6).
    ///
    /// At high speed an endpoint may be served up to three times in its microframe; at low and full speed the bits
    /// that say so are reserved and ignored. Faster endpoints have the other form.
    ///
    /// - Parameters:
    ///   - speed: the speed at which the device runs.
    ///   - type: the transfer type.
    ///   - maximumPacketSize: bits 10 to 0 of wMaxPacketSize.
    ///   - additionalTransactions: bits 12 to 11 of wMaxPacketSize.
    /// - Throws: `notPeriodic`, `isochronousAtLowSpeed` or `reservedTransactionCount`.
    public static func bytesPerInterval(
        speed: Speed, type: TransferType, maximumPacketSize: Int, additionalTransactions: Int
    ) throws(EndpointTimingError) -> Int {
        guard type.isPeriodic else { throw .notPeriodic(type) }
        guard speed != .low || type != .isochronous else { throw .isochronousAtLowSpeed }
        guard speed >= .high else { return maximumPacketSize }
        guard (0...2).contains(additionalTransactions) else { throw .reservedTransactionCount }
        return maximumPacketSize.multipliedSaturated(by: 1 + additionalTransactions)
    }

    /// The bytes in an interval at SuperSpeed, from the endpoint companion descriptor (USB 3.2 section 9.6.7).
    ///
    /// - Parameters:
    ///   - maximumPacketSize: wMaxPacketSize.
    ///   - maximumBurst: bMaxBurst, one less than the packets of a burst.
    ///   - multiplier: Mult, one less than the bursts of an interval; 0 for interrupt endpoints.
    ///   - bytesPerInterval: wBytesPerInterval.
    /// - Throws: `reservedMultiplier`, or `bytesPerIntervalTooLarge` if the bursts cannot carry so much.
    public static func bytesPerInterval(
        maximumPacketSize: Int, maximumBurst: Int, multiplier: Int, bytesPerInterval: Int
    ) throws(EndpointTimingError) -> Int {
        guard (0...2).contains(multiplier) else { throw .reservedMultiplier }
        let limit = maximumPacketSize.multipliedSaturated(by: maximumBurst.addingSaturated(1))
            .multipliedSaturated(by: multiplier + 1)
        guard bytesPerInterval <= limit else { throw .bytesPerIntervalTooLarge(bytesPerInterval, limit: limit) }
        return bytesPerInterval
    }
}
