// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The codes of bug checks that this library reports, with what their parameters mean (Microsoft's "Bug check code
/// reference").
public enum BugCheckCode {
    /// IRQL_NOT_GREATER_OR_EQUAL: a level was raised to a lower one. The level wanted; the level.
    public static let levelNotGreaterOrEqual: UInt32 = 0x09
    /// IRQL_NOT_LESS_OR_EQUAL: a level was lowered to a higher one, or is too high for the call. The level wanted, or the
    /// object; the level.
    public static let levelNotLessOrEqual: UInt32 = 0x0A
    /// SPIN_LOCK_ALREADY_OWNED: the thread has the lock. The lock.
    public static let spinLockAlreadyOwned: UInt32 = 0x0F
    /// SPIN_LOCK_NOT_OWNED: the thread does not have the lock. The lock.
    public static let spinLockNotOwned: UInt32 = 0x10
    /// KMODE_EXCEPTION_NOT_HANDLED: a pointer or handle names nothing. The status; nothing; the pointer.
    public static let wrongPointer: UInt32 = 0x1E
    /// NO_MORE_IRP_STACK_LOCATIONS: a request cannot be handed on. The request.
    public static let noMoreStackLocations: UInt32 = 0x35
    /// MULTIPLE_IRP_COMPLETE_REQUESTS: what was freed or completed is no request. The request.
    public static let multipleCompletion: UInt32 = 0x44
    /// BAD_POOL_CALLER: 0x7: freed twice, or never allocated: nothing, nothing, the address. 0x8: allocated at too high
    /// a level: the level, the pool, the size. 0xA: freed with another tag: the address, its tag, the tag.
    public static let badPoolCaller: UInt32 = 0xC2
    /// WORKER_THREAD_RETURNED_AT_BAD_IRQL: a callback of a worker returned at another level than PASSIVE_LEVEL. Nothing;
    /// the level.
    public static let workerReturnedAtLevel: UInt32 = 0xE1
    /// BUGCODE_USB_DRIVER. 1: a block or handle that USBD did not give out: the pointer. 2: a block that is under way
    /// is submitted: the requests under way and at hand, the block. 4: a request that is under way: twice the request,
    /// the block.
    public static let usbDriver: UInt32 = 0xFE
}
