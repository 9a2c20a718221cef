// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The worst-case bus time of one transaction, by which a host decides whether a periodic endpoint still fits
/// (USB 2.0 section 5.11.3).
///
/// The sums count bit stuffing at its worst, turnaround and handshake. A time is nil where the speed has no such
/// endpoints (low speed: isochronous and bulk), for SuperSpeed, to which the section does not apply (see
/// `BlockBudget`), and outside `byteRange`.
public enum BusTime {
    /// The byte counts that the functions take: 0 to 16,777,215, far beyond any transaction.
    public static let byteRange = 0...0xFF_FFFF

    /// What a host controller and its hubs add to a transaction, in picoseconds. Both are an implementation's own.
    public struct Delays: Hashable, Sendable {
        /// Host_Delay: the time in which the controller prepares for a transaction or recovers from one.
        public var host: Int64

        /// Hub_LS_Setup: the time from the end of a PRE packet until hubs have enabled their low-speed ports. At least
        /// four full-speed bit times, 333 ns.
        public var hubLowSpeedSetup: Int64

        /// Takes picoseconds; use of either saturates.
        public init(host: Int64, hubLowSpeedSetup: Int64 = 333_000) {
            self.host = host
            self.hubLowSpeedSetup = hubLowSpeedSetup
        }

        /// Usual values: 333 ns of hub setup and a host delay of 1,000 ns, or 5 ns at high speed.
        public static func usual(at speed: Speed) -> Delays { Delays(host: speed >= .high ? 5_000 : 1_000_000) }
    }

    /// The time by the formulas of USB 2.0 section 5.11.3, exact, in picoseconds. Saturates.
    public static func picoseconds(
        speed: Speed, type: TransferType, direction: Direction, bytes: Int, delays: Delays? = nil
    ) -> Int64? {
        guard let terms = Terms(speed: speed, type: type, direction: direction), byteRange.contains(bytes) else {
            return nil
        }
        let delays = delays ?? .usual(at: speed)
        // Floor(3.167 + 1.1667 * 8 * bytes), ten-thousandfold.
        let bits = (31_670 + 93_336 * Int64(bytes)) / 10_000
        let time = (terms.fixed + terms.perBit * bits).addingSaturated(delays.host)
        return speed == .low ? time.addingSaturated(delays.hubLowSpeedSetup.multipliedSaturated(by: 2)) : time
    }

    /// The same in nanoseconds, rounded up.
    public static func nanoseconds(
        speed: Speed, type: TransferType, direction: Direction, bytes: Int, delays: Delays? = nil
    ) -> Int64? {
        picoseconds(speed: speed, type: type, direction: direction, bytes: bytes, delays: delays)
            .map { $0.addingSaturated(999).flooredQuotient(by: 1_000) }
    }

    /// The time in nanoseconds as the Linux kernel's `usb_calc_bus_time` gives it, figure for figure.
    ///
    /// The kernel takes 7/6 bit times a bit, and 3.1 (3 at high speed) where the formulas have 3.167 within the floor,
    /// so that its figures lie either side of the formulas, by less than two bit times. Its delays are those of
    /// `Delays.usual(at:)`.
    public static func linuxNanoseconds(
        speed: Speed, type: TransferType, direction: Direction, bytes: Int
    ) -> Int64? {
        guard let terms = Terms(speed: speed, type: type, direction: direction), byteRange.contains(bytes) else {
            return nil
        }
        let stuffed = 56 * Int64(bytes) / 6
        switch speed {
        case .high: return (terms.fixed + terms.perBit * (3 + stuffed)) / 1_000 + 5
        case .low: return terms.fixed / 1_000 + 2 * 333 + 1_000 + terms.perBit / 10 * (31 + 10 * stuffed) / 1_000
        default: return terms.fixed / 1_000 + 1_000 + terms.perBit / 10 * (31 + 10 * stuffed) / 1_000
        }
    }

    /// The constants of a formula, in picoseconds.
    private struct Terms {
        let fixed: Int64
        let perBit: Int64

        init?(speed: Speed, type: TransferType, direction: Direction) {
            switch (speed, type, direction) {
            case (.high, .isochronous, _): (fixed, perBit) = (38 * 8 * 2_083, 2_083)
            case (.high, _, _): (fixed, perBit) = (55 * 8 * 2_083, 2_083)
            case (.full, .isochronous, .in): (fixed, perBit) = (7_268_000, 83_540)
            case (.full, .isochronous, .out): (fixed, perBit) = (6_265_000, 83_540)
            case (.full, _, _): (fixed, perBit) = (9_107_000, 83_540)
            case (.low, .control, .in), (.low, .interrupt, .in): (fixed, perBit) = (64_060_000, 676_670)
            case (.low, .control, .out), (.low, .interrupt, .out): (fixed, perBit) = (64_107_000, 667_000)
            default: return nil
            }
        }
    }
}
