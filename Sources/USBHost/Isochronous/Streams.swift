// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// A stream to an isochronous endpoint: several transfers in flight over one ring of memory, whose batches are lent to
/// the program to be filled.
///
/// When the program is late or the clock jumps, the chain breaks. The stream then waits until all its depth is filled
/// again, counts a gap and starts anew at the present; what was filled meanwhile is kept. Packets whose time passed
/// between their submission and the wire are not sent later: they are counted as missed. Letting go of a stream cancels
/// it.
public struct OutStream: ~Copyable, Sendable {
    let core: StreamCore

    deinit { core.abandon() }

    /// What the stream has done so far. Any task may ask.
    public var statistics: StreamStatistics { core.statistics }

    /// Reads the statistics from elsewhere while the stream runs.
    public var monitor: StreamMonitor { StreamMonitor(core: core) }

    /// Lends the next batch to `fill`, waiting for room first. Nothing is sent until the whole depth has been filled
    /// once, or ``finish()`` is called.
    ///
    /// Throws what ended the stream: `.deviceGone`, `.closed`, `.cancelled` (also when the task is), or why it could not
    /// begin at ``StreamOptions/start``. A stream that has thrown is to be cancelled or let go of.
    public mutating func next(_ fill: (inout OutBatch) -> Void) async throws(USBError) {
        if core.isFull { try await makeRoom() }
        let transfer = try core.prepareSlot()
        var batch = OutBatch(transfer: transfer, position: core.nextPosition)
        fill(&batch)
        core.keepPrepared(transfer)
        try core.feed()
    }

    /// Lends batches to `fill` until it says stop, then ``finish()``.
    public mutating func run(_ fill: (inout OutBatch) -> StreamStep) async throws(USBError) -> StreamStatistics {
        var step = StreamStep.next
        while step == .next {
            try await next { step = fill(&$0) }
        }
        return try await finish()
    }

    /// Sends what is filled and waits until all of it has been served.
    public mutating func finish() async throws(USBError) -> StreamStatistics {
        try core.sendAll()
        try await core.drain()
        return core.statistics
    }

    /// Cancels what is in flight and waits for it. The statistics tell what was moved.
    public mutating func cancel() async -> StreamStatistics {
        await core.cancel()
        return core.statistics
    }

    private mutating func makeRoom() async throws(USBError) {
        if !core.hasSent { try core.sendAll() }
        _ = try await core.collectOldest()
    }
}

/// A stream from an isochronous endpoint: several transfers in flight over one ring of memory, whose batches are lent
/// to the program to be read.
///
/// When the program is late or the clock jumps, the chain breaks: the stream counts a gap and goes on at the present.
/// Letting go of a stream cancels it.
public struct InStream: ~Copyable, Sendable {
    let core: StreamCore

    deinit { core.abandon() }

    /// What the stream has done so far. Any task may ask.
    public var statistics: StreamStatistics { core.statistics }

    /// Reads the statistics from elsewhere while the stream runs.
    public var monitor: StreamMonitor { StreamMonitor(core: core) }

    /// Waits for the next batch and lends it to `read`. The first call starts the stream.
    ///
    /// Throws what ended the stream: `.deviceGone`, `.closed`, `.cancelled` (also when the task is), or why it could not
    /// begin at ``StreamOptions/start``. A stream that has thrown is to be cancelled or let go of.
    public mutating func next(_ read: (borrowing InBatch) -> Void) async throws(USBError) {
        try core.fillWithRequests()
        let transfer = try await core.collectOldest()
        let batch = InBatch(transfer: transfer)
        read(batch)
        try core.fillWithRequests()
    }

    /// Lends batches to `read` until it says stop, then cancels what is in flight.
    public mutating func run(_ read: (borrowing InBatch) -> StreamStep) async throws(USBError) -> StreamStatistics {
        var step = StreamStep.next
        while step == .next {
            try await next { step = read($0) }
        }
        return await cancel()
    }

    /// Cancels what is in flight and waits for it. The statistics are of the packets that were lent, without those that
    /// came after the last batch.
    public mutating func cancel() async -> StreamStatistics {
        let statistics = core.statistics
        await core.cancel()
        return statistics
    }

    /// The packets one by one, with bytes of their own, for programs that need not be fast.
    public consuming func packets() -> ReceivedPackets {
        ReceivedPackets(stream: self)
    }
}

/// The packets of an IN stream, one by one. The stream ends when this goes.
public struct ReceivedPackets: AsyncSequence, Sendable {
    private let holder: StreamHolder

    init(stream: consuming InStream) {
        holder = StreamHolder(stream)
    }

    /// Makes the iterator. All iterators share the one stream.
    public func makeAsyncIterator() -> Iterator { Iterator(holder: holder) }

    /// Reads the packets.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let holder: StreamHolder
        private var batch: [ReceivedPacket] = []
        private var index = 0

        fileprivate init(holder: StreamHolder) { self.holder = holder }

        /// The next packet. Throws what ended the stream.
        public mutating func next(isolation: isolated (any Actor)?) async throws(USBError) -> ReceivedPacket? {
            while index >= batch.count {
                batch = try await holder.nextBatch()
                index = 0
            }
            defer { index += 1 }
            return batch[index]
        }
    }
}

/// Holds a stream for the iterators of its packets.
private actor StreamHolder {
    private var stream: InStream?
    private let interval: Int64

    init(_ stream: consuming InStream) {
        interval = max(1, stream.core.pipe.info.intervalMicroframes)
        self.stream = consume stream
    }

    func nextBatch() async throws(USBError) -> [ReceivedPacket] {
        guard var current = stream.take() else {
            throw USBError(.busy, message: "another iterator waits for the next packet")
        }
        var packets: [ReceivedPacket] = []
        let interval = self.interval
        do throws(USBError) {
            try await current.next { (batch: borrowing InBatch) in
                packets.reserveCapacity(batch.packetCount)
                for index in 0..<batch.packetCount {
                    let packet = batch.packet(index)
                    let bytes = batch.withPacket(index) { unsafe $0.withUnsafeBufferPointer { unsafe Array($0) } }
                    packets.append(
                        ReceivedPacket(
                            bytes: bytes, position: batch.firstPosition.map { $0 + Int64(index) * interval },
                            time: packet.time, status: packet.status))
                }
            }
        } catch {
            stream = consume current
            throw error
        }
        stream = consume current
        return packets
    }
}

/// Reads a stream's statistics while another task runs it.
public struct StreamMonitor: Sendable {
    fileprivate let core: StreamCore

    /// What the stream has done so far.
    public var statistics: StreamStatistics { core.statistics }
}

extension StreamCore {
    /// Keeps every slot of an IN stream in flight.
    func fillWithRequests() throws(USBError) {
        while !isFull {
            let transfer = try prepareSlot()
            keepPrepared(transfer)
        }
        try sendAll()
    }
}

extension OutPipe where Kind == Isochronous {
    /// A stream to this endpoint. Nothing is sent before the first batches are filled.
    ///
    /// Throws `.invalidArgument` when a packet would not fit its interval.
    public func stream(
        _ pacing: StreamPacing = .filling, options: StreamOptions = StreamOptions()
    ) throws(USBError) -> OutStream {
        OutStream(core: try StreamCore(pipe: core, pacing: pacing, options: options))
    }
}

extension InPipe where Kind == Isochronous {
    /// A stream from this endpoint. It starts with the first call of ``InStream/next(_:)``.
    ///
    /// Throws `.invalidArgument` when a packet would not fit its interval.
    public func stream(
        _ pacing: StreamPacing = .filling, options: StreamOptions = StreamOptions()
    ) throws(USBError) -> InStream {
        InStream(core: try StreamCore(pipe: core, pacing: pacing, options: options))
    }
}
