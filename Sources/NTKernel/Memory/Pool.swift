// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import USBHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The kernel's pools: the program's heap, with a list of what was allocated, so that a wrong free is recognised before
/// it does damage.
@safe public final class Pool: @unchecked Sendable {
    /// The pool of the process.
    public static let shared = Pool()

    private let lock = Lock()
    /// The tags, by address.
    private var tags: [UInt: UInt32] = [:]

    /// Allocates memory; nil if there is none.
    public func allocate(_ byteCount: Int, tag: UInt32, zeroed: Bool, alignment: Int = 16) -> UnsafeMutableRawPointer? {
        var memory: UnsafeMutableRawPointer?
        guard byteCount >= 0, unsafe posix_memalign(&memory, alignment, max(1, byteCount)) == 0,
            let memory = unsafe memory
        else { return nil }
        if zeroed { unsafe memset(memory, 0, byteCount) }
        lock.withLock { tags[UInt(bitPattern: memory)] = tag }
        return unsafe memory
    }

    /// Frees memory that was allocated here. With a tag other than 0 it must be that of the allocation. What is wrong is a
    /// bug check of `function`.
    public func free(_ memory: UnsafeMutableRawPointer, tag: UInt32, in function: String) {
        let address = UInt(bitPattern: memory)
        enum Fault { case unknown, otherTag(UInt32) }
        let fault: Fault? = lock.withLock {
            guard let known = tags[address] else { return .unknown }
            guard tag == 0 || tag == known else { return .otherTag(known) }
            tags[address] = nil
            return nil
        }
        switch fault {
        case nil: unsafe Platform.free(memory)
        case .unknown:
            BugCheck(
                BugCheckCode.badPoolCaller, [0x7, 0, 0, address], in: function,
                "the memory was freed before, or is none of the pool's"
            ).report()
        case .otherTag(let known):
            BugCheck(
                BugCheckCode.badPoolCaller, [0xA, address, UInt(known), UInt(tag)], in: function,
                "the memory was allocated with another tag"
            ).report()
        }
    }

    /// Frees a request of the library's making. Returns false when there is none at that address.
    func takeRequest(_ request: PIRP) -> Bool {
        let isKnown = lock.withLock { tags.removeValue(forKey: UInt(bitPattern: request)) != nil }
        if isKnown { unsafe Platform.free(request) }
        return isKnown
    }

    /// Whether memory of a pool may be asked for at the thread's level; if not, that is a bug check of `function`.
    fileprivate static func isAllowed(paged: Bool, type: UInt, byteCount: Int, in function: String) -> Bool {
        let level = InterruptLevel.current
        guard level > (paged ? InterruptLevel.apc : InterruptLevel.dispatch) else { return true }
        BugCheck(
            BugCheckCode.badPoolCaller, [0x8, UInt(level), type, UInt(bitPattern: byteCount)], in: function,
            "memory of that pool cannot be had at level \(level)"
        ).report()
        return false
    }
}

private enum Platform {
    static func free(_ memory: UnsafeMutableRawPointer) {
        #if canImport(Glibc)
        unsafe Glibc.free(memory)
        #elseif canImport(Musl)
        unsafe Musl.free(memory)
        #else
        unsafe Darwin.free(memory)
        #endif
    }
}

/// Flags that ExAllocatePool2 knows, and which of them name a pool.
private enum PoolFlags {
    static let uninitialized: UInt64 = 0x2
    static let cacheAligned: UInt64 = 0x8
    static let paged: UInt64 = 0x100
    static let pools: UInt64 = 0x1C0
}

/// Allocates memory, zeroed unless POOL_FLAG_UNINITIALIZED is given. NULL when there is none, or the flags do not name
/// exactly one pool.
///
/// Bug check 0xC2: the pool cannot be used at the thread's level.
///
/// Microsoft's page: "ExAllocatePool2 function (wdm.h)".
@c @implementation
public func ExAllocatePool2(_ Flags: POOL_FLAGS, _ NumberOfBytes: SIZE_T, _ Tag: ULONG) -> PVOID! {
    let pools = Flags & PoolFlags.pools
    guard pools.nonzeroBitCount == 1, let count = Int(exactly: NumberOfBytes), count > 0, Tag != 0,
        Pool.isAllowed(
            paged: Flags & PoolFlags.paged != 0, type: UInt(Flags), byteCount: count, in: "ExAllocatePool2")
    else { return nil }
    return unsafe Pool.shared.allocate(
        count, tag: Tag, zeroed: Flags & PoolFlags.uninitialized == 0,
        alignment: Flags & PoolFlags.cacheAligned != 0 ? 64 : 16)
}

/// Allocates memory, which holds anything. NULL when there is none.
///
/// Bug check 0xC2: the pool cannot be used at the thread's level.
///
/// Microsoft's page: "ExAllocatePoolWithTag function (wdm.h)".
@c @implementation
public func ExAllocatePoolWithTag(_ PoolType: POOL_TYPE, _ NumberOfBytes: SIZE_T, _ Tag: ULONG) -> PVOID! {
    let type = UInt(PoolType.rawValue)
    guard let count = Int(exactly: NumberOfBytes),
        Pool.isAllowed(paged: type & 1 != 0, type: type, byteCount: count, in: "ExAllocatePoolWithTag")
    else { return nil }
    return unsafe Pool.shared.allocate(count, tag: Tag, zeroed: false, alignment: type & 4 != 0 ? 64 : 16)
}

/// Frees memory of a pool. A tag of 0 fits any.
///
/// Bug check 0xC2: it was freed before, is none of the pool's, or has another tag.
///
/// Microsoft's page: "ExFreePoolWithTag function (wdm.h)".
@c @implementation
public func ExFreePoolWithTag(_ P: PVOID!, _ Tag: ULONG) {
    guard let memory = unsafe P else {
        return BugCheck(BugCheckCode.badPoolCaller, [0x46], in: "ExFreePoolWithTag", "the memory is NULL").report()
    }
    unsafe Pool.shared.free(memory, tag: Tag, in: "ExFreePoolWithTag")
}

/// Frees memory of a pool, whatever its tag.
///
/// Bug check 0xC2: it was freed before, or is none of the pool's.
///
/// Microsoft's page: "ExFreePool function (ntddk.h)".
@c @implementation
public func ExFreePool(_ P: PVOID!) { unsafe ExFreePoolWithTag(P, 0) }
