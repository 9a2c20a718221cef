// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Packets in the order in which they came, in memory that is allocated once.
struct PacketQueue {
    /// The largest packet that it takes, in bytes.
    let packetSize: Int

    private var storage: [UInt8]
    private var sizes: [Int]
    private var first = 0
    /// The packets in the queue.
    private(set) var count = 0

    /// Makes room for `depth` packets of up to `packetSize` bytes.
    init(depth: Int, packetSize: Int) {
        self.packetSize = packetSize
        storage = [UInt8](repeating: 0, count: depth * packetSize)
        sizes = [Int](repeating: 0, count: depth)
    }

    /// The size of the first packet in bytes; nil if there is none.
    var nextCount: Int? { count > 0 ? sizes[first] : nil }

    /// Takes a packet; false if the queue is full or the packet too large.
    mutating func append(_ bytes: Span<UInt8>) -> Bool {
        guard count < sizes.count, bytes.count <= packetSize else { return false }
        let slot = (first + count) % sizes.count
        storage.replace(from: slot * packetSize, with: bytes)
        sizes[slot] = bytes.count
        count += 1
        return true
    }

    /// Moves the first packet to the start of a buffer that has room for it.
    mutating func removeFirst(into buffer: inout MutableSpan<UInt8>) {
        guard let size = nextCount else { return }
        let start = first * packetSize
        buffer.copyPrefix(of: storage.span.extracting(start..<start + size))
        first = (first + 1) % sizes.count
        count -= 1
    }

    /// Forgets all packets.
    mutating func removeAll() {
        first = 0
        count = 0
    }
}
