// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import HostFiles
import USB
import USBHost
import USBSpecification

/// An interface of a device's selected configuration (DriverKit: IOUSBHostInterface).
///
/// It comes from ``IOUSBHostDevice/CopyInterface(ref:interface:)``. Its calls return kIOReturnNoDevice once it has been
/// terminated, by another configuration, a reset, or because the device was unplugged.
public final class IOUSBHostInterface: IOService, @unchecked Sendable {
    let device: IOUSBHostDevice
    let layout: InterfaceLayout
    private let configurationValue: UInt8

    /// Held while the session begins or ends, or another setting is selected.
    private let transition = Lock()
    private let lock = Lock()
    private weak var owner: IOService?
    private var engine: Interface?
    private var pipes: [UInt8: IOUSBHostPipe] = [:]
    private var idleTimeout: UInt32 = 0
    private var isTerminated = false

    init(_ layout: InterfaceLayout, of device: IOUSBHostDevice) {
        self.device = device
        self.layout = layout
        configurationValue = device.engine.configuration?.value ?? 0
        super.init(on: device.host)
    }

    // MARK: The session

    /// Opens the interface for one client alone. The interface keeps no reference to the client.
    ///
    /// With the option kOpenOptionsSelectAlternateInterface the alternate setting `arg` is selected too; when that fails
    /// there is no session.
    ///
    /// Returns kIOReturnExclusiveAccess when there is a session, or another program or a driver of the system has the
    /// interface; kIOReturnNoDevice; what SelectAlternateSetting returns.
    public func Open(forClient: IOService, options: IOOptionBits = 0, arg: UInt8 = 0) -> kern_return_t {
        transition.lock()
        defer { transition.unlock() }
        let leftover: Interface?
        do {
            let (isGone, isOpen, engine) = lock.withLock { (isTerminated || device.isGone, owner != nil, self.engine) }
            guard !isGone else { return kIOReturnNoDevice }
            guard !isOpen else { return kIOReturnExclusiveAccess }
            leftover = engine
        }
        // The client that had a session has gone without ending it.
        if leftover != nil { end() }
        do throws(USBError) {
            let claimed = try device.engine.claim(
                layout.number, detachingDriver: Environment.detachesDrivers)
            lock.withLock {
                engine = claimed
                owner = forClient
            }
            guard options & kOpenOptionsSelectAlternateInterface != 0 else { return kIOReturnSuccess }
            let status = select(arg, of: claimed)
            if status != kIOReturnSuccess { end() }
            return status
        } catch {
            return ReturnCode.of(error.kind)
        }
    }

    /// Ends the session. Everything under way on the interface and its pipes is aborted and has ended when this returns;
    /// the pipes are dead.
    ///
    /// Returns kIOReturnNotOpen when the session is another's, or none.
    @discardableResult
    public func Close(forClient: IOService, options: IOOptionBits = 0) -> kern_return_t {
        transition.lock()
        defer { transition.unlock() }
        guard lock.withLock({ owner === forClient && engine != nil }) else { return kIOReturnNotOpen }
        device.requests.abort(of: self, with: kIOReturnAborted, waiting: true)
        end()
        return kIOReturnSuccess
    }

    /// Ends the session, whoever has it. The transition is held.
    private func end() {
        let (engine, pipes) = lock.withLock {
            defer {
                self.engine = nil
                self.pipes = [:]
                owner = nil
            }
            return (self.engine, self.pipes)
        }
        for pipe in pipes.values { pipe.willClose() }
        if let engine { device.engine.blocking.release(engine) }
    }

    /// The interface is none of the device's any more.
    func terminate() {
        transition.lock()
        defer { transition.unlock() }
        lock.withLock { isTerminated = true }
        device.requests.abort(of: self, with: kIOReturnAborted, waiting: true)
        end()
    }

    /// Why nothing can be done through the interface; nil when it can.
    var refusal: kern_return_t? {
        lock.withLock {
            if isTerminated || device.isGone { return kIOReturnNoDevice }
            return engine == nil ? kIOReturnNotOpen : nil
        }
    }

    // MARK: Settings and pipes

    /// Selects an alternate setting. Everything under way on the interface's pipes is aborted first, and the pipes are
    /// dead, also when the device or the bus then refuses the setting.
    ///
    /// Returns kIOReturnNotFound when there is no such setting, and then nothing has happened; kIOReturnNoBandwidth when
    /// the bus has not the time it needs; kIOReturnNotOpen; kIOReturnNoDevice; what the request fails with.
    public func SelectAlternateSetting(bAlternateSetting: UInt8) -> kern_return_t {
        transition.lock()
        defer { transition.unlock() }
        if let refusal { return refusal }
        guard let engine = lock.withLock({ self.engine }) else { return kIOReturnNotOpen }
        return select(bAlternateSetting, of: engine)
    }

    /// The transition is held.
    private func select(_ setting: UInt8, of engine: Interface) -> kern_return_t {
        guard layout.alternateSetting(setting) != nil else { return kIOReturnNotFound }
        let old = lock.withLock {
            defer { pipes = [:] }
            return pipes
        }
        for pipe in old.values { pipe.willClose() }
        do throws(USBError) {
            try device.engine.blocking.selectAlternateSetting(setting, of: engine)
            return kIOReturnSuccess
        } catch {
            return ReturnCode.of(error.kind)
        }
    }

    /// Gives the pipe of an endpoint of the selected setting, made at the first call. The same object each time.
    ///
    /// Returns kIOReturnNotFound when there is no such endpoint, kIOReturnUnsupported when its descriptor makes no sense,
    /// kIOReturnNotOpen without a session, kIOReturnNoDevice.
    public func CopyPipe(address: UInt8, pipe: inout IOUSBHostPipe?) -> kern_return_t {
        if let refusal { return refusal }
        let (engine, known) = lock.withLock { (self.engine, pipes[address]) }
        if let known {
            pipe = known
            return kIOReturnSuccess
        }
        guard let engine, let layout = engine.alternateSetting.endpoint(EndpointAddress(rawValue: address)) else {
            return engine == nil ? kIOReturnNotOpen : kIOReturnNotFound
        }
        do throws(USBError) {
            let made = IOUSBHostPipe(try engine.pipe(layout.descriptor.address), layout, of: device)
            pipe = lock.withLock {
                // Another thread may have been faster, or the session may be over.
                if let known = pipes[address] { return known }
                if self.engine === engine { pipes[address] = made }
                return made
            }
            return kIOReturnSuccess
        } catch {
            return ReturnCode.of(error.kind)
        }
    }

    /// Gives the device.
    @discardableResult
    public func CopyDevice(device: inout IOUSBHostDevice?) -> kern_return_t {
        device = self.device
        return kIOReturnSuccess
    }

    // MARK: Passive facts

    /// The alternate setting that is selected.
    var alternateSetting: UInt8 { lock.withLock { engine }?.alternateSetting.descriptor.alternateSetting ?? 0 }

    /// The configuration that the interface belongs to.
    var configuration: Configuration? {
        device.engine.description.configurations.first { $0.value == configurationValue }
    }

    /// Sets how long all pipes are idle, in milliseconds, before the device is suspended. The number is kept; no wire of
    /// this library suspends a device.
    @discardableResult
    public func SetIdlePolicy(deviceIdleTimeout: UInt32) -> kern_return_t {
        lock.withLock { idleTimeout = deviceIdleTimeout }
        return kIOReturnSuccess
    }

    /// Tells what ``SetIdlePolicy(deviceIdleTimeout:)`` has set; 0 at first, which means never.
    @discardableResult
    public func GetIdlePolicy(deviceIdleTimeout: inout UInt32) -> kern_return_t {
        deviceIdleTimeout = lock.withLock { idleTimeout }
        return kIOReturnSuccess
    }

    /// Tells the state of the device's port. See ``IOUSBHostDevice/GetPortStatus(portStatus:)``.
    public func GetPortStatus(portStatus: inout UInt32) -> kern_return_t {
        device.GetPortStatus(portStatus: &portStatus)
    }

    /// Makes memory for transfers and frame lists. See ``IOUSBHostDevice/CreateIOBuffer(options:capacity:buffer:)``.
    public func CreateIOBuffer(
        options: IOOptionBits, capacity: UInt64, buffer: inout IOBufferMemoryDescriptor?
    ) -> kern_return_t {
        device.CreateIOBuffer(options: options, capacity: capacity, buffer: &buffer)
    }
}
