// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB

/// The code for a number without a text (ERROR_MR_MID_NOT_FOUND).
private let noMessage: Int32 = 317
/// The languages that the texts are given for: neutral, the user's, the system's, and English.
private let languages: Set<UInt32> = [0, 0x0400, 0x0800, 0x0409, 0x0809, 0x0009]

/// What the inserts of a message stand for: the values of an array, or of a va_list, each as wide as a pointer.
@safe private struct Inserts {
    // Sound: the caller says that there is a value for every insert.
    let list: UnsafeMutableRawPointer?
    let isArray: Bool
    private var taken: [UInt] = []

    init(list: UnsafeMutableRawPointer?, isArray: Bool) {
        unsafe self.list = unsafe list
        self.isArray = isArray
    }

    /// The value of insert `number`, from 1 on; nil without a list.
    mutating func value(_ number: Int) -> UInt? {
        guard let list = unsafe list else { return nil }
        if isArray { return unsafe list.loadUnaligned(fromByteOffset: (number - 1) * 8, as: UInt.self) }
        while taken.count < number { taken.append(unsafe UInt(swiftusb_next_argument(list))) }
        return taken[number - 1]
    }
}

/// Expands a message's escapes: `%1` to `%99` with a format in exclamation marks, `%n`, `%t`, `%r`, `%b`, `%0`, and a
/// percent sign before anything else.
private struct MessageScanner {
    var characters: ArraySlice<Character>
    var inserts: Inserts
    let ignoresInserts: Bool
    /// What `%1` without a format means: a wide text, or one of bytes.
    let isWide: Bool
    private(set) var text = ""
    /// An insert has no value, or a format that is not known.
    private(set) var hasFailed = false
    /// The text said that no line ends behind it.
    private(set) var isOpen = false

    init(_ text: String, inserts: Inserts, ignoresInserts: Bool, isWide: Bool) {
        characters = ArraySlice(text)
        self.inserts = inserts
        self.ignoresInserts = ignoresInserts
        self.isWide = isWide
    }

    mutating func run() {
        while let character = characters.popFirst() {
            guard character == "%", let next = characters.popFirst() else {
                text.append(character)
                continue
            }
            switch next {
            case "0":
                isOpen = true
                return
            case "n": text += "\r\n"
            case "r": text += "\r"
            case "t": text += "\t"
            case "b": text += " "
            case "1"..."9": insert(first: next)
            default: text.append(next)
            }
        }
    }

    private mutating func insert(first: Character) {
        var number = String(first)
        if let next = characters.first, ("0"..."9").contains(next) {
            number.append(next)
            characters.removeFirst()
        }
        var format = "s"
        var source = "%" + number
        if characters.first == "!", let end = characters.dropFirst().firstIndex(of: "!") {
            format = String(characters[characters.index(after: characters.startIndex)..<end])
            source += "!\(format)!"
            characters = characters[characters.index(after: end)...]
        }
        if ignoresInserts {
            text += source
        } else if let number = Int(number), let value = inserts.value(number), let shown = show(value, format) {
            text += shown
        } else {
            hasFailed = true
        }
    }

    private func show(_ value: UInt, _ format: String) -> String? {
        var flags = format[...]
        guard let kind = flags.popLast() else { return nil }
        var size = ""
        for known in ["I64", "I32", "ll", "l", "h", "w"] where flags.hasSuffix(known) {
            size = known
            flags = flags.dropLast(known.count)
            break
        }
        var padding: Character = " "
        let isLeft = flags.first == "-"
        if isLeft { flags = flags.dropFirst() }
        if flags.first == "0" { padding = "0" }
        guard let width = flags.isEmpty ? 0 : Int(flags), width < 1_000 else { return nil }
        let isLong = size == "I64" || size == "ll"
        let shown: String
        switch kind {
        case "d", "i": shown = isLong ? String(Int(bitPattern: value)) : String(Int32(truncatingIfNeeded: value))
        case "u": shown = isLong ? String(value) : String(UInt32(truncatingIfNeeded: value))
        case "x", "X":
            shown = String(
                isLong ? value : UInt(UInt32(truncatingIfNeeded: value)), radix: 16, uppercase: kind == "X")
        case "p": shown = String(value, radix: 16, uppercase: true)
        case "c": shown = Unicode.Scalar(UInt32(truncatingIfNeeded: value)).map { String(Character($0)) } ?? "\u{FFFD}"
        case "s", "S":
            let isWide = size == "l" || size == "w" || (size != "h" && (self.isWide == (kind == "s")))
            shown = read(value, isWide: isWide)
        default: return nil
        }
        let fill = String(repeating: padding, count: max(0, width - shown.count))
        return isLeft ? shown + String(repeating: " ", count: fill.count) : fill + shown
    }

    // Sound: the caller says that the insert is a text.
    private func read(_ value: UInt, isWide: Bool) -> String {
        let text =
            unsafe isWide
            ? Text.read(UnsafePointer<WCHAR>(bitPattern: value)) : Text.read(UnsafePointer<CChar>(bitPattern: value))
        return text ?? "(null)"
    }
}

/// Makes the text, or sets the last error.
private func message(
    flags: DWORD, source: String?, id: DWORD, language: DWORD, inserts: Inserts, isWide: Bool
) -> String? {
    func has(_ flag: Int32) -> Bool { flags & DWORD(flag) != 0 }
    let template: String
    if has(FORMAT_MESSAGE_FROM_STRING) {
        guard let source, !has(FORMAT_MESSAGE_FROM_SYSTEM), !has(FORMAT_MESSAGE_FROM_HMODULE) else {
            return LastError.fail(ERROR_INVALID_PARAMETER, returning: nil)
        }
        template = source
    } else if has(FORMAT_MESSAGE_FROM_SYSTEM) || has(FORMAT_MESSAGE_FROM_HMODULE) {
        // An HRESULT that carries a code of Win32 says the same as the code.
        let code = id >> 16 == 0x8007 ? id & 0xFFFF : id
        guard has(FORMAT_MESSAGE_FROM_SYSTEM), languages.contains(language), let text = messageTexts[code] else {
            return LastError.fail(noMessage, returning: nil)
        }
        template = text + "\r\n"
    } else {
        return LastError.fail(ERROR_INVALID_PARAMETER, returning: nil)
    }
    var scanner = MessageScanner(
        template, inserts: inserts, ignoresInserts: has(FORMAT_MESSAGE_IGNORE_INSERTS), isWide: isWide)
    scanner.run()
    guard !scanner.hasFailed else { return LastError.fail(ERROR_INVALID_PARAMETER, returning: nil) }
    let width = Int(flags & DWORD(FORMAT_MESSAGE_MAX_WIDTH_MASK))
    return width == 0 ? scanner.text : wrapped(scanner.text, width: width)
}

/// The text in lines of at most `width` characters, or in one where it is 255; the line ends that the text has itself
/// become spaces.
private func wrapped(_ text: String, width: Int) -> String {
    let words = text.split { $0 == " " || $0 == "\r\n" || $0 == "\n" || $0 == "\r" }
    guard width < FORMAT_MESSAGE_MAX_WIDTH_MASK else { return words.joined(separator: " ") + " " }
    var lines: [String] = []
    for word in words {
        if let last = lines.last, last.count + 1 + word.count <= width {
            lines[lines.count - 1] = last + " " + word
        } else {
            lines.append(String(word))
        }
    }
    return lines.map { $0 + "\r\n" }.joined()
}

/// Writes units and a zero to the program's buffer, or to one that LocalFree takes back, and gives how many without the
/// zero.
private func deliver<Unit: FixedWidthInteger>(
    _ units: [Unit], flags: DWORD, buffer: UnsafeMutablePointer<Unit>?, size: DWORD
) -> DWORD {
    guard let buffer = unsafe buffer else { return LastError.fail(ERROR_INVALID_PARAMETER, returning: 0) }
    let target: UnsafeMutablePointer<Unit>
    if flags & DWORD(FORMAT_MESSAGE_ALLOCATE_BUFFER) != 0 {
        // `size` is then the least that is to be allocated.
        let count = max(units.count + 1, Int(size))
        guard let memory = unsafe allocateLocal(byteCount: count * MemoryLayout<Unit>.stride) else {
            return LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: 0)
        }
        unsafe target = unsafe memory.bindMemory(to: Unit.self, capacity: count)
        // Sound: with this flag the argument is the address of a pointer, whatever its type says.
        unsafe UnsafeMutableRawPointer(buffer).storeBytes(of: target, as: UnsafeMutablePointer<Unit>.self)
    } else {
        guard units.count < Int(size) else { return LastError.fail(ERROR_INSUFFICIENT_BUFFER, returning: 0) }
        unsafe target = unsafe buffer
    }
    for (index, unit) in units.enumerated() { unsafe target[index] = unit }
    unsafe target[units.count] = 0
    return DWORD(units.count)
}

/// Makes a text of an error code (FORMAT_MESSAGE_FROM_SYSTEM) or of a template (FORMAT_MESSAGE_FROM_STRING), and gives
/// its length without the zero.
///
/// There is one language, English, with short texts of the library's own for the codes that it sets; each ends with a
/// line end, which FORMAT_MESSAGE_MAX_WIDTH_MASK makes a space. Inserts take `!s!`, `!S!`, `!d!`, `!i!`, `!u!`, `!x!`,
/// `!X!`, `!c!` and `!p!` with a width and the sizes `l`, `ll`, `h`, `w`, `I32` and `I64`; arguments are as wide as a
/// pointer.
///
/// 0 with 317 (ERROR_MR_MID_NOT_FOUND: no text for the code or the language, and none in any module),
/// ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER (no source, no buffer, an insert without a value or with another
/// format) or ERROR_NOT_ENOUGH_MEMORY.
///
/// Microsoft's page: "FormatMessageA function (winbase.h)".
@c @implementation
public func FormatMessageA(
    _ flags: DWORD, _ source: LPCVOID!, _ messageId: DWORD, _ languageId: DWORD, _ buffer: LPSTR!, _ size: DWORD,
    _ arguments: PVOID!
) -> DWORD {
    let isTemplate = flags & DWORD(FORMAT_MESSAGE_FROM_STRING) != 0
    let template = unsafe isTemplate ? Text.read(source?.assumingMemoryBound(to: CChar.self)) : nil
    let inserts = unsafe Inserts(list: arguments, isArray: flags & DWORD(FORMAT_MESSAGE_ARGUMENT_ARRAY) != 0)
    guard
        let text = message(
            flags: flags, source: template, id: messageId, language: languageId, inserts: inserts, isWide: false)
    else { return 0 }
    return unsafe deliver(text.utf8.map { CChar(bitPattern: $0) }, flags: flags, buffer: buffer, size: size)
}

/// ``FormatMessageA(_:_:_:_:_:_:_:)`` with wide texts.
///
/// Microsoft's page: "FormatMessageW function (winbase.h)".
@c @implementation
public func FormatMessageW(
    _ flags: DWORD, _ source: LPCVOID!, _ messageId: DWORD, _ languageId: DWORD, _ buffer: LPWSTR!, _ size: DWORD,
    _ arguments: PVOID!
) -> DWORD {
    let isTemplate = flags & DWORD(FORMAT_MESSAGE_FROM_STRING) != 0
    let template = unsafe isTemplate ? Text.read(source?.assumingMemoryBound(to: WCHAR.self)) : nil
    let inserts = unsafe Inserts(list: arguments, isArray: flags & DWORD(FORMAT_MESSAGE_ARGUMENT_ARRAY) != 0)
    guard
        let text = message(
            flags: flags, source: template, id: messageId, language: languageId, inserts: inserts, isWide: true)
    else { return 0 }
    return unsafe deliver(Text.wide(text), flags: flags, buffer: buffer, size: size)
}
