// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// A few transfers of one pipe that take turns: while the oldest is awaited, the others are queued behind it.
struct TransferRing<Kind: PipeKind> {
    /// The place of one transfer, which is either idle or in flight, or lost after a refusal.
    private final class Slot {
        var idle: Transfer<Kind>?
        var flying: InFlight<Kind>?

        init(_ transfer: consuming Transfer<Kind>) {
            idle = consume transfer
        }
    }

    private let slots: [Slot]
    private var oldest = 0
    /// How many transfers are in flight.
    private(set) var inFlight = 0

    init(count: Int, _ makeTransfer: () -> Transfer<Kind>) {
        slots = (0..<max(1, count)).map { _ in Slot(makeTransfer()) }
    }

    /// Whether a transfer is idle.
    var hasRoom: Bool { inFlight < slots.count }

    /// Puts an idle transfer in flight, behind the others. `submit` fills it and submits it. After it has thrown, the ring
    /// can only be emptied.
    mutating func launch(
        _ submit: (consuming Transfer<Kind>) throws(USBError) -> InFlight<Kind>
    ) throws(USBError) {
        let slot = slots[(oldest + inFlight) % slots.count]
        guard let transfer = slot.idle.take() else {
            throw USBError(.notAccepting, message: "no transfer is idle")
        }
        slot.flying = try submit(transfer)
        inFlight += 1
    }

    /// Waits for the oldest transfer, lends it to `body` with its outcome, and makes it idle. Nil if none is in flight.
    mutating func collect<Value>(
        _ body: (borrowing Transfer<Kind>, TransferOutcome) -> Value
    ) async -> Value? {
        let slot = slots[oldest]
        guard inFlight > 0, let flying = slot.flying.take() else { return nil }
        let completed = await flying.completion()
        let value = body(completed.transfer, completed.outcome)
        let transfer = completed.transfer
        slot.idle = consume transfer
        oldest = (oldest + 1) % slots.count
        inFlight -= 1
        return value
    }
}
