// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How many transactions of one size fill a frame or a microframe, counted in byte times: the rows of USB 2.0 tables
/// 5-1 to 5-10.
///
/// For control, a transaction stands for a transfer with one data packet and a status stage. Bit stuffing is not
/// counted, and neither is the share that periodic transfers leave to others.
///
/// The heading of table 5-1 (low-speed control) gives an overhead of 63 byte times, but all its rows are made with 48;
/// the rows are followed here.
public struct TransferLimits: Hashable, Sendable {
    /// How many fit.
    public let transfers: Int

    /// The byte times left over.
    public let bytesRemaining: Int

    /// The bytes of data that all carry together.
    public let usefulBytes: Int

    /// The bytes of data in a second.
    public let bytesPerSecond: Int

    /// The row for a payload; nil where `overhead(speed:type:)` is, or for a payload below 0.
    ///
    /// Payloads beyond a packet stand for several transactions of a high-speed endpoint in one microframe, which the
    /// tables count with one overhead.
    public init?(speed: Speed, type: TransferType, bytes: Int) {
        guard bytes >= 0, let capacity = TransferLimits.byteTimes(at: speed),
            let overhead = TransferLimits.overhead(speed: speed, type: type)
        else { return nil }
        let cost = bytes.addingSaturated(overhead)
        transfers = capacity / cost
        bytesRemaining = capacity % cost
        usefulBytes = transfers * bytes
        bytesPerSecond = usefulBytes * (speed == .high ? 8_000 : 1_000)
    }

    /// The byte times of a frame (low speed 187, full speed 1,500) or microframe (high speed 7,500); nil for
    /// SuperSpeed.
    public static func byteTimes(at speed: Speed) -> Int? {
        switch speed {
        case .low: 187
        case .full: 1_500
        case .high: 7_500
        case .superSpeed, .superSpeedPlus: nil
        }
    }

    /// The byte times that each transaction costs besides its data; nil for SuperSpeed and for what low speed does not
    /// have.
    public static func overhead(speed: Speed, type: TransferType) -> Int? {
        switch (speed, type) {
        case (.low, .control): 48
        case (.low, .interrupt): 19
        case (.full, .control): 45
        case (.full, .isochronous): 9
        case (.full, _): 13
        case (.high, .control): 173
        case (.high, .isochronous): 38
        case (.high, _): 55
        default: nil
        }
    }
}
