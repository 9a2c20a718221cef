// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Why an endpoint's descriptors give no service interval, or no size for one.
public enum EndpointTimingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Only interrupt and isochronous endpoints are served at intervals.
    case notPeriodic(TransferType)
    /// Low speed has no isochronous endpoints (USB 2.0 section 5.6).
    case isochronousAtLowSpeed
    /// bInterval is outside what the speed and type allow (USB 2.0 table 9-13).
    case intervalOutOfRange(UInt8, allowed: ClosedRange<UInt8>)
    /// Bits 12 to 11 of wMaxPacketSize hold the reserved value 3 (USB 2.0 section 9.6.6).
    case reservedTransactionCount
    /// Bits 1 to 0 of the companion's bmAttributes hold the reserved value 3 (USB 3.2 section 9.6.7).
    case reservedMultiplier
    /// A SuperSpeed endpoint has no endpoint companion descriptor.
    case missingCompanion
    /// The companion announces a SuperSpeedPlus isochronous companion descriptor, which does not follow.
    case missingIsochronousCompanion
    /// The companion's wBytesPerInterval is more than its bursts can carry (USB 3.2 section 9.6.7).
    case bytesPerIntervalTooLarge(Int, limit: Int)

    /// A sentence without a full stop.
    public var description: String {
        switch self {
        case .notPeriodic(let type): "\(type) endpoints have no service interval"
        case .isochronousAtLowSpeed: "low speed has no isochronous endpoints"
        case .intervalOutOfRange(let value, let allowed):
            "bInterval is \(value), allowed are \(allowed.lowerBound) to \(allowed.upperBound)"
        case .reservedTransactionCount: "wMaxPacketSize has the reserved value 3 for additional transactions"
        case .reservedMultiplier: "the endpoint companion descriptor has the reserved value 3 for Mult"
        case .missingCompanion: "the endpoint has no endpoint companion descriptor"
        case .missingIsochronousCompanion: "the endpoint has no SuperSpeedPlus isochronous companion descriptor"
        case .bytesPerIntervalTooLarge(let bytes, let limit):
            "wBytesPerInterval is \(bytes), but the bursts of an interval carry at most \(limit) bytes"
        }
    }
}
