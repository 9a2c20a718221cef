// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What `usbpipe` returns to the shell.
enum ExitStatus: Int32, CaseIterable, Sendable {
    /// Everything that was asked for was done.
    case success = 0
    /// A transfer failed: stall, bus error, device removed, packets missed; also an output that cannot be written.
    case transferFailed = 1
    /// No device, or more than one, answers to the given name.
    case deviceNotFound = 2
    /// The device has no such endpoint, or it points the other way or has another type.
    case badEndpoint = 3
    /// The input file cannot be opened, is not a WAV file, is truncated, or has a format the device cannot take.
    case badInput = 4
    /// The time limit passed first.
    case timedOut = 5
    /// The command line, or the address in USB_HOST, cannot be understood or does not fit the device. The argument parser
    /// uses the same number.
    case badUsage = 64
    /// Ctrl-C (SIGINT): the transfers under way were ended and what had moved was reported.
    case interrupted = 130
    /// The reader of our output went away: what a shell reports for a program that SIGPIPE ended.
    case outputClosed = 141
}
