// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB

/// Whether a code page is UTF-8, as those of the system are.
private func isUTF8(_ codePage: UINT) -> Bool {
    [CP_ACP, CP_OEMCP, CP_THREAD_ACP, CP_UTF8].contains { UINT($0) == codePage }
}

/// Takes what a conversion gives, and counts it.
@safe private struct Output<Unit> {
    // Sound: the caller says that there is room for `capacity` units.
    private let start: UnsafeMutablePointer<Unit>?
    private let capacity: Int
    private(set) var count = 0

    init(_ start: UnsafeMutablePointer<Unit>?, capacity: Int32) {
        unsafe self.start = unsafe start
        self.capacity = Int(max(0, capacity))
    }

    mutating func append(_ unit: Unit) {
        if count < capacity { unsafe start?[count] = unit }
        count += 1
    }

    /// What a conversion returns: the units, or 0 with ERROR_INSUFFICIENT_BUFFER; with no capacity, those needed.
    var result: Int32 {
        guard capacity == 0 || count <= capacity else {
            return LastError.fail(ERROR_INSUFFICIENT_BUFFER, returning: 0)
        }
        return Int32(clamping: count)
    }
}

/// Makes wide characters of UTF-8, and gives how many; with a `wideCount` of 0, how many there would be. A `byteCount` of
/// -1 stands for the bytes up to a zero, and the zero.
///
/// Every code page of the system is UTF-8. What is none becomes U+FFFD, unless MB_ERR_INVALID_CHARS forbids it.
///
/// 0 with ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER (NULL, a count of 0 or below -1, one
/// buffer for both, another code page) or ERROR_NO_UNICODE_TRANSLATION (not UTF-8).
///
/// Microsoft's page: "MultiByteToWideChar function (stringapiset.h)".
@c @implementation
public func MultiByteToWideChar(
    _ codePage: UINT, _ flags: DWORD, _ bytes: LPCCH!, _ byteCount: CInt, _ wide: LPWSTR!, _ wideCount: CInt
) -> CInt {
    guard let bytes = unsafe bytes, isUTF8(codePage), byteCount == -1 || byteCount > 0, wideCount >= 0,
        unsafe wide != nil || wideCount == 0, unsafe UnsafeRawPointer(bytes) != UnsafeRawPointer(wide)
    else { return LastError.fail(ERROR_INVALID_PARAMETER, returning: 0) }
    let allowed = MB_ERR_INVALID_CHARS | (codePage == CP_UTF8 ? 0 : MB_PRECOMPOSED)
    guard flags & ~DWORD(allowed) == 0 else { return LastError.fail(ERROR_INVALID_FLAGS, returning: 0) }
    let isStrict = flags & DWORD(MB_ERR_INVALID_CHARS) != 0
    let count = unsafe byteCount == -1 ? Int(lstrlenA(bytes)) + 1 : Int(byteCount)
    var output = unsafe Output<WCHAR>(wide, capacity: wideCount)
    // Sound: the caller says that there are so many bytes.
    let source = unsafe UnsafeBufferPointer(start: bytes, count: count)
    var decoder = UTF8()
    var iterator = unsafe source.lazy.map { UInt8(bitPattern: $0) }.makeIterator()
    decoding: while true {
        switch unsafe decoder.decode(&iterator) {
        case .scalarValue(let scalar): output.append(WCHAR(bitPattern: scalar.value))
        case .emptyInput: break decoding
        case .error:
            if isStrict { return LastError.fail(ERROR_NO_UNICODE_TRANSLATION, returning: 0) }
            output.append(0xFFFD)
        }
    }
    return output.result
}

/// Makes UTF-8 of wide characters, and gives how many bytes; with a `byteCount` of 0, how many there would be. A
/// `wideCount` of -1 stands for the characters up to a zero, and the zero.
///
/// A wide character has 32 bits; the two halves of a UTF-16 pair next to each other count as the character that they
/// stand for. What is none becomes U+FFFD, unless WC_ERR_INVALID_CHARS forbids it. UTF-8 can write everything, so that the
/// default character is never used.
///
/// 0 with ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER (as for
/// ``MultiByteToWideChar(_:_:_:_:_:_:)``, or a default character with CP_UTF8) or ERROR_NO_UNICODE_TRANSLATION.
///
/// Microsoft's page: "WideCharToMultiByte function (stringapiset.h)".
@c @implementation
public func WideCharToMultiByte(
    _ codePage: UINT, _ flags: DWORD, _ wide: LPCWCH!, _ wideCount: CInt, _ bytes: LPSTR!, _ byteCount: CInt,
    _ defaultChar: LPCCH!, _ usedDefaultChar: LPBOOL!
) -> CInt {
    guard let wide = unsafe wide, isUTF8(codePage), wideCount == -1 || wideCount > 0, byteCount >= 0,
        unsafe bytes != nil || byteCount == 0, unsafe UnsafeRawPointer(wide) != UnsafeRawPointer(bytes),
        unsafe codePage != CP_UTF8 || (defaultChar == nil && usedDefaultChar == nil)
    else { return LastError.fail(ERROR_INVALID_PARAMETER, returning: 0) }
    let allowed = WC_ERR_INVALID_CHARS | (codePage == CP_UTF8 ? 0 : WC_NO_BEST_FIT_CHARS)
    guard flags & ~DWORD(allowed) == 0 else { return LastError.fail(ERROR_INVALID_FLAGS, returning: 0) }
    let isStrict = flags & DWORD(WC_ERR_INVALID_CHARS) != 0
    let count = unsafe wideCount == -1 ? Text.length(wide) + 1 : Int(wideCount)
    var output = unsafe Output<CChar>(bytes, capacity: byteCount)
    // Sound: the caller says that there are so many characters.
    var scanner = unsafe WideScanner(UnsafeBufferPointer(start: wide, count: count))
    while let (scalar, isValid) = scanner.next() {
        guard isValid || !isStrict else { return LastError.fail(ERROR_NO_UNICODE_TRANSLATION, returning: 0) }
        for byte in UTF8.encode(scalar)! { output.append(CChar(bitPattern: byte)) }
    }
    unsafe usedDefaultChar?.pointee = FALSE
    return output.result
}
