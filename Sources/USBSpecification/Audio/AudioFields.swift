// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The bDescriptorSubtype of the descriptors that are read or written here (Audio 1.0 tables ).
enum AudioSubtype {
    static let header: UInt8 = 0x01
    static let inputTerminal: UInt8 = 0x02
    static let outputTerminal: UInt8 = 0x03
    static let mixerUnit: UInt8 = 0x04
    static let selectorUnit: UInt8 = 0x05
    static let featureUnit: UInt8 = 0x06
    static let processingUnit: UInt8 = 0x07
    static let extensionUnit: UInt8 = 0x08
    static let streamingGeneral: UInt8 = 0x01
    static let formatType: UInt8 = 0x02
    static let endpointGeneral: UInt8 = 0x01
}

/// The fields of a class-specific descriptor, counted from bLength as the specification's tables do.
///
/// Every access is checked: what lies outside the descriptor reads as zero.
struct AudioFields {
    private let payload: [UInt8]

    /// Takes a descriptor of the given type and subtype with at least `length` bytes; nil for any other.
    init?(_ raw: RawDescriptor, type: DescriptorType, subtype: UInt8, length: Int) {
        guard raw.type == type, raw.payload.first == subtype, raw.payload.count + 2 >= length else { return nil }
        payload = raw.payload
    }

    /// bLength.
    var length: Int { payload.count + 2 }

    func byte(_ offset: Int) -> UInt8 { payload.indices.contains(offset - 2) ? payload[offset - 2] : 0 }

    func word(_ offset: Int) -> UInt16 { UInt16(byte(offset)) | UInt16(byte(offset + 1)) << 8 }

    /// Three bytes, low byte first, as sampling frequencies are written.
    func triple(_ offset: Int) -> Int { Int(word(offset)) | Int(byte(offset + 2)) << 16 }

    /// Up to `count` bytes, fewer where the descriptor ends.
    func bytes(_ offset: Int, count: Int) -> [UInt8] { Array(payload.dropFirst(offset - 2).prefix(count)) }
}
