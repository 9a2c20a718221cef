// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import CLinuxUSB
import Synchronization
import USBHost
import USBSpecification

/// An open device of this machine: one file of usbfs.
final class UsbfsDevice: WireDevice, @unchecked Sendable {
    let bus: LinuxBus
    let description: DeviceDescription
    let kind: ControllerKind
    let abilities: DeviceAbilities
    /// Where the device's file is.
    let node: String
    let file: Int32
    let system: any SystemCalls
    weak var sink: (any DeviceSink)?
    /// Names the device to the event loop.
    let token: UInt64

    /// Requests that the kernel has.
    let outstanding = Atomic(0)
    /// The device has gone, and everything that the kernel had of it has been reaped.
    let isDrained = Atomic(false)
    /// Guards what follows, and what says so in the pipes.
    let lock = Lock()
    /// Interfaces from which a driver of the system was taken, to be given back, each with those that the driver had
    /// together with it.
    var detached: [UInt8: Set<UInt8>] = [:]
    var isClosed = false
    /// The event loop is taking what has ended. A completion that it delivers may be what lets go of the device.
    var isReaping = false
    private var isFileClosed = false
    /// What the kernel has, by address, where it is an old one that gives nothing back after an unplugging.
    var kept: [ObjectIdentifier: RequestBlock] = [:]

    init(
        _ description: DeviceDescription, file: Int32, node: String, kind: ControllerKind, token: UInt64,
        sink: any DeviceSink, bus: LinuxBus
    ) {
        self.bus = bus
        self.description = description
        self.file = file
        self.node = node
        self.kind = kind
        self.token = token
        self.sink = sink
        system = bus.system
        var bits: UInt32 = 0
        // A kernel that does not know the call has none of what it would tell.
        _ = unsafe bus.system.control(file, CLINUXUSB_GET_CAPABILITIES, &bits)
        abilities = DeviceAbilities(rawValue: bits)
    }

    /// Lets the event loop watch the device. Throws when the system cannot.
    func start() throws(USBError) {
        let result = bus.watch(file, of: self)
        guard result >= 0 else {
            system.close(file)
            throw ErrorCode(result: result).error("cannot wait for events of \(node)")
        }
    }

    func close() {
        let mustClose = lock.withLock {
            defer { isClosed = true }
            return !isClosed
        }
        guard mustClose else { return }
        bus.unwatch(file, of: self)
        // Its number may belong to another file as soon as it is closed.
        if lock.withLock({ mayClose() }) { system.close(file) }
    }

    /// Whether the file is to be closed now: once, and not under the hands of the event loop. The lock is held.
    func mayClose() -> Bool {
        guard isClosed, !isReaping, !isFileClosed else { return false }
        isFileClosed = true
        return true
    }

    // MARK: What a pipe can do

    /// The most that one request of a bulk transfer moves where the kernel has to find contiguous memory for it.
    private static let contiguousBytes = 16_384
    /// The most that one request moves where the kernel can gather it: large enough for the cost of a call not to count,
    /// and small against the kernel's budget, which all programs share.
    private static let gatheredBytes = 1 << 20
    /// What the parts of one transfer may take of that budget.
    private static let bytesInFlight = 4 << 20

    /// What a pipe of this device can do.
    func capabilities(for info: EndpointInfo) -> ControllerCapabilities {
        var capabilities = bus.capabilities
        switch info.type {
        case .bulk:
            let gathers = abilities.contains(.scatterGather)
            capabilities.bytesPerRequest = gathers ? UsbfsDevice.gatheredBytes : UsbfsDevice.contiguousBytes
            capabilities.partsInFlight = UsbfsDevice.bytesInFlight / capabilities.bytesPerRequest
            // Without it a short packet would not stop what is queued behind it. Only reading can end early.
            capabilities.bulkContinuation = abilities.contains(.bulkContinuation) || info.address.direction == .out
            capabilities.zeroLengthTermination = abilities.contains(.zeroPacket)
        case .interrupt: capabilities.bytesPerRequest = UsbfsDevice.contiguousBytes
        case .isochronous, .control: break
        }
        return capabilities
    }

    // MARK: Pipes

    func openPipe(_ endpoint: EndpointInfo, sink: any CompletionSink) throws(USBError) -> any WirePipe {
        guard !isDrained.load(ordering: .acquiring) else { throw USBError(.deviceGone, endpoint: endpoint.address) }
        return UsbfsPipe(endpoint, of: self, sink: sink)
    }

    // MARK: Memory

    func makeBuffer(byteCount: Int) -> (any WireBuffer)? {
        guard abilities.contains(.mapping), let memory = unsafe system.map(file, byteCount: byteCount) else {
            return nil
        }
        return unsafe MappedBuffer(UnsafeMutableRawBufferPointer(start: memory, count: byteCount), system)
    }
}
#endif
