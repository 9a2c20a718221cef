// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
public import USBHost
import USBSpecification

/// The USB of this machine, straight through the kernel's usbfs, with all its buses.
///
/// Isochronous transfers start as soon as possible or directly behind one another: usbfs ignores a start frame, and
/// tells none. The frame count is an estimate with an arbitrary origin. See <doc:TheMachinesOwnBus>.
@safe public final class LinuxBus: HostController, EventSource, @unchecked Sendable {
    /// What usbfs can do with the best of controllers; a pipe may be able to do less.
    public let capabilities: ControllerCapabilities
    /// The machine's monotonic clock.
    public let clock: BusClock
    /// The event loop.
    public let executor: BusExecutor
    /// Arrivals and removals, as the kernel or its device manager reports them.
    public var events: DeviceEvents { hotplug.events }

    let system: any SystemCalls
    let tree: DeviceTree
    let frames: FrameTracker
    let worker = Worker()
    private let hotplug: Hotplug

    private let poller: Int32
    private let signal: Int32
    private let buffer: UnsafeMutableBufferPointer<epoll_event>

    /// Guards what follows.
    private let lock = Lock()
    private var opened: [UInt64: UsbfsDevice] = [:]
    private var nextToken: UInt64 = 16
    private var ready: [Ended] = []

    /// A request that ended outside of the kernel's queue.
    private struct Ended {
        var pipe: UsbfsPipe
        var block: RequestBlock
        var status: WireCompletion.Status
        var detail: WireDetail?
    }

    /// What the event loop calls the things that are no devices.
    private enum Token {
        static let signal: UInt64 = 0
        static let hotplug: UInt64 = 1
    }

    /// The machine's own USB.
    ///
    /// Throws when the system has no more files to give; a machine without any USB has no devices, and that is no error.
    public convenience init() throws(USBError) {
        try self.init(system: LinuxSystem.shared)
    }

    init(system: any SystemCalls, places: DeviceTree.Places = DeviceTree.Places()) throws(USBError) {
        self.system = system
        capabilities = ControllerCapabilities(
            exactStartFrame: false, continuation: .inferred, frameClock: .estimated, packetsPerRequest: 128,
            bulkContinuation: false, partsInFlight: 1, zeroLengthTermination: false, zeroCopy: true, bulkStreams: true,
            leadMicroframes: 16)
        clock = BusClock(flow: .real)
        executor = BusExecutor(clock: clock, driver: .thread(name: "usb"))
        frames = FrameTracker(clock: clock)
        tree = DeviceTree(system: system, places: places)
        hotplug = Hotplug(system: system, tree: tree)
        let poller = system.makePoller()
        guard poller >= 0 else { throw ErrorCode(result: poller).error("cannot wait for events") }
        let signal = system.makeSignal()
        guard signal >= 0 else {
            system.close(poller)
            throw ErrorCode(result: signal).error("cannot wait for events")
        }
        self.poller = poller
        self.signal = signal
        unsafe buffer = .allocate(capacity: 64)
        // Never read: each raise is an edge of its own.
        _ = system.watch(poller, signal, for: [.readable, .edge], token: Token.signal)
        hotplug.attach(self)
        executor.attach(self)
    }

    deinit {
        executor.shutDown()
        hotplug.stop()
        system.close(signal)
        system.close(poller)
        unsafe buffer.deallocate()
    }

    // MARK: Devices

    /// The devices that are present, hubs among them but for the root hubs, in the order of their paths.
    public func devices() throws(USBError) -> [DeviceDescription] { tree.devices().map(\.description) }

    /// The frame count, which usbfs does not tell: an estimate.
    public func frame() -> FrameReading { frames.reading() }

    /// Opens a device's file.
    ///
    /// Throws `.notFound` when it is no longer there, and `.accessDenied`, with the rule that would mend it, when this
    /// program's user may not use it.
    public func openDevice(_ id: DeviceID, sink: any DeviceSink) throws(USBError) -> any WireDevice {
        guard let found = tree.device(id) else {
            throw USBError(.notFound, message: "the device is no longer attached")
        }
        var file = system.open(found.node, writing: true)
        if file == -EACCES, hotplug.waitUntilSettled(found) { file = system.open(found.node, writing: true) }
        guard file >= 0 else {
            let code = ErrorCode(result: file)
            switch code.number {
            case EACCES, EPERM:
                let rule = UdevRule(for: found.description)
                throw code.error("may not open \(found.node)", hint: rule.hint)
            case ENOENT, ENODEV, ENXIO: throw code.error("\(found.node) is no longer there", kind: .notFound)
            default: throw code.error("cannot open \(found.node)")
            }
        }
        let token = lock.withLock {
            defer { nextToken += 1 }
            return nextToken
        }
        let device = UsbfsDevice(
            found.description, file: file, node: found.node, kind: tree.controllerKind(bus: found.busNumber),
            token: token, sink: sink, bus: self)
        try device.start()
        return device
    }

    /// Gives up what this program may do with an open device beyond some interfaces: claim others, detach drivers, and
    /// reset it while others use it. There is no way back but to close the device and open it again.
    ///
    /// Meant for a program that hands the rest of its work to less trusted code. Throws `.notFound` when the device is
    /// not open, `.unsupported` on kernels that cannot do it.
    public func dropPrivileges(on id: DeviceID, keeping interfaces: Set<UInt8>) throws(USBError) {
        let devices = lock.withLock { opened.values.filter { $0.description.id == id } }
        guard !devices.isEmpty else { throw USBError(.notFound, message: "the device is not open") }
        for device in devices { try device.dropPrivileges(keeping: interfaces) }
    }

    /// The driver of the controller that a device is behind, which decides what isochronous transfers can do.
    public func controllerDriver(of device: DeviceDescription) -> String? {
        tree.device(device.id).flatMap { tree.controllerDriver(bus: $0.busNumber) }
    }

    // MARK: For devices

    func watch(_ file: Int32, of device: UsbfsDevice) -> Int32 {
        lock.withLock { opened[device.token] = device }
        let result = system.watch(poller, file, for: [.writable], token: device.token)
        if result < 0 { lock.withLock { _ = opened.removeValue(forKey: device.token) } }
        return result
    }

    /// No more events of this file.
    func ignore(_ file: Int32) { system.unwatch(poller, file) }

    func unwatch(_ file: Int32, of device: UsbfsDevice) {
        system.unwatch(poller, file)
        lock.withLock { _ = opened.removeValue(forKey: device.token) }
    }

    func watchEvents(_ file: Int32) -> Int32 {
        system.watch(poller, file, for: [.readable], token: Token.hotplug)
    }

    /// Ends a request that the kernel does not have, from the event loop.
    func post(_ block: RequestBlock, _ status: WireCompletion.Status, detail: WireDetail? = nil) {
        let ended = Ended(pipe: unsafe block.pipe, block: block, status: status, detail: detail)
        lock.withLock { ready.append(ended) }
        executor.kick()
    }

    // MARK: Events

    /// Waits for events and delivers the completions they bring.
    public func poll(until deadline: BusInstant?, wait: Bool) -> PollResult {
        var count = deliverReady()
        var patience: Int64? = 0
        if wait, count == 0 {
            patience = deadline.map { max(0, $0.nanoseconds - clock.presentInstant.nanoseconds) }
        }
        let number = unsafe system.wait(poller, into: buffer, nanoseconds: patience)
        guard number > 0 else { return count > 0 ? .progressed : .idle }
        let time = clock.presentInstant
        for index in 0..<Int(number) {
            let event = unsafe buffer[index]
            switch unsafe event.data.u64 {
            case Token.signal: break
            case Token.hotplug: hotplug.receive()
            case let token:
                let device = lock.withLock { opened[token] }
                let flags = unsafe PollEvents(rawValue: event.events)
                count += device?.reap(isHungUp: !flags.isDisjoint(with: [.hangUp, .error]), time: time) ?? 0
            }
        }
        count += deliverReady()
        return count > 0 ? .progressed : .idle
    }

    private func deliverReady() -> Int {
        let ended = lock.withLock {
            guard !ready.isEmpty else { return [Ended]() }
            defer { ready = [] }
            return ready
        }
        guard !ended.isEmpty else { return 0 }
        let time = clock.presentInstant
        for one in ended { one.pipe.finish(one.block, one.status, detail: one.detail, time: time) }
        return ended.count
    }

    /// Makes a wait return.
    public func wake() { system.raise(signal) }
}
#endif
