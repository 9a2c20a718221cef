// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// A wire that behaves like Linux usbfs, with a device that does what the test says.
///
/// It cannot start at a frame, infers continuation, estimates its frame clock, takes 128 packets or 16 KB a request,
/// and delivers completions in batches when polled.
final class ScriptedWire: HostController, EventSource, @unchecked Sendable {
    let capabilities: ControllerCapabilities
    let clock: BusClock
    let executor: BusExecutor
    let events = DeviceEvents()

    let lock = Lock()
    private let condition: Condition
    private var isWoken = false
    private var endpoints: [EndpointAddress: ScriptedEndpoint] = [:]
    private var ready: [(request: WireRequest, sink: any CompletionSink, completion: WireCompletion)] = []
    private var serving: [(request: WireRequest, endpoint: ScriptedEndpoint, sink: any CompletionSink)] = []
    private var order = 0
    private var attachment: UInt64 = 1
    private var isAttached = true
    private weak var gone: (any DeviceSink)?
    /// What the device's endpoint zero answers to requests that are not the host's own.
    private var controlBehaviour: @Sendable (SetupPacket, WireRequest) -> Reply = { _, _ in .all }

    /// Asked at each submit, with the number of submits so far; an error refuses the request.
    private var refusal: (@Sendable (WireRequest, Int) -> USBError?)?
    /// Asked at each cancel of a request that is being served; true lets the real completion win.
    private var cancelLoses: @Sendable (WireRequest) -> Bool = { _ in false }
    private var submitCount = 0

    // What a test looks at afterwards.
    private var lines: [String]?
    private var faults: [String] = []
    private var outstandingCount = 0
    private var openPipeCount = 0
    private var openDeviceCount = 0
    private var claimed: Set<UInt8> = []
    private var isochronousSpans: [(start: Int64, packets: Int)] = []
    private var largestBatchSeen = 0
    private var memory = Int.max

    init(
        flow: TimeFlow = .free, driver: BusExecutor.Driver = .caller, bulkContinuation: Bool = true,
        partsInFlight: Int = .max, zeroLengthTermination: Bool = true, bulkStreams: Bool = false
    ) {
        capabilities = ControllerCapabilities(
            exactStartFrame: false, continuation: .inferred, frameClock: .estimated, packetsPerRequest: 128,
            bytesPerRequest: 16_384, bulkContinuation: bulkContinuation, partsInFlight: partsInFlight,
            zeroLengthTermination: zeroLengthTermination, bulkStreams: bulkStreams, leadMicroframes: 8)
        clock = BusClock(flow: flow)
        executor = BusExecutor(clock: clock, driver: driver)
        condition = Condition(lock)
        executor.attach(self)
        for address: EndpointAddress in [0x81, 0x02, 0x83, 0x04, 0x05, 0x86, 0x07] {
            endpoints[address] = ScriptedEndpoint(address) { _ in .all }
        }
        endpoints[.control] = ScriptedEndpoint(.control) { _ in .all }
    }

    deinit { executor.shutDown() }

    // MARK: The script

    func script(_ address: EndpointAddress, _ behaviour: @escaping ScriptedEndpoint.Behaviour) {
        lock.withLock { endpoints[address]?.behaviour = behaviour }
    }

    /// The replies of one endpoint one after the other; the last one stays.
    func script(_ address: EndpointAddress, replies: [Reply]) {
        let counter = Counter()
        script(address) { _ in replies[min(counter.next(), replies.count - 1)] }
    }

    func scriptControl(_ behaviour: @escaping @Sendable (SetupPacket, WireRequest) -> Reply) {
        lock.withLock { controlBehaviour = behaviour }
    }

    func refuse(_ rule: (@Sendable (WireRequest, Int) -> USBError?)?) {
        lock.withLock { refusal = rule }
    }

    /// Has memory for so many requests at a time.
    func limitMemory(to count: Int) { lock.withLock { memory = count } }

    func letCancelsLose(_ rule: @escaping @Sendable (WireRequest) -> Bool) {
        lock.withLock { cancelLoses = rule }
    }

    /// Keeps a line for each submit and each end from now on.
    func startTrace() { lock.withLock { lines = [] } }
    var trace: [String] { lock.withLock { lines ?? [] } }
    /// What the engine did against the rules of the seam.
    var violations: [String] { lock.withLock { faults } }
    var outstanding: Int { lock.withLock { outstandingCount } }
    var submits: Int { lock.withLock { submitCount } }
    var openPipes: Int { lock.withLock { openPipeCount } }
    var openDevices: Int { lock.withLock { openDeviceCount } }
    var claims: Set<UInt8> { lock.withLock { claimed } }
    var spans: [(start: Int64, packets: Int)] { lock.withLock { isochronousSpans } }
    var largestBatch: Int { lock.withLock { largestBatchSeen } }

    /// Unplugs the device: everything outstanding ends, then the news is told.
    func unplug() {
        lock.lock()
        guard isAttached else { return lock.unlock() }
        isAttached = false
        let id = DeviceID(rawValue: attachment)
        for endpoint in endpoints.values.sorted(by: { $0.address < $1.address }) {
            let all = endpoint.queue
            endpoint.queue = []
            for request in all { endLocked(request, sink: endpoint.sink, .deviceGone, 0) }
        }
        serving = []
        let sink = gone
        condition.broadcast()
        lock.unlock()
        sink?.deviceGone()
        events.send(.left(id))
        executor.kick()
    }

    /// Plugs the device in again, as a new one.
    func plugIn() {
        lock.lock()
        isAttached = true
        attachment += 1
        for endpoint in endpoints.values { endpoint.isStalled = false }
        lock.unlock()
        events.send(.arrived(description))
    }

    // MARK: HostController

    private var description: DeviceDescription { lock.withLock { scriptedDescription(DeviceID(rawValue: attachment)) } }

    func devices() throws(USBError) -> [DeviceDescription] {
        lock.withLock { isAttached } ? [description] : []
    }

    func openDevice(_ id: DeviceID, sink: any DeviceSink) throws(USBError) -> any WireDevice {
        lock.lock()
        defer { lock.unlock() }
        guard isAttached, id.rawValue == attachment else { throw USBError(.notFound) }
        gone = sink
        openDeviceCount += 1
        return ScriptedDevice(self)
    }

    func frame() -> FrameReading {
        let now = clock.presentInstant
        return FrameReading(
            microframe: Microframe(64_000 + now.nanoseconds / 125_000), time: now, quality: .estimated, epoch: 1)
    }

    // MARK: Requests

    fileprivate func open(_ info: EndpointInfo, _ sink: any CompletionSink) throws(USBError) {
        lock.lock()
        defer { lock.unlock() }
        guard isAttached else { throw USBError(.deviceGone) }
        guard endpoints[info.address] != nil else { throw USBError(.notFound) }
        if let interface = info.interface, !claimed.contains(interface) { faults.append("pipe without a claim") }
        openPipeCount += 1
    }

    fileprivate func close(_ address: EndpointAddress) {
        lock.withLock {
            openPipeCount -= 1
            if let endpoint = endpoints[address], !endpoint.queue.isEmpty { faults.append("closed with requests") }
        }
    }

    fileprivate func claim(_ interface: UInt8) throws(USBError) {
        lock.lock()
        defer { lock.unlock() }
        guard claimed.insert(interface).inserted else { throw USBError(.busy) }
    }

    fileprivate func release(_ interface: UInt8) { lock.withLock { _ = claimed.remove(interface) } }

    fileprivate func closeDevice() { lock.withLock { openDeviceCount -= 1 } }

    fileprivate func submit(
        _ request: WireRequest, _ address: EndpointAddress, _ sink: any CompletionSink
    ) throws(USBError) {
        lock.lock()
        defer { lock.unlock() }
        submitCount += 1
        guard isAttached else { throw USBError(.deviceGone) }
        if let error = refusal?(request, submitCount) { throw error }
        guard outstandingCount < memory else { throw USBError(.outOfMemory) }
        guard let endpoint = endpoints[address] else { throw USBError(.notFound) }
        let record = request.scripted
        if record.state != .idle { faults.append("submitted twice") }
        check(request)
        outstandingCount += 1
        order += 1
        record.order = order
        lines?.append("\(clock.presentInstant.nanoseconds) \(address) submit \(unsafe request.buffer.count)")
        if request.part.contains(.first) {
            endpoint.isChainBroken = false
        } else if endpoint.isChainBroken {
            return endLocked(request, sink: sink, .cancelled, 0)
        }
        record.state = .queued
        endpoint.sink = sink
        endpoint.queue.append(request)
        if endpoint.queue.count == 1 { serve(endpoint) }
        if clock.flow == .real { condition.broadcast() }
    }

    private func check(_ request: WireRequest) {
        let size = unsafe request.buffer.count
        if case .isochronous = request.operation {
            let count = unsafe request.packets.count
            if count < 1 || count > 128 { faults.append("\(count) packets") }
        } else if size > capabilities.bytesPerRequest {
            faults.append("\(size) bytes")
        }
        if request.endsWithZeroLengthPacket, !capabilities.zeroLengthTermination { faults.append("termination asked") }
        if case .at = request.start { faults.append("a start frame") }
    }

    fileprivate func cancel(_ request: WireRequest, _ address: EndpointAddress) {
        lock.lock()
        defer { lock.unlock() }
        guard let endpoint = endpoints[address], let index = endpoint.queue.firstIndex(where: { $0 === request }) else {
            return
        }
        let record = request.scripted
        let wins = index == 0 && record.reply.status != nil && cancelLoses(request)
        let sink = endpoint.sink
        endpoint.queue.remove(at: index)
        serving.removeAll { $0.request === request }
        if wins {
            finish(request, endpoint, sink)
        } else {
            endLocked(request, sink: sink, .cancelled, index == 0 ? record.reply.byteCountWhenCancelled : 0)
        }
        if index == 0 { serve(endpoint) }
    }

    /// Begins to serve the first request of an endpoint.
    private func serve(_ endpoint: ScriptedEndpoint) {
        guard let request = endpoint.queue.first, let sink = endpoint.sink else { return }
        let record = request.scripted
        record.state = .serving
        let now = clock.presentInstant.nanoseconds
        record.reply = endpoint.isStalled ? .stall : reply(to: request, endpoint)
        if case .isochronous = request.operation, record.reply.status == .completed {
            let count = unsafe request.packets.count
            // What was queued in time follows without a gap.
            let start = endpoint.end >= now / 125_000 ? endpoint.end : now / 125_000 + 1
            endpoint.end = start + Int64(count)
            isochronousSpans.append((start, count))
            record.due = endpoint.end * 125_000
        } else {
            record.due = record.reply.status == nil ? nil : now + record.reply.delay
        }
        serving.append((request, endpoint, sink))
    }

    private func reply(to request: WireRequest, _ endpoint: ScriptedEndpoint) -> Reply {
        guard case .control(let setup) = request.operation else { return endpoint.behaviour(request) }
        if setup == .clearHalt(EndpointAddress(rawValue: UInt8(truncatingIfNeeded: setup.index))) {
            endpoints[EndpointAddress(rawValue: UInt8(truncatingIfNeeded: setup.index))]?.isStalled = false
            return .all
        }
        return controlBehaviour(setup, request)
    }

    /// A request that was served ends as its reply says.
    private func finish(_ request: WireRequest, _ endpoint: ScriptedEndpoint, _ sink: (any CompletionSink)?) {
        let reply = request.scripted.reply
        let size = unsafe request.buffer.count
        var moved = min(size, reply.byteCount ?? size)
        if case .isochronous = request.operation {
            moved = 0
            for index in 0..<(unsafe request.packets.count) {
                unsafe request.packets[index].status = .completed
                unsafe request.packets[index].actualLength = request.packets[index].length
                moved += unsafe request.packets[index].length
            }
        } else if reply.status == .stalled, endpoint.address != .control {
            endpoint.isStalled = true
        }
        endLocked(request, sink: sink, reply.status ?? .cancelled, moved)
        let endsEarly = reply.status != .completed || moved < size
        guard endsEarly, request.operation == .data, !request.part.contains(.last) else { return }
        endpoint.isChainBroken = true
        while let next = endpoint.queue.first, !next.part.contains(.first) {
            endpoint.queue.removeFirst()
            endLocked(next, sink: sink, .cancelled, 0)
        }
    }

    private func endLocked(
        _ request: WireRequest, sink: (any CompletionSink)?, _ status: WireCompletion.Status, _ count: Int
    ) {
        request.scripted.state = .ready
        guard let sink else { return faults.append("an end that nobody hears") }
        let completion = WireCompletion(status: status, byteCount: count, time: clock.presentInstant)
        ready.append((request, sink, completion))
        condition.broadcast()
    }

    // MARK: EventSource

    func wake() {
        lock.withLock {
            isWoken = true
            condition.broadcast()
        }
    }

    func poll(until deadline: BusInstant?, wait: Bool) -> PollResult {
        lock.lock()
        defer { lock.unlock() }
        defer { isWoken = false }
        while true {
            endDue()
            if !ready.isEmpty {
                deliver()
                return .progressed
            }
            var next: Int64?
            for entry in serving {
                if let due = entry.request.scripted.due { next = min(due, next ?? due) }
            }
            let target = next.map { min($0, deadline?.nanoseconds ?? $0) } ?? deadline?.nanoseconds
            let now = clock.presentInstant.nanoseconds
            if !wait { return next == nil ? .exhausted : .idle }
            if isWoken { return .idle }
            if clock.flow == .real {
                if let deadline, deadline.nanoseconds <= now { return .idle }
                if let target { condition.wait(nanoseconds: target - now) } else { condition.wait() }
            } else {
                guard let target else { return .exhausted }
                clock.advance(to: BusInstant(nanoseconds: target))
                if let deadline, deadline.nanoseconds <= target, next.map({ $0 > target }) ?? true { return .idle }
            }
        }
    }

    /// Ends everything whose time has come, in the order of time and submission.
    private func endDue() {
        let now = clock.presentInstant.nanoseconds
        while true {
            var first: Int?
            var best = (due: now, order: Int.max)
            for index in serving.indices {
                let record = serving[index].request.scripted
                guard let due = record.due, (due, record.order) <= best else { continue }
                best = (due, record.order)
                first = index
            }
            guard let first else { return }
            let (request, endpoint, sink) = serving.remove(at: first)
            endpoint.queue.removeFirst()
            finish(request, endpoint, sink)
            serve(endpoint)
        }
    }

    private func deliver() {
        let batch = ready
        ready = []
        largestBatchSeen = max(largestBatchSeen, batch.count)
        outstandingCount -= batch.count
        for (request, _, completion) in batch {
            request.scripted.state = .idle
            request.scripted.due = nil
            lines?.append("\(clock.presentInstant.nanoseconds) end \(completion.status) \(completion.byteCount)")
        }
        lock.unlock()
        tell(consume batch)
        lock.lock()
    }

    /// The last completion may be the end of its pipe, which then closes: no lock is held, and the batch ends here.
    private func tell(_ batch: consuming [(request: WireRequest, sink: any CompletionSink, completion: WireCompletion)])
    {
        for (request, sink, completion) in batch { sink.complete(request, completion) }
    }
}

/// The open device of the scripted wire.
private final class ScriptedDevice: WireDevice {
    private let wire: ScriptedWire

    init(_ wire: ScriptedWire) { self.wire = wire }

    func claim(interface: UInt8, detach: Bool) throws(USBError) { try wire.claim(interface) }
    func release(interface: UInt8) { wire.release(interface) }
    func openPipe(_ endpoint: EndpointInfo, sink: any CompletionSink) throws(USBError) -> any WirePipe {
        try wire.open(endpoint, sink)
        return ScriptedPipe(wire, endpoint.address, sink)
    }
    func close() { wire.closeDevice() }
}

/// An open pipe of the scripted wire.
private final class ScriptedPipe: WirePipe {
    private let wire: ScriptedWire
    private let address: EndpointAddress
    private unowned let sink: any CompletionSink

    init(_ wire: ScriptedWire, _ address: EndpointAddress, _ sink: any CompletionSink) {
        self.wire = wire
        self.address = address
        self.sink = sink
    }

    func makeRecord(for request: WireRequest) -> AnyObject? { ScriptedRecord() }
    func submit(_ request: WireRequest, record: AnyObject?) throws(USBError) {
        try wire.submit(request, address, sink)
    }
    func cancel(_ request: WireRequest, record: AnyObject?) { wire.cancel(request, address) }
    func close() { wire.close(address) }
}
