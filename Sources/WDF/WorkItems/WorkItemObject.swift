// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import Win32

/// A callback that is called at PASSIVE_LEVEL, from wherever it is asked for (WDFWORKITEM).
@safe final class WorkItemObject: FrameworkObject, @unchecked Sendable {
    typealias Callback = @convention(c) (WDFWORKITEM?) -> Void

    /// The object that the item was made for, which it keeps until it is deleted.
    let owner: FrameworkObject
    // Sound: a function of the driver's.
    private let callback: Callback
    /// What the callback is called with; nil for nothing.
    private let callbackLock: PresentationLock?

    // Guarded by the lock.
    private var isQueued = false
    private var isEnding = false
    /// The threads that the callback is being called by: while it is, the item can be queued again.
    private var threads: [UInt64] = []
    private var flushes: [BusEvent] = []

    /// Makes an item without a handle.
    ///
    /// - Parameter isSerialized: whether the callback is kept apart with those of the owner, if those are kept apart.
    /// - Throws: STATUS_INVALID_DEVICE_REQUEST: the owner goes with no device. STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL: the
    ///   owner's callbacks are kept apart, but may be called at DISPATCH_LEVEL.
    init(for owner: FrameworkObject, isSerialized: Bool, _ callback: @escaping Callback) throws(Refusal) {
        guard owner.ancestor(DriverDevice.self) != nil else { throw Refusal(.invalidDeviceRequest) }
        var callbackLock: PresentationLock?
        if isSerialized, let constraints = CallbackConstraints.nearest(to: owner), constraints.isAutomatic {
            guard owner.callsAtPassive else { throw Refusal(STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL) }
            callbackLock = constraints.lock
        }
        self.owner = owner
        unsafe self.callback = unsafe callback
        self.callbackLock = callbackLock
        super.init(.workItem, host: owner.host)
    }

    /// Has the callback called, unless it stands in the queue already or the item is being deleted.
    func enqueue() {
        let isNew = lock.withLock {
            guard !isQueued, !isEnding else { return false }
            isQueued = true
            return true
        }
        guard isNew else { return }
        reference()
        Workers.shared.run(on: host) { [self] in
            work()
            dereference()
        }
    }

    private func work() {
        let me = CurrentThread.id
        lock.withLock {
            isQueued = false
            threads.append(me)
        }
        let handle = unsafe WDFWORKITEM(bitPattern: UInt(bitPattern: handle))
        if let callbackLock {
            callbackLock.withLock { unsafe callback(handle) }
        } else {
            unsafe callback(handle)
        }
        let flushes = lock.withLock {
            threads.removeAll { $0 == me }
            guard isIdle else { return [BusEvent]() }
            defer { self.flushes = [] }
            return self.flushes
        }
        for flush in flushes { flush.set() }
    }

    private var isIdle: Bool { !isQueued && threads.isEmpty }

    /// Returns when the callback has returned, if it was to be called; at once in the callback itself.
    func flush() {
        let event = BusEvent(on: host.executor)
        let mustWait = lock.withLock {
            guard !isIdle, !threads.contains(CurrentThread.id) else { return false }
            flushes.append(event)
            return true
        }
        guard mustWait else { return }
        // By a clock that moves by hand a wait ends when nothing is scheduled; so does that of the callback, which goes on.
        while event.wait() == .neverSet {}
    }

    override func willDelete() {
        lock.withLock { isEnding = true }
        flush()
    }
}
