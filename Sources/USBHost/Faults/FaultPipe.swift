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
    private var pipes: [WeakPipe] = []

    private struct WeakPipe { weak var pipe: FaultPipe? }

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
        lock.withLock {
            pipes.removeAll { $0.pipe == nil }
            pipes.append(WeakPipe(pipe: pipe))
        }
        return pipe
    }

    func allocateStreams(_ count: Int, on endpoints: [EndpointAddress]) throws(USBError) -> Int {
        guard !isGone else { throw USBError(.deviceGone) }
        return try inner.allocateStreams(count, on: endpoints)
    }

    func freeStreams(on endpoints: [EndpointAddress]) throws(USBError) {
        guard !isGone else { throw USBError(.deviceGone) }
        try inner.freeStreams(on: endpoints)
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

    /// The bus falls asleep: nothing that is in flight gets an answer.
    func interrupt() {
        for pipe in lock.withLock({ pipes.compactMap(\.pipe) }) { pipe.interrupt() }
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

    /// A request that the wire has.
    private struct Outstanding {
        let request: WireRequest
        let record: AnyObject?
        /// How far the frame count had jumped when it was submitted.
        let offset: Int64
        /// The bus fell asleep.
        var isInterrupted = false
        /// It has been interrupted, and waits for what was submitted before it.
        var ending: WireCompletion?
    }

    private let endpoint: EndpointAddress
    private let device: FaultDevice
    /// Set before anybody else knows this object.
    var inner: (any WirePipe)!
    private weak var sink: (any CompletionSink)?
    /// Guards what follows.
    private let lock = Lock()
    private var held: [Held] = []
    /// In the order of submission, so that every run does the same.
    private var outstanding: [Outstanding] = []

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
        lock.withLock { outstanding.append(Outstanding(request: request, record: record, offset: offset)) }
        device.began()
        do throws(USBError) {
            try inner.submit(request, record: record)
        } catch {
            lock.withLock { outstanding.removeAll { $0.request === request } }
            device.ended()
            throw error
        }
        if let placement = request.placement { request.placement = placement + offset }
        // It may have fallen asleep between the two.
        lock.withLock {
            if outstanding.contains(where: { $0.request === request && $0.isInterrupted }) {
                inner.cancel(request, record: record)
            }
        }
        if let fault { follow(fault) }
    }

    /// Does what concerns more than the request. The engine holds its lock, so that the news comes from the event loop.
    private func follow(_ fault: ControllerFault) {
        let (faults, name, identity) = (device.faults, device.name, device.identity)
        switch fault {
        case .unplug: Later(faults) { $0.unplug(name) }.arm()
        case .replug(let time):
            Later(faults) { faults in
                faults.unplug(name)
                Later(faults) { $0.replug(identity: identity) }.arm(after: time)
            }.arm()
        case .sleep(let time, let frame):
            Later(faults) { faults in
                faults.sleep()
                Later(faults) { $0.wakeClock(at: frame) }.arm(after: time)
            }.arm()
        case .complete, .delay, .refuse, .clockJump: break
        }
    }

    /// Ends what the wire has. The lock is held meanwhile, so that no request can come back and be sent again.
    func interrupt() {
        lock.withLock {
            for index in outstanding.indices {
                outstanding[index].isInterrupted = true
                inner.cancel(outstanding[index].request, record: outstanding[index].record)
            }
        }
    }

    func cancel(_ request: WireRequest, record: AnyObject?) { inner.cancel(request, record: record) }

    func close() {
        device.faults.executor.disarm(self)
        inner.close()
    }

    func complete(_ request: WireRequest, _ completion: WireCompletion) {
        var ended: [(entry: Outstanding, completion: WireCompletion)] = []
        lock.withLock {
            guard let index = outstanding.firstIndex(where: { $0.request === request }) else { return }
            if index > 0, outstanding[index].isInterrupted, completion.status == .cancelled {
                outstanding[index].ending = completion
                return
            }
            ended.append((outstanding.remove(at: index), completion))
            while let ending = outstanding.first?.ending {
                ended.append((outstanding.removeFirst(), ending))
                ended[ended.count - 1].completion.time = max(ending.time, completion.time)
            }
        }
        for (entry, completion) in ended { end(entry, completion) }
    }

    private func end(_ entry: Outstanding, _ completion: WireCompletion) {
        var completion = completion
        let request = entry.request
        completion.firstPosition = completion.firstPosition.map { $0 + entry.offset }
        completion.nextPosition = completion.nextPosition.map { $0 + entry.offset }
        if completion.status == .cancelled {
            if entry.isInterrupted { completion.status = .failed(.noResponse) }
            if device.isGone { completion.status = .deviceGone }
        }
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

/// Something that waits for the event loop. It happens only if the injector is still there.
private final class Later: DeadlineNode, @unchecked Sendable {
    // Weak: the executor keeps what is armed, and belongs to the injector's wire.
    private weak var faults: (any FaultSource)?
    private let action: (any FaultSource) -> Void

    init(_ faults: any FaultSource, _ action: @escaping (any FaultSource) -> Void) {
        self.faults = faults
        self.action = action
    }

    func arm(after time: Duration = .zero) {
        guard let executor = faults?.executor else { return }
        executor.arm(self, at: executor.clock.presentInstant.advanced(by: time))
    }

    override var keeper: AnyObject? { self }

    override func deadlineReached() {
        if let faults { action(faults) }
    }
}
