// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

internal import CMicrosoftUSB

/// Text of programs: bytes of UTF-8, and wide characters of 32 bits.
@safe enum Text {
    /// The text of a C string, with U+FFFD for what is not UTF-8; nil for NULL.
    static func read(_ text: LPCSTR?) -> String? {
        // Sound: the caller says that the text ends with a zero.
        unsafe text.map { unsafe String(cString: $0) }
    }

    /// The text of a wide string; nil for NULL.
    static func read(_ text: LPCWSTR?) -> String? {
        guard let text = unsafe text else { return nil }
        // Sound: the caller says that the text ends with a zero.
        return String(wide: unsafe UnsafeBufferPointer(start: text, count: unsafe length(text)))
    }

    /// The characters of a wide string before its zero.
    static func length(_ text: LPCWSTR) -> Int {
        var count = 0
        while unsafe text[count] != 0 { count += 1 }
        return count
    }

    /// The wide characters of a text.
    static func wide(_ text: String) -> [WCHAR] { text.unicodeScalars.map { WCHAR(bitPattern: $0.value) } }
}

extension String {
    /// The text of wide characters. Two halves of a UTF-16 pair, such as come of a string descriptor that was widened
    /// unit by unit, make one character; what is none becomes U+FFFD.
    @safe init(wide characters: UnsafeBufferPointer<WCHAR>) {
        self = ""
        var scanner = unsafe WideScanner(characters)
        while let (scalar, _) = scanner.next() { unicodeScalars.append(scalar) }
    }
}

/// Reads wide characters one by one.
@safe struct WideScanner {
    private let characters: UnsafeBufferPointer<WCHAR>
    private var index = 0

    init(_ characters: UnsafeBufferPointer<WCHAR>) { unsafe self.characters = unsafe characters }

    /// The next character, and whether it was one; U+FFFD where it was none.
    mutating func next() -> (Unicode.Scalar, isValid: Bool)? {
        guard unsafe index < characters.count else { return nil }
        let value = UInt32(truncatingIfNeeded: unsafe characters[index])
        index += 1
        if let scalar = Unicode.Scalar(value) { return (scalar, true) }
        if (0xD800..<0xDC00).contains(value), unsafe index < characters.count {
            let low = UInt32(truncatingIfNeeded: unsafe characters[index])
            if (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (value - 0xD800) << 10 + (low - 0xDC00))
            {
                index += 1
                return (scalar, true)
            }
        }
        return ("\u{FFFD}", false)
    }
}
