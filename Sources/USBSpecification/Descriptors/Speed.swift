// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The signalling speed at which a device runs, slowest first (USB 2.0 section 7.1, USB 3.2 section 6.2).
public enum Speed: UInt8, Sendable, Hashable, Comparable, CaseIterable, CustomStringConvertible {
    /// 1.5 Mb/s.
    case low
    /// 12 Mb/s.
    case full
    /// 480 Mb/s.
    case high
    /// 5 Gb/s, also called Gen 1.
    case superSpeed
    /// 10 Gb/s on one lane, also called Gen 2. Two lanes carry twice as much and are still this case.
    case superSpeedPlus

    /// The bit rate of the line, in millions of bits per second, before any coding or protocol is taken off.
    public var megabitsPerSecond: Double {
        switch self {
        case .low: 1.5
        case .full: 12
        case .high: 480
        case .superSpeed: 5_000
        case .superSpeedPlus: 10_000
        }
    }

    /// Whether the device is on the SuperSpeed bus, where endpoints have companion descriptors.
    public var isSuperSpeed: Bool { self >= .superSpeed }

    /// For example "high speed".
    public var description: String {
        switch self {
        case .low: "low speed"
        case .full: "full speed"
        case .high: "high speed"
        case .superSpeed: "super speed"
        case .superSpeedPlus: "super speed plus"
        }
    }

    /// Orders speeds from slow to fast.
    public static func < (left: Speed, right: Speed) -> Bool { left.rawValue < right.rawValue }
}
