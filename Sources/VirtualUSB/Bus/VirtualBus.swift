// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost
import USBSpecification

/// A USB bus in memory: a host controller whose devices are objects of the program (see ``Peripheral``).
///
/// There is one count of microframes, and for each of them the bus does what a real one would: isochronous packets in
/// their own slots, interrupt endpoints at their intervals, then control, then bulk in turn, while the bus time of
/// USB 2.0 tables 5-1 to 5-10 lasts. Low- and full-speed devices share a bus of 1,500 byte times a frame, high-speed
/// devices one of 7,500 byte times a microframe, SuperSpeed devices one of 3,906 blocks a microframe (see
/// `BlockBudget`). There are no hubs, and so no transaction translators. What is served in a (micro)frame completes at
/// its end.
///
/// Bus time is promised to periodic endpoints when a configuration or an alternate setting is selected: at most 90 % of
/// a frame, 80 % of a high-speed and 90 % of a SuperSpeed microframe, by worst-case times (USB 2.0 sections 5.6.4, 5.7.4
/// and 5.11.3). What does not fit is refused with `.noBandwidth`; see ``setAdmission(_:)``.
///
/// How time passes is chosen at the start (see `TimeFlow`). In free and manual flow no result depends on the wall clock:
///
///     let heard = try VirtualBus.simulate { bus in
///         let speaker = try bus.attach(Speaker())
///         ...
///     }
public final class VirtualBus: HostController, @unchecked Sendable {
    /// What the bus can do: everything that the engine asks for, without limits.
    public let capabilities: ControllerCapabilities
    /// The clock of the bus. It shows 0 at the beginning of frame 1,000,000.
    public let clock: BusClock
    /// Runs the bus.
    public let executor: BusExecutor
    /// Arrivals and removals.
    public let events = DeviceEvents()

    /// Guards everything below.
    let lock = Lock()
    let changed: Condition
    let schedule = Schedule()
    /// A `poll` is to return.
    var isWoken = false
    /// A `poll` waits for ``changed``.
    var isWaiting = false
    private var nextDevice: UInt64 = 1
    private var generator: SeededGenerator

    /// Makes a bus without devices.
    ///
    /// - Parameters:
    ///   - flow: how time passes.
    ///   - seed: where the random numbers of ``makeGenerator()`` begin.
    ///   - driver: who runs the executor's jobs; a thread of its own, or the caller of ``simulate(seed:_:)`` and
    ///     ``advance(by:)``.
    public init(
        flow: TimeFlow = .free, seed: UInt64 = 0, driver: BusExecutor.Driver = .thread(name: "virtual bus")
    ) {
        capabilities = ControllerCapabilities(exactStartFrame: true, continuation: .exact, frameClock: .exact)
        clock = BusClock(flow: flow)
        executor = BusExecutor(clock: clock, driver: driver)
        changed = Condition(lock)
        generator = SeededGenerator(seed: seed)
        executor.attach(self)
    }

    deinit {
        executor.shutDown()
        schedule.dismantle()
    }

    /// The frame count at this moment, exactly. In free flow each look costs a microsecond of bus time, so that a
    /// program which waits by looking comes to an end.
    public func frame() -> FrameReading {
        let now = clock.now
        act {}
        let position = Schedule.position(at: now.nanoseconds)
        return FrameReading(
            microframe: Microframe(position), time: now, quality: .exact, epoch: 0,
            microframeStart: BusInstant(nanoseconds: Schedule.nanoseconds(at: position)))
    }

    /// Shows every transaction from now on; nil ends that. The sink is called under the bus's lock, in the order of the
    /// bus, and must not call the bus.
    public func setTrace(_ sink: (@Sendable (TransactionRecord) -> Void)?) {
        lock.withLock { schedule.trace = sink }
    }

    /// Whether configurations and alternate settings are refused when the bus has not the time for their periodic
    /// endpoints; it does so unless told otherwise. What is selected already stays. Without admission, packets for which
    /// a (micro)frame has no room are missed.
    public func setAdmission(_ isEnforced: Bool) {
        act { schedule.isAdmissionEnforced = isEnforced }
    }

    /// A generator of random numbers that depends on the bus's seed and on how many were made before.
    public func makeGenerator() -> SeededGenerator {
        lock.withLock { generator.split() }
    }

    // MARK: Acting on the schedule

    /// Changes something under the lock, and afterwards tells the event loop when there is something to deliver.
    ///
    /// Everything that the bus has done up to now is done first.
    func act<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        lock.lock()
        let hadNews = !schedule.completed.isEmpty
        schedule.catchUp(to: clock.presentInstant.nanoseconds)
        let result: Result<Value, Failure>
        do throws(Failure) { result = .success(try body()) } catch { result = .failure(error) }
        // A poll on the wall clock waits for what was scheduled before.
        if isWaiting { changed.signal() }
        let mustKick = !hadNews && !schedule.completed.isEmpty
        lock.unlock()
        if mustKick { executor.kick() }
        return try result.get()
    }

    // MARK: Devices

    /// The devices that are attached: full and low speed first, then high speed, then SuperSpeed, each in the order of
    /// their ports.
    public func devices() throws(USBError) -> [DeviceDescription] {
        lock.withLock {
            schedule.roots.flatMap { root in
                root.devices.sorted { ($0.port, $0.id) < ($1.port, $1.id) }.map(\.description)
            }
        }
    }

    /// Opens a device. Any number of programs can open it; each interface can be claimed by one.
    public func openDevice(_ id: DeviceID, sink: any DeviceSink) throws(USBError) -> any WireDevice {
        try act { () throws(USBError) in
            guard let device = find(id) else {
                throw USBError(.notFound, message: "device \(id) is not attached to the virtual bus")
            }
            let handle = VirtualDevice(device, bus: self)
            device.sinks.append((ObjectIdentifier(handle), sink))
            return handle
        }
    }

    private func find(_ id: DeviceID) -> BusDevice? {
        schedule.devices.first { $0.id == id }
    }

    /// Plugs a device in. The bus takes it over; what is returned gives access to it again.
    ///
    /// The device is enumerated at once: when this returns, its first configuration is selected, or none when the bus
    /// has not the time that the periodic endpoints of that configuration need (see ``setAdmission(_:)``).
    ///
    /// - Parameters:
    ///   - peripheral: the device.
    ///   - path: where the device is attached, such as "1-3"; by default the next free port: "1-1", "1-2", ... for low
    ///     and full speed, "2-1", "2-2", ... for high speed, "3-1", "3-2", ... for SuperSpeed.
    /// - Throws: `.invalidArgument` when the bus has 127 devices already, `.busy` when there is a device at `path`.
    public func attach<P: Peripheral>(
        _ peripheral: sending P, path: String? = nil
    ) throws(USBError) -> AttachedPeripheral<P> {
        let attachment = AttachedPeripheral(peripheral, bus: self)
        let device = try plugIn(peripheral, path: path)
        attachment.device = device
        events.send(.arrived(device.description))
        return attachment
    }

    /// Puts a device on its bus.
    func plugIn(_ peripheral: any Peripheral, path: String?) throws(USBError) -> BusDevice {
        try act { () throws(USBError) in
            let model = peripheral.model
            let root = schedule.root(for: model.speed)
            guard root.devices.count < RootBus.deviceLimit else {
                throw USBError(
                    .invalidArgument, message: "bus \(root.number) has \(RootBus.deviceLimit) devices, the most it can")
            }
            let path = path ?? freePath(on: root)
            guard !schedule.devices.contains(where: { $0.path == path }) else {
                throw USBError(.busy, message: "there is a device at \(path) already")
            }
            let id = DeviceID(rawValue: nextDevice)
            nextDevice += 1
            let device = BusDevice(
                peripheral: peripheral, model: model, id: id, path: path,
                port: path.split(separator: "-").last.flatMap { Int($0) } ?? .max, bus: root)
            schedule.plugIn(device)
            return device
        }
    }

    private func freePath(on root: RootBus) -> String {
        let taken = Set(schedule.devices.map(\.path))
        var port = 1
        while taken.contains("\(root.number)-\(port)") { port += 1 }
        return "\(root.number)-\(port)"
    }

    /// Takes every device off, and leaves nothing in flight.
    func unplugAll() {
        act { schedule.deliverDeferred() }
        for device in lock.withLock({ schedule.devices }) { _ = unplug(device) }
    }

    /// Takes a device off its bus; returns whether it was there.
    func unplug(_ device: BusDevice) -> Bool {
        let sinks: [any DeviceSink]? = act {
            guard !device.isGone else { return nil }
            schedule.unplug(device, now: clock.presentInstant.nanoseconds)
            let sinks = device.sinks.map(\.sink)
            device.sinks = []
            return sinks
        }
        guard let sinks else { return false }
        for sink in sinks { sink.deviceGone() }
        executor.kick()
        events.send(.left(device.id))
        return true
    }
}
