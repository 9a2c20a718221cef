// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import Win32

/// The reads of a bulk or interrupt pipe, served one after another, and what a read left over for the next.
///
/// A read asks the device for whole packets only. What fills packets goes straight to the caller's memory; a rest smaller
/// than a packet is fetched as a packet of its own into the queue's memory, and what the read has no room for is surplus.
/// With RAW_IO a read passes the queue by and is one transfer, as it stands.
///
/// Reading goes on in one place at a time, ``advance()``, by whichever thread finds something to do; no lock is held
/// while the engine is called.
final class ReadQueue: @unchecked Sendable {
    let pipe: AnyPipe
    let operations: OperationList
    private let clock: BusClock
    private let packetSize: Int
    private let maximumPiece: Int

    private let lock = Lock()
    private let surplus: Surplus
    /// The read that is served.
    private var current: ReadOperation?
    private var firstWaiting: ReadOperation?
    private var lastWaiting: ReadOperation?
    private var isAdvancing = false
    /// Reads for the next use.
    private var idle: [ReadOperation] = []

    init(_ pipe: AnyPipe, _ operations: OperationList) {
        self.pipe = pipe
        self.operations = operations
        let info = pipe.endpoint
        clock = operations.executor.clock
        packetSize = max(1, info.maximumPacketSize)
        maximumPiece = PipePolicies.maximumTransferSize(info.type, at: info.speed) / packetSize * packetSize
        surplus = Surplus(packetSize: packetSize)
    }

    /// A read for the next call.
    func take() -> ReadOperation {
        lock.withLock { idle.popLast() } ?? ReadOperation(self)
    }

    /// A read that can be used again.
    func putIdle(_ operation: ReadOperation) {
        lock.withLock { idle.append(operation) }
    }

    /// Drops the surplus (WinUsb_FlushPipe).
    func flush() {
        lock.withLock { surplus.drop() }
    }

    // MARK: Beginning

    /// Serves a read in its turn, or at once where the policies say so; the operation has begun.
    func start(_ read: ReadOperation, _ bytes: UnsafeMutableRawBufferPointer, _ policies: PipePolicies) {
        lock.lock()
        unsafe read.prepare(bytes, policies)
        read.cancelling.begin(read.number)
        // An abort that came before waits for this read, and not for one ahead of it in the queue that it did not take.
        if read.cancelling.isCancelled { return end(read, .cancelled) }
        // Nothing is asked for, and nobody need be asked.
        if unsafe bytes.isEmpty, policies.allowsPartialReads { return end(read, .success) }
        if policies.isRaw { return startRaw(read) }
        if let last = lastWaiting { last.nextWaiting = read } else { firstWaiting = read }
        lastWaiting = read
        lock.unlock()
        advance()
    }

    /// Sends a read to the bus as it stands. What another read left over comes first, so that the bytes keep their order.
    /// Unlocks.
    private func startRaw(_ read: ReadOperation) {
        if surplus.count > 0 {
            read.byteCount = unsafe surplus.take(into: read.target)
            return end(read, .success)
        }
        let use = read.cancelling.use
        let target = unsafe read.target
        let timeout = read.policies.timeLimit
        guard let transfer = read.transfer else { return end(read, .invalidParameter) }
        lock.unlock()
        let canceller = unsafe transfer.submit(target, timeout: timeout)
        if lock.withLock({ read.cancelling.submitted(canceller, for: use) }) { canceller.cancel() }
    }

    /// Ends a read that is not in the queue. Unlocks.
    private func end(_ read: ReadOperation, _ status: NTStatus) {
        read.cancelling.end()
        let byteCount = read.byteCount
        lock.unlock()
        read.finish(status, byteCount: byteCount)
    }

    // MARK: Cancelling

    /// Asks for the early end of the use with this number.
    func cancel(_ read: ReadOperation, _ number: UInt64) {
        lock.lock()
        guard read.cancelling.cancel(number) else { return lock.unlock() }
        if removeWaiting(read) { return end(read, .cancelled) }
        let canceller = read.cancelling.transferCanceller
        lock.unlock()
        canceller?.cancel()
    }

    private func removeWaiting(_ read: ReadOperation) -> Bool {
        var previous: ReadOperation?
        var next = firstWaiting
        while let waiting = next, waiting !== read {
            previous = waiting
            next = waiting.nextWaiting
        }
        guard next != nil else { return false }
        if let previous { previous.nextWaiting = read.nextWaiting } else { firstWaiting = read.nextWaiting }
        if lastWaiting === read { lastWaiting = previous }
        read.nextWaiting = nil
        return true
    }

    // MARK: Going on

    private enum Action {
        case submit(ReadOperation)
        case clearHalt(ReadOperation)
        case finish(ReadOperation, NTStatus, Int)
    }

    /// Does what can be done now, unless somebody else is about it, who then does this too.
    private func advance() {
        lock.lock()
        guard !isAdvancing else { return lock.unlock() }
        isAdvancing = true
        while let action = nextAction() {
            lock.unlock()
            perform(action)
            lock.lock()
        }
        isAdvancing = false
        lock.unlock()
    }

    private func nextAction() -> Action? {
        if current == nil {
            guard let read = firstWaiting else { return nil }
            firstWaiting = read.nextWaiting
            if firstWaiting == nil { lastWaiting = nil }
            read.nextWaiting = nil
            current = read
        }
        guard let read = current else { return nil }
        if case .ready = read.phase { prepareTransfer(of: read) }
        switch read.phase {
        case .ready:
            read.phase = .inFlight
            return .submit(read)
        case .inFlight, .recovering: return nil
        case .failing(let status):
            read.phase = .recovering(status)
            return .clearHalt(read)
        case .ending(let status):
            current = nil
            read.cancelling.end()
            return .finish(read, status, read.byteCount)
        }
    }

    /// Works out what the read is to ask for next; if it is done, its phase says so.
    private func prepareTransfer(of read: ReadOperation) {
        if surplus.count > 0 {
            read.byteCount += unsafe surplus.take(into: read.remainder)
            if surplus.count == 0, surplus.endsShort, !read.policies.ignoresShortPackets {
                read.phase = .ending(.success)
                return
            }
        }
        let remaining = unsafe read.target.count - read.byteCount
        if remaining == 0, unsafe !read.target.isEmpty {
            read.phase = .ending(.success)
        } else if read.cancelling.isCancelled {
            read.phase = .ending(.cancelled)
        } else if let deadline = read.deadline, deadline <= clock.presentInstant {
            read.phase = .ending(.ioTimeout)
        } else {
            read.bringsSurplus = remaining > 0 && remaining < packetSize
            read.requestedByteCount =
                read.bringsSurplus ? packetSize : min(remaining / packetSize * packetSize, maximumPiece)
        }
    }

    private func perform(_ action: Action) {
        switch action {
        case .submit(let read): submit(read)
        case .clearHalt(let read):
            pipe.clearHalt { [self] _ in
                lock.withLock { if case .recovering(let status) = read.phase { read.phase = .ending(status) } }
                advance()
            }
        case .finish(let read, let status, let byteCount): read.finish(status, byteCount: byteCount)
        }
    }

    /// Submits what was worked out. Nobody else goes on with the queue meanwhile, so that the read stays the current one.
    private func submit(_ read: ReadOperation) {
        guard let transfer = read.transfer else { return fail(read) }
        var timeout: Duration?
        if let limit = read.policies.timeLimit {
            let now = clock.presentInstant
            let deadline = read.deadline ?? now.advanced(by: limit)
            read.deadline = deadline
            timeout = now.duration(to: deadline)
        }
        let bytes = unsafe read.bringsSurplus ? surplus.packet : read.remainder
        let requested = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<read.requestedByteCount])
        // A cancel may be about it at this moment.
        let use = lock.withLock { read.cancelling.use }
        let canceller = unsafe transfer.submit(requested, timeout: timeout)
        if lock.withLock({ read.cancelling.submitted(canceller, for: use) }) { canceller.cancel() }
    }

    private func fail(_ read: ReadOperation) {
        lock.withLock { read.phase = .ending(.invalidParameter) }
    }

    /// A transfer has ended.
    func transferEnded(_ outcome: TransferOutcome, of read: ReadOperation) {
        lock.lock()
        guard read === current else {
            // It passed the queue by.
            read.byteCount = outcome.byteCount
            return end(read, NTStatus(outcome.status))
        }
        let isOverfull = account(outcome.byteCount, in: read)
        let status = NTStatus(outcome.status)
        if !status.isSuccess {
            // A transfer that was taken back, or has lost its device, leaves no halt behind.
            let clears =
                read.policies.clearsStall && status != .cancelled && status != .ioTimeout
                && status != .deviceNotConnected
            read.phase = clears ? .failing(status) : .ending(status)
        } else if isOverfull {
            read.phase = .ending(.bufferOverflow)
        } else {
            let isShort = outcome.byteCount < read.requestedByteCount
            let isDone = unsafe read.target.isEmpty || isShort && !read.policies.ignoresShortPackets
            read.phase = isDone ? .ending(.success) : .ready
        }
        lock.unlock()
        advance()
    }

    /// Adds what a transfer brought. Returns whether the device sent more than a read may leave over.
    private func account(_ byteCount: Int, in read: ReadOperation) -> Bool {
        guard read.bringsSurplus else {
            read.byteCount += byteCount
            return false
        }
        read.bringsSurplus = false
        let fitting = unsafe min(byteCount, read.target.count - read.byteCount)
        unsafe read.remainder.copyMemory(from: UnsafeRawBufferPointer(rebasing: surplus.packet[..<fitting]))
        read.byteCount += fitting
        guard fitting < byteCount else { return false }
        guard read.policies.allowsPartialReads else { return true }
        if !read.policies.flushesSurplus { surplus.keep(fitting..<byteCount, endsShort: byteCount < packetSize) }
        return false
    }
}
