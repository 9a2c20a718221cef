// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The four ways in which an endpoint moves data (USB 2.0 section 5.4), with the codes of bmAttributes bits 1 to 0.
public enum TransferType: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// Requests with an optional data stage.
    case control = 0
    /// A steady rate, with neither acknowledgement nor retry.
    case isochronous = 1
    /// All the bytes, in order, whenever there is bus time left.
    case bulk = 2
    /// Small amounts, with a bounded delay.
    case interrupt = 3

    /// Whether the endpoint is served at fixed intervals, with bus time set aside for it.
    public var isPeriodic: Bool { self == .isochronous || self == .interrupt }

    /// For example "isochronous".
    public var description: String {
        switch self {
        case .control: "control"
        case .isochronous: "isochronous"
        case .bulk: "bulk"
        case .interrupt: "interrupt"
        }
    }
}

/// The way the data go, as seen from the host (USB 2.0 section 5.3.1).
public enum Direction: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// From the host to the device.
    case out = 0
    /// From the device to the host.
    case `in` = 1

    /// "OUT" or "IN".
    public var description: String {
        switch self {
        case .out: "OUT"
        case .in: "IN"
        }
    }
}
