// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension EndpointLayout {
    /// The time between services of the endpoint on a device of that speed.
    ///
    /// - Throws: `notPeriodic`, `isochronousAtLowSpeed` or `intervalOutOfRange`.
    public func serviceInterval(at speed: Speed) throws(EndpointTimingError) -> ServiceInterval {
        try ServiceInterval(speed: speed, type: descriptor.transferType, bInterval: descriptor.interval)
    }

    /// The bytes that the endpoint moves in one service interval on a device of that speed.
    ///
    /// Full speed: wMaxPacketSize. High speed: the same, once for each transaction of the microframe. SuperSpeed:
    /// wBytesPerInterval of the companion. SuperSpeedPlus: dwBytesPerInterval, where the companion announces it.
    ///
    /// - Throws: `notPeriodic`, `isochronousAtLowSpeed`, `reservedTransactionCount`, `reservedMultiplier`,
    ///   `missingCompanion`, `missingIsochronousCompanion` or `bytesPerIntervalTooLarge`.
    public func maximumBytesPerInterval(at speed: Speed) throws(EndpointTimingError) -> Int {
        let type = descriptor.transferType
        guard type.isPeriodic, speed.isSuperSpeed else {
            return try EndpointCapacity.bytesPerInterval(
                speed: speed, type: type, maximumPacketSize: descriptor.maximumPacketSize,
                additionalTransactions: descriptor.additionalTransactions)
        }
        guard let companion else { throw .missingCompanion }
        if speed == .superSpeedPlus && type == .isochronous && companion.announcesIsochronousCompanion {
            guard let isochronousCompanion else { throw .missingIsochronousCompanion }
            return Int(clamping: isochronousCompanion.bytesPerInterval)
        }
        return try EndpointCapacity.bytesPerInterval(
            maximumPacketSize: descriptor.maximumPacketSize, maximumBurst: Int(companion.maxBurst),
            multiplier: type == .isochronous ? companion.multiplier : 0,
            bytesPerInterval: Int(companion.bytesPerInterval))
    }
}
