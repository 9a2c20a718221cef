// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import Win32

/// How the callbacks of a device or queue are called, and what keeps them apart.
struct CallbackConstraints: Sendable {
    /// Whether they are called at PASSIVE_LEVEL only.
    let isPassive: Bool
    /// Which of them are never called at the same time.
    let scope: WDF_SYNCHRONIZATION_SCOPE
    /// The lock that WdfObjectAcquireLock takes, and that callbacks which are kept apart are called with.
    let lock: PresentationLock

    /// Whether callbacks are called with the lock held.
    var isAutomatic: Bool {
        scope == WdfSynchronizationScopeDevice || scope == WdfSynchronizationScopeQueue
    }

    /// Makes those of an object; nil for kinds that have none. What a driver leaves open, a device takes from
    /// the driver, whose callbacks may be called at DISPATCH_LEVEL and at the same time, and a queue from its device.
    ///
    /// STATUS_INVALID_PARAMETER: a queue's callbacks are to be kept apart with its device's, but their level is another.
    init?(
        for object: FrameworkObject, _ attributes: ObjectAttributes, under parent: FrameworkObject?
    ) throws(Refusal) {
        guard object.kind == .device || object.kind == .queue else { return nil }
        let outer = object.kind == .queue ? CallbackConstraints.nearest(to: parent) : nil
        let isPassive =
            attributes.executionLevel == WdfExecutionLevelInheritFromParent
            ? outer?.isPassive ?? false : attributes.executionLevel == WdfExecutionLevelPassive
        let scope =
            attributes.synchronizationScope == WdfSynchronizationScopeInheritFromParent
            ? outer?.scope ?? WdfSynchronizationScopeNone : attributes.synchronizationScope
        self.isPassive = isPassive
        self.scope = scope
        if let outer, scope == WdfSynchronizationScopeDevice {
            guard outer.isPassive == isPassive else { throw Refusal(.invalidParameter) }
            lock = outer.lock
        } else {
            lock = PresentationLock(isPassive: isPassive, on: object.host.executor)
        }
    }

    /// Those of an object, or of the nearest of those it goes with that has any.
    static func nearest(to object: FrameworkObject?) -> CallbackConstraints? {
        var object = object
        while let each = object {
            if let constraints = each.constraints { return constraints }
            object = each.parent
        }
        return nil
    }
}

/// The lock of a device's or queue's callbacks: where they are called at PASSIVE_LEVEL only, who has it may wait;
/// otherwise it is a spin lock.
@safe final class PresentationLock: Sendable {
    private enum Kind: Sendable { case waiting(OwnedLock), raising(RaisingLock) }
    private let kind: Kind

    init(isPassive: Bool, on executor: BusExecutor) {
        kind = isPassive ? .waiting(OwnedLock(on: executor)) : .raising(RaisingLock())
    }

    /// Takes the lock. Returns false when the thread has it already.
    func acquire() -> Bool {
        switch kind {
        case .waiting(let lock): lock.acquire() == .taken
        case .raising(let lock): lock.acquire()
        }
    }

    /// Gives the lock back. Returns false when the thread does not have it.
    func release() -> Bool {
        switch kind {
        case .waiting(let lock): lock.release()
        case .raising(let lock): lock.release()
        }
    }

    /// Runs `body` with the lock held; a thread that has it already runs it all the same.
    func withLock<Value>(_ body: () -> Value) -> Value {
        let isTaken = acquire()
        defer { if isTaken { _ = release() } }
        return body()
    }
}
