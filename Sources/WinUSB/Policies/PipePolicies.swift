// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import USBSpecification

/// The policies of a pipe ("WinUSB functions for pipe policy modification", Windows driver documentation).
///
/// Every pipe has all of them. One that does not concern a pipe can be set and has no effect.
struct PipePolicies: Hashable {
    /// SHORT_PACKET_TERMINATE: a write that is a whole number of packets ends with a zero-length packet.
    var terminatesShort = false
    /// AUTO_CLEAR_STALL: a failed read clears the halt before it ends.
    var clearsStall = false
    /// PIPE_TRANSFER_TIMEOUT in milliseconds; 0 for never.
    var timeout: UInt32 = 0
    /// IGNORE_SHORT_PACKETS: a read ends when it is full.
    var ignoresShortPackets = false
    /// ALLOW_PARTIAL_READS: more data than a read asked for are no error.
    var allowsPartialReads = true
    /// AUTO_FLUSH: what a read did not ask for is dropped rather than kept for the next.
    var flushesSurplus = false
    /// RAW_IO: transfers go to the bus as they are, and beside each other.
    var isRaw = false
    /// RESET_PIPE_ON_RESUME. Remembered, and without effect: the library does not suspend devices.
    var resetsOnResume = false

    /// The defaults of an endpoint; 5 seconds on the control pipe, and no time limit elsewhere.
    init(of type: TransferType) {
        if type == .control { timeout = 5000 }
    }

    /// The time limit of a transfer; nil for none.
    var timeLimit: Duration? { timeout == 0 ? nil : .milliseconds(Int64(timeout)) }

    /// The largest single request on a pipe (MAXIMUM_TRANSFER_SIZE), after "USB bandwidth allocation" in the Windows
    /// driver documentation, for an xHCI controller. It does not depend on the wire: the engine cuts what a wire cannot
    /// take at once.
    static func maximumTransferSize(_ type: TransferType, at speed: Speed) -> Int {
        switch type {
        case .control: ControlOperation.maximumByteCount
        case .bulk where speed.isSuperSpeed: 32 << 20
        case .bulk, .interrupt, .isochronous: 4 << 20
        }
    }

    /// The value of a policy; nil for what is none.
    func value(of policy: ULONG, _ type: TransferType, at speed: Speed) -> PolicyValue? {
        switch Int32(bitPattern: policy) {
        case SHORT_PACKET_TERMINATE: .flag(terminatesShort)
        case AUTO_CLEAR_STALL: .flag(clearsStall)
        case PIPE_TRANSFER_TIMEOUT: .number(timeout)
        case IGNORE_SHORT_PACKETS: .flag(ignoresShortPackets)
        case ALLOW_PARTIAL_READS: .flag(allowsPartialReads)
        case AUTO_FLUSH: .flag(flushesSurplus)
        case RAW_IO: .flag(isRaw)
        case MAXIMUM_TRANSFER_SIZE: .number(UInt32(PipePolicies.maximumTransferSize(type, at: speed)))
        case RESET_PIPE_ON_RESUME: .flag(resetsOnResume)
        default: nil
        }
    }

    /// Sets a policy. Returns false for one that cannot be set.
    mutating func set(_ policy: ULONG, to value: PolicyValue) -> Bool {
        switch (Int32(bitPattern: policy), value) {
        case (SHORT_PACKET_TERMINATE, .flag(let flag)): terminatesShort = flag
        case (AUTO_CLEAR_STALL, .flag(let flag)): clearsStall = flag
        case (PIPE_TRANSFER_TIMEOUT, .number(let milliseconds)): timeout = milliseconds
        case (IGNORE_SHORT_PACKETS, .flag(let flag)): ignoresShortPackets = flag
        case (ALLOW_PARTIAL_READS, .flag(let flag)): allowsPartialReads = flag
        case (AUTO_FLUSH, .flag(let flag)): flushesSurplus = flag
        case (RAW_IO, .flag(let flag)): isRaw = flag
        case (RESET_PIPE_ON_RESUME, .flag(let flag)): resetsOnResume = flag
        default: return false
        }
        return true
    }
}

/// The power policies of an interface ("WinUSB power management", Windows driver documentation).
///
/// They are remembered, and have no effect: the library does not suspend devices.
struct PowerPolicies: Hashable {
    /// AUTO_SUSPEND.
    var suspendsWhenIdle = true
    /// SUSPEND_DELAY in milliseconds.
    var suspendDelay: UInt32 = 5000

    /// The value of a policy; nil for what is none.
    func value(of policy: ULONG) -> PolicyValue? {
        switch Int32(bitPattern: policy) {
        case AUTO_SUSPEND: .flag(suspendsWhenIdle)
        case SUSPEND_DELAY: .number(suspendDelay)
        default: nil
        }
    }

    /// Sets a policy. Returns false for one that cannot be set.
    mutating func set(_ policy: ULONG, to value: PolicyValue) -> Bool {
        switch (Int32(bitPattern: policy), value) {
        case (AUTO_SUSPEND, .flag(let flag)): suspendsWhenIdle = flag
        case (SUSPEND_DELAY, .number(let milliseconds)): suspendDelay = milliseconds
        default: return false
        }
        return true
    }
}
