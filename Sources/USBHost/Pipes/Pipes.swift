// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// A pipe to the device. Its direction and type are facts of its Swift type: there is nothing to read from it.
public struct OutPipe<Kind: PipeKind>: Sendable {
    let handle: PipeHandle

    init(_ handle: PipeHandle) { self.handle = handle }
}

/// A pipe from the device. Its direction and type are facts of its Swift type: there is nothing to write to it.
public struct InPipe<Kind: PipeKind>: Sendable {
    let handle: PipeHandle

    init(_ handle: PipeHandle) { self.handle = handle }
}

/// What every pipe can do, whatever its direction and type.
public protocol PipeProtocol: Sendable {
    /// The endpoint, with what its descriptors mean.
    var endpoint: EndpointInfo { get }
    /// The rules that dialects set differently. A change holds for the transfers submitted after it.
    var policy: PipePolicy { get nonmutating set }
    /// Whether the device answered STALL and has not been cleared.
    var isHalted: Bool { get }
    /// Cancels everything that is queued and returns when all of it has been handed back. Until then the pipe refuses
    /// new transfers.
    func abort() async
    /// Cancels everything that is queued; `completion` is called when all of it has been handed back, as a handler of
    /// ``HandlerPlace/anyThread`` is, perhaps before this call returns.
    func abort(completion: @escaping @Sendable () -> Void)
    /// Keeps new transfers back until ``start()``.
    func hold()
    /// Refuses new transfers until ``start()``, and cancels those that are queued.
    func purge()
    /// Lets transfers pass again after ``hold()`` or ``purge()``.
    func start()
    /// Clears the halt: aborts what is queued and sends CLEAR_FEATURE(ENDPOINT_HALT), which resets the data toggle.
    ///
    /// Throws what the control transfer throws.
    func clearHalt() async throws(USBError)
    /// Clears the halt as ``clearHalt()`` does; `completion` gets what that throws, and is called as a handler of
    /// ``HandlerPlace/anyThread`` is.
    func clearHalt(completion: @escaping @Sendable (USBError?) -> Void)
}

protocol CorePipe: PipeProtocol {
    var handle: PipeHandle { get }
}

extension OutPipe: CorePipe {}
extension InPipe: CorePipe {}

extension CorePipe {
    var core: PipeCore { handle.core }

    /// The endpoint, with what its descriptors mean.
    public var endpoint: EndpointInfo { core.info }

    /// The rules that dialects set differently.
    public var policy: PipePolicy {
        get { core.lock.withLock { core.policy } }
        nonmutating set { core.lock.withLock { core.policy = newValue } }
    }

    /// Whether the device answered STALL and has not been cleared.
    public var isHalted: Bool { core.lock.withLock { core.life.isHalted } }

    /// Cancels everything that is queued and returns when all of it has been handed back.
    public func abort() async { await core.abort() }

    /// Cancels everything that is queued; `completion` is called when all of it has been handed back.
    public func abort(completion: @escaping @Sendable () -> Void) { core.abort(completion: completion) }

    /// Keeps new transfers back until ``start()``.
    public func hold() { core.lock.withLock { core.life.hold() } }

    /// Refuses new transfers until ``start()``, and cancels those that are queued.
    public func purge() {
        core.lock.withLock { core.life.purge() }
        core.cancelAll(.aborted)
    }

    /// Lets transfers pass again after ``hold()`` or ``purge()``.
    public func start() {
        if core.lock.withLock({ core.life.open() }) { core.releaseAll() }
    }

    /// Aborts what is queued and sends CLEAR_FEATURE(ENDPOINT_HALT).
    public func clearHalt() async throws(USBError) { try await core.clearHalt() }

    /// Aborts what is queued and sends CLEAR_FEATURE(ENDPOINT_HALT); `completion` gets what went wrong.
    public func clearHalt(completion: @escaping @Sendable (USBError?) -> Void) {
        core.clearHalt(completion: completion)
    }
}
