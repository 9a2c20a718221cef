// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CUSBDriverKit
import USBHost

/// The codes that stand for what the engine says, in one table.
enum ReturnCode {
    /// The code of a refusal or failure.
    static func of(_ kind: USBError.Kind) -> kern_return_t {
        switch kind {
        case .notFound: kIOReturnNotFound
        case .accessDenied: kIOReturnNotPrivileged
        case .busy: kIOReturnExclusiveAccess
        case .invalidArgument: kIOReturnBadArgument
        case .unsupported: kIOReturnUnsupported
        case .closed, .deviceGone: kIOReturnNoDevice
        case .stalled: kUSBHostReturnPipeStalled
        case .timedOut: kIOReturnTimeout
        case .cancelled: kIOReturnAborted
        case .overflow: kIOReturnOverrun
        case .bus(.babble): kIOReturnOverrun
        case .bus(.hostMemory): kIOReturnDMAError
        case .bus, .neverCompletes: kIOReturnNotResponding
        case .noBandwidth: kIOReturnNoBandwidth
        case .outOfMemory: kIOReturnNoResources
        case .tooLate: kIOReturnIsoTooOld
        case .tooEarly: kIOReturnIsoTooNew
        case .notAccepting: kIOReturnNotPermitted
        case .discontinuous, .other: kIOReturnInternalError
        }
    }

    /// The code of a transfer's end. `aborted` stands for a cancel.
    static func of(_ status: TransferStatus, aborted: kern_return_t) -> kern_return_t {
        switch status {
        case .completed: kIOReturnSuccess
        case .cancelled: aborted
        default: status.errorKind.map { of($0) } ?? kIOReturnSuccess
        }
    }

    /// The code of one entry of a frame list, served or not. `isShort` is whether an IN entry brought fewer bytes than
    /// there was room for.
    static func of(_ status: PacketStatus, isShort: Bool, isIn: Bool) -> kern_return_t {
        switch status {
        case .completed: isShort ? kIOReturnUnderrun : kIOReturnSuccess
        case .expired, .missed: kIOUSBNotSent1Err
        case .notServiced: kIOUSBNotSent2Err
        case .notAttempted: kIOReturnInvalid
        case .failed(.babble): kIOReturnOverrun
        case .failed(.hostMemory): isIn ? kIOUSBBufferOverrunErr : kIOUSBBufferUnderrunErr
        case .failed: kIOReturnNotResponding
        }
    }
}
