// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A claimed interface. It is released when nothing uses it any more: neither this object nor a pipe of it.
public final class Interface: @unchecked Sendable {
    /// The interface as the configuration describes it.
    public let layout: InterfaceLayout
    /// The device.
    public let device: Device

    private let lock = Lock()
    private var alternate: UInt8 = 0
    private var isReleased = false
    private var pipes: [EndpointAddress: WeakPipe] = [:]

    private struct WeakPipe { weak var handle: PipeHandle? }

    /// In an order that is the same in every process. The lock is held.
    private var openPipes: [PipeHandle] { pipes.sorted { $0.key < $1.key }.compactMap(\.value.handle) }

    init(layout: InterfaceLayout, device: Device) {
        self.layout = layout
        self.device = device
    }

    deinit {
        if !isReleased { device.release(layout.number) }
    }

    /// bInterfaceNumber.
    public var number: UInt8 { layout.number }

    /// The alternate setting that is selected.
    public var alternateSetting: AlternateSetting {
        let current = lock.withLock { alternate }
        return layout.alternateSetting(current)
            ?? AlternateSetting(
                descriptor: InterfaceDescriptor(
                    number: layout.number, alternateSetting: current,
                    interfaceClass: ClassCode(base: 0, subclass: 0, protocol: 0)))
    }

    /// Selects an alternate setting. Everything in flight is cancelled and handed back first, and pipes opened before
    /// are closed for good.
    ///
    /// Throws `.notFound` when there is no such setting, `.noBandwidth` when the bus has not the time it needs.
    public func selectAlternateSetting(_ setting: UInt8) async throws(USBError) {
        try checkSetting(setting)
        for handle in closePipes() {
            handle.core.die(.closed)
            await handle.core.drain()
            handle.core.closeWire()
        }
        _ = try await device.sendControl(
            .setInterface(number, alternateSetting: setting), .none, count: 0, timeout: Device.controlTimeout)
        lock.withLock { alternate = setting }
    }

    /// Ends everything in flight and gives the interface back. Pipes opened before are closed.
    public func release() async {
        for handle in closePipes() {
            handle.core.die(.closed)
            await handle.core.drain()
            handle.core.closeWire()
        }
        finishRelease()
    }

    func selectAlternateSettingBlocking(_ setting: UInt8) throws(USBError) {
        try checkSetting(setting)
        closePipesBlocking()
        _ = try device.sendControlBlocking(
            .setInterface(number, alternateSetting: setting), .none, count: 0, timeout: Device.controlTimeout)
        lock.withLock { alternate = setting }
    }

    func releaseBlocking() {
        closePipesBlocking()
        finishRelease()
    }

    private func closePipesBlocking() {
        for handle in closePipes() {
            handle.core.die(.closed)
            handle.core.drainBlocking()
            handle.core.closeWire()
        }
    }

    private func finishRelease() {
        let mustRelease = lock.withLock {
            defer { isReleased = true }
            return !isReleased
        }
        if mustRelease { device.release(number) }
    }

    private func checkSetting(_ setting: UInt8) throws(USBError) {
        guard layout.alternateSetting(setting) != nil else {
            let known = layout.alternateSettings.map { "\($0.descriptor.alternateSetting)" }.joined(separator: ", ")
            throw USBError(
                .notFound, message: "interface \(number) has no alternate setting \(setting); there are \(known)")
        }
        guard !lock.withLock({ isReleased }) else {
            throw USBError(.closed, message: "interface \(number) was released")
        }
    }

    private func closePipes() -> [PipeHandle] {
        lock.withLock {
            let open = openPipes
            pipes = [:]
            return open
        }
    }

    func die(_ cause: PipeLife.DeathCause) {
        let open = lock.withLock { openPipes }
        for handle in open { handle.core.die(cause) }
    }

    // MARK: Streams

    /// Gives bulk endpoints of the selected alternate setting streams, and returns how many each has: `count` or fewer.
    /// Transfers name theirs with `Transfer.streamID`. Selecting an alternate setting takes the streams back.
    ///
    /// Throws `.unsupported` where the wire, the speed or an endpoint has no streams, `.notFound` for an endpoint that is
    /// not in the setting, `.invalidArgument` for a count below 1, `.busy` while transfers are queued on an endpoint.
    public func enableStreams(_ count: Int, on endpoints: [EndpointAddress]) throws(USBError) -> Int {
        guard count > 0 else { throw USBError(.invalidArgument, message: "\(count) streams were asked for") }
        var most = count
        for address in endpoints {
            guard let layout = alternateSetting.endpoint(address) else {
                throw USBError(.notFound, endpoint: address, message: "it is not in the selected alternate setting")
            }
            let offered = device.speed.isSuperSpeed ? layout.companion?.streamCount ?? 0 : 0
            guard layout.descriptor.transferType == .bulk, offered > 0 else {
                throw USBError(.unsupported, endpoint: address, message: "it has no streams")
            }
            most = min(most, offered)
        }
        try checkQuiet(endpoints)
        return try device.withWireDevice { (wire) throws(USBError) in try wire.allocateStreams(most, on: endpoints) }
    }

    /// Takes the streams of endpoints back.
    ///
    /// Throws `.busy` while transfers are queued on an endpoint, and what the wire says when there are none.
    public func disableStreams(on endpoints: [EndpointAddress]) throws(USBError) {
        try checkQuiet(endpoints)
        try device.withWireDevice { (wire) throws(USBError) in try wire.freeStreams(on: endpoints) }
    }

    private func checkQuiet(_ endpoints: [EndpointAddress]) throws(USBError) {
        let open = lock.withLock { pipes }
        for address in endpoints {
            guard let pipe = open[address]?.handle?.core, pipe.lock.withLock({ pipe.queuedCount > 0 }) else { continue }
            throw USBError(.busy, endpoint: address, message: "transfers are queued on it")
        }
    }

    // MARK: Pipes

    /// Opens the OUT pipe of an endpoint in the selected alternate setting.
    ///
    /// Throws `.notFound` when there is no such endpoint, `.invalidArgument` when it is of another direction or type.
    public func outPipe<Kind: PipeKind>(_ address: EndpointAddress, _ kind: Kind.Type) throws(USBError) -> OutPipe<Kind>
    {
        OutPipe(try open(address, direction: .out, type: Kind.type))
    }

    /// Opens the IN pipe of an endpoint in the selected alternate setting.
    ///
    /// Throws `.notFound` when there is no such endpoint, `.invalidArgument` when it is of another direction or type.
    public func inPipe<Kind: PipeKind>(_ address: EndpointAddress, _ kind: Kind.Type) throws(USBError) -> InPipe<Kind> {
        InPipe(try open(address, direction: .in, type: Kind.type))
    }

    /// Opens the pipe of any endpoint in the selected alternate setting, for tools that learn its type at run time.
    public func pipe(_ address: EndpointAddress) throws(USBError) -> AnyPipe {
        AnyPipe(try open(address, direction: nil, type: nil))
    }

    private func open(_ address: EndpointAddress, direction: Direction?, type: TransferType?) throws(USBError)
        -> PipeHandle
    {
        let setting = alternateSetting
        guard let layout = setting.endpoint(address) else {
            let known = setting.endpoints.map { "\($0.descriptor.address)" }.joined(separator: ", ")
            throw USBError(
                .notFound,
                message:
                    "alternate setting \(setting.descriptor.alternateSetting) of interface \(number) has no endpoint "
                    + "\(address); it has \(known.isEmpty ? "none" : known)")
        }
        let info = try EndpointInfo(
            layout, speed: device.speed, interface: number, alternateSetting: setting.descriptor.alternateSetting)
        if let direction, direction != info.address.direction {
            throw USBError(
                .invalidArgument, endpoint: address,
                message: "it is an \(info.address.direction) endpoint, not \(direction)")
        }
        if let type, type != info.type {
            throw USBError(.invalidArgument, endpoint: address, message: "it is \(info.type), not \(type)")
        }
        lock.lock()
        defer { lock.unlock() }
        guard !isReleased else { throw USBError(.closed, message: "interface \(number) was released") }
        if let handle = pipes[address]?.handle { return handle }
        let pipe = PipeCore(info: info, controller: device.controller, owner: self)
        pipe.wire = try device.openPipe(info, sink: pipe)
        let handle = PipeHandle(pipe)
        pipes[address] = WeakPipe(handle: handle)
        return handle
    }
}

extension EndpointInfo {
    /// What an endpoint's descriptors mean at `speed`.
    ///
    /// Throws `.unsupported` when they make no sense there.
    public init(
        _ layout: EndpointLayout, speed: Speed, interface: UInt8?, alternateSetting: UInt8
    ) throws(USBError) {
        let descriptor = layout.descriptor
        let type = descriptor.transferType
        var interval: Int64 = 0
        var bytes = descriptor.maximumPacketSize
        if type == .isochronous || type == .interrupt {
            do throws(EndpointTimingError) {
                interval = try layout.serviceInterval(at: speed).microframes
                bytes = try layout.maximumBytesPerInterval(at: speed)
            } catch {
                throw USBError(.unsupported, endpoint: descriptor.address, message: "its descriptor is wrong: \(error)")
            }
        }
        self.init(
            address: descriptor.address, type: type, speed: speed, interface: interface,
            alternateSetting: alternateSetting, maximumPacketSize: descriptor.maximumPacketSize,
            maximumBytesPerInterval: bytes, intervalMicroframes: interval)
    }
}
