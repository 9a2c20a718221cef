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

/// Memory of the C library, with its size in front, so that HeapSize can tell it exactly.
@safe private enum Memory {
    /// As wide as the alignment that programs expect.
    private static let prefix = 16

    static func allocate(_ count: Int, zeroed: Bool) -> UnsafeMutableRawPointer? {
        let (total, overflow) = count.addingReportingOverflow(prefix)
        guard count >= 0, !overflow, let start = unsafe zeroed ? calloc(1, total) : malloc(total) else { return nil }
        unsafe start.storeBytes(of: count, as: Int.self)
        return unsafe start + prefix
    }

    /// Changes the size; bytes that are added are zero if `zeroed` says so.
    static func resize(_ memory: UnsafeMutableRawPointer, to count: Int, zeroed: Bool) -> UnsafeMutableRawPointer? {
        let before = unsafe size(of: memory)
        let (total, overflow) = count.addingReportingOverflow(prefix)
        // Sound: the caller says that the memory came from here.
        guard count >= 0, !overflow, let start = unsafe realloc(memory - prefix, total) else { return nil }
        unsafe start.storeBytes(of: count, as: Int.self)
        if zeroed, count > before { unsafe memset(start + prefix + before, 0, count - before) }
        return unsafe start + prefix
    }

    static func size(of memory: UnsafeRawPointer) -> Int { unsafe (memory - prefix).load(as: Int.self) }

    static func free(_ memory: UnsafeMutableRawPointer) {
        #if canImport(Glibc)
        unsafe Glibc.free(memory - prefix)
        #elseif canImport(Musl)
        unsafe Musl.free(memory - prefix)
        #else
        unsafe Darwin.free(memory - prefix)
        #endif
    }
}

/// What names the process's heap.
private final class HeapObject: HandleObject, @unchecked Sendable {}

private enum ProcessHeap {
    nonisolated(unsafe) static let handle: HANDLE? = unsafe HandleTable.shared.insert(HeapObject())

    static func isValid(_ heap: HANDLE?) -> Bool {
        unsafe HandleTable.shared.object(heap, as: HeapObject.self) != nil
    }
}

private func local(_ flags: UINT, _ bytes: SIZE_T) -> HLOCAL? {
    guard let memory = unsafe Memory.allocate(Int(clamping: bytes), zeroed: flags & UINT(LMEM_ZEROINIT) != 0) else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    return unsafe memory
}

/// Memory for FormatMessage, which a program gives back by LocalFree.
func allocateLocal(byteCount: Int) -> UnsafeMutableRawPointer? { unsafe Memory.allocate(byteCount, zeroed: true) }

/// The process's heap.
///
/// Microsoft's page: "GetProcessHeap function (heapapi.h)".
@c @implementation
public func GetProcessHeap() -> HANDLE! { unsafe ProcessHeap.handle }

/// Takes memory from the heap, zeroed with HEAP_ZERO_MEMORY. Exceptions are not raised, whatever the flags say.
///
/// NULL with ERROR_INVALID_HANDLE: it is not the process's heap; ERROR_NOT_ENOUGH_MEMORY.
///
/// Microsoft's page: "HeapAlloc function (heapapi.h)".
@c @implementation
public func HeapAlloc(_ heap: HANDLE!, _ flags: DWORD, _ bytes: SIZE_T) -> LPVOID! {
    guard unsafe ProcessHeap.isValid(heap) else { return unsafe LastError.fail(ERROR_INVALID_HANDLE, returning: nil) }
    guard let memory = unsafe Memory.allocate(Int(clamping: bytes), zeroed: flags & DWORD(HEAP_ZERO_MEMORY) != 0) else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    return unsafe memory
}

/// Changes the size of memory from the heap, and its place unless HEAP_REALLOC_IN_PLACE_ONLY forbids that; then only
/// smaller sizes succeed.
///
/// NULL with ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER (no memory) or ERROR_NOT_ENOUGH_MEMORY; the memory stays.
///
/// Microsoft's page: "HeapReAlloc function (heapapi.h)".
@c @implementation
public func HeapReAlloc(_ heap: HANDLE!, _ flags: DWORD, _ memory: LPVOID!, _ bytes: SIZE_T) -> LPVOID! {
    guard unsafe ProcessHeap.isValid(heap) else { return unsafe LastError.fail(ERROR_INVALID_HANDLE, returning: nil) }
    guard let memory = unsafe memory else { return unsafe LastError.fail(ERROR_INVALID_PARAMETER, returning: nil) }
    if flags & DWORD(HEAP_REALLOC_IN_PLACE_ONLY) != 0 {
        let fits = unsafe Int(clamping: bytes) <= Memory.size(of: memory)
        return unsafe fits ? memory : LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    let zeroed = flags & DWORD(HEAP_ZERO_MEMORY) != 0
    guard let moved = unsafe Memory.resize(memory, to: Int(clamping: bytes), zeroed: zeroed) else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    return unsafe moved
}

/// Gives memory back to the heap; NULL is no error.
///
/// ERROR_INVALID_HANDLE: it is not the process's heap.
///
/// Microsoft's page: "HeapFree function (heapapi.h)".
@c @implementation
public func HeapFree(_ heap: HANDLE!, _ flags: DWORD, _ memory: LPVOID!) -> BOOL {
    guard unsafe ProcessHeap.isValid(heap) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    if let memory = unsafe memory { unsafe Memory.free(memory) }
    return TRUE
}

/// The bytes that were asked for.
///
/// The largest value of SIZE_T with ERROR_INVALID_HANDLE or, for NULL, ERROR_INVALID_PARAMETER.
///
/// Microsoft's page: "HeapSize function (heapapi.h)".
@c @implementation
public func HeapSize(_ heap: HANDLE!, _ flags: DWORD, _ memory: LPCVOID!) -> SIZE_T {
    guard unsafe ProcessHeap.isValid(heap) else { return LastError.fail(ERROR_INVALID_HANDLE, returning: .max) }
    guard let memory = unsafe memory else { return LastError.fail(ERROR_INVALID_PARAMETER, returning: .max) }
    return unsafe SIZE_T(Memory.size(of: memory))
}

/// Takes memory, zeroed with LMEM_ZEROINIT. Movable memory does not move: its handle is its address.
///
/// NULL with ERROR_NOT_ENOUGH_MEMORY.
///
/// Microsoft's page: "LocalAlloc function (winbase.h)".
@c @implementation
public func LocalAlloc(_ flags: UINT, _ bytes: SIZE_T) -> HLOCAL! { unsafe local(flags, bytes) }

/// Changes the size of memory, and maybe its place. NULL with ERROR_INVALID_HANDLE (NULL) or ERROR_NOT_ENOUGH_MEMORY.
///
/// Microsoft's page: "LocalReAlloc function (winbase.h)".
@c @implementation
public func LocalReAlloc(_ memory: HLOCAL!, _ bytes: SIZE_T, _ flags: UINT) -> HLOCAL! {
    guard let memory = unsafe memory else { return unsafe LastError.fail(ERROR_INVALID_HANDLE, returning: nil) }
    let zeroed = flags & UINT(LMEM_ZEROINIT) != 0
    guard let moved = unsafe Memory.resize(memory, to: Int(clamping: bytes), zeroed: zeroed) else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    return unsafe moved
}

/// Gives memory back, and always NULL.
///
/// Microsoft's page: "LocalFree function (winbase.h)".
@c @implementation
public func LocalFree(_ memory: HLOCAL!) -> HLOCAL! {
    if let memory = unsafe memory { unsafe Memory.free(memory) }
    return nil
}

/// ``LocalAlloc(_:_:)`` by its other name.
///
/// Microsoft's page: "GlobalAlloc function (winbase.h)".
@c @implementation
public func GlobalAlloc(_ flags: UINT, _ bytes: SIZE_T) -> HGLOBAL! { unsafe local(flags, bytes) }

/// ``LocalFree(_:)`` by its other name.
///
/// Microsoft's page: "GlobalFree function (winbase.h)".
@c @implementation
public func GlobalFree(_ memory: HGLOBAL!) -> HGLOBAL! { unsafe LocalFree(memory) }
