// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a device sent beyond what a read asked for: the rest of one packet, kept for the next read.
@safe final class Surplus: @unchecked Sendable {
    // Sound: allocated once, freed with the object, and reached only below.
    private let storage: UnsafeMutableRawBufferPointer
    private var range = 0..<0
    /// Whether the packet was a short one: the read that takes the last of it ends there, as it would have on the bus.
    private(set) var endsShort = false

    init(packetSize: Int) {
        unsafe storage = .allocate(byteCount: max(1, packetSize), alignment: 16)
    }

    deinit { unsafe storage.deallocate() }

    /// Where a packet is put that does not fit the read; ``keep(_:endsShort:)`` then says what of it is surplus.
    ///
    /// Nothing may be kept at that time.
    var packet: UnsafeMutableRawBufferPointer { unsafe storage }

    /// The bytes that are kept.
    var count: Int { range.count }

    /// Keeps these bytes of the packet.
    func keep(_ range: Range<Int>, endsShort: Bool) {
        self.range = range
        self.endsShort = endsShort && !range.isEmpty
    }

    /// Moves as many bytes as there are, and as fit, to `target`. Returns how many.
    func take(into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(range.count, target.count)
        guard count > 0 else { return 0 }
        let taken = range.lowerBound..<range.lowerBound + count
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[taken]))
        range = taken.upperBound..<range.upperBound
        return count
    }

    /// Drops what is kept.
    func drop() { range = 0..<0 }
}
