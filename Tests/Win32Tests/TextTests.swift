// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import Win32

@Suite("Texts, messages, memory and libraries")
struct TextTests {
    /// Texts with characters of one to four bytes.
    private static let samples = ["", "a", "Gerät", "日本", "a😀b", "\u{10FFFF}", "x\u{0}y"]

    @Test("Texts go from UTF-8 to wide characters and back", arguments: samples, [CP_ACP, CP_UTF8, CP_OEMCP])
    func roundTrip(sample: String, codePage: Int32) {
        let bytes = sample.utf8.map { CChar(bitPattern: $0) } + [0]
        let needed = unsafe MultiByteToWideChar(UINT(codePage), 0, bytes, CInt(bytes.count), nil, 0)
        #expect(Int(needed) == sample.unicodeScalars.count + 1)
        var units = [WCHAR](repeating: -1, count: Int(needed))
        #expect(unsafe MultiByteToWideChar(UINT(codePage), 0, bytes, CInt(bytes.count), &units, needed) == needed)
        #expect(units == wide(sample))
        let size = unsafe WideCharToMultiByte(UINT(codePage), 0, units, needed, nil, 0, nil, nil)
        #expect(Int(size) == bytes.count)
        var back = [CChar](repeating: -1, count: bytes.count)
        #expect(unsafe WideCharToMultiByte(UINT(codePage), 0, units, needed, &back, size, nil, nil) == size)
        #expect(back == bytes)
    }

    @Test("A count of -1 stands for the text up to its zero, and the zero")
    func terminated() {
        var units = [WCHAR](repeating: 7, count: 10)
        #expect(unsafe MultiByteToWideChar(UINT(CP_UTF8), 0, "abc", -1, &units, 10) == 4)
        #expect(units[..<5] == [97, 98, 99, 0, 7])
        #expect(unsafe MultiByteToWideChar(UINT(CP_UTF8), 0, "abc", 2, &units, 10) == 2, "no zero is added")
        var bytes = [CChar](repeating: 7, count: 10)
        #expect(unsafe WideCharToMultiByte(UINT(CP_UTF8), 0, wide("äb"), -1, &bytes, 10, nil, nil) == 4)
        #expect(text(bytes) == "äb")
    }

    @Test("Wrong arguments, small buffers and wrong texts are told apart")
    func conversionErrors() {
        var units = [WCHAR](repeating: 0, count: 4)
        var bytes = [CChar](repeating: 0, count: 4)
        func widen(_ page: Int32, _ flags: Int32, _ source: [CChar], _ count: CInt, _ room: CInt) -> Answer<CInt> {
            answer { unsafe MultiByteToWideChar(UINT(page), DWORD(flags), source, count, &units, room) }
        }
        func narrow(_ page: Int32, _ flags: Int32, _ source: [WCHAR], _ count: CInt, _ room: CInt) -> Answer<CInt> {
            answer { unsafe WideCharToMultiByte(UINT(page), DWORD(flags), source, count, &bytes, room, nil, nil) }
        }
        #expect(widen(CP_UTF8, 0, [97, 98, 99, 100, 101], 5, 4) == Answer(0, ERROR_INSUFFICIENT_BUFFER))
        #expect(widen(CP_UTF8, 0, [97], 0, 4) == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(widen(CP_UTF8, 0, [97], -2, 4) == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(widen(1252, 0, [97], 1, 4) == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(widen(CP_UTF8, MB_PRECOMPOSED, [97], 1, 4) == Answer(0, ERROR_INVALID_FLAGS))
        #expect(widen(CP_ACP, MB_PRECOMPOSED, [97], 1, 4) == Answer(1))
        #expect(widen(CP_UTF8, MB_ERR_INVALID_CHARS, [97, -1], 2, 4) == Answer(0, ERROR_NO_UNICODE_TRANSLATION))
        #expect(widen(CP_UTF8, 0, [97, -1], 2, 4) == Answer(2))
        #expect(units[..<2] == [97, 0xFFFD])
        #expect(answer { unsafe MultiByteToWideChar(0, 0, nil, 1, &units, 4) } == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(answer { unsafe MultiByteToWideChar(0, 0, "a", 1, nil, 4) } == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(narrow(CP_UTF8, 0, [0xE4, 0xE4, 0xE4], 3, 4) == Answer(0, ERROR_INSUFFICIENT_BUFFER))
        #expect(narrow(CP_UTF8, 0, [97], 0, 4) == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(narrow(1252, 0, [97], 1, 4) == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(narrow(CP_UTF8, WC_NO_BEST_FIT_CHARS, [97], 1, 4) == Answer(0, ERROR_INVALID_FLAGS))
        #expect(narrow(CP_UTF8, WC_ERR_INVALID_CHARS, [0xD800], 1, 4) == Answer(0, ERROR_NO_UNICODE_TRANSLATION))
        #expect(narrow(CP_UTF8, 0, [0x11_0000], 1, 4) == Answer(3))
        #expect(narrow(CP_UTF8, 0, [0xD83D, 0xDE00], 2, 4) == Answer(4), "two halves make one character")
        #expect(bytes == "😀".utf8.map { CChar(bitPattern: $0) })
        var isUsed: BOOL = 5
        let withDefault = answer { unsafe WideCharToMultiByte(UINT(CP_UTF8), 0, [97], 1, &bytes, 4, "?", &isUsed) }
        #expect(withDefault == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(unsafe WideCharToMultiByte(UINT(CP_ACP), 0, [0x20AC], 1, &bytes, 4, "?", &isUsed) == 3)
        #expect(isUsed == FALSE)
    }

    @Test("Short string functions take NULL, and stop where they are told")
    func strings() {
        var bytes = [CChar](repeating: 120, count: 8)
        var units = [WCHAR](repeating: 120, count: 8)
        #expect(unsafe lstrlenA(nil) == 0 && lstrlenA("four") == 4)
        #expect(unsafe lstrlenW(nil) == 0 && lstrlenW(wide("four")) == 4)
        #expect(unsafe lstrcpyA(&bytes, "ab") != nil && lstrcatA(&bytes, "cd") != nil)
        #expect(text(bytes) == "abcd")
        #expect(unsafe lstrcpyW(&units, wide("ab")) != nil && lstrcatW(&units, wide("cd")) != nil)
        #expect(text(units) == "abcd")
        #expect(unsafe lstrcpynA(&bytes, "abcdef", 4) != nil && lstrcpynW(&units, wide("abcdef"), 4) != nil)
        #expect(text(bytes) == "abc" && text(units) == "abc")
        #expect(unsafe lstrcpyA(nil, "a") == nil && lstrcpyA(&bytes, nil) == nil && lstrcatW(nil, wide("a")) == nil)
        for (left, right, plain, folded) in [
            ("a", "a", 0, 0), ("a", "B", 1, -1), ("B", "a", -1, 1), ("abc", "ABC", 1, 0), ("", "a", -1, -1),
            ("É", "é", -1, 0),
        ] {
            #expect(unsafe lstrcmpA(left, right) == plain && lstrcmpW(wide(left), wide(right)) == plain)
            #expect(unsafe lstrcmpiA(left, right) == folded && lstrcmpiW(wide(left), wide(right)) == folded)
        }
        #expect(unsafe lstrcmpA(nil, "") == 0 && lstrcmpA(nil, "a") < 0)
        #expect(IsDebuggerPresent() == FALSE)
    }

    /// FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS.
    private static let system: DWORD = 0x1200

    @Test(
        "Every error that the functions set has a text",
        arguments: [
            ERROR_SUCCESS, ERROR_INVALID_FUNCTION, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED,
            ERROR_INVALID_HANDLE, ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_DATA, ERROR_BAD_COMMAND, ERROR_GEN_FAILURE,
            ERROR_NOT_SUPPORTED, ERROR_INVALID_PARAMETER, ERROR_SEM_TIMEOUT, ERROR_INSUFFICIENT_BUFFER,
            ERROR_INVALID_NAME, ERROR_MOD_NOT_FOUND, ERROR_PROC_NOT_FOUND, ERROR_ALREADY_EXISTS, ERROR_MORE_DATA,
            WAIT_TIMEOUT, ERROR_NO_MORE_ITEMS, ERROR_NOT_OWNER, ERROR_TOO_MANY_POSTS, ERROR_NO_SUCH_DEVICE,
            ERROR_INVALID_ADDRESS, ERROR_OPERATION_ABORTED, ERROR_IO_INCOMPLETE, ERROR_IO_PENDING,
            ERROR_INVALID_FLAGS, ERROR_NO_UNICODE_TRANSLATION, ERROR_POSSIBLE_DEADLOCK, ERROR_DEVICE_NOT_CONNECTED,
            ERROR_NOT_FOUND, ERROR_BAD_DEVICE, ERROR_NO_SYSTEM_RESOURCES, ERROR_INVALID_USER_BUFFER,
        ])
    func messages(code: Int32) {
        var bytes = [CChar](repeating: 1, count: 200)
        let count = unsafe FormatMessageA(TextTests.system, nil, DWORD(code), 0, &bytes, 200, nil)
        let narrow = text(bytes)
        #expect(narrow.utf8.count == count && count > 5 && narrow.hasSuffix(".\r\n"))
        var units = [WCHAR](repeating: 1, count: 200)
        #expect(unsafe FormatMessageW(TextTests.system, nil, DWORD(code), 0x0409, &units, 200, nil) == count)
        #expect(text(units) == narrow)
        var allocated: LPSTR?
        let size = unsafe withUnsafeMutablePointer(to: &allocated) { pointer in
            // With FORMAT_MESSAGE_ALLOCATE_BUFFER the argument is the address of a pointer.
            unsafe FormatMessageA(
                TextTests.system | 0x100, nil, DWORD(code), 0,
                UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: CChar.self), 0, nil)
        }
        #expect(size == count)
        #expect(unsafe allocated.map { unsafe String(cString: $0) } == narrow)
        #expect(unsafe LocalFree(allocated) == nil)
        #expect(
            answer { unsafe FormatMessageA(TextTests.system, nil, DWORD(code), 0, &bytes, count, nil) }
                == Answer(0, ERROR_INSUFFICIENT_BUFFER))
        #expect(unsafe FormatMessageA(TextTests.system | 0xFF, nil, DWORD(code), 0, &bytes, 200, nil) == count - 1)
        #expect(text(bytes).hasSuffix(". "))
    }

    @Test("What has no text is refused")
    func noMessage() {
        var bytes = [CChar](repeating: 1, count: 200)
        func format(_ flags: DWORD, _ code: DWORD, _ language: DWORD = 0) -> Answer<DWORD> {
            answer { unsafe FormatMessageA(flags, nil, code, language, &bytes, 200, nil) }
        }
        #expect(format(TextTests.system, 0x1234_5678) == Answer(0, 317))
        #expect(format(TextTests.system, 5, 0x0407) == Answer(0, 317), "another language")
        #expect(format(0x800, 5) == Answer(0, 317), "a module has no texts")
        #expect(format(0x1A00, 5).error == 0, "the system's is taken instead")
        #expect(format(0x400, 0) == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(format(0, 5) == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(format(TextTests.system, 0x8007_0005) == format(TextTests.system, 5), "an HRESULT says the same")
        let none = answer { FormatMessageA(TextTests.system, nil, 5, 0, nil, 200, nil) }
        #expect(none == Answer(0, ERROR_INVALID_PARAMETER))
    }

    @Test("Inserts of a template come from an array")
    func inserts() {
        var bytes = [CChar](repeating: 1, count: 200)
        unsafe "disk".withCString { name in
            var values: [UInt] = [UInt(bitPattern: name), 42, 0xBEEF, UInt(bitPattern: -1)]
            let template = "%2!5d!|%1|%3!08x!|%4!I64d!|%%|%1!-6s!|%n%t%0rest"
            let count = unsafe FormatMessageA(0x2400, template, 0, 0, &bytes, 200, &values)
            #expect(text(bytes) == "   42|disk|0000beef|-1|%|disk  |\r\n\t")
            #expect(Int(count) == text(bytes).utf8.count)
            #expect(
                answer { unsafe FormatMessageA(0x2400, "%1!f!", 0, 0, &bytes, 200, &values) }
                    == Answer(0, ERROR_INVALID_PARAMETER))
        }
        #expect(
            answer { unsafe FormatMessageA(0x400, "%1", 0, 0, &bytes, 200, nil) } == Answer(0, ERROR_INVALID_PARAMETER))
        #expect(unsafe FormatMessageA(0x600, "%1!d! %2", 0, 0, &bytes, 200, nil) == 8)
        #expect(text(bytes) == "%1!d! %2")
        #expect(unsafe FormatMessageA(0x600 | 10, "one two three four", 0, 0, &bytes, 200, nil) == 21)
        #expect(text(bytes) == "one two\r\nthree four\r\n")
    }

    @Test("Heap memory keeps its size and its bytes")
    func heap() {
        let heap = unsafe GetProcessHeap()
        let memory = unsafe HeapAlloc(heap, DWORD(HEAP_ZERO_MEMORY), 100)
        #expect(unsafe HeapSize(heap, 0, memory) == 100)
        let bytes = unsafe memory?.assumingMemoryBound(to: UInt8.self)
        #expect((0..<100).allSatisfy { unsafe bytes?[$0] == 0 })
        unsafe bytes?[99] = 9
        let larger = unsafe HeapReAlloc(heap, DWORD(HEAP_ZERO_MEMORY), memory, 10_000)
        let more = unsafe larger?.assumingMemoryBound(to: UInt8.self)
        #expect(unsafe more?[99] == 9)
        #expect((100..<10_000).allSatisfy { unsafe more?[$0] == 0 })
        #expect(unsafe HeapReAlloc(heap, DWORD(HEAP_REALLOC_IN_PLACE_ONLY), larger, 20_000) == nil)
        #expect(unsafe HeapReAlloc(heap, DWORD(HEAP_REALLOC_IN_PLACE_ONLY), larger, 20) == larger)
        #expect(unsafe HeapFree(heap, 0, larger) == TRUE)
        #expect(unsafe HeapFree(heap, 0, nil) == TRUE)
        #expect(unsafe answer { unsafe HeapAlloc(heap, 0, .max) } == Answer(nil, ERROR_NOT_ENOUGH_MEMORY))
        let local = unsafe LocalAlloc(UINT(LMEM_ZEROINIT), 8)
        #expect(unsafe local?.load(as: UInt64.self) == 0)
        let grown = unsafe LocalReAlloc(local, 64, UINT(LMEM_ZEROINIT))
        #expect(unsafe grown?.load(fromByteOffset: 56, as: UInt64.self) == 0)
        #expect(unsafe LocalFree(grown) == nil)
        #expect(unsafe GlobalFree(GlobalAlloc(0, 0)) == nil)
        #expect(unsafe answer { unsafe LocalReAlloc(nil, 8, 0) } == Answer(nil, ERROR_INVALID_HANDLE))
    }

    @Test("Pages are reserved, given memory and given back")
    func pages() {
        let commit = DWORD(MEM_COMMIT)
        let reserve = DWORD(MEM_RESERVE)
        let readWrite = DWORD(PAGE_READWRITE)
        let range = unsafe VirtualAlloc(nil, 100_000, reserve, DWORD(PAGE_NOACCESS))
        let inside = unsafe range.map { unsafe $0 + 40_000 }
        let page = unsafe VirtualAlloc(inside, 100, commit, readWrite)
        #expect(unsafe page != nil)
        unsafe inside?.storeBytes(of: 77, as: UInt32.self)
        #expect(unsafe VirtualFree(inside, 100, DWORD(MEM_DECOMMIT)) == TRUE)
        #expect(unsafe VirtualAlloc(inside, 100, commit, readWrite) == page)
        #expect(unsafe inside?.load(as: UInt32.self) == 0, "what was decommitted is zero again")
        #expect(
            answer { unsafe VirtualFree(range, 100_000, DWORD(MEM_RELEASE)) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
        #expect(answer { unsafe VirtualFree(inside, 0, DWORD(MEM_RELEASE)) } == Answer(FALSE, ERROR_INVALID_ADDRESS))
        #expect(unsafe VirtualFree(range, 0, DWORD(MEM_RELEASE)) == TRUE)
        #expect(answer { unsafe VirtualFree(range, 0, DWORD(MEM_RELEASE)) } == Answer(FALSE, ERROR_INVALID_ADDRESS))
        #expect(answer { VirtualFree(nil, 0, DWORD(MEM_RELEASE)) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
        let both = unsafe VirtualAlloc(nil, 5_000, commit | reserve, readWrite)
        unsafe both?.storeBytes(of: 1, toByteOffset: 4_999, as: UInt8.self)
        #expect(unsafe VirtualFree(both, 0, DWORD(MEM_DECOMMIT)) == TRUE)
        #expect(unsafe VirtualFree(both, 0, DWORD(MEM_RELEASE)) == TRUE)
        #expect(
            unsafe answer { unsafe VirtualAlloc(nil, 0, commit, readWrite) } == Answer(nil, ERROR_INVALID_PARAMETER))
        #expect(unsafe answer { unsafe VirtualAlloc(nil, 1, 0, readWrite) } == Answer(nil, ERROR_INVALID_PARAMETER))
        #expect(unsafe answer { unsafe VirtualAlloc(nil, 1, commit, 3) } == Answer(nil, ERROR_INVALID_PARAMETER))
        #expect(unsafe answer { unsafe VirtualAlloc(both, 1, commit, readWrite) } == Answer(nil, ERROR_INVALID_ADDRESS))
    }

    @Test("Libraries have one handle each, however they are written")
    func libraries() {
        let winUSB = unsafe LoadLibraryA("winusb.dll")
        #expect(unsafe winUSB != nil)
        for name in ["WinUSB.dll", "WINUSB", "C:\\Windows\\System32\\winusb.dll"] {
            #expect(unsafe LoadLibraryA(name) == winUSB && LoadLibraryW(wide(name)) == winUSB)
            #expect(unsafe LoadLibraryExA(name, nil, 0x800) == winUSB && LoadLibraryExW(wide(name), nil, 0) == winUSB)
            #expect(unsafe GetModuleHandleA(name) == winUSB && GetModuleHandleW(wide(name)) == winUSB)
        }
        #expect(unsafe FreeLibrary(winUSB) == TRUE)
        let others = unsafe [LoadLibraryA("setupapi"), LoadLibraryA("cfgmgr32"), LoadLibraryA("Kernel32.DLL")]
        #expect(unsafe others.allSatisfy { unsafe $0 != nil && $0 != winUSB })
        #expect(unsafe answer { unsafe LoadLibraryA("user32.dll") } == Answer(nil, ERROR_MOD_NOT_FOUND))
        #expect(unsafe answer { unsafe LoadLibraryA("") } == Answer(nil, ERROR_INVALID_PARAMETER))
        #expect(unsafe answer { unsafe GetModuleHandleA("hid") } == Answer(nil, ERROR_MOD_NOT_FOUND))
        #expect(unsafe GetModuleHandleA(nil) != nil)
        func lookUp(_ library: HMODULE?, _ name: String) -> Answer<Bool> {
            answer { unsafe GetProcAddress(library, name) != nil }
        }
        #expect(unsafe lookUp(winUSB, "WinUsb_NoSuchFunction") == Answer(false, ERROR_PROC_NOT_FOUND))
        #expect(unsafe lookUp(winUSB, "CloseHandle") == Answer(false, ERROR_PROC_NOT_FOUND), "it is another library's")
        #expect(unsafe lookUp(others[2], "lfind") == Answer(false, ERROR_PROC_NOT_FOUND), "it is not the library's")
        let number = answer { unsafe GetProcAddress(winUSB, LPCSTR(bitPattern: 3)) == nil }
        #expect(number == Answer(true, ERROR_PROC_NOT_FOUND))
    }
}
