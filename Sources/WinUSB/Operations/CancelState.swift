// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost

/// Lets any thread cancel an operation at any moment: before its transfer has been submitted, while that is under way,
/// and after the operation has ended and begun anew. A value, guarded by its owner's lock.
struct CancelState {
    /// The use of the operation that is under way; 0 for none.
    private(set) var use: UInt64 = 0
    /// The last use that was to be cancelled.
    private var cancelledUse: UInt64 = 0
    private var canceller: Canceller?

    /// Whether the use that is under way is to end.
    var isCancelled: Bool { use != 0 && cancelledUse == use }

    /// A use begins.
    mutating func begin(_ number: UInt64) { use = number }

    /// The use has ended.
    mutating func end() { use = 0 }

    /// A use is to end. Returns whether it is the one under way.
    mutating func cancel(_ number: UInt64) -> Bool {
        cancelledUse = max(cancelledUse, number)
        return use == number
    }

    /// What cancels the transfer under way.
    var transferCanceller: Canceller? { canceller }

    /// A transfer was submitted for this use. Returns whether it is to be cancelled at once, because that was asked for
    /// before.
    mutating func submitted(_ canceller: Canceller, for number: UInt64) -> Bool {
        guard use == number else { return false }
        self.canceller = canceller
        return cancelledUse == number
    }
}
