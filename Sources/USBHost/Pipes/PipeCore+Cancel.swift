// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

extension PipeCore {
    /// Asks for the early end of one transfer. Does nothing when it has ended, or when it has meanwhile been submitted
    /// anew and `use` names an earlier time.
    func cancel(_ transfer: TransferCore, _ reason: TransferLife.CancelReason, use: UInt64? = nil) {
        lock.lock()
        if let use, use != transfer.use { return lock.unlock() }
        cancelLocked(transfer, reason)
    }

    /// The deadline of a transfer has come, or had come before it was used again.
    func timeOut(_ transfer: TransferCore) {
        lock.lock()
        guard let due = transfer.timeoutDue, due <= executor.clock.presentInstant else { return lock.unlock() }
        cancelLocked(transfer, .timedOut)
    }

    /// Cancels, and unlocks.
    private func cancelLocked(_ transfer: TransferCore, _ reason: TransferLife.CancelReason) {
        switch transfer.life.cancel(reason) {
        case .ignore: lock.unlock()
        case .complete(let status):
            transfer.status = status
            transfer.time = executor.clock.presentInstant
            remove(transfer)
            let delivery = settle(transfer)
            let uncovers = queuedCount > pendingCount
            lock.unlock()
            // What was held behind it may go now.
            if uncovers { releaseAll() }
            deliver(delivery, of: transfer)
        case .cancelAtWire:
            cancelParts(of: transfer)
            lock.unlock()
            executor.kick()
        }
    }

    /// Asks the wire for what it has of a transfer, last part first, so that none moves on to the wire's present.
    func cancelParts(of transfer: TransferCore) {
        guard let wire else { return }
        for part in transfer.parts[..<transfer.partCount].reversed() where part.isSubmitted {
            wire.cancel(part, record: part.record)
        }
    }

    /// Cancels everything that is queued now, up to the submission with number `last`.
    func cancelAll(_ reason: TransferLife.CancelReason, upTo last: UInt64 = .max) {
        lock.lock()
        var given: [(transfer: TransferCore, use: UInt64)] = []
        var held: [(transfer: TransferCore, use: UInt64)] = []
        var next = head
        while let transfer = next, transfer.number <= last {
            if transfer.life.state == .held {
                held.append((transfer, transfer.use))
            } else {
                given.append((transfer, transfer.use))
            }
            next = transfer.next
        }
        lock.unlock()
        // From the back, so that the wire does not begin what is to be cancelled.
        for (transfer, use) in given.reversed() { cancel(transfer, reason, use: use) }
        for (transfer, use) in held { cancel(transfer, reason, use: use) }
    }

    /// Ends everything on the pipe, and waits until all of it has been handed back.
    func abort() async {
        let last = beginAbort()
        cancelAll(.aborted, upTo: last)
        await drain(upTo: last)
        endAbort()
    }

    /// Like ``abort()``, for a blocking caller.
    func abortBlocking() {
        let last = beginAbort()
        cancelAll(.aborted, upTo: last)
        drainBlocking(upTo: last)
        endAbort()
    }

    /// Like ``abort()``; `completion` is called by whoever hands the last transfer back, or by this call when nothing is
    /// queued.
    func abort(completion: @escaping @Sendable () -> Void) {
        let last = beginAbort()
        executor.addInterest()
        let end: @Sendable () -> Void = { [self] in
            endAbort()
            completion()
            executor.removeInterest()
        }
        // The waiter first: the last transfer may come back inside the cancel.
        let isQuiet = lock.withLock {
            if isDrained(upTo: last) { return true }
            addDrainWaiter(.handler(end), upTo: last)
            return false
        }
        if isQuiet { end() } else { cancelAll(.aborted, upTo: last) }
    }

    /// Returns the number of the last transfer that the abort concerns: a policy may keep later ones until its end.
    private func beginAbort() -> UInt64 {
        lock.withLock {
            life.beginAbort()
            return submissionCount
        }
    }

    private func endAbort() {
        if lock.withLock({ life.endAbort() }) { releaseAll() }
    }

    /// Waits until nothing is queued that was submitted before the one after `last`.
    func drain(upTo last: UInt64 = .max) async {
        executor.addInterest()
        await withResumption { resumption in
            lock.lock()
            if isDrained(upTo: last) {
                lock.unlock()
                resumption.resume()
            } else {
                addDrainWaiter(.task(resumption), upTo: last)
                lock.unlock()
            }
        }
        executor.removeInterest()
    }

    func drainBlocking(upTo last: UInt64 = .max) {
        let flag = DrainFlag()
        let mustWait = lock.withLock {
            let mustWait = !isDrained(upTo: last)
            if mustWait { addDrainWaiter(.thread(flag), upTo: last) }
            return mustWait
        }
        if mustWait { _ = executor.block { flag.isSet } }
    }

    private func addDrainWaiter(_ waiter: DrainWaiter, upTo last: UInt64) {
        drainWaiters.append((last, waiter))
        hasDrainWaiters = true
    }

    /// The queue is in the order of submission.
    private func isDrained(upTo last: UInt64) -> Bool {
        head.map { $0.number > last } ?? true
    }

    /// Those whose wait is over. The lock is held.
    func takeDrainWaiters() -> [DrainWaiter] {
        guard hasDrainWaiters else { return [] }
        let over = drainWaiters.filter { isDrained(upTo: $0.last) }.map(\.waiter)
        drainWaiters.removeAll { isDrained(upTo: $0.last) }
        hasDrainWaiters = !drainWaiters.isEmpty
        return over
    }

    /// Gives every transfer that is held to the wire, in order, as far as the pipe's state and policy allow.
    func releaseAll() {
        while true {
            lock.lock()
            guard life.mayRelease, !isGivingParts, !(policy.isSerialized && pendingCount > 0) else {
                return lock.unlock()
            }
            var next = head
            while let transfer = next, transfer.life.state != .held { next = transfer.next }
            // One that waits for its frame keeps back what is queued behind it.
            guard let transfer = next, transfer.releaseDue == nil else { return lock.unlock() }
            if info.type == .isochronous {
                do throws(USBError) {
                    if case .holdUntil(let time) = try resolveStart(of: transfer) {
                        armRelease(of: transfer, at: time)
                        lock.unlock()
                        continue
                    }
                } catch {
                    transfer.life.finishWithoutWire()
                    record(error, in: transfer)
                    remove(transfer)
                    let delivery = settle(transfer)
                    lock.unlock()
                    deliver(delivery, of: transfer)
                    continue
                }
            }
            _ = transfer.life.release()
            giveReleased(transfer)
        }
    }

    /// The pipe ends: closed, or its device has gone. Queued transfers come back.
    func die(_ cause: PipeLife.DeathCause) {
        lock.withLock { life.die(cause) }
        cancelAll(cause == .deviceGone ? .deviceGone : .aborted)
    }

    /// Closes the wire's pipe. Nothing is queued any more.
    func closeWire() {
        let wire = lock.withLock {
            let wire = self.wire
            self.wire = nil
            return wire
        }
        wire?.close()
    }

    /// The device no longer stalls.
    func haltWasCleared() {
        if lock.withLock({ life.clearHalt() }) { releaseAll() }
    }
}
