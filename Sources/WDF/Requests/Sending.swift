// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import USBHost
import Win32

/// One sending of a request, from the call to the completion routine.
struct Sending {
    /// How the sender wants to know of the end.
    enum Manner {
        /// By the completion routine.
        case asynchronous
        /// By the completion routine, and it waits.
        case synchronous
        /// It waits. A completion routine is not called, and no longer set.
        case call
        /// Not at all: a presented request is completed with what became of it.
        case forgotten

        var waits: Bool { self == .synchronous || self == .call }
    }

    var isActive = false
    var manner = Manner.asynchronous
    var target: IoTargetObject?
    /// When the request is to be cancelled.
    var deadline: BusInstant?
    /// Who keeps the request from completing: its end that is still to come, and threads that look at it.
    var holds = 0
    /// The end has come, with this status.
    var hasEnded = false
    var status: NTSTATUS = 0
    /// The bus has had the block, so that its members count.
    var wasSubmitted = false
    /// The deadline came before the end.
    var isExpired = false
    /// There was a mistake of the driver's: nobody is told of an end.
    var isTakenBack = false
    /// It was sent without a format, which nobody understands.
    var isFormatted = true
}

extension RequestObject {
    // MARK: The beginning

    /// Sends the request. Unless that is refused, it ends later, perhaps before this returns.
    ///
    /// Bug check 0x10D, 6, 3: it has been sent and has not ended (as documented: STATUS_INVALID_DEVICE_REQUEST); 0xA: the
    /// sender wants to wait, in a completion routine.
    /// STATUS_REQUEST_NOT_ACCEPTED: it is not formatted, with the verifier on. STATUS_INVALID_DEVICE_STATE: the target
    /// takes nothing. STATUS_CANCELLED: an early end was asked for already.
    final func send(
        to target: IoTargetObject, _ options: SendOptions, _ manner: Sending.Manner, in function: String
    ) throws(Refusal) {
        let waits = manner.waits
        if waits { try DriverCall.requireWaiting(in: function) }
        let isCancelled = try claim(for: target, options, manner, in: function)
        block.reset()
        block.isAwaited = waits
        if waits { ended.clear() }
        reference()
        target.reference()
        let place = target.admit(self, ignoringState: options.ignoresState || manner == .forgotten, isCancelled)
        guard case .success(let isHeld) = place else {
            lock.withLock { sending = Sending() }
            target.dereference()
            dereference()
            throw Refusal(isCancelled && target.isOpen ? .cancelled : .invalidDeviceState)
        }
        if let deadline = lock.withLock({ sending.deadline }) { ownTimer(isAwaited: waits).start(at: deadline) }
        if isHeld {
            // Who cancelled it meanwhile did not find it held.
            if lock.withLock({ isCancelMarked }), target.takeHeld(self) { ended(STATUS_CANCELLED) }
        } else {
            submit(to: target)
        }
        let isTakenBack = lock.withLock { sending.isTakenBack }
        releaseHold()
        if isTakenBack { throw .bugCheck }
    }

    /// Makes the request the caller's. Returns whether an early end was asked for already.
    private final func claim(
        for target: IoTargetObject, _ options: SendOptions, _ manner: Sending.Manner, in function: String
    ) throws(Refusal) -> Bool {
        let deadline = options.timeout.map { KernelTime.deadline($0, on: host.executor) }
        let mustBeFormatted = Verifier.isOn && manner != .forgotten
        enum Claim { case done(isCancelled: Bool), isSent, isUnformatted }
        let claim: Claim = lock.withLock {
            guard !sending.isActive else { return .isSent }
            guard isFormatted || !mustBeFormatted else { return .isUnformatted }
            sendCount &+= 1
            sending.isActive = true
            sending.manner = manner
            sending.target = target
            sending.deadline = deadline
            // The sender's, and that of the end.
            sending.holds = 2
            sending.isFormatted = isFormatted
            return .done(isCancelled: isCancelMarked)
        }
        switch claim {
        case .done(let isCancelled): return isCancelled
        case .isSent: throw alreadySent(in: function)
        case .isUnformatted: throw Refusal(.requestNotAccepted)
        }
    }

    /// Sends a request that was held.
    final func submitHeld(to target: IoTargetObject) {
        lock.withLock { sending.holds += 1 }
        submit(to: target)
        releaseHold()
    }

    private final func submit(to target: IoTargetObject) {
        let (isCancelled, isFormatted) = lock.withLock { (isCancelMarked, sending.isFormatted) }
        if isCancelled { return ended(STATUS_CANCELLED) }
        // Nobody changes the operation of a request that is sent.
        guard isFormatted else { return ended(STATUS_INVALID_DEVICE_REQUEST) }
        switch operation {
        case .none: ended(STATUS_INVALID_DEVICE_REQUEST)
        case .cyclePort: ended(STATUS_NOT_SUPPORTED)
        case .block(let block, _): unsafe submit(block, to: target)
        case .others(_, let argument, _, _, _) where !operation.goesByPacket:
            guard let argument = unsafe argument else { return ended(STATUS_INVALID_PARAMETER) }
            // Sound: the driver says by the code that a block is there.
            unsafe submit(argument.assumingMemoryBound(to: URB.self), to: target)
        case .others, .stackLocation: submitPacket(to: target)
        case .pipe, .control, .string, .abort, .reset: unsafe submit(memory.block, to: target)
        }
    }

    private final func submit(_ urb: PURB, to target: IoTargetObject) {
        lock.withLock { sending.wasSubmitted = true }
        let address = UInt(bitPattern: unsafe handle)
        guard let status = unsafe target.usb.submit(urb, as: block, request: address) else {
            lock.withLock { sending.isTakenBack = true }
            return ended(NTStatus.unsuccessful.rawValue)
        }
        guard status != NTStatus.pending.rawValue else { return }
        // Nothing has moved of what is refused, whatever the block says.
        if !operationIsOfDriver { lock.withLock { sending.wasSubmitted = false } }
        ended(status)
    }

    private final var operationIsOfDriver: Bool {
        switch operation {
        case .pipe, .control, .string: false
        default: true
        }
    }

    /// Hands the packet to the target's device object.
    private final func submitPacket(to target: IoTargetObject) {
        guard let packet, packet.hasRoom(for: target.stackSize) else { return ended(STATUS_REQUEST_NOT_ACCEPTED) }
        unsafe IoSetCompletionRoutine(
            packet.pointer,
            { _, _, context in
                guard let context = unsafe context else { return STATUS_MORE_PROCESSING_REQUIRED }
                // Sound: the target keeps the request while the packet is under way.
                unsafe Unmanaged<RequestObject>.fromOpaque(context).takeUnretainedValue().packetEnded()
                return STATUS_MORE_PROCESSING_REQUIRED
            }, Unmanaged.passUnretained(self).toOpaque(), 1, 1, 1)
        let status = unsafe IoCallDriver(target.usb.pointer, packet.pointer)
        guard status != NTStatus.pending.rawValue, !lock.withLock({ sending.hasEnded }) else { return }
        // A bug check: the target has not taken it.
        lock.withLock { sending.isTakenBack = true }
        ended(status)
    }

    private final func packetEnded() {
        guard let packet else { return }
        ended(unsafe packet.pointer.pointee.IoStatus.Status)
    }

    // MARK: An early end

    /// Asks for the early end of what has been sent, and of what is sent before the request is used anew. Returns false
    /// when it has ended, or was not sent.
    @discardableResult
    final func cancel() -> Bool { cancel(.asked) }

    /// Asks for the early end of the sending with this number; of a later one it does not.
    final func cancel(sending number: UInt64) { cancel(.sending(number)) }

    /// The timer's call, which may come late.
    final func deadlineReached() { cancel(.expired(now: host.clock.presentInstant)) }

    private enum CancelReason { case asked, sending(UInt64), expired(now: BusInstant) }

    @discardableResult
    private final func cancel(_ reason: CancelReason) -> Bool {
        let found: (target: IoTargetObject?, hadEnded: Bool)? = lock.withLock {
            switch reason {
            case .asked: break
            case .sending(let number): guard sendCount == number, sending.holds > 0 else { return nil }
            case .expired(let now):
                guard sending.holds > 0, let deadline = sending.deadline, now >= deadline else { return nil }
                sending.isExpired = true
            }
            isCancelMarked = true
            guard sending.holds > 0 else { return nil }
            sending.holds += 1
            return (sending.target, sending.hasEnded)
        }
        guard let found else { return false }
        if found.target?.takeHeld(self) == true {
            ended(STATUS_CANCELLED)
        } else if !found.hadEnded {
            block.cancel()
            if operation.goesByPacket, let packet { _ = unsafe IoCancelIrp(packet.pointer) }
        }
        releaseHold()
        return !found.hadEnded
    }

    // MARK: The end

    /// The request has ended with this status: called once for each sending, by any thread, with no lock held.
    final func ended(_ status: NTSTATUS) {
        lock.withLock {
            sending.hasEnded = true
            sending.status = status
        }
        releaseHold()
    }

    /// Who gives up the last hold, completes the request.
    private final func releaseHold() {
        let isLast = lock.withLock {
            sending.holds -= 1
            return sending.holds == 0
        }
        if isLast { complete() }
    }

    private final func complete() {
        let sent = lock.withLock { sending }
        guard let target = sent.target else { return }
        if sent.deadline != nil { (sent.manner.waits ? waitingTimer : timer)?.stop() }
        settle(sent)
        let place = target.remove(self)
        let isGone = isGone
        let routine: CompletionRoutine? = lock.withLock {
            isFormatted = sent.isTakenBack && sent.isFormatted
            sending = Sending()
            guard !sent.isTakenBack, sent.manner != .forgotten else { return nil }
            defer { completionRoutine = nil }
            return sent.manner == .call ? nil : completionRoutine
        }
        if let routine {
            DriverCall.atDispatch {
                unsafe routine.function(requestHandle, target.targetHandle, memory.completion, routine.context)
            }
        }
        if isGone, !lock.withLock({ self.sending.isActive }) { releaseFormat() }
        if sent.manner == .forgotten, !sent.isTakenBack {
            presented?.forwardedEnded(lastStatus, information: lastInformation)
        }
        if sent.manner.waits { ended.set() }
        target.removalIsTold(place)
        target.dereference()
        dereference()
    }

    /// Notes what became of the request, where the driver looks for it.
    private final func settle(_ sent: Sending) {
        var result = SentResult(status: sent.status, usbdStatus: 0, byteCount: 0)
        if result.status == STATUS_CANCELLED, sent.isExpired { result.status = NTStatus.ioTimeout.rawValue }
        var information: UInt = 0
        switch operation {
        case .pipe, .control:
            if sent.wasSubmitted { result.byteCount = memory.byteCount }
            result.usbdStatus = unsafe memory.block.header.pointee.Status
            information = UInt(result.byteCount)
        case .string(_, _, let part):
            result.usbdStatus = unsafe memory.block.header.pointee.Status
            if result.status >= 0 {
                let string = memory.deliverString(to: part)
                result.byteCount = string.byteCount
                result.status = string.status.rawValue
                information = UInt(unsafe min(string.byteCount, part.bytes.count))
            }
        case .abort, .reset: result.usbdStatus = unsafe memory.block.header.pointee.Status
        case .block(let block, _):
            if sent.wasSubmitted { result.usbdStatus = unsafe block.header.pointee.Status }
        case .others, .stackLocation:
            if operation.goesByPacket, let packet {
                information = UInt(unsafe packet.pointer.pointee.IoStatus.Information)
                result.byteCount = Int(clamping: information)
            }
        case .none, .cyclePort: break
        }
        packet?.note(result.status, information: information)
        lock.withLock {
            lastStatus = result.status
            lastResult = result
            lastInformation = information
        }
        memory.show(operation, result, information: information)
    }

    /// Blocks until what was sent has ended. Returns its status; 0xC0000194 (STATUS_POSSIBLE_DEADLOCK) when nothing is
    /// scheduled on a clock that moves by hand, so that nothing could ever end it: then it was cancelled. The request can
    /// be used again unless `hasEnded` says otherwise.
    final func wait() -> (status: NTSTATUS, hasEnded: Bool) {
        guard ended.wait() == .neverSet else { return (lastResult.status, true) }
        cancel()
        let hasEnded = ended.wait() != .neverSet
        return hasEnded && lastResult.status != STATUS_CANCELLED
            ? (lastResult.status, true) : (possibleDeadlock, hasEnded)
    }
}

/// STATUS_POSSIBLE_DEADLOCK
private let possibleDeadlock = NTSTATUS(bitPattern: 0xC000_0194)
