// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import USB
import USBHost
import Win32

/// Threads that wait for events of drivers.
///
/// An event lives in the driver's memory and may be gone as soon as its waiter goes on, so all that is in it is its state;
/// who waits is noted here, by the event's address.
@safe private final class EventWaits: @unchecked Sendable {
    static let shared = EventWaits()

    final class Waiter {
        let event: BusEvent
        var isReleased = false

        init(_ executor: BusExecutor) { event = BusEvent(on: executor) }
    }

    private let lock = Lock()
    private var waiters: [UInt: [Waiter]] = [:]

    /// Calls `body` with the event's state, which nobody else changes meanwhile.
    func withState<Value>(of event: PRKEVENT, _ body: (inout LONG) -> Value) -> Value {
        // Sound: the driver's event, which is there at least until this returns.
        lock.withLock { unsafe body(&event.pointee.Header.SignalState) }
    }

    /// Sets the event and returns its state before.
    func set(_ event: PRKEVENT) -> LONG {
        let address = UInt(bitPattern: event)
        var released: [Waiter] = []
        let before: LONG = lock.withLock {
            let before = unsafe event.pointee.Header.SignalState
            var waiting = waiters[address] ?? []
            if unsafe event.isSynchronization {
                guard !waiting.isEmpty else {
                    unsafe event.pointee.Header.SignalState = 1
                    return before
                }
                released = [waiting.removeFirst()]
            } else {
                unsafe event.pointee.Header.SignalState = 1
                released = waiting
                waiting = []
            }
            waiters[address] = waiting.isEmpty ? nil : waiting
            for waiter in released { waiter.isReleased = true }
            return before
        }
        for waiter in released { waiter.event.set() }
        return before
    }

    /// Notes a waiter; nil when the event is set, and what a wait takes from it has been taken.
    func begin(_ event: PRKEVENT, on executor: BusExecutor) -> Waiter? {
        lock.withLock {
            if unsafe event.pointee.Header.SignalState != 0 {
                if unsafe event.isSynchronization { unsafe event.pointee.Header.SignalState = 0 }
                return nil
            }
            let waiter = Waiter(executor)
            waiters[UInt(bitPattern: event), default: []].append(waiter)
            return waiter
        }
    }

    /// The wait is over. Returns whether the event released it. The event may be gone if it did.
    func end(_ waiter: Waiter, at address: UInt) -> Bool {
        lock.withLock {
            if waiter.isReleased { return true }
            waiters[address]?.removeAll { $0 === waiter }
            if waiters[address]?.isEmpty == true { waiters[address] = nil }
            return false
        }
    }
}

extension PRKEVENT {
    fileprivate var isSynchronization: Bool { unsafe pointee.Header.Type == UCHAR(SynchronizationEvent.rawValue) }
    fileprivate var isEvent: Bool { unsafe pointee.Header.Type <= UCHAR(SynchronizationEvent.rawValue) }
}

/// Makes an event in the driver's memory.
///
/// Microsoft's page: "KeInitializeEvent function (wdm.h)".
@c @implementation
public func KeInitializeEvent(_ Event: PRKEVENT!, _ Type: EVENT_TYPE, _ State: BOOLEAN) {
    guard let event = unsafe Event else { return }
    // Sound: the driver's memory, not NULL.
    unsafe event.initialize(to: KEVENT())
    unsafe event.pointee.Header.Type = UCHAR(truncatingIfNeeded: Type.rawValue)
    unsafe event.pointee.Header.Size = UCHAR(MemoryLayout<KEVENT>.size / 4)
    unsafe event.pointee.Header.SignalState = State != 0 ? 1 : 0
}

/// Sets an event: a notification event releases every waiter and stays set, a synchronisation event releases one.
/// Returns the state before. At any level up to DISPATCH_LEVEL.
///
/// Microsoft's page: "KeSetEvent function (wdm.h)".
@c @implementation
public func KeSetEvent(_ Event: PRKEVENT!, _ Increment: KPRIORITY, _ Wait: BOOLEAN) -> LONG {
    guard let event = unsafe Event else { return 0 }
    return unsafe EventWaits.shared.set(event)
}

/// Clears an event and returns the state before.
///
/// Microsoft's page: "KeResetEvent function (wdm.h)".
@c @implementation
public func KeResetEvent(_ Event: PRKEVENT!) -> LONG {
    guard let event = unsafe Event else { return 0 }
    return unsafe EventWaits.shared.withState(of: event) { state in
        defer { state = 0 }
        return state
    }
}

/// Clears an event.
///
/// Microsoft's page: "KeClearEvent function (wdm.h)".
@c @implementation
public func KeClearEvent(_ Event: PRKEVENT!) { _ = unsafe KeResetEvent(Event) }

/// The state of an event; not 0 if it is set.
///
/// Microsoft's page: "KeReadStateEvent function (wdm.h)".
@c @implementation
public func KeReadStateEvent(_ Event: PRKEVENT!) -> LONG {
    guard let event = unsafe Event else { return 0 }
    return unsafe EventWaits.shared.withState(of: event) { $0 }
}

/// Waits for an event, in bus time.
///
/// `Timeout`: units of 100 ns, negative from now, positive since 1601; 0 only looks, and NULL waits for ever.
/// STATUS_SUCCESS or STATUS_TIMEOUT. STATUS_OBJECT_TYPE_MISMATCH: it is no event. 0xC0000194 (STATUS_POSSIBLE_DEADLOCK):
/// on a clock that moves by hand nothing can ever set it. Bug check 0xA: a wait at DISPATCH_LEVEL that is not only a look.
///
/// Microsoft's page: "KeWaitForSingleObject function (wdm.h)".
@c @implementation
public func KeWaitForSingleObject(
    _ Object: PVOID!, _ WaitReason: KWAIT_REASON, _ WaitMode: KPROCESSOR_MODE, _ Alertable: BOOLEAN,
    _ Timeout: PLARGE_INTEGER!
) -> NTSTATUS {
    guard let object = unsafe Object else { return NTStatus.invalidParameter.rawValue }
    // Sound: the driver says that it is an object to wait for, all of which begin alike.
    let event = unsafe object.assumingMemoryBound(to: KEVENT.self)
    guard unsafe event.isEvent else { return STATUS_OBJECT_TYPE_MISMATCH }
    let timeout: Int64? = unsafe Timeout?.pointee.QuadPart
    let address = UInt(bitPattern: object)
    let limit = timeout == 0 ? InterruptLevel.dispatch : InterruptLevel.apc
    guard InterruptLevel.isAtMost(limit, in: "KeWaitForSingleObject", address) else {
        return NTStatus.unsuccessful.rawValue
    }
    let executor = ProcessHost.current.executor
    guard let waiter = unsafe EventWaits.shared.begin(event, on: executor) else { return NTStatus.success.rawValue }
    let end = waiter.event.wait(until: timeout.map { KernelTime.deadline($0, on: executor) })
    if EventWaits.shared.end(waiter, at: address) { return NTStatus.success.rawValue }
    return end == .neverSet ? possibleDeadlock : NTStatus.timeout.rawValue
}

/// STATUS_POSSIBLE_DEADLOCK
private let possibleDeadlock = NTSTATUS(bitPattern: 0xC000_0194)
