// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers

/// The interrupt request level (IRQL) of a thread: a number that says what the thread may call. Nothing is kept from
/// running by it.
public enum InterruptLevel {
    /// PASSIVE_LEVEL: where threads begin; everything may be called.
    public static let passive: UInt8 = 0
    /// APC_LEVEL
    public static let apc: UInt8 = 1
    /// DISPATCH_LEVEL: that of completion routines and of who has a spin lock; nothing may wait.
    public static let dispatch: UInt8 = 2

    private static let key = ThreadKey()

    /// The calling thread's level.
    public static var current: UInt8 {
        get { UInt8(truncatingIfNeeded: key.value) }
        set { key.value = UInt(newValue) }
    }

    /// Runs `body` at DISPATCH_LEVEL, or at the thread's level if that is higher.
    public static func atDispatch<Value>(_ body: () -> Value) -> Value {
        let before = current
        current = max(before, dispatch)
        defer { current = before }
        return body()
    }

    /// Whether the calling thread's level is at most `limit`; if it is higher, that is reported as a bug check of
    /// `function`.
    public static func isAtMost(_ limit: UInt8, in function: String, _ object: UInt = 0) -> Bool {
        let level = current
        guard level > limit else { return true }
        BugCheck(
            BugCheckCode.levelNotLessOrEqual, [object, UInt(level)], in: function,
            "the thread's level is \(level), and must not exceed \(limit)"
        ).report()
        return false
    }
}

/// The calling thread's level.
///
/// Microsoft's page: "KeGetCurrentIrql function (wdm.h)".
@c @implementation
public func KeGetCurrentIrql() -> KIRQL { InterruptLevel.current }

/// Raises the calling thread's level; `OldIrql`, unless it is NULL, gets the level before.
///
/// Bug check 0x9: the thread's level is higher.
///
/// Microsoft's page: "KeRaiseIrql macro (wdm.h)".
@c @implementation
public func KeRaiseIrql(_ NewIrql: KIRQL, _ OldIrql: PKIRQL!) {
    let before = InterruptLevel.current
    guard NewIrql >= before else {
        return BugCheck(
            BugCheckCode.levelNotGreaterOrEqual, [UInt(NewIrql), UInt(before)], in: "KeRaiseIrql",
            "the level \(NewIrql) is below the thread's, \(before)"
        ).report()
    }
    unsafe OldIrql?.pointee = before
    InterruptLevel.current = NewIrql
}

/// Raises the calling thread's level to DISPATCH_LEVEL and returns the level before.
///
/// Bug check 0x9: the thread's level is higher.
///
/// Microsoft's page: "KeRaiseIrqlToDpcLevel function (wdm.h)".
@c @implementation
public func KeRaiseIrqlToDpcLevel() -> KIRQL {
    let before = InterruptLevel.current
    guard before <= InterruptLevel.dispatch else {
        BugCheck(
            BugCheckCode.levelNotGreaterOrEqual, [UInt(InterruptLevel.dispatch), UInt(before)],
            in: "KeRaiseIrqlToDpcLevel", "the thread's level is \(before)"
        ).report()
        return 0
    }
    InterruptLevel.current = InterruptLevel.dispatch
    return before
}

/// Takes the calling thread's level back to what it was before KeRaiseIrql.
///
/// Bug check 0xA: the thread's level is lower.
///
/// Microsoft's page: "KeLowerIrql function (wdm.h)".
@c @implementation
public func KeLowerIrql(_ NewIrql: KIRQL) {
    let before = InterruptLevel.current
    guard NewIrql <= before else {
        return BugCheck(
            BugCheckCode.levelNotLessOrEqual, [UInt(NewIrql), UInt(before)], in: "KeLowerIrql",
            "the level \(NewIrql) is above the thread's, \(before)"
        ).report()
    }
    InterruptLevel.current = NewIrql
}
