// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The arrivals and removals of one bus, for any number of listeners. Every wire has one and feeds it.
public final class DeviceEvents: @unchecked Sendable {
    private let lock = Lock()
    private var listeners: [UInt64: @Sendable (DeviceEvent) -> Void] = [:]
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
        let number = add { continuation.yield($0) }
        continuation.onTermination = { [weak self] _ in self?.remove(number) }
        return stream
    }

    /// Calls `handler` with every event from now on, on the thread that reports it and with no lock held, until the
    /// observation is cancelled or nobody keeps it. The handler must not block.
    public func observe(_ handler: @escaping @Sendable (DeviceEvent) -> Void) -> Observation {
        Observation(of: self, number: add(handler))
    }

    /// A handler's place among the listeners of a bus.
    public final class Observation: Sendable {
        private let events: DeviceEvents
        private let number: UInt64

        fileprivate init(of events: DeviceEvents, number: UInt64) {
            self.events = events
            self.number = number
        }

        /// No more events are reported; a call of the handler that has begun on another thread may still be under way.
        public func cancel() { events.remove(number) }

        deinit { events.remove(number) }
    }

    private func add(_ listener: @escaping @Sendable (DeviceEvent) -> Void) -> UInt64 {
        let (number, isFirst) = lock.withLock {
            nextListener += 1
            listeners[nextListener] = listener
            return (nextListener, listeners.count == 1)
        }
        if isFirst { subscriptionChanged?(true) }
        return number
    }

    /// Tells every listener. Called by the wire, with no lock held.
    public func send(_ event: DeviceEvent) {
        let current = lock.withLock { listeners.sorted { $0.key < $1.key }.map(\.value) }
        for listener in current { listener(event) }
    }

    private func remove(_ number: UInt64) {
        let isEmpty = lock.withLock {
            guard listeners.removeValue(forKey: number) != nil else { return false }
            return listeners.isEmpty
        }
        if isEmpty { subscriptionChanged?(false) }
    }
}
