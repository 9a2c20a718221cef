// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

extension PipeCore {
    /// Whether an isochronous transfer goes to the wire now or is held until its frame comes near.
    enum StartDecision: Hashable {
        case now
        case holdUntil(BusInstant)
    }

    /// Settles where a transfer starts, and records it. Throws the reason when it cannot start as asked.
    func resolveStart(of transfer: TransferCore) throws(USBError) -> StartDecision {
        let interval = max(1, info.intervalMicroframes)
        let reading = controller.frame()
        let now = reading.microframe
        let reach = now.advanced(by: capabilities.leadMicroframes)
        let policy = transfer.startPolicy
        let grid = policy.grid == .frames ? max(alignment(interval), Frame.microframes) : alignment(interval)
        let earliest = reach.roundedUp(toMultipleOf: grid)
        transfer.positionQuality = reading.quality
        transfer.epoch = reading.epoch
        // Where the count has begun anew (after sleep, say), positions of before it lie nowhere. An estimate, though,
        // begins an epoch with its first completion, while the wire goes on with what it has.
        let goesOn = queueEpoch == reading.epoch || capabilities.continuation == .inferred && pendingCount > 0
        let planned = goesOn ? queueEnd : nil
        var decision = StartDecision.now
        let first: Microframe
        switch transfer.start {
        case .asSoonAsPossible:
            // Behind what was there the service goes on in its own rhythm, wherever on the grid that began.
            if let end = planned, end >= reach { first = end } else { first = earliest }
        case .continuing:
            guard let end = queueEnd else {
                throw error(.discontinuous, "there is no transfer before it to continue")
            }
            switch capabilities.continuation {
            case .exact:
                guard planned != nil else {
                    throw error(.discontinuous, "the frame count has begun anew since the transfer before it")
                }
                guard end >= reach else {
                    throw error(
                        .discontinuous, "the transfer before it ends at microframe \(end), and \(now) is under way")
                }
            case .inferred:
                guard pendingCount > 0 else {
                    throw error(.discontinuous, "no transfer is queued that it could follow")
                }
                // What is queued may have ended on the bus while its completion is still on the way.
                transfer.mayFollowGap = end < reach
            }
            first = end
        case .at(let position):
            guard info.speed >= .high || position.indexInFrame == 0 else {
                throw error(
                    .invalidArgument, "a full-speed transfer starts with a frame, not at microframe \(position)")
            }
            try check(position, behind: planned, now: now, reach: reach, policy: policy)
            if capabilities.exactStartFrame {
                first = position
            } else {
                first = max(position, planned ?? position)
                let hold = (position - capabilities.leadMicroframes) - now
                if hold > 0 {
                    decision = .holdUntil(reading.time.advanced(byNanoseconds: hold * Microframe.nanoseconds))
                }
            }
        }
        transfer.firstPosition = first
        transfer.plannedEnd = first + Int64(transfer.packetCount) * interval
        return decision
    }

    /// The wire has placed a transfer elsewhere than planned, because time went on in between.
    func replan(_ transfer: TransferCore, from position: Microframe) {
        guard info.type == .isochronous, position != transfer.firstPosition else { return }
        let interval = max(1, info.intervalMicroframes)
        transfer.firstPosition = position
        transfer.plannedEnd = position + Int64(transfer.packetCount) * interval
        var offset = 0
        for part in transfer.parts[..<transfer.partCount] {
            if offset > 0, case .at = part.start { part.start = .at(position + Int64(offset) * interval) }
            offset += unsafe part.packets.count
        }
    }

    /// Refuses what the wire can never do, whatever the queue.
    func checkAccuracy(of transfer: TransferCore) throws(USBError) {
        guard case .at = transfer.start, !capabilities.exactStartFrame, transfer.startPolicy.accuracy == .exact else {
            return
        }
        throw error(
            .unsupported, "this wire cannot start at a named frame; allow best effort, or start as soon as possible")
    }

    /// Refuses a stream where there can be none: what names it would otherwise arrive without it.
    func checkStreams(of transfer: TransferCore) throws(USBError) {
        guard !capabilities.bulkStreams else { return }
        throw error(.unsupported, "this wire has no bulk streams, and the transfer names stream \(transfer.streamID)")
    }

    /// The grid on which service opportunities lie: the interval, but at most a frame beyond full speed's own.
    private func alignment(_ interval: Int64) -> Int64 {
        info.speed >= .high ? interval : max(8, interval)
    }

    private func check(
        _ position: Microframe, behind planned: Microframe?, now: Microframe, reach: Microframe, policy: StartPolicy
    ) throws(USBError) {
        if let end = planned, position < end {
            if queuedCount > 0 {
                throw error(.tooLate, "microframe \(position) lies before \(end), where the queued transfers end")
            }
            if policy.goesForward, capabilities.exactStartFrame {
                throw error(.tooLate, "microframe \(position) lies before \(end), where the transfer before it ended")
            }
        }
        if let window = policy.window, let violation = window.violation(start: position.frame, now: now.frame) {
            throw error(position < now ? .tooLate : .tooEarly, "\(violation)")
        }
        if position < reach, policy.late == .refuse {
            throw error(
                .tooLate,
                "start \(position) has passed or is too close: \(now) is under way, and \(reach) is the first in reach")
        }
        // Beyond this a position cannot be an honest plan, and arithmetic on it would saturate.
        guard position.distance(to: now).magnitude < 1 << 40 else {
            throw error(position < now ? .tooLate : .tooEarly, "start \(position) is years away from \(now)")
        }
    }

    func armRelease(of transfer: TransferCore, at time: BusInstant) {
        transfer.releaseDue = time
        executor.arm(transfer.releaseTimer, at: time)
    }

    /// The hold of a transfer ends because its frame is near, or has ended before it was used again.
    func releaseHeld(_ transfer: TransferCore) {
        lock.lock()
        guard let due = transfer.releaseDue, due <= executor.clock.presentInstant else { return lock.unlock() }
        if transfer.isServed {
            transfer.releaseDue = nil
            return conclude(transfer, at: due)
        }
        guard transfer.life.state == .held else { return lock.unlock() }
        transfer.releaseDue = nil
        guard life.disposition(policy, ignoringGate: transfer.ignoresGate) == .give, transfer.life.release() else {
            return lock.unlock()
        }
        giveReleased(transfer)
        releaseAll()
    }

    /// Gives a transfer that was held to the wire, or completes it with the reason why not. Unlocks.
    func giveReleased(_ transfer: TransferCore) {
        do throws(USBError) {
            try give(transfer)
            armServiceTimeout()
            lock.unlock()
            executor.scheduleChanged()
        } catch {
            transfer.life.finishWithoutWire()
            record(error, in: transfer)
            remove(transfer)
            let delivery = settle(transfer)
            lock.unlock()
            deliver(delivery, of: transfer)
        }
    }
}
