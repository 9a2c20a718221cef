// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The share of bus time that interrupt and isochronous endpoints may take together.
///
/// 90 % of a frame at low and full speed, 80 % of a microframe at high speed (USB 2.0 sections 5.6.4 and 5.7.4), 90 % of
/// a bus interval at SuperSpeed (USB 3.2 chapter 4).
public struct PeriodicBudget: Hashable, Sendable {
    /// The time that is shared out, in nanoseconds: a frame or a microframe.
    public let periodNanoseconds: Int64

    /// How much of it periodic endpoints may take, in nanoseconds.
    public let limitNanoseconds: Int64

    /// The budget of a bus of that speed.
    public init(speed: Speed) {
        switch speed {
        case .low, .full: (periodNanoseconds, limitNanoseconds) = (1_000_000, 900_000)
        case .high: (periodNanoseconds, limitNanoseconds) = (125_000, 100_000)
        case .superSpeed, .superSpeedPlus: (periodNanoseconds, limitNanoseconds) = (125_000, 112_500)
        }
    }

    /// What is left when so much is taken, in nanoseconds; negative if the limit is passed. Saturates.
    public func nanosecondsLeft(afterTaking taken: Int64) -> Int64 { limitNanoseconds.subtractingSaturated(taken) }
}
