// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Follows a hardware counter of few bits and makes it an unwrapped position, however many times the counter goes
/// round between two readings.
///
/// A frame number has 11 bits and a microframe register 14, so both go round every 2.048 s. The time that the host
/// measured between two readings says roughly where the counter must be; the reading says exactly. The answer is right
/// as long as the two clocks have drifted apart by less than half a turn, 1.024 s, since the last reading: at a
/// disagreement of 0.05 % that is half an hour without reading. After the bus was suspended, its counter has stood
/// still and a new value must be made.
///
/// The value does no timing of its own. A reading that is older than the last one gives an earlier position.
public struct UnwrappedCounter<Count: BusCount>: Hashable, Sendable {
    /// The width of the hardware counter, 1 to 63.
    public let bits: Int

    /// The position of the last reading.
    public private(set) var position: Count

    /// Starts from a first reading, taken as the position nearest to `origin` that has these low bits.
    ///
    /// The width is clamped to 1...63; higher bits of the reading are ignored.
    public init(bits: Int, reading: UInt64, near origin: Count) {
        self.bits = min(max(bits, 1), 63)
        position = Count(extending: reading, bits: bits, near: origin)
    }

    /// Takes a reading and returns its position.
    ///
    /// - Parameters:
    ///   - reading: what the counter shows; higher bits are ignored.
    ///   - elapsedNanoseconds: the host's time since the last reading, within half a turn of the counter.
    @discardableResult
    public mutating func update(reading: UInt64, elapsedNanoseconds: Int64) -> Count {
        let expected = position + elapsedNanoseconds.flooredQuotient(by: Count.nanoseconds)
        position = Count(extending: reading, bits: bits, near: expected)
        return position
    }
}
