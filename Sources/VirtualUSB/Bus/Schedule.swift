// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// Everything that happens on a virtual bus, microframe by microframe; it knows neither threads nor how time passes.
/// Guarded by the bus's lock.
///
/// Microframes are served in order, each once. What has no work is skipped.
final class Schedule {
    /// The microframe that begins when the clock shows 0. Well above zero, so that 0 and "a little earlier" never
    /// coincide.
    static let origin: Int64 = 1_000_000 * Frame.microframes
    /// No position beyond this one can be asked for; its time still fits into 64 bits.
    static let lastPosition = origin + Int64.max / Microframe.nanoseconds / 2

    /// Low and full speed.
    let full = RootBus(number: 1, speed: .full)
    let high = RootBus(number: 2, speed: .high)
    let superSpeed = RootBus(number: 3, speed: .superSpeed)
    /// All of them.
    let roots: [RootBus]

    /// Whether settings whose periodic endpoints do not fit are refused.
    var isAdmissionEnforced = true

    /// The first microframe that has not been served.
    private(set) var nextToServe = Schedule.origin
    /// Moves whenever a device may have changed: while it stands still, an endpoint that answered NAK would do so
    /// again.
    var changes: UInt64 = 1
    /// How many devices want to be told of frames.
    private(set) var frameListeners = 0
    /// Requests that have not ended.
    private(set) var pending = 0
    /// Requests that have ended and are to be delivered, in order.
    let completed = RecordList()
    /// How many requests have ended.
    private(set) var completedCount: UInt64 = 0
    private var spare: ContiguousArray<RequestRecord> = []
    /// Shows every transaction.
    var trace: (@Sendable (TransactionRecord) -> Void)? {
        didSet { isTraced = trace != nil }
    }
    /// Whether ``trace`` is set; asked before each transaction.
    private(set) var isTraced = false

    init() { roots = [full, high, superSpeed] }

    /// The devices of all buses.
    var devices: [BusDevice] { roots.flatMap(\.devices) }

    /// The bus that devices of a speed share.
    func root(for speed: Speed) -> RootBus { speed.isSuperSpeed ? superSpeed : speed == .high ? high : full }

    // MARK: Time

    /// The microframe under way at a time of the clock.
    @inline(__always)
    static func position(at nanoseconds: Int64) -> Int64 { origin &+ max(0, nanoseconds) / Microframe.nanoseconds }

    /// When a microframe begins, as the clock shows it.
    @inline(__always)
    static func nanoseconds(at position: Int64) -> Int64 { (position &- origin) &* Microframe.nanoseconds }

    /// The first microframe with a full-speed service, at `position` or later.
    @inline(__always)
    static func frameStart(atOrAfter position: Int64) -> Int64 { (position &+ 7) & ~7 }

    // MARK: What comes next

    /// The next microframe in which something happens, `Int64.max` for none: as long as nothing comes from outside, all
    /// before it are without work.
    func nextWork() -> Int64 {
        var next = Int64.max
        if frameListeners > 0 { next = Schedule.frameStart(atOrAfter: nextToServe) }
        if !full.deferred.isEmpty { next = min(next, full.deferredUntil) }
        if !high.isIdle { next = min(next, nextWork(of: high, from: nextToServe)) }
        if !superSpeed.isIdle { next = min(next, nextWork(of: superSpeed, from: nextToServe)) }
        if !full.isIdle { next = min(next, nextWork(of: full, from: Schedule.frameStart(atOrAfter: nextToServe))) }
        return next
    }

    private func nextWork(of root: RootBus, from position: Int64) -> Int64 {
        for index in 0..<root.bulk.count where isAwake(root.bulk[index]) { return position }
        for index in 0..<root.control.count where isAwake(root.control[index]) { return position }
        var next = Int64.max
        for index in 0..<root.isochronous.count {
            if let record = root.isochronous[index].queue.head { next = min(next, record.position) }
        }
        for index in 0..<root.interrupt.count where isAwake(root.interrupt[index]) {
            next = min(next, Schedule.dueTime(of: root.interrupt[index], from: position))
        }
        return max(next, position)
    }

    /// Whether asking an endpoint again could bring something new.
    @inline(__always)
    func isAwake(_ endpoint: BusEndpoint) -> Bool { endpoint.nakCount != changes || frameListeners > 0 }

    /// The service opportunity of an interrupt endpoint, at `position` or later.
    @inline(__always)
    static func dueTime(of endpoint: BusEndpoint, from position: Int64) -> Int64 {
        if endpoint.nextDue >= position { return endpoint.nextDue }
        endpoint.nextDue = opportunity(of: endpoint, from: position, grid: endpoint.interval)
        return endpoint.nextDue
    }

    /// The first microframe of an endpoint's rhythm, at `position` or later.
    static func opportunity(of endpoint: BusEndpoint, from position: Int64, grid: Int64) -> Int64 {
        opportunity(from: position, grid: grid, phase: endpoint.phase)
    }

    /// The first multiple of `grid`, counted from `phase`, from `position` on.
    static func opportunity(from position: Int64, grid: Int64, phase: Int64) -> Int64 {
        Microframe(position &- phase).roundedUp(toMultipleOf: grid).count &+ phase
    }

    // MARK: Serving

    /// Serves every microframe that has ended when the clock shows `now`.
    @inline(__always)
    func catchUp(to now: Int64) {
        let present = Schedule.position(at: now)
        if nextToServe < present { serve(before: present) }
    }

    private func serve(before present: Int64) {
        while true {
            let next = nextWork()
            guard next < present else { break }
            if serveRun(from: next, through: present &- 1, atMost: .max) == 0 { serve(next) }
        }
        nextToServe = present
    }

    /// Serves one microframe; what lies between it and the one served before had no work.
    func serve(_ position: Int64) {
        if position & 7 == 0 {
            if frameListeners > 0 { startFrame(Microframe(position).frame) }
            if !full.isIdle { serve(full, position) }
        }
        if !high.isIdle { serve(high, position) }
        if !superSpeed.isIdle { serve(superSpeed, position) }
        hasServed(through: position)
        if full.deferredUntil <= position {
            deliverDeferred()
        }
    }

    /// Everything up to a microframe has been served.
    @inline(__always)
    func hasServed(through position: Int64) { nextToServe = position &+ 1 }

    /// Periodic endpoints first, then control, then bulk with what is left (USB 2.0 section 5.11.1).
    private func serve(_ root: RootBus, _ position: Int64) {
        root.budget = root.capacity
        for index in 0..<root.isochronous.count { serveIsochronous(root.isochronous[index], root, position) }
        for index in 0..<root.interrupt.count { serveInterrupt(root.interrupt[index], root, position) }
        for index in 0..<root.control.count { serveControl(root.control[index], root, position) }
        if !root.bulk.isEmpty { serveBulk(root, position) }
        if root.hasIdleEndpoint { root.dropIdleEndpoints() }
    }

    private func startFrame(_ frame: Frame) {
        for root in roots {
            for device in root.devices where device.wantsFrames {
                device.peripheral.frameStarted(frame)
                touched(device)
            }
        }
    }

    /// Notes that a device has been spoken to.
    @inline(__always)
    func touched(_ device: BusDevice) {
        changes &+= 1
        noteWishes(of: device)
    }

    /// Notes whether a device wants frames now.
    @inline(__always)
    func noteWishes(of device: BusDevice) {
        let wants = !device.isGone && device.peripheral.wantsFrames
        guard wants != device.wantsFrames else { return }
        device.wantsFrames = wants
        frameListeners += wants ? 1 : -1
    }

    // MARK: Requests

    /// A record for a request that is about to be queued.
    func makeRecord() -> RequestRecord { spare.popLast() ?? RequestRecord() }

    /// Takes back a record that is in no list and has been cleared.
    func recycle(_ record: RequestRecord) { spare.append(record) }

    /// Queues a request on its endpoint.
    func enqueue(_ record: RequestRecord, on endpoint: BusEndpoint) {
        pending += 1
        if endpoint.queue.isEmpty {
            // Nobody has asked the device on behalf of this request yet.
            endpoint.nakCount = 0
            endpoint.device.bus.activate(endpoint)
        }
        endpoint.queue.append(record)
    }

    /// Ends the first request of an endpoint in the service of `position`. It completes at the end of that (micro)frame.
    func finish(
        _ record: RequestRecord, of endpoint: BusEndpoint, _ status: WireCompletion.Status, _ root: RootBus,
        _ position: Int64
    ) {
        endpoint.queue.remove(record)
        if endpoint.queue.isEmpty { root.hasIdleEndpoint = true }
        // The device has not been asked for the next request's sake.
        endpoint.nakCount = 0
        record.status = status
        record.endTime = Schedule.nanoseconds(at: position &+ root.period)
        if root.period == 1 {
            deliver(record)
        } else {
            root.deferredUntil = position &+ root.period &- 1
            root.deferred.append(record)
        }
    }

    private func deliver(_ record: RequestRecord) {
        pending -= 1
        push(record)
    }

    /// Ends a request that was never queued, or has left its queue, at the time `now`.
    func complete(_ record: RequestRecord, _ status: WireCompletion.Status, now: Int64) {
        record.status = status
        record.endTime = now
        push(record)
    }

    private func push(_ record: RequestRecord) {
        completedCount += 1
        record.number = completedCount
        completed.append(record)
    }

    /// The next request to be delivered, up to a number.
    func popCompleted(upTo number: UInt64) -> RequestRecord? {
        guard let first = completed.head, first.number <= number else { return nil }
        return completed.popFirst()
    }

    /// Takes one request off the queue of its endpoint. Does nothing when it has already been served.
    func cancel(_ request: WireRequest, on endpoint: BusEndpoint, now: Int64) {
        guard let record = endpoint.queue.find(request) else { return }
        withdraw(record, from: endpoint, .cancelled, now: now)
        endpoint.device.bus.dropIdleEndpoints()
    }

    /// Ends everything that is queued on endpoints, in the order of their queues.
    func withdrawAll(from endpoints: [BusEndpoint], _ status: WireCompletion.Status, now: Int64) {
        for endpoint in endpoints {
            while let record = endpoint.queue.head { withdraw(record, from: endpoint, status, now: now) }
        }
    }

    private func withdraw(
        _ record: RequestRecord, from endpoint: BusEndpoint, _ status: WireCompletion.Status, now: Int64
    ) {
        endpoint.queue.remove(record)
        if endpoint.type == .isochronous { endpoint.queueShrank() }
        pending -= 1
        complete(record, status, now: now)
    }

    /// Forgets the requests of pipes that match, without delivering them. The records that are returned are to be let go
    /// of when no lock is held.
    func forget(where matches: (VirtualPipe) -> Bool) -> [RequestRecord] {
        var forgotten: [RequestRecord] = []
        let isForgotten: (RequestRecord) -> Bool = { $0.pipe.map(matches) ?? false }
        completed.removeAll(where: isForgotten) { forgotten.append($0) }
        full.deferred.removeAll(where: isForgotten) {
            pending -= 1
            forgotten.append($0)
        }
        for device in devices {
            for endpoint in device.endpoints {
                endpoint.queue.removeAll(where: isForgotten) {
                    pending -= 1
                    forgotten.append($0)
                }
                if endpoint.type == .isochronous { endpoint.queueShrank() }
            }
        }
        for root in roots { root.dropIdleEndpoints() }
        return forgotten
    }

    // MARK: Devices

    /// Completes what was queued on endpoints that a change of settings has removed.
    func completeRetired(of device: BusDevice, now: Int64) {
        guard !device.retired.isEmpty else { return }
        withdrawAll(from: device.retired, .refused(.closed), now: now)
        device.retired = []
        device.bus.hasIdleEndpoint = true
    }

    /// Adds a device to its bus.
    func plugIn(_ device: BusDevice) {
        device.bus.devices.append(device)
        device.enumerate(isAdmissionEnforced: isAdmissionEnforced)
        touched(device)
    }

    /// Delivers what was served in the frame under way, without waiting for its end.
    func deliverDeferred() {
        while let record = full.deferred.popFirst() { deliver(record) }
    }

    /// Removes a device from its bus; all its requests complete.
    func unplug(_ device: BusDevice, now: Int64) {
        device.isGone = true
        touched(device)
        device.bus.devices.removeAll { $0 === device }
        device.retireEndpoints { _ in true }
        device.giveBackBusTime()
        withdrawAll(from: device.retired, .deviceGone, now: now)
        device.retired = []
        device.bus.dropIdleEndpoints()
    }

    /// Breaks the ties between devices and their endpoints.
    func dismantle() {
        for device in devices { unplug(device, now: 0) }
        while let record = completed.popFirst() { record.clear() }
        while let record = full.deferred.popFirst() { record.clear() }
    }
}
