// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import Win32

/// The system error codes (winerror.h) that the functions of this module set.
enum SystemError {
    static let invalidHandle: UInt32 = 6
    static let notEnoughMemory: UInt32 = 8
    static let invalidParameter: UInt32 = 87
    static let insufficientBuffer: UInt32 = 122
    static let busy: UInt32 = 170
    static let alreadyExists: UInt32 = 183
    static let noMoreItems: UInt32 = 259
    static let ioIncomplete: UInt32 = 996
    static let ioPending: UInt32 = 997
    static let possibleDeadlock: UInt32 = 1131
    static let badDevice: UInt32 = 1200
}

/// Sets the thread's last error and returns FALSE, as a function does that fails.
func failure(_ code: UInt32) -> BOOL {
    LastError.current = code
    return 0
}

extension NTStatus {
    /// The status that stands for an error of the engine's.
    init(_ kind: USBError.Kind) {
        self =
            switch kind {
            case .cancelled, .notAccepting, .neverCompletes: .cancelled
            case .timedOut: .ioTimeout
            case .deviceGone: .deviceNotConnected
            case .closed: .invalidHandle
            case .notFound, .invalidArgument, .tooLate, .tooEarly, .discontinuous: .invalidParameter
            case .accessDenied, .busy: .accessDenied
            case .unsupported: .notSupported
            case .noBandwidth, .outOfMemory: .insufficientResources
            case .stalled, .overflow, .bus, .other: .unsuccessful
            }
    }

    /// The status that stands for a transfer's end.
    init(_ status: TransferStatus) {
        self = status.errorKind.map { NTStatus($0) } ?? .success
    }
}
