// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Synchronization
import Win32

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The word of a spin lock: the number of the thread that has it, or 0.
@safe private struct SpinLockWord {
    // Sound: the driver's memory, which it keeps while anybody uses the lock. An atomic number is laid out as the number.
    private let owner: UnsafeMutablePointer<Atomic<UInt>>
    private let address: UInt

    init(_ lock: PKSPIN_LOCK) {
        address = UInt(bitPattern: lock)
        unsafe owner = UnsafeMutableRawPointer(lock).assumingMemoryBound(to: Atomic<UInt>.self)
    }

    /// Takes the lock. Returns false, with a bug check, when the thread has it already.
    func acquire(in function: String) -> Bool {
        let me = UInt(truncatingIfNeeded: CurrentThread.id)
        while true {
            let (done, found) = unsafe owner.pointee.compareExchange(expected: 0, desired: me, ordering: .acquiring)
            if done { return true }
            if found == me {
                BugCheck(
                    BugCheckCode.spinLockAlreadyOwned, [address], in: function, "the thread has the spin lock already"
                ).report()
                return false
            }
            // Whoever has it may need the processor.
            sched_yield()
        }
    }

    /// Gives the lock back. Returns false, with a bug check, when the thread does not have it.
    func release(in function: String) -> Bool {
        let me = UInt(truncatingIfNeeded: CurrentThread.id)
        if unsafe owner.pointee.compareExchange(expected: me, desired: 0, ordering: .releasing).exchanged {
            return true
        }
        BugCheck(BugCheckCode.spinLockNotOwned, [address], in: function, "the thread does not have the spin lock")
            .report()
        return false
    }
}

/// Makes a spin lock that nobody has.
///
/// Microsoft's page: "KeInitializeSpinLock function (wdm.h)".
@c @implementation
public func KeInitializeSpinLock(_ SpinLock: PKSPIN_LOCK!) { unsafe SpinLock?.pointee = 0 }

/// Takes a spin lock at DISPATCH_LEVEL, and returns the level that the thread had.
///
/// Bug check 0xF: the thread has the lock. 0xA: the thread's level is above DISPATCH_LEVEL.
///
/// Microsoft's page: "KeAcquireSpinLockRaiseToDpc function (wdm.h)".
@c @implementation
public func KeAcquireSpinLockRaiseToDpc(_ SpinLock: PKSPIN_LOCK!) -> KIRQL {
    let name = "KeAcquireSpinLock"
    guard let lock = unsafe SpinLock, InterruptLevel.isAtMost(InterruptLevel.dispatch, in: name) else { return 0 }
    guard unsafe SpinLockWord(lock).acquire(in: name) else { return InterruptLevel.current }
    let before = InterruptLevel.current
    InterruptLevel.current = InterruptLevel.dispatch
    return before
}

/// Gives a spin lock back, and the thread the level that it had.
///
/// Bug check 0x10: the thread does not have the lock.
///
/// Microsoft's page: "KeReleaseSpinLock function (wdm.h)".
@c @implementation
public func KeReleaseSpinLock(_ SpinLock: PKSPIN_LOCK!, _ NewIrql: KIRQL) {
    guard let lock = unsafe SpinLock, unsafe SpinLockWord(lock).release(in: "KeReleaseSpinLock") else { return }
    KeLowerIrql(NewIrql)
}

/// Takes a spin lock; the thread is at DISPATCH_LEVEL already.
///
/// Bug check 0xF: the thread has the lock.
///
/// Microsoft's page: "KeAcquireSpinLockAtDpcLevel macro (wdm.h)".
@c @implementation
public func KeAcquireSpinLockAtDpcLevel(_ SpinLock: PKSPIN_LOCK!) {
    guard let lock = unsafe SpinLock else { return }
    _ = unsafe SpinLockWord(lock).acquire(in: "KeAcquireSpinLockAtDpcLevel")
}

/// Gives a spin lock back; the thread stays at DISPATCH_LEVEL.
///
/// Bug check 0x10: the thread does not have the lock.
///
/// Microsoft's page: "KeReleaseSpinLockFromDpcLevel macro (wdm.h)".
@c @implementation
public func KeReleaseSpinLockFromDpcLevel(_ SpinLock: PKSPIN_LOCK!) {
    guard let lock = unsafe SpinLock else { return }
    _ = unsafe SpinLockWord(lock).release(in: "KeReleaseSpinLockFromDpcLevel")
}
