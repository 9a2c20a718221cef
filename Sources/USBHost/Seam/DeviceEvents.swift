// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The arrivals and removals of one bus, for any number of listeners. Every wire has one and feeds it.
public final class DeviceEvents: @unchecked Sendable {
    private let lock = Lock()
    private var listeners: [UInt64: AsyncStream<DeviceEvent>.Continuation] = [:]
    private var nextListener: UInt64 = 0
    private let subscriptionChanged: (@Sendable (_ hasListeners: Bool) -> Void)?

    /// Makes an empty set of listeners. `subscriptionChanged` is called when the first comes and the last goes, so that
    /// a wire need not watch for nobody.
    public init(subscriptionChanged: (@Sendable (_ hasListeners: Bool) -> Void)? = nil) {
        self.subscriptionChanged = subscriptionChanged
    }

    /// Every event from now on. Events are kept until they are read. Subscribe first and list devices second; then no
    /// device is missed, and one that shows in both has the same identity.
    public func stream() -> AsyncStream<DeviceEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: DeviceEvent.self, bufferingPolicy: .unbounded)
        let (number, isFirst) = lock.withLock {
            nextListener += 1
            listeners[nextListener] = continuation
            return (nextListener, listeners.count == 1)
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number) }
        if isFirst { subscriptionChanged?(true) }
        return stream
    }

    /// Tells every listener. Called by the wire, with no lock held.
    public func send(_ event: DeviceEvent) {
        let current = lock.withLock { listeners.sorted { $0.key < $1.key }.map(\.value) }
        for listener in current { listener.yield(event) }
    }

    private func remove(_ number: UInt64) {
        let isEmpty = lock.withLock {
            guard listeners.removeValue(forKey: number) != nil else { return false }
            return listeners.isEmpty
        }
        if isEmpty { subscriptionChanged?(false) }
    }
}
