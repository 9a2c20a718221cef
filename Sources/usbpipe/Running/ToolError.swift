// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
// For every file of the program.
@_exported import HostFiles
import USB

/// Why a verb could not do what it was asked, with the exit status that says so.
struct ToolError: Error, Equatable, CustomStringConvertible {
    /// What the shell is told.
    var status: ExitStatus
    /// What a person is told.
    var message: String

    var description: String { message }

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}

extension ExitStatus {
    /// The status that stands for an error of any of the parts of this program.
    init(of error: any Error) {
        switch error {
        case let error as ToolError: self = error.status
        case let error as USBError:
            switch error.kind {
            case .timedOut: self = .timedOut
            case .cancelled: self = .interrupted
            default: self = .transferFailed
            }
        case let error as FileError:
            switch error.operation {
            case .open, .read: self = .badInput
            case .create, .write, .close, .run: self = error.isClosedOutput ? .outputClosed : .transferFailed
            }
        case is WAVError, HostFilesError.noDisk: self = .badInput
        case HostFilesError.clockOfNobody: self = .badUsage
        case is HostAddressError, is ArgumentError, is ValidationError: self = .badUsage
        case is CancellationError: self = .interrupted
        default: self = .transferFailed
        }
    }
}
