// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// How an isochronous stream cuts its bytes into packets, one packet a service interval.
public enum StreamPacing: Sendable, Hashable {
    /// Every packet carries as much as its interval can.
    case filling
    /// Every packet carries so many bytes.
    case fixed(bytes: Int)
    /// The packets follow a sample rate, which need not divide the frame rate.
    case samples(SampleRatePlan)
}

/// The shape of a stream.
public struct StreamOptions: Sendable, Hashable {
    /// How much bus time is kept in flight. More rides out longer pauses of the program and adds as much delay.
    public var depth: Duration
    /// How much bus time is lent to the program at once, with one wake-up.
    public var batch: Duration
    /// Where the first packet goes; nil for as soon as possible. A stream that has to begin anew after a gap does so as
    /// soon as possible.
    public var start: Microframe?

    /// Makes a shape: 16 ms in flight, lent by the millisecond, unless said otherwise.
    public init(
        depth: Duration = .milliseconds(16), batch: Duration = .milliseconds(1), start: Microframe? = nil
    ) {
        self.depth = depth
        self.batch = batch
        self.start = start
    }
}

/// What a stream has done so far.
public struct StreamStatistics: Sendable, Hashable {
    /// Packets that were served.
    public var packetsCompleted = 0
    /// Packets whose time passed unserved: expired, missed or not serviced.
    public var packetsMissed = 0
    /// Packets with an error of the bus.
    public var packetsFailed = 0
    /// Bytes moved.
    public var byteCount = 0
    /// Transfers that have ended.
    public var transferCount = 0
    /// Times the stream ran dry, or the clock jumped, and it had to start anew.
    public var gapCount = 0
    /// Transfers that were sent so late that a gap may lie before them, on a wire that cannot tell. They are not counted
    /// as gaps.
    public var possibleGapCount = 0
    /// The bus time that those gaps took, in microframes, as far as the wire can tell.
    public var gapMicroframes: Int64 = 0
    /// The position of the first packet.
    public var firstPosition: Microframe?
    /// The position behind the last packet that has ended.
    public var nextPosition: Microframe?
    /// Batches that are in flight or filled.
    public var batchesQueued = 0

    /// Nothing yet.
    public init() {}
}

/// Whether a stream goes on.
public enum StreamStep: Sendable, Hashable {
    /// Another batch, please.
    case next
    /// This batch was the last.
    case stop
}

/// A batch of packets lent to the program to be filled.
public struct OutBatch: ~Copyable {
    let transfer: TransferCore

    /// Where the first packet will go if the stream runs on without a gap; nil before it has begun, and while it waits
    /// to begin anew.
    public let position: Microframe?

    /// The number of packets.
    public var packetCount: Int { transfer.packetCount }

    /// The bytes that the packets carry, back to back.
    public var byteCount: Int { transfer.length }

    /// The size of a packet in bytes. Traps when there is no such packet.
    public func byteCount(ofPacket index: Int) -> Int {
        precondition(index >= 0 && index < transfer.packetCount, "no such packet")
        return unsafe transfer.packetTable[index].length
    }

    /// Calls `body` with the bytes of all packets, back to back. What is not written is what was sent with an earlier
    /// batch.
    public mutating func withMutableBytes<Value: ~Copyable, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        // Sound: the transfer is idle, so its memory is this batch's alone, and the span does not outlive the call.
        let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: transfer.memory.bytes[..<transfer.length])
        var span = unsafe MutableSpan<UInt8>(_unsafeBytes: bytes)
        return try body(&span)
    }

    /// Keeps only the first `count` bytes: the packet that they end in becomes short, and those behind it are left out.
    /// With 0 nothing of the batch is sent. A larger count than ``byteCount`` changes nothing.
    public mutating func truncate(to count: Int) {
        transfer.truncatePackets(to: max(0, count))
    }
}

/// A batch of packets lent to the program to be read.
public struct InBatch: ~Copyable {
    let transfer: TransferCore

    /// The number of packets.
    public var packetCount: Int { transfer.packetCount }

    /// The bytes that came, over all packets.
    public var byteCount: Int { transfer.byteCount }

    /// The position of the first packet, as far as the wire can tell.
    public var firstPosition: Microframe? { transfer.firstPosition }

    /// What became of a packet. Traps when there is no such packet.
    public func packet(_ index: Int) -> IsochronousPacket {
        precondition(index >= 0 && index < transfer.packetCount, "no such packet")
        return IsochronousPacket(unsafe transfer.packetTable[index])
    }

    /// Calls `body` with the bytes of a packet. Traps when there is no such packet.
    public func withPacket<Value: ~Copyable, Failure: Error>(
        _ index: Int, _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let packet = packet(index)
        let end = packet.offset + packet.actualLength
        // Sound: the transfer is idle, so nothing writes its memory, and the span does not outlive the call.
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: transfer.memory.bytes[packet.offset..<end])
        return try body(unsafe Span(_unsafeBytes: bytes))
    }
}

/// One packet of an IN stream with bytes of its own.
public struct ReceivedPacket: Sendable, Hashable {
    /// The bytes that came.
    public var bytes: [UInt8]
    /// The microframe in which it came, as far as the wire can tell.
    public var position: Microframe?
    /// When it came, as the bus's clock counts.
    public var time: BusInstant
    /// What became of it.
    public var status: PacketStatus
}

extension TransferCore {
    func truncatePackets(to count: Int) {
        guard count < length else { return }
        var left = count
        var kept = 0
        while left > 0 {
            let size = unsafe min(packetTable[kept].length, left)
            unsafe packetTable[kept].length = size
            left -= size
            kept += 1
        }
        keepPackets(kept, byteCount: count)
    }
}
