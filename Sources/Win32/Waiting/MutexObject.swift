// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

/// A mutex that a program made: one thread has it, as often as it has waited for it.
///
/// A mutex whose thread ends without giving it back stays taken; WAIT_ABANDONED is never returned. A program that relies
/// on it would go on with what the other thread left half done, and a bus has no part in that.
final class MutexObject: WaitableObject, @unchecked Sendable {
    private let lock = Lock()
    private var owner: UInt64?
    private var depth = 0
    private let alwaysSet: BusEvent

    init(on host: ProcessHost, isTaken: Bool) {
        alwaysSet = BusEvent(on: host.executor, count: 1)
        super.init(event: BusEvent(on: host.executor, count: isTaken ? 0 : 1, reset: .automatic))
        if isTaken { waitSucceeded() }
    }

    /// The thread that has the mutex need not wait for it.
    override var eventForThisThread: BusEvent {
        let current = CurrentThread.id
        return lock.withLock { owner == current } ? alwaysSet : event
    }

    override func waitSucceeded() {
        let current = CurrentThread.id
        lock.withLock {
            owner = current
            depth += 1
        }
    }

    /// Gives the mutex back once; false when the calling thread does not have it.
    func release() -> Bool {
        let current = CurrentThread.id
        let depth: Int? = lock.withLock {
            guard owner == current else { return nil }
            self.depth -= 1
            if self.depth == 0 { owner = nil }
            return self.depth
        }
        if depth == 0 { event.set() }
        return depth != nil
    }
}

private func createMutex(isTaken: Bool, name: String?) -> HANDLE? {
    let host = ProcessHost.current
    return unsafe NamedObjects.shared.handle(named: name, on: host) { MutexObject(on: host, isTaken: isTaken) }
}

/// Makes a mutex, or gives another handle of the one that has the name already (ERROR_ALREADY_EXISTS; then the caller
/// does not have it, whatever `initialOwner` says).
///
/// ERROR_INVALID_HANDLE: something else has the name.
///
/// Microsoft's page: "CreateMutexA function (synchapi.h)".
@c @implementation
public func CreateMutexA(_ attributes: LPSECURITY_ATTRIBUTES!, _ initialOwner: BOOL, _ name: LPCSTR!) -> HANDLE! {
    unsafe createMutex(isTaken: initialOwner != 0, name: Text.read(name))
}

/// ``CreateMutexA(_:_:_:)`` with a wide name.
///
/// Microsoft's page: "CreateMutexW function (synchapi.h)".
@c @implementation
public func CreateMutexW(_ attributes: LPSECURITY_ATTRIBUTES!, _ initialOwner: BOOL, _ name: LPCWSTR!) -> HANDLE! {
    unsafe createMutex(isTaken: initialOwner != 0, name: Text.read(name))
}

/// Gives a mutex back; it is free when that has been done as often as the thread had waited for it.
///
/// ERROR_INVALID_HANDLE: it is no mutex's handle. ERROR_NOT_OWNER: the calling thread does not have it.
///
/// Microsoft's page: "ReleaseMutex function (synchapi.h)".
@c @implementation
public func ReleaseMutex(_ mutex: HANDLE!) -> BOOL {
    guard let object = unsafe HandleTable.shared.object(mutex, as: MutexObject.self) else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    return object.release() ? TRUE : LastError.fail(ERROR_NOT_OWNER)
}
