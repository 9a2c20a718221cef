// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import HostFiles
import USB
import USBHost
import USBSpecification

/// A USB device (DriverKit: IOUSBHostDevice).
///
/// In DriverKit the system hands a driver its provider; here a program asks for it, with ``matching(_:)``. A device has one
/// session besides those of its interfaces. After ``Reset()`` and after the device was unplugged it is terminated: its
/// calls return kIOReturnNoDevice.
public final class IOUSBHostDevice: IOService, @unchecked Sendable {
    let engine: Device
    let host: ProcessHost
    let requests: ControlRequests
    let descriptors = DescriptorCache()

    private let lock = Lock()
    private weak var owner: IOService?
    private var isTerminated = false
    private var interfaces: [UInt8: WeakInterface] = [:]
    private var iterators: [UInt: [IOUSBHostInterface]] = [:]
    private var iteratorCount: UInt = 0
    /// Held while the configuration changes.
    private let transition = Lock()

    private struct WeakInterface { weak var interface: IOUSBHostInterface? }

    init(_ engine: Device, on host: ProcessHost) {
        self.engine = engine
        self.host = host
        requests = ControlRequests(engine)
        super.init(on: host)
    }

    // MARK: Finding

    /// The device that a name means, on the bus of the calling thread (the process's, which the environment variable
    /// `USB_HOST` names, unless told otherwise): `VID:PID` or `VID:PID:SERIAL`, the numbers in hexadecimal. The same object
    /// for the same device, as long as anybody has it.
    ///
    /// Returns kIOReturnNotFound, kIOReturnBadArgument for a name of another form, and kIOReturnNotPrivileged when the
    /// program may not open the device.
    public static func CopyMatching(name: String, device: inout IOUSBHostDevice?) -> kern_return_t {
        do throws(USBError) {
            device = try DeviceRegistry.find(name)
            return kIOReturnSuccess
        } catch {
            return ReturnCode.of(error.kind)
        }
    }

    /// The device that a name means; nil where ``CopyMatching(name:device:)`` does not succeed.
    public static func matching(_ name: String) -> IOUSBHostDevice? {
        var device: IOUSBHostDevice?
        _ = CopyMatching(name: name, device: &device)
        return device
    }

    // MARK: The session

    /// Opens the one session that a device has besides its interfaces. The device keeps no reference to the client.
    ///
    /// Returns kIOReturnExclusiveAccess when there is one, kIOReturnNoDevice.
    public func Open(forClient: IOService, options: IOOptionBits = 0, arg: UInt = 0) -> kern_return_t {
        lock.withLock {
            guard !hasGone else { return kIOReturnNoDevice }
            guard owner == nil else { return kIOReturnExclusiveAccess }
            owner = forClient
            return kIOReturnSuccess
        }
    }

    /// Ends the session, and aborts the requests that the client has under way, of which none is left when this returns.
    ///
    /// Returns kIOReturnNotOpen when the session is another's, or none.
    @discardableResult
    public func Close(forClient: IOService, options: IOOptionBits = 0) -> kern_return_t {
        let isOpen = lock.withLock {
            guard owner === forClient else { return false }
            owner = nil
            return true
        }
        guard isOpen else { return kIOReturnNotOpen }
        requests.abort(of: forClient, with: kIOReturnAborted, waiting: true)
        return kIOReturnSuccess
    }

    /// Why a client cannot make a request; nil when it can.
    func refusal(to client: IOService) -> kern_return_t? {
        lock.withLock {
            if hasGone { return kIOReturnNoDevice }
            return owner === client ? nil : kIOReturnNotOpen
        }
    }

    /// Whether nothing can be done with the device any more.
    var isGone: Bool { lock.withLock { hasGone } }

    /// The same, with the lock held.
    private var hasGone: Bool { isTerminated || engine.isDetached }

    // MARK: Configuration

    /// Selects a configuration by its value; 0 leaves the device unconfigured. The objects of the interfaces that there
    /// were are terminated first. `matchInterfaces` would let the system look for drivers, and is not looked at.
    ///
    /// Returns kIOReturnNotOpen without a session of anybody, kIOReturnNotFound when there is no such configuration, and
    /// what the request fails with.
    public func SetConfiguration(bConfigurationValue: UInt8, matchInterfaces: Bool) -> kern_return_t {
        transition.lock()
        defer { transition.unlock() }
        let (isGone, isOpen) = lock.withLock { (hasGone, owner != nil) }
        guard !isGone else { return kIOReturnNoDevice }
        guard isOpen else { return kIOReturnNotOpen }
        terminateInterfaces()
        do throws(USBError) {
            try engine.blocking.selectConfiguration(bConfigurationValue)
            return kIOReturnSuccess
        } catch {
            return ReturnCode.of(error.kind)
        }
    }

    /// Resets the device. This object and those of its interfaces are terminated, whatever the result; the device is found
    /// anew under its name, as another object.
    ///
    /// Returns kIOReturnNotOpen without a session of anybody, and what the reset fails with.
    public func Reset() -> kern_return_t {
        transition.lock()
        defer { transition.unlock() }
        let (isGone, isOpen) = lock.withLock { (hasGone, owner != nil) }
        guard !isGone else { return kIOReturnNoDevice }
        guard isOpen else { return kIOReturnNotOpen }
        terminateInterfaces()
        let client = lock.withLock {
            isTerminated = true
            defer { owner = nil }
            return owner
        }
        if let client { requests.abort(of: client, with: kIOReturnAborted, waiting: true) }
        DeviceRegistry.shared.forget(self)
        do throws(USBError) {
            try engine.blocking.reset()
            return kIOReturnSuccess
        } catch {
            return ReturnCode.of(error.kind)
        }
    }

    private func terminateInterfaces() {
        let all = lock.withLock {
            defer {
                interfaces = [:]
                iterators = [:]
            }
            // In an order that is the same in every process.
            return interfaces.sorted { $0.key < $1.key }.compactMap(\.value.interface)
        }
        for interface in all { interface.terminate() }
    }

    // MARK: Interfaces

    /// Begins to walk through the interfaces of the selected configuration.
    ///
    /// Returns kIOReturnNoDevice.
    public func CreateInterfaceIterator(ref: inout UInt) -> kern_return_t {
        let configuration = engine.configuration
        return lock.withLock {
            guard !hasGone else { return kIOReturnNoDevice }
            var all: [IOUSBHostInterface] = []
            for layout in configuration?.interfaces ?? [] {
                let known = interfaces[layout.number]?.interface
                let interface = known ?? IOUSBHostInterface(layout, of: self)
                interfaces[layout.number] = WeakInterface(interface: interface)
                all.append(interface)
            }
            iteratorCount += 1
            ref = iteratorCount
            iterators[ref] = all.reversed()
            return kIOReturnSuccess
        }
    }

    /// Gives the next interface; nil, and success, behind the last one.
    ///
    /// Returns kIOReturnBadArgument for an iterator that is none of this device.
    public func CopyInterface(ref: UInt, interface: inout IOUSBHostInterface?) -> kern_return_t {
        lock.withLock {
            guard iterators[ref] != nil else { return hasGone ? kIOReturnNoDevice : kIOReturnBadArgument }
            interface = iterators[ref]?.popLast()
            return kIOReturnSuccess
        }
    }

    /// Ends a walk.
    ///
    /// Returns kIOReturnBadArgument for an iterator that is none of this device.
    @discardableResult
    public func DestroyInterfaceIterator(ref: UInt) -> kern_return_t {
        lock.withLock { iterators.removeValue(forKey: ref) == nil ? kIOReturnBadArgument : kIOReturnSuccess }
    }

    // MARK: Passive facts

    /// Tells a number from 1 to 127 that names the device on its bus. Wires do not tell the address that the host
    /// controller gave it; this one goes by the order of attachment.
    @discardableResult
    public func GetAddress(address: inout UInt8) -> kern_return_t {
        address = UInt8(engine.description.id.rawValue % 127) + 1
        return kIOReturnSuccess
    }

    /// Tells the speed of the device, one of tIOUSBHostConnectionSpeed.
    @discardableResult
    public func GetSpeed(speed: inout UInt8) -> kern_return_t {
        speed = UInt8(engine.speed.connectionSpeed.rawValue)
        return kIOReturnSuccess
    }

    /// Tells the state of the device's port: enabled, at the device's speed.
    ///
    /// Returns kIOReturnNoDevice once the device is gone.
    public func GetPortStatus(portStatus: inout UInt32) -> kern_return_t {
        guard !isGone else { return kIOReturnNoDevice }
        portStatus =
            UInt32(engine.speed.connectionSpeed.rawValue) << UInt32(kIOUSBHostPortStatusConnectedSpeedPhase)
            | UInt32(kIOUSBHostPortStatusEnabled)
        return kIOReturnSuccess
    }

    /// Makes memory for transfers and frame lists, zeroed. `options` is its direction, as in
    /// ``IOBufferMemoryDescriptor/Create(options:capacity:alignment:memory:)``.
    public func CreateIOBuffer(
        options: IOOptionBits, capacity: UInt64, buffer: inout IOBufferMemoryDescriptor?
    ) -> kern_return_t {
        IOBufferMemoryDescriptor.Create(options: options, capacity: capacity, alignment: 0, memory: &buffer)
    }
}

extension Speed {
    /// The number under which USBDriverKit knows a speed.
    fileprivate var connectionSpeed: tIOUSBHostConnectionSpeed {
        switch self {
        case .low: kIOUSBHostConnectionSpeedLow
        case .full: kIOUSBHostConnectionSpeedFull
        case .high: kIOUSBHostConnectionSpeedHigh
        case .superSpeed: kIOUSBHostConnectionSpeedSuper
        case .superSpeedPlus: kIOUSBHostConnectionSpeedSuperPlus
        }
    }
}
