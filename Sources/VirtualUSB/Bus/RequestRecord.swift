// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// The bus's own record of one request, from its submission to its completion. Records are reused.
///
/// All access to the memory of a request goes through here. It is sound because that memory stays put from `submit` to
/// the completion, because offsets and lengths were checked against the buffer at `submit`, and because everything runs
/// under the bus's lock.
@safe final class RequestRecord {
    /// The request; nil while the record is spare.
    var request: WireRequest?
    /// The pipe that the request was submitted on.
    var pipe: VirtualPipe?
    /// Where the completion goes.
    var sink: (any CompletionSink)?

    /// The record behind this one, in whichever list it is.
    var next: RequestRecord?
    /// The record before this one. Sound: only read while both are in the same list.
    unowned(unsafe) var previous: RequestRecord?

    private var bytes: UnsafeMutablePointer<UInt8>?
    private(set) var byteCount = 0
    private var packets: UnsafeMutablePointer<WirePacket>?
    private(set) var packetCount = 0

    /// Bytes moved so far.
    var moved = 0
    /// Whether an OUT transfer still has to send its zero-length packet.
    var owesZeroLengthPacket = false
    /// The request of a control transfer.
    var setup = SetupPacket(packed: 0)
    /// Whether this is a reset of the port.
    var isPortReset = false
    /// Bytes of a control transfer whose bus time has yet to be spent; negative before it has begun.
    var owedBytes = -1
    /// Whether the bus time of a control transfer's stages with its first packet has been spent.
    var hasPaidStages = false

    /// The next packet to be served.
    var nextPacket = 0
    /// When that packet is due; after the last packet, the position that follows.
    var position: Int64 = 0
    /// When the first packet was due; `Int64.min` when the request never had a place.
    var firstPosition: Int64 = .min

    /// How the request ended, and the microframe at whose start that was so.
    var status = WireCompletion.Status.completed
    var endTime: Int64 = 0
    /// Orders completions.
    var number: UInt64 = 0

    init() { unsafe previous = nil }

    /// Takes a request over.
    func begin(_ request: WireRequest, pipe: VirtualPipe, sink: any CompletionSink) {
        self.request = request
        self.pipe = pipe
        self.sink = sink
        unsafe bytes = request.buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        byteCount = unsafe request.buffer.count
        unsafe packets = request.packets.baseAddress
        packetCount = unsafe request.packets.count
        moved = 0
        owesZeroLengthPacket = false
        isPortReset = false
        owedBytes = -1
        hasPaidStages = false
        nextPacket = 0
        status = .completed
    }

    /// Forgets the request.
    func clear() {
        request = nil
        pipe = nil
        sink = nil
        unsafe bytes = nil
        unsafe packets = nil
    }

    /// Limits the data stage of a control transfer to what its setup packet says.
    func limitBytes(to count: Int) { byteCount = min(byteCount, count) }

    /// Lends bytes to be sent.
    @inline(__always)
    func sending<Result>(from offset: Int, count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        let buffer = unsafe UnsafeBufferPointer(start: bytes.map { unsafe UnsafePointer($0 + offset) }, count: count)
        return body(unsafe buffer.span)
    }

    /// Lends room to receive into.
    @inline(__always)
    func receiving<Result>(at offset: Int, count: Int, _ body: (inout MutableSpan<UInt8>) -> Result) -> Result {
        let buffer = unsafe UnsafeMutableBufferPointer(start: bytes.map { unsafe $0 + offset }, count: count)
        var span = unsafe buffer.mutableSpan
        return body(&span)
    }

    /// Where a packet lies in the buffer. `index` is below ``packetCount``.
    @inline(__always)
    func packetRange(_ index: Int) -> (offset: Int, count: Int) {
        guard let packets = unsafe packets else { return (0, 0) }
        return unsafe (packets[index].offset, packets[index].length)
    }

    /// Notes what became of a packet. `index` is below ``packetCount``.
    @inline(__always)
    func setPacket(_ index: Int, _ status: PacketStatus, count: Int, time: Int64) {
        guard let packets = unsafe packets else { return }
        unsafe packets[index].actualLength = count
        unsafe packets[index].status = status
        unsafe packets[index].time = BusInstant(nanoseconds: time)
    }

    /// The first packet that does not lie in the buffer or is longer than `limit`; nil when all are in order.
    static func firstBadPacket(of request: WireRequest, limit: Int) -> Int? {
        let size = unsafe request.buffer.count
        let packets = unsafe request.packets
        for index in 0..<packets.count {
            let (offset, length) = unsafe (packets[index].offset, packets[index].length)
            guard offset >= 0, length >= 0, length <= limit, offset <= size, length <= size - offset else {
                return index
            }
        }
        return nil
    }

    /// What the host is told.
    var completion: WireCompletion {
        let isIsochronous = packetCount > 0 && firstPosition != .min
        return WireCompletion(
            status: status, byteCount: moved, firstPosition: isIsochronous ? Microframe(firstPosition) : nil,
            nextPosition: isIsochronous ? Microframe(position) : nil, time: BusInstant(nanoseconds: endTime))
    }
}
