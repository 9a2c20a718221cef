// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// What a faulty controller does.
public enum ControllerFault: Sendable, Hashable {
    /// A request that is done is reported with this status instead.
    case complete(WireCompletion.Status)
    /// A completion comes later by this time, and those of the pipe behind it wait for it.
    case delay(Duration)
    /// A request is refused at its submission.
    case refuse(USBError.Kind)
    /// The device is unplugged while a request is submitted.
    case unplug
    /// The device is unplugged while a request is submitted, and plugged in again after this time, with a new identity.
    case replug(after: Duration)
    /// The frame count jumps by so many frames while a request is submitted.
    case clockJump(frames: Int64)
    /// The bus falls asleep while a request is submitted, and wakes after this time with a frame count that begins again
    /// at `wakingAt`. What is in flight fails with `.noResponse`, and so does what is submitted meanwhile.
    case sleep(for: Duration, wakingAt: Frame)
}

/// A controller whose faults are planned: a wrapper round any wire.
///
/// Rules are looked up for each request, once when it is submitted and once when it completes. Unplugging, plugging in
/// again, sleep and jumps of the clock can be had by hand too. Device events go through the wire's own HostController/events.
///
///     let bus = FaultInjector(wire, plan: FaultPlan([FaultRule(.complete(.failed(.noResponse)), .chance(0.01))]))
public final class FaultInjector<Wire: HostController>: HostController, @unchecked Sendable {
    /// The wire itself.
    public let wire: Wire
    /// What is planned.
    public let plan: FaultPlan<ControllerFault>

    /// Guards everything below; no wire and no engine is called with it held.
    private let lock = Lock()
    private var progress: FaultProgress<ControllerFault>
    private var offset: Int64 = 0
    private var jumps: UInt64 = 0
    /// Where the frame count stands while the bus is asleep.
    private var asleepAt: Microframe?
    /// Devices that were unplugged here, by the wire's identity: their new one, or nil while they are away.
    private var identities: [DeviceID: DeviceID?] = [:]
    private var nextIdentity: UInt64 = 1 << 48
    private var opened: [WeakDevice] = []

    private struct WeakDevice { weak var device: FaultDevice? }

    /// Wraps a wire.
    public init(_ wire: Wire, plan: FaultPlan<ControllerFault> = FaultPlan()) {
        self.wire = wire
        self.plan = plan
        progress = FaultProgress(plan)
    }

    /// The faults so far, in the order in which they happened.
    public var injected: [InjectedFault<ControllerFault>] { lock.withLock { progress.injected } }

    /// What the wire can do.
    public var capabilities: ControllerCapabilities { wire.capabilities }
    /// The wire's clock.
    public var clock: BusClock { wire.clock }
    /// The wire's executor.
    public var executor: BusExecutor { wire.executor }
    /// The wire's events, with those of unplug(_:) and replug(_:) among them.
    public var events: DeviceEvents { wire.events }

    /// The frame count after the jumps so far; each began a new epoch. It stands while the bus is asleep, and says so by
    /// the quality `.reference`.
    public func frame() -> FrameReading {
        var reading = wire.frame()
        let (offset, jumps, asleepAt) = lock.withLock { (self.offset, self.jumps, self.asleepAt) }
        reading.microframe = asleepAt ?? reading.microframe + offset
        if asleepAt != nil { reading.quality = .reference }
        reading.epoch &+= jumps
        return reading
    }

    // MARK: Devices

    /// The devices that are present and not unplugged here.
    public func devices() throws(USBError) -> [DeviceDescription] {
        let found = try wire.devices()
        return lock.withLock { found.compactMap(named) }
    }

    private func named(_ description: DeviceDescription) -> DeviceDescription? {
        guard let identity = identities[description.id] else { return description }
        guard let identity else { return nil }
        var description = description
        description.id = identity
        return description
    }

    /// The wire's identity of a device that is plugged in; the lock is held.
    private func wireIdentity(_ id: DeviceID) -> DeviceID? {
        if let renamed = identities.first(where: { $0.value == id }) { return renamed.key }
        return identities[id] == nil ? id : nil
    }

    /// Opens a device by the identity that it has here.
    public func openDevice(_ id: DeviceID, sink: any DeviceSink) throws(USBError) -> any WireDevice {
        guard let identity = lock.withLock({ wireIdentity(id) }) else {
            throw USBError(.notFound, message: "device \(id) was unplugged")
        }
        let device = FaultDevice(identity: identity, name: id, sink: sink, faults: self)
        device.inner = try wire.openDevice(identity, sink: device)
        lock.withLock {
            opened.removeAll { $0.device == nil }
            opened.append(WeakDevice(device: device))
        }
        return device
    }

    /// Takes a device away, as the engine sees it: its requests end with `.deviceGone`, and it is no longer listed. Does
    /// nothing when it is away. Not to be called from a handler that the wire calls with a lock held.
    public func unplug(_ id: DeviceID) {
        let devices: [FaultDevice]? = lock.withLock {
            guard let identity = wireIdentity(id) else { return nil }
            identities[identity] = .some(nil)
            return opened.compactMap(\.device).filter { $0.identity == identity }
        }
        guard let devices else { return }
        for device in devices { device.deviceGone() }
        executor.kick()
        events.send(.left(id))
    }

    /// Brings every device back that was unplugged here, each with a new identity.
    ///
    /// Throws what devices() throws.
    public func replug() throws(USBError) { try replug { _ in true } }

    /// Brings the device back that has this identity on the wire, if it was unplugged here.
    func replug(identity: DeviceID) {
        // A device that the wire cannot see stays away.
        try? replug { $0 == identity }
    }

    private func replug(where isChosen: (DeviceID) -> Bool) throws(USBError) {
        let found = try wire.devices()
        let arrived = lock.withLock {
            found.compactMap { description -> DeviceDescription? in
                guard let identity = identities[description.id], identity == nil, isChosen(description.id) else {
                    return nil
                }
                identities[description.id] = DeviceID(rawValue: nextIdentity)
                nextIdentity += 1
                return named(description)
            }
        }
        for description in arrived { events.send(.arrived(description)) }
    }

    // MARK: Time

    /// Moves the frame count by so many frames, either way: a new epoch. Requests that the wire has keep their places
    /// and the positions of the epoch in which they were submitted.
    public func jumpClock(frames: Int64) {
        lock.withLock { jump(frames) }
    }

    /// Lets the bus sleep: the frame count stands, and until ``wakeClock(at:)`` nothing gets through. What is in flight fails
    /// with `.noResponse`, as does what is submitted from now on. Does nothing when the bus is asleep. Not to be called
    /// from a handler that the wire calls with a lock held.
    public func sleep() {
        let now = frame().microframe
        let devices: [FaultDevice]? = lock.withLock {
            guard asleepAt == nil else { return nil }
            asleepAt = now
            return opened.compactMap(\.device)
        }
        for device in devices ?? [] { device.interrupt() }
        executor.kick()
    }

    /// Wakes the bus: the frame count begins again at `frame`, in a new epoch, as after a controller has lost its power.
    /// Devices keep their identities. A bus that is not asleep slept for no time: its requests go on.
    public func wakeClock(at frame: Frame) {
        let now = wire.frame().frame
        lock.withLock {
            asleepAt = nil
            offset = frame.firstMicroframe - now.firstMicroframe
            jumps &+= 1
        }
    }

    private func jump(_ frames: Int64) {
        offset = Microframe(offset).advanced(by: Frame(frames).firstMicroframe.count).count
        jumps &+= 1
    }

    // MARK: For the pipes

    /// The frame, if a rule asks for it.
    private func presentFrame() -> Frame? {
        lock.withLock { progress.usesFrames } ? frame().frame : nil
    }

    /// What a submission meets, with the offset that holds for it.
    func submission(of request: WireRequest, at endpoint: EndpointAddress) -> (fault: ControllerFault?, offset: Int64) {
        let frame = presentFrame()
        return lock.withLock {
            if asleepAt != nil { return (.refuse(.bus(.noResponse)), offset) }
            let fault = progress.next(at: endpoint, frame: frame, room: unsafe request.buffer.count) { fault in
                switch fault {
                case .refuse, .unplug, .replug, .clockJump, .sleep: true
                case .complete, .delay: false
                }
            }
            let offset = self.offset
            if case .clockJump(let frames) = fault { jump(frames) }
            return (fault, offset)
        }
    }

    /// What a completion meets.
    func completion(_ completion: WireCompletion, at endpoint: EndpointAddress) -> ControllerFault? {
        let frame = presentFrame()
        return lock.withLock {
            let fault = progress.next(at: endpoint, frame: frame, room: completion.byteCount) {
                fault in
                switch fault {
                case .complete: completion.status == .completed
                case .delay: true
                case .refuse, .unplug, .replug, .clockJump, .sleep: false
                }
            }
            progress.count(completion.byteCount, at: endpoint)
            return fault
        }
    }
}

/// What devices and pipes need of their injector, whatever its wire.
protocol FaultSource: AnyObject, Sendable {
    var executor: BusExecutor { get }
    func submission(of request: WireRequest, at endpoint: EndpointAddress) -> (fault: ControllerFault?, offset: Int64)
    func completion(_ completion: WireCompletion, at endpoint: EndpointAddress) -> ControllerFault?
    func unplug(_ id: DeviceID)
    func replug(identity: DeviceID)
    func sleep()
    func wakeClock(at frame: Frame)
}

extension FaultInjector: FaultSource {}
