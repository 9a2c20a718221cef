// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import Win32

/// What a request brings that was presented to a driver.
@safe class PresentedRequest: HandleObject, @unchecked Sendable {
    /// How many stack locations are free for sending it on.
    let stackLocations: Int

    init(stackLocations: Int) { self.stackLocations = stackLocations }

    /// Writes what the request asks into a stack location, as the driver's own has it.
    func fill(_ packet: PIRP, _ location: PIO_STACK_LOCATION) {}

    /// The request was sent on to be forgotten, and has ended so: it is completed with that.
    func forwardedEnded(_ status: NTSTATUS, information: UInt) {}
}
