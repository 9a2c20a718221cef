// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// What data cost on a bus, in its units.
struct DataCost {
    /// The cost of a unit of data.
    let factor: Int
    /// A unit of data is 2 to this many bytes; a begun one counts whole.
    let shift: Int
    /// The bytes of a unit of data less one.
    let mask: Int

    @inline(__always)
    func cost(of bytes: Int) -> Int { (bytes &+ mask) &>> shift &* factor }
}

/// What transactions of a device cost on its bus besides their data: byte times (USB 2.0 section 5.5 to 5.8, tables 5-1
/// to 5-10), on the SuperSpeed bus blocks (see `BlockBudget`).
struct Overheads {
    let control: Int
    let isochronous: Int
    let other: Int
    /// The part of these that a burst of several packets costs once.
    let burst: Int
    let data: DataCost

    init(speed: Speed) {
        guard !speed.isSuperSpeed else {
            let budget = BlockBudget(speed: speed)
            burst = budget.burstOverhead
            other = budget.packetOverhead + budget.burstOverhead
            isochronous = other
            // The packets of setup, data and status stage are bursts of one; the setup packet has 8 bytes.
            control = 3 * other + 1
            data = DataCost(
                factor: 1, shift: budget.bytesPerBlock.trailingZeroBitCount, mask: budget.bytesPerBlock - 1)
            return
        }
        // A byte of a low-speed device takes as long as eight on the full-speed bus that it shares.
        let scale = speed == .low ? 8 : 1
        func overhead(_ type: TransferType) -> Int {
            (TransferLimits.overhead(speed: speed, type: type) ?? 0) * scale
        }
        control = overhead(.control)
        isochronous = overhead(.isochronous)
        other = overhead(.interrupt)
        burst = 0
        data = DataCost(factor: scale, shift: 0, mask: 0)
    }

    func overhead(for type: TransferType) -> Int {
        switch type {
        case .control: control
        case .isochronous: isochronous
        case .bulk, .interrupt: other
        }
    }
}
