// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

extension PipeCore: CompletionSink {
    /// The wire gives a request back.
    func complete(_ request: WireRequest, _ completion: WireCompletion) {
        let transfer = unsafe request.transfer
        lock.lock()
        guard request.isSubmitted else {
            assertionFailure("a wire completed a request that it does not hold")
            return lock.unlock()
        }
        request.isSubmitted = false
        transfer.partsOutstanding -= 1
        account(completion, of: request, in: transfer)
        let goesOn =
            transfer.partsSubmitted < transfer.partCount && !transfer.hasEnded && transfer.life.state == .pending
        if goesOn, submitNextPart(of: transfer) {
            isGivingParts = transfer.partsSubmitted < transfer.partCount
            let releases = !isGivingParts && queuedCount > pendingCount
            lock.unlock()
            if releases { releaseAll() }
            return executor.scheduleChanged()
        }
        if transfer.partsOutstanding > 0 {
            return lock.unlock()
        }
        if transfer.partsSubmitted < transfer.partCount { isGivingParts = false }
        if let end = intervalEnd(of: transfer, after: completion) {
            transfer.isServed = true
            armRelease(of: transfer, at: end)
            lock.unlock()
            return executor.scheduleChanged()
        }
        conclude(transfer, at: completion.time)
    }

    /// When the service interval of the last packet ends, if the transfer is to complete then and it lies ahead.
    private func intervalEnd(of transfer: TransferCore, after completion: WireCompletion) -> BusInstant? {
        guard info.type == .isochronous, transfer.startPolicy.grid == .frames, capabilities.exactStartFrame,
            completion.status == .completed, transfer.life.state == .pending
        else { return nil }
        // A packet is served within a microframe, and up to full speed within a frame.
        let rest = info.intervalMicroframes - (info.speed >= .high ? 1 : Frame.microframes)
        return rest > 0 ? completion.time.advanced(byNanoseconds: rest * Microframe.nanoseconds) : nil
    }

    /// A transfer has ended that the wire had. Unlocks.
    func conclude(_ transfer: TransferCore, at time: BusInstant) {
        pendingCount -= 1
        transfer.isServed = false
        transfer.status = transfer.life.finish(finalStatus(of: transfer))
        transfer.time = time
        remove(transfer)
        afterCompletion(of: transfer)
        let delivery = settle(transfer)
        let releases = queuedCount > pendingCount
        lock.unlock()
        if releases { releaseAll() }
        deliver(delivery, of: transfer)
    }

    /// Adds up what one part brought.
    private func account(_ completion: WireCompletion, of request: WireRequest, in transfer: TransferCore) {
        if info.type == .isochronous {
            transfer.byteCount += completion.byteCount
            if request.part.contains(.first), let first = completion.firstPosition { transfer.firstPosition = first }
            if request.part.contains(.last), let next = completion.nextPosition { transfer.nextPosition = next }
            accountStatus(completion, of: request, in: transfer)
            return
        }
        // What comes behind the part that ended the transfer was never meant to move.
        guard request.index < transfer.endIndex else { return }
        transfer.byteCount += completion.byteCount
        if completion.status != .completed {
            transfer.endIndex = request.index
            // A reason that stands already is the older one.
            guard transfer.wireStatus == .completed else { return }
            transfer.wireStatus = completion.status
            transfer.detail = completion.detail
        } else if unsafe completion.byteCount < request.buffer.count {
            transfer.endIndex = request.index
        }
    }

    /// The status of an isochronous transfer in parts: the first failure, and expired only if every part has.
    private func accountStatus(_ completion: WireCompletion, of request: WireRequest, in transfer: TransferCore) {
        let isFirstBack = transfer.partsOutstanding == transfer.partsSubmitted - 1
        switch (transfer.wireStatus, completion.status) {
        case (.expired, .completed): transfer.wireStatus = .completed
        case (.completed, .expired): if isFirstBack { transfer.wireStatus = .expired }
        case (_, .completed), (_, .expired): break
        case (.completed, let status), (.expired, let status):
            transfer.endIndex = request.index
            transfer.wireStatus = status
            transfer.detail = completion.detail
        default: break
        }
    }

    /// The status of the whole: a transfer of which a cancel took only later parts has still been cancelled.
    private func finalStatus(of transfer: TransferCore) -> WireCompletion.Status {
        if transfer.wireStatus == .completed, !transfer.hasEnded, transfer.partsSubmitted < transfer.partCount {
            return .cancelled
        }
        return transfer.wireStatus
    }

    /// What a completion changes for the pipe.
    private func afterCompletion(of transfer: TransferCore) {
        switch info.type {
        case .bulk, .interrupt:
            if transfer.status == .stalled || policy.haltsOnErrors && transfer.status.isBusFailure { life.halt() }
        case .isochronous:
            if transfer.nextPosition == nil { transfer.nextPosition = transfer.plannedEnd }
            if transfer.status == .completed {
                if unsafe tail == nil, let next = transfer.nextPosition { noteQueueEnd(next, of: transfer) }
            } else {
                // A chain whose last member did not run to its end cannot be continued from there.
                let last = unsafe tail ?? transfer
                noteQueueEnd(last === transfer ? nil : last.plannedEnd, of: last)
            }
        case .control: break
        }
    }

    /// Whom to tell of a completion. Taken in the same breath in which the transfer completes: its owner may use it
    /// again the moment after.
    struct Delivery {
        let waiter: TransferCore.Waiter
        /// Where a handler runs; nil when there is none.
        let handlerPlace: HandlerPlace?
        let gaveInterest: Bool
        let drained: [DrainWaiter]
    }

    /// Takes the transfer out of everything that waits for it. The lock is held.
    func settle(_ transfer: TransferCore) -> Delivery {
        if transfer.timeoutDue != nil {
            transfer.timeoutDue = nil
            executor.disarm(transfer)
        }
        if transfer.releaseDue != nil {
            transfer.releaseDue = nil
            executor.disarm(transfer.releaseTimer)
        }
        if case .registered(let buffer, _) = transfer.memory { buffer.endTransfer() }
        armServiceTimeout()
        let delivery = Delivery(
            waiter: transfer.waiter, handlerPlace: transfer.hasHandler ? transfer.handlerPlace : nil,
            gaveInterest: transfer.holdsInterest,
            drained: takeDrainWaiters())
        // A handler is certain to take the outcome, and nobody else can.
        if case .nobody = delivery.waiter, delivery.handlerPlace != nil { transfer.life.collect() }
        transfer.waiter = .nobody
        transfer.holdsInterest = false
        return delivery
    }

    /// Starts the timeout of the transfer that is served now, where timeouts count from service.
    func armServiceTimeout() {
        guard policy.timeoutStart == .service, let first = head, first.timeoutDue == nil, let timeout = first.timeout,
            first.life.state == .pending
        else { return }
        armTimeout(timeout, of: first)
    }

    func armTimeout(_ timeout: Duration, of transfer: TransferCore) {
        let due = executor.clock.presentInstant.advanced(by: timeout)
        transfer.timeoutDue = due
        executor.arm(transfer, at: due)
    }

    /// Tells whoever waits. No lock is held.
    func deliver(_ delivery: Delivery, of transfer: TransferCore) {
        switch delivery.waiter {
        case .nobody where delivery.handlerPlace == .executor:
            let work = unsafe BusExecutor.Work.handler(.passRetained(transfer))
            executor.enqueue(work, endingInterest: delivery.gaveInterest)
        case .nobody where delivery.handlerPlace != nil:
            // The interest stays until the handler has said whether it goes on.
            transfer.runHandler()
            if delivery.gaveInterest { executor.removeInterest() }
        default: if delivery.gaveInterest { executor.removeInterest() }
        }
        switch delivery.waiter {
        case .task(let resumption): resumption.resume()
        case .thread: executor.finishBlocking { transfer.blockingIsDone = true }
        case .abandoned: recycle(transfer)
        case .nobody: break
        }
        for waiter in delivery.drained {
            switch waiter {
            case .task(let resumption): resumption.resume()
            case .thread(let flag): executor.finishBlocking { flag.isSet = true }
            case .handler(let handler): handler()
            }
        }
    }

    func record(_ error: USBError, in transfer: TransferCore) {
        transfer.status = error.kind == .deviceGone ? .deviceGone : .failed(error.kind)
        transfer.message = error.message
        transfer.detail = error.detail
        transfer.time = executor.clock.presentInstant
    }

    /// Completes a transfer that was never accepted, because its owner wants a refusal as the completion.
    func refusalDelivery(_ error: USBError, of transfer: TransferCore) -> Delivery {
        transfer.life.submit(hold: true)
        transfer.life.finishWithoutWire()
        record(error, in: transfer)
        return settle(transfer)
    }

    /// The owner takes the outcome; the transfer is idle again.
    func collect(_ transfer: TransferCore) {
        lock.withLock { transfer.life.collect() }
    }

    /// Nobody wants the outcome.
    func recycle(_ transfer: TransferCore) {
        // The loan goes with the transfer: a late deadline may still need the pipe.
        collect(transfer)
    }
}
