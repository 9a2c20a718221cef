// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The life of a pipe, as a value without lock or I/O.
///
/// Several conditions can hold at once (a stopped pipe may also be halted); ``state`` names the one that decides.
struct PipeLife: Hashable, Sendable {
    /// The condition that decides what a submit meets, strongest first.
    enum State: Hashable, Sendable, CaseIterable {
        /// Closed, or its device has gone. Final.
        case dead
        /// An abort is under way: transfers are being handed back.
        case aborting
        /// Refuses transfers until it is opened again.
        case purged
        /// The device answered STALL and has not been cleared.
        case halted
        /// Keeps new transfers until it is released.
        case held
        /// Gives transfers to the wire.
        case open
    }

    /// What is to be done with a transfer that is submitted.
    enum Disposition: Hashable, Sendable {
        case give
        case hold
        case refuse(USBError.Kind)
    }

    /// Why a pipe takes nothing any more.
    enum DeathCause: Hashable, Sendable { case closed, deviceGone }

    private enum Gate: Hashable { case open, held, purged }
    private var gate = Gate.open
    private var aborts = 0
    private(set) var isHalted = false
    private(set) var death: DeathCause?

    var state: State {
        if death != nil { return .dead }
        if aborts > 0 { return .aborting }
        switch gate {
        case .purged: return .purged
        case .held: return isHalted ? .halted : .held
        case .open: return isHalted ? .halted : .open
        }
    }

    /// The table: what each state does to a submit. With `ignoringGate` a held or purged pipe lets the transfer pass, and
    /// an abort of an open one keeps it.
    func disposition(_ policy: PipePolicy, ignoringGate: Bool = false) -> Disposition {
        switch state {
        case .dead: return .refuse(death == .deviceGone ? .deviceGone : .closed)
        case .aborting:
            return policy.whileAborting == .hold || ignoringGate && gate == .open ? .hold : .refuse(.notAccepting)
        case .purged:
            if ignoringGate { return isHalted && policy.whileHalted == .refuse ? .refuse(.stalled) : .give }
            return .refuse(.notAccepting)
        case .halted:
            if gate == .held && !ignoringGate { return .hold }
            return policy.whileHalted == .refuse ? .refuse(.stalled) : .give
        case .held: return ignoringGate ? .give : .hold
        case .open: return .give
        }
    }

    /// Keep new transfers from now on.
    mutating func hold() { gate = .held }
    /// Refuse new transfers from now on.
    mutating func purge() { gate = .purged }
    /// Let transfers pass again. Returns whether the ones that are held can go now.
    mutating func open() -> Bool {
        gate = .open
        return mayRelease
    }

    /// Whether held transfers can be given to the wire.
    var mayRelease: Bool { state == .open || state == .halted && gate == .open }

    /// An abort begins. Aborts may overlap; the pipe takes transfers again after the last has ended.
    mutating func beginAbort() { aborts += 1 }
    /// An abort has ended. Returns whether transfers that are held can go now.
    mutating func endAbort() -> Bool {
        assert(aborts > 0)
        aborts -= 1
        return mayRelease
    }

    /// The device answered STALL.
    mutating func halt() { isHalted = true }
    /// The halt was cleared. Returns whether transfers that are held can go now.
    mutating func clearHalt() -> Bool {
        isHalted = false
        return mayRelease
    }

    /// The end. That a device has gone overrides that the pipe was closed, not the other way round.
    mutating func die(_ cause: DeathCause) {
        if death != .deviceGone { death = cause }
    }
}

/// The rules of a pipe that dialects set differently. The defaults are those of the Swift API.
public struct PipePolicy: Hashable, Sendable {
    /// From when a timeout counts.
    public enum TimeoutStart: Hashable, Sendable {
        /// From the moment the transfer was submitted.
        case submission
        /// From the moment the transfer is the first of its pipe.
        case service
    }

    /// What becomes of a transfer submitted during an abort.
    public enum WhileAborting: Hashable, Sendable {
        /// It is refused.
        case refuse
        /// It is kept until the abort has ended.
        case hold
    }

    /// What becomes of a transfer submitted to a halted pipe.
    public enum WhileHalted: Hashable, Sendable {
        /// It is refused until the halt is cleared.
        case refuse
        /// It goes to the device, which stalls it again.
        case send
    }

    /// From when a timeout counts.
    public var timeoutStart: TimeoutStart = .submission
    /// Whether the wire is given one transfer at a time.
    public var isSerialized = false
    /// What becomes of a transfer submitted during an abort.
    public var whileAborting: WhileAborting = .refuse
    /// What becomes of a transfer submitted to a halted pipe.
    public var whileHalted: WhileHalted = .refuse
    /// Whether a bulk or interrupt pipe also halts, until its halt is cleared, when a transfer fails for an error of the
    /// bus or of what the device sent, and not only when the device answers STALL.
    public var haltsOnErrors = false
    /// Whether a write that is a whole number of packets is followed by a zero-length packet.
    public var endsWithZeroLengthPacket = false

    /// The defaults.
    public init() {}
}
