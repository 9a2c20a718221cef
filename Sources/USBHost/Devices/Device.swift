// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// An open device. It is closed when nothing uses it any more: neither this object nor an interface or pipe of it.
public final class Device: @unchecked Sendable {
    /// What was known about the device when it was opened.
    public let description: DeviceDescription
    /// The controller that the device is attached to.
    public let controller: any HostController

    private let lock = Lock()
    private var wireDevice: (any WireDevice)?
    private var configurationValue: UInt8
    private var interfaces: [UInt8: WeakInterface] = [:]
    private var isGone = false
    private var controlHandle: PipeHandle!
    private var controlPipe: PipeCore { controlHandle.core }

    private struct WeakInterface { weak var interface: Interface? }

    /// Requests to the device without a timeout of their own end after this time.
    public static let controlTimeout: Duration = .seconds(5)

    init(_ description: DeviceDescription, on controller: any HostController) throws(USBError) {
        self.description = description
        self.controller = controller
        configurationValue = description.activeConfiguration
        let relay = GoneRelay()
        let wireDevice = try controller.openDevice(description.id, sink: relay)
        self.wireDevice = wireDevice
        self.relay = relay
        let info = EndpointInfo.control(
            speed: description.speed,
            maximumPacketSize: max(8, description.descriptor.controlPacketSize(at: description.speed)))
        controlHandle = PipeHandle(PipeCore(info: info, controller: controller, owner: nil))
        controlPipe.wire = try wireDevice.openPipe(info, sink: controlPipe)
        relay.attach(self)
    }

    private let relay: GoneRelay

    deinit {
        controlHandle?.core.closeWire()
        wireDevice?.close()
    }

    /// The speed at which the device runs.
    public var speed: Speed { description.speed }

    /// Whether the device has been unplugged.
    public var isDetached: Bool { lock.withLock { isGone } }

    /// The selected configuration; nil when the device is not configured.
    public var configuration: Configuration? {
        let value = lock.withLock { configurationValue }
        return description.configurations.first { $0.value == value }
    }

    // MARK: Control transfers

    /// Sends a control request without data.
    ///
    /// Throws `.stalled` when the device refuses it, `.timedOut`, `.cancelled`, `.deviceGone` or a bus error. Requests
    /// that would change the host's own view of the device (SET_ADDRESS, SET_CONFIGURATION, SET_INTERFACE) are refused:
    /// they have methods of their own.
    public func control(_ setup: SetupPacket, timeout: Duration? = controlTimeout) async throws(USBError) {
        try checkControl(setup, direction: nil, count: 0)
        _ = try await sendControl(setup, .none, count: 0, timeout: timeout)
    }

    /// Sends a control request whose data go to the device. Returns the bytes moved, which is all of them.
    @discardableResult
    public func control(
        _ setup: SetupPacket, sending bytes: Span<UInt8>, timeout: Duration? = controlTimeout
    ) async throws(USBError) -> Int {
        try checkControl(setup, direction: .out, count: bytes.count)
        // Sound: the caller lends the bytes until this call returns, which is after the completion.
        let memory = unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(mutating: $0) }
        return try await unsafe sendControl(setup, .borrowed(memory), count: bytes.count, timeout: timeout)
    }

    /// Sends a control request whose data come from the device, at most `setup.length` bytes and no more than `buffer`
    /// has room for. Returns the bytes that came; fewer than asked are no error.
    @discardableResult
    public func control(
        _ setup: SetupPacket, receiving buffer: inout MutableSpan<UInt8>, timeout: Duration? = controlTimeout
    ) async throws(USBError) -> Int {
        try checkControl(setup, direction: .in, count: buffer.count)
        // Sound: the caller lends the buffer until this call returns, which is after the completion.
        let memory = unsafe buffer.withUnsafeMutableBytes { unsafe $0 }
        return try await unsafe sendControl(setup, .borrowed(memory), count: Int(setup.length), timeout: timeout)
    }

    /// Sends a control request whose data come from the device, and returns them.
    public func read(_ setup: SetupPacket, timeout: Duration? = controlTimeout) async throws(USBError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(setup.length))
        var span = bytes.mutableSpan
        let count = try await control(setup, receiving: &span, timeout: timeout)
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// A transfer for requests, with memory of its own for their data, zeroed, for use again and again. Requests of
    /// several transfers go to the device one after the other, in the order of submission.
    public func makeControlTransfer(capacity: Int) -> Transfer<Control> {
        keptOpen(by: controlPipe.makeTransfer(capacity: capacity))
    }

    /// A transfer for requests whose data lie in memory of the caller, who keeps it valid until the transfer is gone.
    @unsafe public func makeControlTransfer(borrowing bytes: UnsafeMutableRawBufferPointer) -> Transfer<Control> {
        keptOpen(by: unsafe controlPipe.makeTransfer(borrowing: bytes))
    }

    private func keptOpen(by transfer: consuming Transfer<Control>) -> Transfer<Control> {
        transfer.core.device = self
        return transfer
    }

    /// The rules of the control pipe that dialects set differently. A change holds for the requests submitted after it.
    public var controlPolicy: PipePolicy {
        get { controlPipe.lock.withLock { controlPipe.policy } }
        set { controlPipe.lock.withLock { controlPipe.policy = newValue } }
    }

    /// Cancels every request that is queued and returns when all have been handed back.
    @available(*, noasync, message: "cancel the tasks that wait for the requests instead")
    public func abortControlBlocking() { controlPipe.abortBlocking() }

    /// Blocking forms of the same, for threads that run no tasks.
    public var blocking: BlockingDevice { BlockingDevice(device: self) }

    func checkControl(_ setup: SetupPacket, direction: Direction?, count: Int) throws(USBError) {
        let length = Int(setup.length)
        guard let direction else {
            guard length == 0 else {
                throw USBError(.invalidArgument, message: "wLength is \(length), but there are no data")
            }
            return try Device.checkReserved(setup)
        }
        guard length == 0 || setup.requestType.direction == direction else {
            throw USBError(
                .invalidArgument, message: "the request's direction is \(setup.requestType.direction), not \(direction)"
            )
        }
        guard direction == .out ? length == count : length <= count else {
            throw USBError(.invalidArgument, message: "wLength is \(length), but there are \(count) bytes")
        }
        try Device.checkReserved(setup)
    }

    static func checkReserved(_ setup: SetupPacket) throws(USBError) {
        guard setup.requestType.kind == .standard else { return }
        let instead: String? =
            switch (setup.request, setup.requestType.recipient) {
            case (5, .device): "addresses are given by the host controller"
            case (9, .device): "use selectConfiguration(_:)"
            case (11, .interface): "use Interface.selectAlternateSetting(_:)"
            default: nil
            }
        if let instead { throw USBError(.invalidArgument, message: "\(instead)") }
    }

    func makeControl(
        _ setup: SetupPacket, _ memory: TransferMemory, count: Int, timeout: Duration?, isPortReset: Bool = false
    ) -> TransferCore {
        let transfer = controlPipe.takeIdle()
        transfer.memory = memory
        transfer.length = count
        transfer.setup = setup
        transfer.isPortReset = isPortReset
        transfer.timeout = timeout
        transfer.isRefusalDelivered = false
        return transfer
    }

    func sendControl(
        _ setup: SetupPacket, _ memory: TransferMemory, count: Int, timeout: Duration?, isPortReset: Bool = false
    ) async throws(USBError) -> Int {
        let transfer = makeControl(setup, memory, count: count, timeout: timeout, isPortReset: isPortReset)
        return try await controlPipe.perform(transfer)
    }

    func sendControlBlocking(
        _ setup: SetupPacket, _ memory: TransferMemory, count: Int, timeout: Duration?, isPortReset: Bool = false
    ) throws(USBError) -> Int {
        let transfer = makeControl(setup, memory, count: count, timeout: timeout, isPortReset: isPortReset)
        return try controlPipe.performBlocking(transfer)
    }

    // MARK: Memory

    /// A registered buffer that the wire uses without a copy where it can, and an ordinary one of the same behaviour
    /// where it cannot; ``RegisteredBuffer/isZeroCopy`` tells.
    ///
    /// Without a copy is not always faster: memory that a controller can reach may be slow for the processor, and there
    /// is little of it. Measure.
    public func makeBuffer(byteCount: Int) -> RegisteredBuffer {
        let wireDevice = lock.withLock { isGone ? nil : self.wireDevice }
        guard byteCount > 0, let buffer = wireDevice?.makeBuffer(byteCount: byteCount) else {
            return RegisteredBuffer(byteCount: byteCount)
        }
        return RegisteredBuffer(buffer)
    }

    // MARK: Configuration and reset

    /// Selects a configuration by its value; 0 leaves the device unconfigured.
    ///
    /// Throws `.notFound` when there is none with that value and `.busy` while an interface is claimed.
    public func selectConfiguration(_ value: UInt8) async throws(USBError) {
        try checkConfiguration(value)
        _ = try await sendControl(.setConfiguration(value), .none, count: 0, timeout: Device.controlTimeout)
        lock.withLock { configurationValue = value }
    }

    func checkConfiguration(_ value: UInt8) throws(USBError) {
        guard value == 0 || description.configurations.contains(where: { $0.value == value }) else {
            throw USBError(.notFound, message: "the device has no configuration \(value)")
        }
        guard lock.withLock({ interfaces.isEmpty }) else {
            throw USBError(.busy, message: "release the claimed interfaces before changing the configuration")
        }
    }

    func configurationWasSelected(_ value: UInt8) {
        lock.withLock { configurationValue = value }
    }

    /// Resets the device's port. The device keeps its configuration; everything in flight is cancelled.
    public func reset() async throws(USBError) {
        _ = try await sendControl(
            SetupPacket(packed: 0), .none, count: 0, timeout: Device.controlTimeout, isPortReset: true)
    }

    // MARK: Strings

    /// The string with this index; nil when `index` is 0, which means that there is none.
    public func string(_ index: UInt8, language: LanguageID = 0x0409) async throws(USBError) -> String? {
        guard index != 0 else { return nil }
        let bytes = try await read(.getDescriptor(type: .string, index: index, language: language, length: 255))
        return try Device.parseString(bytes)
    }

    static func parseString(_ bytes: [UInt8]) throws(USBError) -> String {
        do throws(DescriptorDefect) {
            return try StringDescriptor(parsing: unsafe bytes.span.bytes, at: 0).string
        } catch {
            throw USBError(.other, message: "malformed string descriptor: \(error)")
        }
    }

    // MARK: Interfaces

    /// Claims an interface of the selected configuration for this program.
    ///
    /// - Parameters:
    ///   - number: bInterfaceNumber.
    ///   - detachingDriver: whether a driver of the system is detached first, where the wire has drivers.
    /// - Throws: `.notFound` when there is no such interface, `.busy` when somebody has it, `.deviceGone`.
    public func claim(_ number: UInt8, detachingDriver: Bool = false) throws(USBError) -> Interface {
        guard let configuration else { throw USBError(.notFound, message: "the device is not configured") }
        guard let layout = configuration.interface(number) else {
            let numbers = configuration.interfaces.map { "\($0.number)" }.joined(separator: ", ")
            throw USBError(.notFound, message: "there is no interface \(number); there are \(numbers)")
        }
        lock.lock()
        defer { lock.unlock() }
        guard !isGone, let wireDevice else { throw USBError(.deviceGone) }
        // An entry whose interface is gone belongs to one that is just being given back.
        guard interfaces[number] == nil else {
            throw USBError(.busy, message: "interface \(number) is claimed already")
        }
        try wireDevice.claim(interface: number, detach: detachingDriver)
        let interface = Interface(layout: layout, device: self)
        interfaces[number] = WeakInterface(interface: interface)
        return interface
    }

    func release(_ number: UInt8) {
        let wireDevice = lock.withLock {
            interfaces[number] = nil
            return self.wireDevice
        }
        wireDevice?.release(interface: number)
    }

    /// Calls `body` with the wire's device, while that is there.
    func withWireDevice<Value>(
        _ body: (any WireDevice) throws(USBError) -> Value
    ) throws(USBError) -> Value {
        guard let wireDevice = lock.withLock({ isGone ? nil : self.wireDevice }) else { throw USBError(.deviceGone) }
        return try body(wireDevice)
    }

    func openPipe(_ info: EndpointInfo, sink: any CompletionSink) throws(USBError) -> any WirePipe {
        try withWireDevice { (wire) throws(USBError) in try wire.openPipe(info, sink: sink) }
    }

    fileprivate func wentAway() {
        let claimed = lock.withLock {
            isGone = true
            // In an order that is the same in every process.
            return interfaces.sorted { $0.key < $1.key }.compactMap(\.value.interface)
        }
        controlPipe.die(.deviceGone)
        for interface in claimed { interface.die(.deviceGone) }
    }
}

/// Passes the news that a device has gone, without keeping the device open.
private final class GoneRelay: DeviceSink, @unchecked Sendable {
    private let lock = Lock()
    private weak var device: Device?
    private var isGone = false

    func attach(_ device: Device) {
        let mustTell = lock.withLock {
            self.device = device
            return isGone
        }
        if mustTell { device.wentAway() }
    }

    func deviceGone() {
        let device = lock.withLock {
            isGone = true
            return self.device
        }
        device?.wentAway()
    }
}

extension HostController {
    /// Opens a device.
    ///
    /// Throws `.notFound` when it is no longer there, `.accessDenied` or `.busy` when it may not be opened.
    public func open(_ device: DeviceDescription) throws(USBError) -> Device {
        try Device(device, on: self)
    }

    /// Opens the first device with these identifiers.
    ///
    /// Throws `.notFound` when there is none.
    public func open(vendorID: UInt16, productID: UInt16, serialNumber: String? = nil) throws(USBError) -> Device {
        let found = try devices().first {
            $0.descriptor.vendorID == vendorID && $0.descriptor.productID == productID
                && (serialNumber == nil || $0.serialNumber == serialNumber)
        }
        guard let found else {
            let name = "\(hexadecimal(vendorID)):\(hexadecimal(productID))" + (serialNumber.map { ":\($0)" } ?? "")
            throw USBError(.notFound, message: "there is no device \(name)")
        }
        return try open(found)
    }

    /// Runs `body` as a task on the controller's executor: inside, awaiting a transfer costs no change of thread.
    public func run<Value: Sendable, Failure: Error>(
        _ body: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await executor.run(body)
    }
}

private func hexadecimal(_ value: UInt16) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
}
