// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Copies units up to a zero, at most `limit`, and a zero behind them.
private func copyText<Unit: FixedWidthInteger>(
    to: UnsafeMutablePointer<Unit>, from: UnsafePointer<Unit>, limit: Int = .max
) {
    var index = 0
    while index < limit, unsafe from[index] != 0 {
        unsafe to[index] = unsafe from[index]
        index += 1
    }
    unsafe to[index] = 0
}

// The short string functions. As Microsoft's do, they take NULL for an empty text, and give NULL or 0 back.

/// The bytes of a text before its zero; 0 for NULL.
///
/// Microsoft's page: "lstrlenA function (winbase.h)".
@c @implementation
public func lstrlenA(_ text: LPCSTR!) -> CInt {
    // Sound, as everywhere here: the caller says that the text ends with a zero and that there is room for the result.
    unsafe text.map { unsafe CInt(clamping: strlen($0)) } ?? 0
}

/// The characters of a text before its zero; 0 for NULL.
///
/// Microsoft's page: "lstrlenW function (winbase.h)".
@c @implementation
public func lstrlenW(_ text: LPCWSTR!) -> CInt { unsafe text.map { unsafe CInt(clamping: Text.length($0)) } ?? 0 }

/// Copies a text; NULL when either is NULL.
///
/// Microsoft's page: "lstrcpyA function (winbase.h)".
@c @implementation
public func lstrcpyA(_ to: LPSTR!, _ from: LPCSTR!) -> LPSTR! {
    guard let to = unsafe to, let from = unsafe from else { return nil }
    unsafe copyText(to: to, from: from)
    return unsafe to
}

/// Copies a wide text; NULL when either is NULL.
///
/// Microsoft's page: "lstrcpyW function (winbase.h)".
@c @implementation
public func lstrcpyW(_ to: LPWSTR!, _ from: LPCWSTR!) -> LPWSTR! {
    guard let to = unsafe to, let from = unsafe from else { return nil }
    unsafe copyText(to: to, from: from)
    return unsafe to
}

/// Copies at most `length` - 1 bytes of a text, and a zero; NULL when either is NULL or there is no room.
///
/// Microsoft's page: "lstrcpynA function (winbase.h)".
@c @implementation
public func lstrcpynA(_ to: LPSTR!, _ from: LPCSTR!, _ length: CInt) -> LPSTR! {
    guard let to = unsafe to, let from = unsafe from, length > 0 else { return nil }
    unsafe copyText(to: to, from: from, limit: Int(length) - 1)
    return unsafe to
}

/// Copies at most `length` - 1 characters of a wide text, and a zero; NULL when either is NULL or there is no room.
///
/// Microsoft's page: "lstrcpynW function (winbase.h)".
@c @implementation
public func lstrcpynW(_ to: LPWSTR!, _ from: LPCWSTR!, _ length: CInt) -> LPWSTR! {
    guard let to = unsafe to, let from = unsafe from, length > 0 else { return nil }
    unsafe copyText(to: to, from: from, limit: Int(length) - 1)
    return unsafe to
}

/// Appends a text; NULL when either is NULL.
///
/// Microsoft's page: "lstrcatA function (winbase.h)".
@c @implementation
public func lstrcatA(_ to: LPSTR!, _ from: LPCSTR!) -> LPSTR! {
    guard let to = unsafe to, let from = unsafe from else { return nil }
    unsafe copyText(to: to + strlen(to), from: from)
    return unsafe to
}

/// Appends a wide text; NULL when either is NULL.
///
/// Microsoft's page: "lstrcatW function (winbase.h)".
@c @implementation
public func lstrcatW(_ to: LPWSTR!, _ from: LPCWSTR!) -> LPWSTR! {
    guard let to = unsafe to, let from = unsafe from else { return nil }
    unsafe copyText(to: to + Text.length(to), from: from)
    return unsafe to
}

/// -1, 0 or 1: how two texts stand to each other, by the numbers of their characters.
private func compare(_ left: String?, _ right: String?, foldingCase: Bool) -> CInt {
    func key(_ text: String?) -> [UInt32] {
        let text = text ?? ""
        return (foldingCase ? text.lowercased() : text).unicodeScalars.map(\.value)
    }
    let left = key(left)
    let right = key(right)
    return left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
}

/// Compares two texts by the numbers of their characters: below 0, 0 or above. NULL comes first.
///
/// Microsoft's page: "lstrcmpA function (winbase.h)".
@c @implementation
public func lstrcmpA(_ left: LPCSTR!, _ right: LPCSTR!) -> CInt {
    unsafe compare(Text.read(left), Text.read(right), foldingCase: false)
}

/// ``lstrcmpA(_:_:)`` for wide texts.
///
/// Microsoft's page: "lstrcmpW function (winbase.h)".
@c @implementation
public func lstrcmpW(_ left: LPCWSTR!, _ right: LPCWSTR!) -> CInt {
    unsafe compare(Text.read(left), Text.read(right), foldingCase: false)
}

/// ``lstrcmpA(_:_:)`` whatever the case.
///
/// Microsoft's page: "lstrcmpiA function (winbase.h)".
@c @implementation
public func lstrcmpiA(_ left: LPCSTR!, _ right: LPCSTR!) -> CInt {
    unsafe compare(Text.read(left), Text.read(right), foldingCase: true)
}

/// ``lstrcmpW(_:_:)`` whatever the case.
///
/// Microsoft's page: "lstrcmpiW function (winbase.h)".
@c @implementation
public func lstrcmpiW(_ left: LPCWSTR!, _ right: LPCWSTR!) -> CInt {
    unsafe compare(Text.read(left), Text.read(right), foldingCase: true)
}

/// Writes a text to the standard error output; NULL is nothing.
///
/// Microsoft's page: "OutputDebugStringA function (debugapi.h)".
@c @implementation
public func OutputDebugStringA(_ text: LPCSTR!) {
    if let text = unsafe Text.read(text) { writeToStandardError(text) }
}

/// ``OutputDebugStringA(_:)`` for a wide text.
///
/// Microsoft's page: "OutputDebugStringW function (debugapi.h)".
@c @implementation
public func OutputDebugStringW(_ text: LPCWSTR!) {
    if let text = unsafe Text.read(text) { writeToStandardError(text) }
}

/// Always FALSE: whether a debugger watches makes no difference here.
///
/// Microsoft's page: "IsDebuggerPresent function (debugapi.h)".
@c @implementation
public func IsDebuggerPresent() -> BOOL { FALSE }
