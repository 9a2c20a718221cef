// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import Win32

/// What queues whose callbacks exclude each other pass through one at a time.
///
/// A thread that has requests to present does not wait here for one that is in a callback: it leaves its queue to that
/// thread, which runs it afterwards. So a callback may wait for the bus, though others present requests meanwhile.
final class PresentationGate: @unchecked Sendable {
    private let lock = Lock()
    private var isTaken = false
    private var deferred: [QueueObject] = []

    /// Goes in if nobody is in there. If somebody is, `queue` is run when that thread leaves, and false returned.
    func tryEnter(orLater queue: QueueObject) -> Bool {
        lock.withLock {
            guard isTaken else {
                isTaken = true
                return true
            }
            if !deferred.contains(where: { $0 === queue }) { deferred.append(queue) }
            return false
        }
    }

    /// Goes out, and runs the queues that were left to it.
    func leave() {
        let queues = lock.withLock {
            isTaken = false
            defer { deferred = [] }
            return deferred
        }
        for queue in queues { queue.run() }
    }
}
