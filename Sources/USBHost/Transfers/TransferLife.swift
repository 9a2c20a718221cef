// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The life of a transfer, as a value without lock or I/O: each event returns the action to take.
///
///     idle -> held -> pending -> (cancelling) -> complete -> idle
struct TransferLife: Hashable, Sendable {
    /// Where a transfer stands.
    enum State: Hashable, Sendable {
        /// The owner has it.
        case idle
        /// Accepted, but not yet given to the wire.
        case held
        /// The wire has it.
        case pending
        /// The wire has it and was asked to give it back.
        case cancelling(CancelReason)
        /// Ended; the outcome waits for its owner.
        case complete
    }

    /// Why a transfer is to end early.
    enum CancelReason: Hashable, Sendable, CaseIterable {
        /// The owner asked, or let go of it.
        case requested
        /// Its time ran out.
        case timedOut
        /// The whole pipe was aborted, purged or closed.
        case aborted
        /// The device has gone.
        case deviceGone
        /// A later part of it could not be submitted, or an earlier one failed.
        case broken
        /// Time moves by hand only and nothing will complete it.
        case neverCompletes
    }

    /// What a cancel asks of the caller.
    enum CancelAction: Hashable, Sendable {
        /// There is nothing to cancel.
        case ignore
        /// It was never given to the wire: complete it now, with this status.
        case complete(TransferStatus)
        /// Ask the wire for it.
        case cancelAtWire
    }

    private(set) var state = State.idle

    /// The owner submits. Only legal when idle, which the non-copyable `Transfer` guarantees.
    mutating func submit(hold: Bool) {
        assert(state == .idle)
        state = hold ? .held : .pending
    }

    /// The wire refused it at the call, so that it never began.
    mutating func refuse() {
        assert(state != .idle && state != .complete)
        state = .idle
    }

    /// What held it is over. Returns whether it is to be given to the wire now.
    mutating func release() -> Bool {
        guard state == .held else { return false }
        state = .pending
        return true
    }

    /// An early end is wanted. The first reason stays, but that a device has gone overrides it.
    mutating func cancel(_ reason: CancelReason) -> CancelAction {
        switch state {
        case .idle, .complete: return .ignore
        case .held:
            state = .complete
            return .complete(TransferLife.status(for: reason))
        case .pending:
            state = .cancelling(reason)
            return .cancelAtWire
        case .cancelling:
            if reason == .deviceGone { state = .cancelling(.deviceGone) }
            return .ignore
        }
    }

    /// The wire has given back the last part. A real end keeps its own status, also when a cancel was under way.
    mutating func finish(_ status: WireCompletion.Status) -> TransferStatus {
        let reason: CancelReason? = if case .cancelling(let reason) = state { reason } else { nil }
        state = .complete
        switch status {
        case .completed: return .completed
        case .stalled: return .stalled
        case .deviceGone: return .deviceGone
        case .expired: return .expired
        case .refused(let kind): return .failed(kind)
        case .failed(.babble): return .failed(.overflow)
        case .failed(let fault): return .failed(.bus(fault))
        case .cancelled: return TransferLife.status(for: reason ?? .requested)
        }
    }

    /// It completes without the wire: it was refused, and the refusal is delivered.
    mutating func finishWithoutWire() {
        assert(state == .held || state == .pending)
        state = .complete
    }

    /// The owner has taken the outcome.
    mutating func collect() {
        assert(state == .complete)
        state = .idle
    }

    /// What a transfer that ended for `reason` reports.
    static func status(for reason: CancelReason) -> TransferStatus {
        switch reason {
        case .requested, .aborted, .broken: .cancelled
        case .timedOut: .timedOut
        case .deviceGone: .deviceGone
        case .neverCompletes: .failed(.neverCompletes)
        }
    }
}
