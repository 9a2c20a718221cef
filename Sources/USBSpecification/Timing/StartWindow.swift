// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How far from the current frame an isochronous transfer may be asked to start.
public struct StartWindow: Hashable, Sendable {
    /// How many frames the start may lie behind the current one.
    public let behind: Int64

    /// How many frames the start may lie ahead of the current one.
    public let ahead: Int64

    /// Whether the two limits themselves are allowed.
    public let isInclusive: Bool

    /// Takes the limits in frames; negative ones count as 0.
    public init(behind: Int64, ahead: Int64, inclusive: Bool) {
        self.behind = max(behind, 0)
        self.ahead = max(ahead, 0)
        isInclusive = inclusive
    }

    /// Less than 1024 frames either way: USBD and WinUSB (USBD_ISO_START_FRAME_RANGE).
    public static let windows = StartWindow(behind: 1024, ahead: 1024, inclusive: false)

    /// At most 1024 frames either way: IOUSBHostFamily and USBDriverKit.
    public static let apple = StartWindow(behind: 1024, ahead: 1024, inclusive: true)

    /// What is wrong with a start, or nil: `startTooOld` or `startTooNew`.
    public func violation(start: Frame, now: Frame) -> IsochronousViolation? {
        let offset = now.distance(to: start)
        let margin: Int64 = isInclusive ? 0 : 1
        if offset < margin - behind { return .startTooOld(start, now: now) }
        if offset > ahead - margin { return .startTooNew(start, now: now) }
        return nil
    }

    /// Turns a 32-bit frame number into a frame, comparing modulo 2^32, and checks it.
    ///
    /// - Throws: `startTooOld` or `startTooNew`.
    public func frame(numbered number: UInt32, now: Frame) throws(IsochronousViolation) -> Frame {
        let start = Frame(extending: number, near: now)
        if let violation = violation(start: start, now: now) { throw violation }
        return start
    }
}
