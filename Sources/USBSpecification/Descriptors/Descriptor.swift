// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A descriptor as a value: read from its bytes, written back as the same bytes (USB 2.0 section 9.5).
///
/// A device may send a descriptor longer than the specification in force here knows; the additional bytes are kept in
/// a property `trailing`, so that what is written back is what was read. Where a value is built by a program and
/// `trailing` would make bLength exceed 255, the excess is left out.
public protocol Descriptor: Hashable, Sendable {
    /// Reads the descriptor at the start of `bytes`; what lies behind its bLength is ignored.
    ///
    /// - Parameters:
    ///   - bytes: the descriptor's bytes.
    ///   - offset: where `bytes` stand in whatever they were cut from; used only to say where a defect is.
    /// - Throws: the first defect: too few bytes, another type, an impossible length.
    init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect)

    /// Appends the descriptor's bytes, bLength first.
    func encode(into bytes: inout [UInt8])
}

extension Descriptor {
    /// Reads the descriptor at the start of `bytes`; what lies behind its bLength is ignored.
    ///
    /// - Throws: the first defect, with its offset counted from the start of `bytes`.
    public init(_ bytes: RawSpan) throws(DescriptorDefect) { try self.init(parsing: bytes, at: 0) }

    /// Reads the descriptor at the start of `bytes`; what lies behind its bLength is ignored.
    ///
    /// - Throws: the first defect, with its offset counted from the start of `bytes`.
    public init(_ bytes: [UInt8]) throws(DescriptorDefect) {
        self = try bytes.withRawSpan { (span: RawSpan) throws(DescriptorDefect) in try Self(parsing: span, at: 0) }
    }

    /// The descriptor's bytes, bLength first.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        encode(into: &result)
        return result
    }
}

/// Checks the two header bytes of a descriptor.
///
/// - Returns: its bLength, at least `minimum` and at most the number of bytes there are.
func checkedLength(
    of bytes: RawSpan, at offset: Int, type: DescriptorType, minimum: Int
) throws(DescriptorDefect) -> Int {
    guard bytes.byteCount >= 2 else { throw DescriptorDefect(.strayBytes(count: bytes.byteCount), at: offset) }
    let length = Int(bytes.byte(0))
    let found = DescriptorType(rawValue: bytes.byte(1))
    guard length >= 2 else { throw DescriptorDefect(.impossibleLength(length), at: offset) }
    guard found == type else { throw DescriptorDefect(.wrongType(expected: type, found: found), at: offset) }
    guard length <= bytes.byteCount else {
        throw DescriptorDefect(.overrun(type, length: length, available: bytes.byteCount), at: offset)
    }
    guard length >= minimum else {
        throw DescriptorDefect(.tooShort(type, length: length, minimum: minimum), at: offset)
    }
    return length
}

/// A descriptor kept as it came: of a class, of a vendor, or of a type that has no structure here.
public struct RawDescriptor: Descriptor, CustomStringConvertible {
    /// Its type.
    public let type: DescriptorType
    /// Its bytes after bLength and bDescriptorType, at most 253.
    public let payload: [UInt8]

    /// Joins a type and the bytes that follow it.
    ///
    /// - Precondition: there are at most 253 bytes. For bytes from outside use ``init(_:)-([UInt8])``.
    public init(type: DescriptorType, payload: [UInt8]) {
        precondition(payload.count <= 253, "a descriptor has at most 253 bytes behind its header")
        self.type = type
        self.payload = payload
    }

    /// Reads a descriptor of any type.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        type = DescriptorType(rawValue: bytes.byte(1))
        let length = try checkedLength(of: bytes, at: offset, type: type, minimum: 2)
        payload = bytes.copy(2..<length)
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(UInt8(payload.count + 2))
        bytes.append(type.rawValue)
        bytes.append(contentsOf: payload)
    }

    /// The type and the bytes behind it, for example "class-specific interface: 01 00 01".
    public var description: String {
        "\(type): " + payload.map { hexadecimalDigits($0) }.joined(separator: " ")
    }
}
