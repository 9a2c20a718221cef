// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USBHost

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The ranges that programs have reserved.
@safe private final class Ranges: @unchecked Sendable {
    static let shared = Ranges()
    private let lock = Lock()
    /// Sizes by the first address.
    private var sizes: [UInt: Int] = [:]

    func add(_ start: UInt, _ size: Int) { lock.withLock { sizes[start] = size } }
    func remove(_ start: UInt) -> Int? { lock.withLock { sizes.removeValue(forKey: start) } }
    /// Whether `count` bytes from `start` on lie in a range.
    func contain(_ start: UInt, _ count: Int) -> Bool {
        lock.withLock {
            sizes.contains { $0.key <= start && start - $0.key <= $0.value && count <= $0.value - Int(start - $0.key) }
        }
    }
    func size(at start: UInt) -> Int? { lock.withLock { sizes[start] } }
}

private let pageSize = Int(sysconf(CInt(_SC_PAGESIZE)))

private func rounded(_ count: Int) -> Int? {
    let (sum, overflow) = count.addingReportingOverflow(pageSize - 1)
    return overflow ? nil : sum / pageSize * pageSize
}

private func systemProtection(_ protection: DWORD) -> CInt? {
    switch protection {
    case DWORD(PAGE_NOACCESS): PROT_NONE
    case DWORD(PAGE_READONLY): PROT_READ
    case DWORD(PAGE_READWRITE): PROT_READ | PROT_WRITE
    case DWORD(PAGE_EXECUTE_READWRITE): PROT_READ | PROT_WRITE | PROT_EXEC
    default: nil
    }
}

/// Reserves pages, gives reserved ones memory (MEM_COMMIT), or both; pages are zeroed. At an address of the program's
/// choice only pages that it has reserved are given memory; a new range stands where the system puts it.
///
/// NULL with ERROR_INVALID_PARAMETER (a size of 0, unknown kinds or protections), ERROR_INVALID_ADDRESS (pages that were
/// not reserved, or a place for a new range) or ERROR_NOT_ENOUGH_MEMORY.
///
/// Microsoft's page: "VirtualAlloc function (memoryapi.h)".
@c @implementation
public func VirtualAlloc(
    _ address: LPVOID!, _ bytes: SIZE_T, _ allocationType: DWORD, _ protection: DWORD
) -> LPVOID! {
    let known = DWORD(MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN)
    let isCommitted = allocationType & DWORD(MEM_COMMIT) != 0
    let isReserved = allocationType & DWORD(MEM_RESERVE) != 0
    guard bytes > 0, allocationType & ~known == 0, isCommitted || isReserved,
        let access = systemProtection(protection)
    else { return unsafe LastError.fail(ERROR_INVALID_PARAMETER, returning: nil) }
    guard let size = rounded(Int(clamping: bytes)) else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    if let address = unsafe address {
        let start = UInt(bitPattern: address) / UInt(pageSize) * UInt(pageSize)
        let offset = Int(UInt(bitPattern: address) - start)
        let (sum, overflow) = Int(clamping: bytes).addingReportingOverflow(offset)
        guard !isReserved, !overflow, let count = rounded(sum), Ranges.shared.contain(start, count),
            let first = unsafe UnsafeMutableRawPointer(bitPattern: start)
        else { return unsafe LastError.fail(ERROR_INVALID_ADDRESS, returning: nil) }
        // Sound: the pages are the program's own.
        guard unsafe mprotect(first, count, access) == 0 else {
            return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
        }
        return unsafe first
    }
    let memory = unsafe mmap(
        nil, size, isCommitted ? access : PROT_NONE, MAP_PRIVATE | CInt(MAP_ANONYMOUS), -1, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    Ranges.shared.add(UInt(bitPattern: memory), size)
    return unsafe memory
}

/// Gives a whole range back (MEM_RELEASE, with a size of 0), or the memory of some of its pages (MEM_DECOMMIT; a size of
/// 0 stands for the whole range).
///
/// ERROR_INVALID_ADDRESS: the address is not one that ``VirtualAlloc(_:_:_:_:)`` gave, or the pages are not in a range.
/// ERROR_INVALID_PARAMETER: MEM_RELEASE with a size, both kinds or none.
///
/// Microsoft's page: "VirtualFree function (memoryapi.h)".
@c @implementation
public func VirtualFree(_ address: LPVOID!, _ bytes: SIZE_T, _ freeType: DWORD) -> BOOL {
    guard let address = unsafe address else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    switch freeType {
    case DWORD(MEM_RELEASE):
        guard bytes == 0 else { return LastError.fail(ERROR_INVALID_PARAMETER) }
        guard let size = Ranges.shared.remove(UInt(bitPattern: address)) else {
            return LastError.fail(ERROR_INVALID_ADDRESS)
        }
        // Sound: the range is the program's, and no longer known.
        unsafe munmap(address, size)
    case DWORD(MEM_DECOMMIT):
        let start = UInt(bitPattern: address) / UInt(pageSize) * UInt(pageSize)
        let offset = Int(UInt(bitPattern: address) - start)
        let count: Int? =
            bytes == 0
            ? Ranges.shared.size(at: UInt(bitPattern: address))
            : rounded(Int(clamping: min(bytes, SIZE_T(Int.max / 2))) + offset)
        guard let count, Ranges.shared.contain(start, count),
            let first = unsafe UnsafeMutableRawPointer(bitPattern: start)
        else { return LastError.fail(ERROR_INVALID_ADDRESS) }
        // Sound: the pages are the program's own.
        unsafe madvise(first, count, CInt(MADV_DONTNEED))
        unsafe mprotect(first, count, PROT_NONE)
    default: return LastError.fail(ERROR_INVALID_PARAMETER)
    }
    return TRUE
}
