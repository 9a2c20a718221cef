// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// An open device whose wire is a faulty one.
final class FaultDevice: WireDevice, DeviceSink, @unchecked Sendable {
    /// The wire's identity, and the one that the engine knows.
    let identity: DeviceID
    let name: DeviceID
    let faults: any FaultSource
    /// Set before anybody else knows this object.
    var inner: (any WireDevice)!
    private weak var sink: (any DeviceSink)?
    private let lock = Lock()
    private var hasGone = false
    private var outstanding = 0
    private var claims: Set<UInt8> = []

    init(identity: DeviceID, name: DeviceID, sink: any DeviceSink, faults: any FaultSource) {
        self.identity = identity
        self.name = name
        self.sink = sink
        self.faults = faults
    }

    var isGone: Bool { lock.withLock { hasGone } }

    func claim(interface: UInt8, detach: Bool) throws(USBError) {
        guard !isGone else { throw USBError(.deviceGone) }
        try inner.claim(interface: interface, detach: detach)
        lock.withLock { _ = claims.insert(interface) }
    }

    func release(interface: UInt8) {
        guard lock.withLock({ claims.remove(interface) != nil }) else { return }
        inner.release(interface: interface)
    }

    func openPipe(_ endpoint: EndpointInfo, sink: any CompletionSink) throws(USBError) -> any WirePipe {
        guard !isGone else { throw USBError(.deviceGone, endpoint: endpoint.address) }
        let pipe = FaultPipe(endpoint.address, of: self, sink: sink)
        pipe.inner = try inner.openPipe(endpoint, sink: pipe)
        return pipe
    }

    func makeBuffer(byteCount: Int) -> (any WireBuffer)? { isGone ? nil : inner.makeBuffer(byteCount: byteCount) }

    func close() {
        inner.close()
    }

    /// The device has gone, really or as a fault. The engine then cancels what it has.
    func deviceGone() {
        let isNews = lock.withLock {
            defer { hasGone = true }
            return !hasGone
        }
        guard isNews else { return }
        sink?.deviceGone()
        giveBackIfDone()
    }

    /// Notes that a request has gone to the wire.
    func began() { lock.withLock { outstanding += 1 } }

    /// Notes that a request has come back.
    func ended() {
        lock.withLock { outstanding -= 1 }
        giveBackIfDone()
    }

    /// A device that was unplugged as a fault is still on its wire, where its successor wants the interfaces.
    private func giveBackIfDone() {
        let free = lock.withLock {
            guard hasGone, outstanding == 0 else { return Set<UInt8>() }
            defer { claims = [] }
            return claims
        }
        for interface in free.sorted() { inner.release(interface: interface) }
    }
}

/// A pipe whose wire is a faulty one.
final class FaultPipe: DeadlineNode, WirePipe, CompletionSink, @unchecked Sendable {
    private struct Held {
        var request: WireRequest
        var completion: WireCompletion
        var due: BusInstant
    }

    private let endpoint: EndpointAddress
    private let device: FaultDevice
    /// Set before anybody else knows this object.
    var inner: (any WirePipe)!
    private weak var sink: (any CompletionSink)?
    /// Guards what follows.
    private let lock = Lock()
    private var held: [Held] = []
    /// How far the frame count had jumped when a request was submitted.
    private var offsets: [ObjectIdentifier: Int64] = [:]

    init(_ endpoint: EndpointAddress, of device: FaultDevice, sink: any CompletionSink) {
        self.endpoint = endpoint
        self.device = device
        self.sink = sink
    }

    var capabilities: ControllerCapabilities? { inner.capabilities }

    func makeRecord(for request: WireRequest) -> AnyObject? { inner.makeRecord(for: request) }

    func submit(_ request: WireRequest, record: AnyObject?) throws(USBError) {
        guard !device.isGone else { throw USBError(.deviceGone, endpoint: endpoint) }
        let (fault, offset) = device.faults.submission(of: request, at: endpoint)
        if case .refuse(let kind) = fault { throw USBError(kind, endpoint: endpoint, message: "a fault was injected") }
        let start = request.start
        if case .at(let position) = start { request.start = .at(position - offset) }
        defer { request.start = start }
        lock.withLock { offsets[ObjectIdentifier(request)] = offset }
        device.began()
        do throws(USBError) {
            try inner.submit(request, record: record)
        } catch {
            lock.withLock { _ = offsets.removeValue(forKey: ObjectIdentifier(request)) }
            device.ended()
            throw error
        }
        if let placement = request.placement { request.placement = placement + offset }
        // The engine holds its lock, so that the news comes from the event loop.
        if fault == .unplug { Unplugging(device).arm() }
    }

    func cancel(_ request: WireRequest, record: AnyObject?) { inner.cancel(request, record: record) }

    func close() {
        device.faults.executor.disarm(self)
        inner.close()
    }

    func complete(_ request: WireRequest, _ completion: WireCompletion) {
        var completion = completion
        let offset = lock.withLock { offsets.removeValue(forKey: ObjectIdentifier(request)) } ?? 0
        completion.firstPosition = completion.firstPosition.map { $0 + offset }
        completion.nextPosition = completion.nextPosition.map { $0 + offset }
        if device.isGone, completion.status == .cancelled { completion.status = .deviceGone }
        let fault = device.faults.completion(completion, at: endpoint)
        if case .complete(let status) = fault { completion.status = status }
        let executor = device.faults.executor
        let present = executor.clock.presentInstant
        var due = present
        if case .delay(let time) = fault { due = present.advanced(by: time) }
        let mustWait = lock.withLock {
            guard due > present || !held.isEmpty else { return false }
            held.append(Held(request: request, completion: completion, due: max(due, held.last?.due ?? due)))
            return true
        }
        guard mustWait else { return pass(request, completion) }
        armForFirst()
    }

    private func armForFirst() {
        guard let due = lock.withLock({ held.first?.due }) else { return }
        device.faults.executor.arm(self, at: due)
    }

    private func pass(_ request: WireRequest, _ completion: WireCompletion) {
        let device = device
        sink?.complete(request, completion)
        device.ended()
    }

    override var keeper: AnyObject? { self }

    override func deadlineReached() {
        let now = device.faults.executor.clock.presentInstant
        while true {
            let next: Held? = lock.withLock {
                guard let first = held.first, first.due <= now else { return nil }
                return held.removeFirst()
            }
            guard var next else { break }
            next.completion.time = now
            pass(next.request, next.completion)
        }
        armForFirst()
    }
}

/// An unplugging that waits for the event loop.
private final class Unplugging: DeadlineNode, @unchecked Sendable {
    private let device: FaultDevice

    init(_ device: FaultDevice) { self.device = device }

    func arm() {
        let executor = device.faults.executor
        executor.arm(self, at: executor.clock.presentInstant)
    }

    override var keeper: AnyObject? { self }

    override func deadlineReached() { device.faults.unplug(device.name) }
}
