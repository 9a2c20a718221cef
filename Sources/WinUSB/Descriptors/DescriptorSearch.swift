// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The search for a descriptor in bytes as a device sends them: each begins with its length and its type.
struct DescriptorSearch {
    /// What an interface descriptor is to have; nil for whatever it is.
    struct InterfacePattern {
        var number: Int32?
        var alternateSetting: Int32?
        var baseClass: Int32?
        var subclass: Int32?
        var `protocol`: Int32?

        /// -1 stands for whatever it is.
        init(_ number: Int32, _ alternate: Int32, _ baseClass: Int32, _ subclass: Int32, _ protocol: Int32) {
            func value(_ number: Int32) -> Int32? { number == -1 ? nil : number }
            self.number = value(number)
            self.alternateSetting = value(alternate)
            self.baseClass = value(baseClass)
            self.subclass = value(subclass)
            self.protocol = value(`protocol`)
        }
    }

    /// The first descriptor of this type at `start` or behind it; nil when there is none. A descriptor that does not lie
    /// whole within the bytes ends the search, and so does one that is too short to have a type.
    static func first(of type: Int32, in bytes: RawSpan, from start: Int) -> Int? {
        offset(in: bytes, from: start) { bytes.byte($0 + 1) == type }
    }

    /// The first interface descriptor at `start` or behind it that fits the pattern; nil when there is none.
    static func firstInterface(_ pattern: InterfacePattern, in bytes: RawSpan, from start: Int) -> Int? {
        func fits(_ wanted: Int32?, _ offset: Int) -> Bool { wanted.map { $0 == bytes.byte(offset) } ?? true }
        return offset(in: bytes, from: start) {
            bytes.byte($0) >= 9 && bytes.byte($0 + 1) == 4 && fits(pattern.number, $0 + 2)
                && fits(pattern.alternateSetting, $0 + 3) && fits(pattern.baseClass, $0 + 5)
                && fits(pattern.subclass, $0 + 6) && fits(pattern.protocol, $0 + 7)
        }
    }

    private static func offset(in bytes: RawSpan, from start: Int, where fits: (Int) -> Bool) -> Int? {
        var offset = start
        while offset >= 0, offset + 2 <= bytes.byteCount {
            let length = Int(bytes.byte(offset))
            guard length >= 2, length <= bytes.byteCount - offset else { return nil }
            if fits(offset) { return offset }
            offset += length
        }
        return nil
    }
}

extension RawSpan {
    fileprivate func byte(_ offset: Int) -> Int32 {
        Int32(unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self))
    }
}
