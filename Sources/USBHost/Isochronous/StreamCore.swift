// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// The ring of transfers behind a stream. One task drives it; the statistics may be read by any.
final class StreamCore: @unchecked Sendable {
    let pipe: PipeCore
    private let pacing: StreamPacing
    private let packetsPerBatch: Int
    private let ring: RegisteredBuffer
    private var slots: [TransferCore] = []
    /// The oldest slot in use, how many are in use, and how many of those are with the pipe; the rest wait to be sent.
    private var first = 0
    private var used = 0
    private var sent = 0
    /// Whether the next transfer that is sent follows one before it.
    private var isChained = false
    private var expectedNext: Microframe?
    /// The epoch of the frame count in which that position was planned.
    private var expectedEpoch: UInt64 = 0
    private var packetNumber: Int64 = 0
    /// Where the stream is to begin; nil for as soon as possible, and after it has begun.
    private var start: Microframe?

    private let lock = Lock()
    private var sharedStatistics = StreamStatistics()

    var statistics: StreamStatistics { lock.withLock { sharedStatistics } }

    /// Makes a ring, with nothing in flight.
    ///
    /// Throws `.invalidArgument` when a packet would not fit its interval or a batch would be empty.
    init(pipe: PipeCore, pacing: StreamPacing, options: StreamOptions) throws(USBError) {
        self.pipe = pipe
        self.pacing = pacing
        start = options.start
        let limit = pipe.info.maximumBytesPerInterval
        let largest =
            switch pacing {
            case .filling: limit
            case .fixed(let bytes): bytes
            case .samples(let plan): plan.maximumBytes
            }
        guard largest > 0, largest <= limit else {
            throw pipe.error(
                .invalidArgument, "packets of \(largest) bytes are asked for; one interval carries 1 to \(limit)")
        }
        let interval = max(1, pipe.info.intervalMicroframes) * Microframe.nanoseconds
        let batch = options.batch.wholeNanoseconds / interval
        let depth = options.depth.wholeNanoseconds / interval
        guard batch <= 1 << 20, depth <= 1 << 20 else {
            throw pipe.error(.invalidArgument, "a stream of \(options.depth) in flight is out of reason")
        }
        packetsPerBatch = max(1, Int(batch))
        // Two are the least with which one can be filled while the other is served.
        let count = max(2, (Int(depth) + packetsPerBatch - 1) / packetsPerBatch)
        let stride = packetsPerBatch * largest
        ring = RegisteredBuffer(byteCount: stride * count)
        for index in 0..<count {
            let bytes = unsafe try ring.range(offset: index * stride, count: stride)
            let slot = TransferCore(pipe: pipe, memory: unsafe .registered(ring, bytes))
            slot.loan = pipe.handle
            slots.append(slot)
        }
    }

    // MARK: Slots

    private var oldest: TransferCore { slots[first] }
    private func slot(_ offset: Int) -> TransferCore { slots[(first + offset) % slots.count] }

    var isFull: Bool { used == slots.count }
    var hasSent: Bool { sent > 0 }
    var isEmpty: Bool { used == 0 }

    /// A free slot with its packets laid out.
    func prepareSlot() throws(USBError) -> TransferCore {
        let transfer = slot(used)
        switch pacing {
        case .filling:
            try transfer.layOut(
                repeatElement(pipe.info.maximumBytesPerInterval, count: packetsPerBatch), count: packetsPerBatch)
        case .fixed(let bytes):
            try transfer.layOut(repeatElement(bytes, count: packetsPerBatch), count: packetsPerBatch)
        case .samples(let plan):
            try transfer.layOut(
                PacketPlan.samples(plan, first: packetNumber, count: packetsPerBatch), count: packetsPerBatch)
        }
        return transfer
    }

    /// Where the packets that are prepared next will go, as far as that is settled.
    var nextPosition: Microframe? {
        guard isChained, sent > 0 || used == 0 else { return start.map { $0 + filledMicroframes } }
        return expectedNext.map { $0 + filledMicroframes }
    }

    /// The bus time of what is filled but not sent.
    private var filledMicroframes: Int64 {
        var packets = 0
        for offset in sent..<used { packets += slot(offset).packetCount }
        return Int64(packets) * max(1, pipe.info.intervalMicroframes)
    }

    /// The slot that was prepared is filled: it waits to be sent.
    func keepPrepared(_ transfer: TransferCore) {
        guard transfer.packetCount > 0 else { return }
        packetNumber += Int64(transfer.packetCount)
        used += 1
        publish()
    }

    /// Sends what is filled, in order. Returns false when the chain has broken and must be primed anew.
    func sendFilled() throws(USBError) -> Bool {
        while sent < used {
            let transfer = slot(sent)
            transfer.prepare(timeout: nil, deliveringRefusal: false)
            transfer.start = isChained ? .continuing : start.map { .at($0) } ?? .asSoonAsPossible
            transfer.startPolicy = StartPolicy()
            do throws(USBError) {
                try pipe.submit(transfer, asynchronous: true)
            } catch {
                guard error.kind == .discontinuous else { throw error }
                isChained = false
                return false
            }
            if !isChained { noteStart(of: transfer) }
            isChained = true
            start = nil
            (expectedNext, expectedEpoch) = pipe.lock.withLock { (transfer.plannedEnd, transfer.epoch) }
            sent += 1
        }
        return true
    }

    /// Sends what may go now. A running chain is fed at once; a new one begins when the ring is full again and nothing
    /// is left of the old one, so that it rides out as long a pause.
    func feed() throws(USBError) {
        if isChained, sent > 0 { _ = try sendFilled() }
        if isFull, sent == 0 { try sendAll() }
    }

    /// Sends all that is filled, beginning anew where the chain has broken.
    func sendAll() throws(USBError) {
        while !(try sendFilled()) {}
    }

    private func noteStart(of transfer: TransferCore) {
        let (start, epoch) = pipe.lock.withLock { (transfer.firstPosition, transfer.epoch) }
        lock.withLock {
            if sharedStatistics.firstPosition == nil {
                sharedStatistics.firstPosition = start
            } else {
                sharedStatistics.gapCount += 1
                if let start, let expectedNext, epoch == expectedEpoch {
                    sharedStatistics.gapMicroframes += max(0, start - expectedNext)
                }
            }
        }
    }

    /// Waits for the oldest transfer and takes it out of the ring. Throws when the stream cannot go on.
    func collectOldest() async throws(USBError) -> TransferCore {
        let transfer = oldest
        await transfer.wait()
        pipe.collect(transfer)
        first = (first + 1) % slots.count
        used -= 1
        sent -= 1
        account(transfer)
        switch transfer.status {
        // Whether the chain goes on behind packets that came too late, the pipe knows.
        case .completed, .expired: break
        default: throw transfer.outcome.error ?? pipe.error(.other)
        }
        return transfer
    }

    private func account(_ transfer: TransferCore) {
        var completed = 0
        var missed = 0
        var failed = 0
        let table = unsafe transfer.packetTable
        for index in 0..<transfer.packetCount {
            switch unsafe table[index].status {
            case .completed: completed += 1
            case .expired, .missed, .notServiced: missed += 1
            case .failed: failed += 1
            case .notAttempted: break
            }
        }
        lock.withLock {
            sharedStatistics.packetsCompleted += completed
            sharedStatistics.packetsMissed += missed
            sharedStatistics.packetsFailed += failed
            sharedStatistics.byteCount += transfer.byteCount
            sharedStatistics.transferCount += 1
            if transfer.mayFollowGap { sharedStatistics.possibleGapCount += 1 }
            if let next = transfer.nextPosition { sharedStatistics.nextPosition = next }
            sharedStatistics.batchesQueued = used
        }
    }

    private func publish() {
        lock.withLock { sharedStatistics.batchesQueued = used }
    }

    // MARK: Ends

    /// Waits until everything that was sent has ended.
    func drain() async throws(USBError) {
        while sent > 0 { _ = try await collectOldest() }
    }

    /// Cancels everything that was sent and waits for it.
    func cancel() async {
        for offset in 0..<sent { pipe.cancel(slot(offset), .requested) }
        while sent > 0 { _ = try? await collectOldest() }
        used = 0
        publish()
    }

    /// The stream's owner let go of it.
    func abandon() {
        for offset in 0..<sent { pipe.abandon(slot(offset)) }
        sent = 0
        used = 0
    }
}
