// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where one descriptor lies among others, with its header checked: at least two bytes, all of them present.
public struct DescriptorView: Hashable, Sendable {
    /// The offset of its first byte, counted from the start of all the bytes.
    public let offset: Int
    /// Its type.
    public let type: DescriptorType
    /// Its bLength: 2 to 255 bytes, header included.
    public let length: Int

    /// Where its bytes are; always within the bytes that were walked.
    public var range: Range<Int> { offset..<(offset + length) }

    /// Lends the descriptor's bytes, header included, for the length of a call.
    ///
    /// - Parameters:
    ///   - bytes: the bytes that were walked. From fewer of them, fewer are lent.
    ///   - body: what is done with them.
    public func withBytes<Result, Failure: Error>(
        in bytes: RawSpan, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes.extracting(range.clamped(to: 0..<bytes.byteCount)))
    }

    /// A copy of the descriptor's bytes, header included.
    ///
    /// - Parameter bytes: the bytes that were walked. From fewer of them, fewer are copied.
    public func copy(from bytes: RawSpan) -> [UInt8] { bytes.copy(range) }
}

/// Walks over descriptors that stand one behind another, looking only at their lengths and types.
///
/// Each step moves on by at least two bytes. A length that cannot be (0, 1, or more than there is) ends the walk and is
/// told in ``defect``.
public struct DescriptorIterator: Sendable {
    /// Where the next descriptor is expected.
    public private(set) var offset: Int
    /// Why the walk ended before the end of the bytes; nil while it goes on, or when it ended well.
    public private(set) var defect: DescriptorDefect?

    /// Begins a walk.
    ///
    /// - Parameter offset: where the first descriptor begins; a negative offset counts as 0.
    public init(at offset: Int = 0) { self.offset = max(0, offset) }

    /// Moves to the next descriptor.
    ///
    /// - Parameter bytes: all the bytes; the same at each call.
    /// - Returns: where the descriptor lies, or nil at the end or at a defect.
    public mutating func next(in bytes: RawSpan) -> DescriptorView? {
        guard defect == nil, offset < bytes.byteCount else { return nil }
        let available = bytes.byteCount - offset
        guard available >= 2 else {
            defect = DescriptorDefect(.strayBytes(count: available), at: offset)
            return nil
        }
        let length = Int(bytes.byte(offset))
        let type = DescriptorType(rawValue: bytes.byte(offset + 1))
        guard length >= 2 else {
            defect = DescriptorDefect(.impossibleLength(length), at: offset)
            return nil
        }
        guard length <= available else {
            defect = DescriptorDefect(.overrun(type, length: length, available: available), at: offset)
            return nil
        }
        let view = DescriptorView(offset: offset, type: type, length: length)
        offset += length
        return view
    }

    /// Walks over all descriptors in `bytes`.
    ///
    /// - Returns: the descriptors up to the end or to the first defect, and that defect.
    public static func all(in bytes: RawSpan) -> Parsed<[DescriptorView]> {
        var iterator = DescriptorIterator()
        var views: [DescriptorView] = []
        while let view = iterator.next(in: bytes) { views.append(view) }
        return Parsed(value: views, defects: iterator.defect.map { [$0] } ?? [])
    }

    /// Walks over all descriptors in `bytes`.
    ///
    /// - Returns: the descriptors up to the end or to the first defect, and that defect.
    public static func all(in bytes: [UInt8]) -> Parsed<[DescriptorView]> { bytes.withRawSpan { all(in: $0) } }
}

/// What a lenient parse made of some bytes, and what was wrong with them.
public struct Parsed<Value> {
    /// What could be read; nil when not even the beginning could.
    public var value: Value?
    /// What was wrong, in the order in which it was found; empty for well-formed bytes.
    public var defects: [DescriptorDefect]

    /// Joins the two.
    public init(value: Value?, defects: [DescriptorDefect]) {
        self.value = value
        self.defects = defects
    }
}

extension Parsed: Sendable where Value: Sendable {}
extension Parsed: Equatable where Value: Equatable {}
extension Parsed: Hashable where Value: Hashable {}
