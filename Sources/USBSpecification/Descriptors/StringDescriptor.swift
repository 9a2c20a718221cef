// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A language of string descriptors, by the USB-IF's list of language identifiers.
public struct LanguageID: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// The identifier: a primary language in bits 9 to 0, a variant in bits 15 to 10.
    public var rawValue: UInt16

    /// Takes an identifier.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Takes a literal such as `0x0409`.
    public init(integerLiteral value: UInt16) { rawValue = value }

    /// English as in the United States, which nearly every device has.
    public static let englishUS: LanguageID = 0x0409

    /// For example "0x0409".
    public var description: String { hexadecimal(rawValue) }
}

/// A text of a device in UTF-16, or, at index 0, the list of its languages (USB 2.0 section 9.6.7).
public struct StringDescriptor: Descriptor {
    /// The largest number of 16-bit units in one descriptor.
    public static let maximumCodeUnits = 126

    /// The 16-bit units behind the header, at most 126.
    public let codeUnits: [UInt16]

    /// Makes a descriptor of a text. Of a text longer than 126 UTF-16 units, the characters that fit are used.
    public init(_ string: String) {
        var units: [UInt16] = []
        for scalar in string.unicodeScalars {
            let encoded = UTF16.encode(scalar).map { Array($0) } ?? []
            if units.count + encoded.count > Self.maximumCodeUnits { break }
            units.append(contentsOf: encoded)
        }
        codeUnits = units
    }

    /// Makes the list of languages, of which the first 126 are used.
    public init(languages: [LanguageID]) { codeUnits = languages.prefix(Self.maximumCodeUnits).map(\.rawValue) }

    private init(codeUnits: [UInt16]) { self.codeUnits = codeUnits }

    /// Reads a string descriptor in which nothing is wrong.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let parsed = StringDescriptor.parse(bytes, at: offset)
        if let defect = parsed.defects.first { throw defect }
        self = parsed.value ?? StringDescriptor(codeUnits: [])
    }

    /// Reads a string descriptor as far as it goes.
    ///
    /// Real devices get lengths wrong. From a descriptor that says more bytes than there are, those that there are make
    /// the text; of an odd number, the last is ignored.
    ///
    /// - Parameters:
    ///   - bytes: the descriptor as the device sent it; what lies behind its bLength is ignored.
    ///   - offset: where `bytes` stand in whatever they were cut from; used only to say where a defect is.
    /// - Returns: the string, nil if this is no string descriptor at all, and the defects.
    public static func parse(_ bytes: RawSpan, at offset: Int = 0) -> Parsed<StringDescriptor> {
        var defects: [DescriptorDefect] = []
        var length = Int(bytes.byte(0))
        do throws(DescriptorDefect) {
            _ = try checkedLength(of: bytes, at: offset, type: .string, minimum: 2)
        } catch {
            guard case .overrun = error.kind else { return Parsed(value: nil, defects: [error]) }
            defects.append(error)
            length = bytes.byteCount
        }
        if length % 2 != 0 { defects.append(DescriptorDefect(.oddStringLength(length), at: offset)) }
        var units: [UInt16] = []
        units.reserveCapacity(length / 2)
        for position in 1..<max(length / 2, 1) { units.append(bytes.word(position * 2)) }
        return Parsed(value: StringDescriptor(codeUnits: units), defects: defects)
    }

    /// Reads a string descriptor as far as it goes; see ``parse(_:at:)-(RawSpan,_)``.
    public static func parse(_ bytes: [UInt8]) -> Parsed<StringDescriptor> { bytes.withRawSpan { parse($0) } }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(UInt8(2 + codeUnits.count * 2))
        bytes.append(DescriptorType.string.rawValue)
        for unit in codeUnits { bytes.append(word: unit) }
    }

    /// The text. Each half of a surrogate pair that stands alone becomes U+FFFD.
    public var string: String { String(decoding: codeUnits, as: UTF16.self) }

    /// The languages, if this is the descriptor at index 0.
    public var languages: [LanguageID] { codeUnits.map { LanguageID(rawValue: $0) } }
}
