// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost

/// A handle's object that threads can wait for.
open class WaitableObject: HandleObject, @unchecked Sendable {
    /// What is waited for.
    public let event: BusEvent

    /// Makes an object that is signalled when `event` is set.
    public init(event: BusEvent) {
        self.event = event
    }

    /// What a wait of the calling thread looks at; only a mutex that the thread has already differs.
    var eventForThisThread: BusEvent { event }

    /// A wait of the calling thread has succeeded.
    func waitSucceeded() {}
}
