// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Threads that work for a client, which may set what the client waits for.
extension BusExecutor {
    /// Counts a worker from before it begins: its thread (``currentThread``), or an odd number, which no thread has, for
    /// work that has no thread yet.
    ///
    /// While one computes, free-running time stands still, and a wait by a clock that moves by hand is not given up for
    /// nothing being scheduled. May be called with locks held that completions take: nothing is waited for.
    package func addWorker(_ worker: UInt) {
        lock.withLock {
            switch clock.flow {
            case .free:
                guard worker != ownerThread, clients[worker] == nil else { return }
                clients[worker] = 0
                unparkedClients += 1
            case .manual:
                guard workers[worker] == nil else { return }
                workers[worker] = 0
                unparkedWorkers += 1
            case .real: break
            }
        }
    }

    /// The worker is done.
    package func removeWorker(_ worker: UInt) {
        removeClient(worker)
        guard clock.flow == .manual else { return }
        lock.withLock {
            guard let depth = workers.removeValue(forKey: worker), depth == 0 else { return }
            unparkedWorkers -= 1
            if workers.isEmpty { endedWaits = 0 }
            if unparkedWorkers == 0, followers > 0 { followerCondition.broadcast() }
        }
    }
}
