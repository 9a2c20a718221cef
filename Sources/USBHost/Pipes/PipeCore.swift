// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// What everybody holds who uses a pipe. An interface knows its pipes weakly, and an object to which anything refers
/// weakly is slow to retain and release: so it knows this one, and not the pipe, which every transfer passes through.
final class PipeHandle: Sendable {
    let core: PipeCore

    init(_ core: PipeCore) {
        self.core = core
        core.handle = self
    }
}

/// The one object behind a pipe: its queue, its state, and its place between the transfers and the wire.
@safe final class PipeCore: @unchecked Sendable {
    let info: EndpointInfo
    let controller: any HostController
    let executor: BusExecutor
    private(set) var capabilities: ControllerCapabilities
    /// Keeps the interface claimed, and so the device open, while the pipe is in use; nil for the control pipe.
    private let owner: Interface?
    /// The handle, for those who hold it and want to lend it to a transfer. Set once.
    fileprivate(set) unowned var handle: PipeHandle?

    /// Guards everything below, and the transfers of the pipe. Taken before the wire's locks and the executor's.
    let lock = Lock()
    var wire: (any WirePipe)? {
        didSet { if let own = wire?.capabilities { capabilities = own } }
    }
    var life = PipeLife()
    var policy = PipePolicy()

    // Every accepted transfer, in the order of submission.
    var head: TransferCore?
    unowned(unsafe) var tail: TransferCore?
    var queuedCount = 0
    /// Transfers that the wire has.
    var pendingCount = 0
    /// Whether parts of the transfer that went to the wire last have not gone yet: nothing may come between.
    var isGivingParts = false
    /// Those who wait until everything up to a number has been handed back.
    var drainWaiters: [(last: UInt64, waiter: DrainWaiter)] = []
    /// Whether there are any; hardly ever, and asked at every completion.
    var hasDrainWaiters = false
    /// Transfers accepted so far; the last one has this number.
    var submissionCount: UInt64 = 0

    /// The position that follows the last isochronous transfer accepted; nil when a chain cannot go on.
    var queueEnd: Microframe?
    /// The epoch of the frame count to which that position belongs.
    var queueEpoch: UInt64 = 0

    /// Transfers of convenience calls, for the next one.
    private var idle: [TransferCore] = []
    private static let idleLimit = 8

    init(info: EndpointInfo, controller: any HostController, owner: Interface?) {
        self.info = info
        self.owner = owner
        self.controller = controller
        executor = controller.executor
        capabilities = controller.capabilities
    }

    deinit {
        // Whatever is queued keeps the pipe alive, so nothing is outstanding now.
        wire?.close()
    }

    var address: EndpointAddress { info.address }
    /// The device; nil for the control pipe, which the device owns.
    var device: Device? { owner?.device }

    func error(_ kind: USBError.Kind, _ message: String = "") -> USBError {
        USBError(kind, endpoint: info.address, message: message)
    }

    // MARK: The queue

    func append(_ transfer: TransferCore) {
        transfer.isQueued = true
        submissionCount += 1
        transfer.number = submissionCount
        unsafe transfer.previous = unsafe tail
        if let last = unsafe tail { last.next = transfer } else { head = transfer }
        unsafe tail = transfer
        queuedCount += 1
    }

    func remove(_ transfer: TransferCore) {
        guard transfer.isQueued else { return }
        transfer.isQueued = false
        let next = transfer.next.take()
        if let next {
            unsafe next.previous = unsafe transfer.previous
        } else {
            unsafe tail = unsafe transfer.previous
        }
        // The reference to what follows passes on.
        if let previous = unsafe transfer.previous { previous.next = next } else { head = next }
        unsafe transfer.previous = nil
        queuedCount -= 1
    }

    // MARK: Submitting

    /// Accepts a transfer, or throws and leaves it idle.
    func submit(_ transfer: TransferCore, asynchronous: Bool) throws(USBError) {
        let buffer: RegisteredBuffer? = if case .registered(let buffer, _) = transfer.memory { buffer } else { nil }
        try buffer?.beginTransfer()
        lock.lock()
        do throws(USBError) {
            try submitLocked(transfer, asynchronous: asynchronous)
        } catch {
            // The wire knows before anybody has looked: who only makes calls that are refused would never be told.
            if error.kind == .deviceGone { executor.kick() }
            guard transfer.isRefusalDelivered else {
                lock.unlock()
                buffer?.endTransfer()
                throw error
            }
            let delivery = refusalDelivery(error, of: transfer)
            lock.unlock()
            deliver(delivery, of: transfer)
            return
        }
        lock.unlock()
        executor.scheduleChanged()
    }

    private func submitLocked(_ transfer: TransferCore, asynchronous: Bool) throws(USBError) {
        transfer.reset()
        var holds = false
        switch life.disposition(policy, ignoringGate: transfer.ignoresGate) {
        case .give: break
        case .hold: holds = true
        case .refuse(let kind): throw error(kind, refusalMessage(kind))
        }
        if policy.isSerialized, queuedCount > 0 { holds = true }
        if isGivingParts { holds = true }
        // A pipe keeps the order: nothing overtakes a transfer that is held.
        if queuedCount > pendingCount, !transfer.ignoresGate { holds = true }
        if info.type == .isochronous {
            guard transfer.packetCount > 0 else { throw error(.invalidArgument, "the transfer has no packets") }
            try checkAccuracy(of: transfer)
            if !holds, case .holdUntil(let time) = try resolveStart(of: transfer) {
                holds = true
                armRelease(of: transfer, at: time)
            }
        } else if transfer.streamID != 0 {
            try checkStreams(of: transfer)
        }
        transfer.life.submit(hold: holds)
        append(transfer)
        if !holds {
            do throws(USBError) {
                try give(transfer)
            } catch {
                remove(transfer)
                transfer.life.refuse()
                throw error
            }
        }
        if let timeout = transfer.timeout, policy.timeoutStart == .submission || head === transfer && !holds {
            armTimeout(timeout, of: transfer)
        }
        guard asynchronous, executor.clock.flow == .real || transfer.hasHandler else { return }
        if !transfer.hasHandler || transfer.handlerPlace != .waitingThread { takeInterest(for: transfer) }
    }

    private func refusalMessage(_ kind: USBError.Kind) -> String {
        switch kind {
        case .stalled: "the pipe is halted; clear the halt before the next transfer"
        case .notAccepting: "the pipe is being aborted or was purged"
        case .closed: "the pipe was closed, or replaced by another alternate setting"
        default: ""
        }
    }

    /// Gives a transfer to the wire, in as many parts as the wire's limits need. Throws when nothing was accepted.
    func give(_ transfer: TransferCore) throws(USBError) {
        guard let wire else { throw error(.closed) }
        planParts(of: transfer)
        // Isochronous parts must follow each other without a gap, so that they all go at once.
        let ahead =
            info.type == .isochronous ? Int.max : capabilities.bulkContinuation ? capabilities.partsInFlight : 1
        let count = min(transfer.partCount, ahead)
        pendingCount += 1
        parts: for index in 0..<count {
            do throws(USBError) {
                try submitPart(index, of: transfer, to: wire)
            } catch {
                guard index > 0 else {
                    pendingCount -= 1
                    throw error
                }
                // The wire's memory is full: the rest follows part by part.
                if info.type != .isochronous, error.kind == .outOfMemory { break parts }
                // What was accepted is taken back; the transfer then completes once, with this error.
                refusePart(index, of: transfer, error)
                _ = transfer.life.cancel(.broken)
                cancelParts(of: transfer)
                executor.kick()
                return
            }
        }
        isGivingParts = transfer.partsSubmitted < transfer.partCount
        if info.type == .isochronous { noteQueueEnd(transfer.plannedEnd, of: transfer) }
    }

    /// Isochronous work is planned up to `end`, as the plan of `transfer` has it.
    func noteQueueEnd(_ end: Microframe?, of transfer: TransferCore) {
        queueEnd = end
        queueEpoch = transfer.epoch
    }

    private func submitPart(_ index: Int, of transfer: TransferCore, to wire: any WirePipe) throws(USBError) {
        let request = transfer.parts[index]
        request.isSubmitted = true
        transfer.partsSubmitted += 1
        transfer.partsOutstanding += 1
        request.placement = nil
        do throws(USBError) {
            try wire.submit(request, record: request.record)
            if index == 0, let placement = request.placement { replan(transfer, from: placement) }
        } catch {
            request.isSubmitted = false
            transfer.partsSubmitted -= 1
            transfer.partsOutstanding -= 1
            throw error
        }
    }

    /// Submits the next part after one that came back whole. Returns whether the wire has parts of the transfer still.
    func submitNextPart(of transfer: TransferCore) -> Bool {
        guard let wire else { return transfer.partsOutstanding > 0 }
        do throws(USBError) {
            try submitPart(transfer.partsSubmitted, of: transfer, to: wire)
            return true
        } catch {
            // A part that returns makes room for this one.
            if error.kind == .outOfMemory, transfer.partsOutstanding > 0 { return true }
            refusePart(transfer.partsSubmitted, of: transfer, error)
            return transfer.partsOutstanding > 0
        }
    }

    /// The wire did not take a part: the transfer ends there, with that reason.
    private func refusePart(_ index: Int, of transfer: TransferCore, _ error: USBError) {
        transfer.endIndex = index
        transfer.wireStatus = error.kind == .deviceGone ? .deviceGone : .refused(error.kind)
        transfer.message = error.message
        transfer.detail = error.detail
    }

    func takeInterest(for transfer: TransferCore) {
        guard !transfer.holdsInterest else { return }
        transfer.holdsInterest = true
        executor.addInterest()
    }

    // MARK: Transfers of convenience calls

    /// A transfer on loan, with no memory of its own.
    func takeIdle() -> TransferCore {
        let core = lock.withLock { idle.popLast() } ?? TransferCore(pipe: self, memory: .none)
        core.loan = handle
        return core
    }

    /// Takes a transfer back for the next convenience call.
    func putIdle(_ transfer: TransferCore) {
        transfer.memory = .none
        transfer.timeout = nil
        // Before another thread can take it out again.
        transfer.loan = nil
        lock.withLock {
            if idle.count < PipeCore.idleLimit { idle.append(transfer) }
        }
    }
}

/// Somebody who waits until what a pipe had queued has been handed back.
enum DrainWaiter {
    case task(Resumption)
    case thread(DrainFlag)
    case handler(@Sendable () -> Void)
}

/// Set when the wait is over. Guarded by the executor's lock.
final class DrainFlag: @unchecked Sendable {
    var isSet = false
}
