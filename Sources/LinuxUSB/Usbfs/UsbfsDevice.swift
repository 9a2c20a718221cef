// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
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
    private let file: Int32
    private let system: any SystemCalls
    private weak var sink: (any DeviceSink)?
    /// Names the device to the event loop.
    let token: UInt64

    /// Requests that the kernel has.
    private let outstanding = Atomic(0)
    /// The device has gone, and everything that the kernel had of it has been reaped.
    private let isDrained = Atomic(false)
    /// Guards what follows, and what says so in the pipes.
    private let lock = Lock()
    /// Interfaces from which a driver of the system was taken, to be given back, each with those that the driver had
    /// together with it.
    private var detached: [UInt8: Set<UInt8>] = [:]
    private var isClosed = false
    /// The event loop is taking what has ended. A completion that it delivers may be what lets go of the device.
    private var isReaping = false
    private var isFileClosed = false
    /// What the kernel has, by address, where it is an old one that gives nothing back after an unplugging.
    private var kept: [ObjectIdentifier: RequestBlock] = [:]

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
    private func mayClose() -> Bool {
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

    // MARK: Interfaces

    func claim(interface: UInt8, detach: Bool) throws(USBError) {
        var number = UInt32(interface)
        var result: Int32
        let driver = detach ? boundDriver(of: interface) : nil
        let shared = driver.map { interfacesShared(with: interface, by: $0) } ?? []
        if detach {
            var claim = usbdevfs_disconnect_claim()
            claim.interface = number
            // Whoever uses it through usbfs is a program like this one and is not thrown out.
            claim.flags = UInt32(USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER)
            unsafe withUnsafeMutableBytes(of: &claim.driver) { unsafe $0.copyBytes(from: Array("usbfs".utf8)) }
            result = unsafe system.control(file, CLINUXUSB_DISCONNECT_CLAIM, &claim)
            if result == -ENOTTY {
                // Older kernels do it in two steps.
                let isDetached = driver != nil && interfaceCall(CLINUXUSB_DISCONNECT, interface) >= 0
                result = unsafe system.control(file, CLINUXUSB_CLAIMINTERFACE, &number)
                // In between somebody else was quicker, or the claim is not allowed.
                if result < 0, isDetached { _ = interfaceCall(CLINUXUSB_CONNECT, interface) }
            }
        } else {
            result = unsafe system.control(file, CLINUXUSB_CLAIMINTERFACE, &number)
        }
        guard result < 0 else {
            if driver != nil { lock.withLock { detached[interface] = shared } }
            return
        }
        let code = ErrorCode(result: result)
        guard code.number == EBUSY else { throw code.error("cannot claim interface \(interface)") }
        let owner = boundDriver(of: interface) ?? boundDriver(of: interface, ofPrograms: true)
        switch owner {
        case nil: throw code.error("interface \(interface) is in use")
        case "usbfs"?: throw code.error("another program has claimed interface \(interface)")
        case let name?:
            throw code.error(
                "the driver \(name) of the system has interface \(interface)",
                hint: detach
                    ? "" : "detach it for the time of the claim: claim(_:detachingDriver:), or --detach of usbpipe")
        }
    }

    func release(interface: UInt8) {
        var number = UInt32(interface)
        _ = unsafe system.control(file, CLINUXUSB_RELEASEINTERFACE, &number)
        guard let shared = lock.withLock({ detached.removeValue(forKey: interface) }) else { return }
        let free = shared.sorted().filter { boundDriver(of: $0, ofPrograms: true) != "usbfs" }
        // With one interface gone, the driver has given up on all of them, even those that it still holds. It takes them
        // together when it is offered the one by which it knows the device.
        for number in free where number != interface && boundDriver(of: number) != nil {
            _ = interfaceCall(CLINUXUSB_DISCONNECT, number)
        }
        for number in free { _ = interfaceCall(CLINUXUSB_CONNECT, number) }
    }

    /// The interface, and those others that a driver uses together with it: drivers for sound, video and communications
    /// do. Others have a use of their own for each, which goes on undisturbed.
    private func interfacesShared(with interface: UInt8, by driver: String) -> Set<UInt8> {
        let configuration = description.configurations.first { $0.value == description.activeConfiguration }
        let spanning: Set<UInt8> = [0x01, 0x02, 0x0A, 0x0E]
        let candidates = (configuration?.interfaces ?? []).filter { layout in
            layout.alternateSettings.contains { spanning.contains($0.descriptor.interfaceClass.base) }
        }.map(\.number)
        guard candidates.contains(interface) else { return [interface] }
        let before = lock.withLock { detached.values.filter { $0.contains(interface) } }
        return before.reduce(into: Set([interface])) { $0.formUnion($1) }
            .union(candidates.filter { boundDriver(of: $0) == driver })
    }

    /// The driver that has an interface; nil for none, and for a program's claim unless `ofPrograms`.
    private func boundDriver(of interface: UInt8, ofPrograms: Bool = false) -> String? {
        var query = usbdevfs_getdriver()
        query.interface = UInt32(interface)
        guard unsafe system.control(file, CLINUXUSB_GETDRIVER, &query) >= 0 else { return nil }
        let name = unsafe withUnsafeBytes(of: query.driver) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return name == "usbfs" && !ofPrograms ? nil : name
    }

    /// A call that the kernel passes on to an interface's driver.
    private func interfaceCall(_ request: UInt, _ interface: UInt8) -> Int32 {
        let code = Int32(truncatingIfNeeded: request)
        var call = unsafe usbdevfs_ioctl(ifno: Int32(interface), ioctl_code: code, data: nil)
        return unsafe system.control(file, CLINUXUSB_IOCTL, &call)
    }

    /// Gives up, for good, what an open file may do beyond the interfaces in `mask`.
    func dropPrivileges(keeping interfaces: Set<UInt8>) throws(USBError) {
        guard abilities.contains(.dropPrivileges) else {
            throw USBError(.unsupported, message: "this kernel cannot drop privileges on a device")
        }
        var mask = interfaces.reduce(into: UInt32(0)) { if $1 < 32 { $0 |= 1 << UInt32($1) } }
        let result = unsafe system.control(file, CLINUXUSB_DROP_PRIVILEGES, &mask)
        guard result >= 0 else { throw ErrorCode(result: result).error("cannot drop privileges") }
    }

    // MARK: Pipes

    func openPipe(_ endpoint: EndpointInfo, sink: any CompletionSink) throws(USBError) -> any WirePipe {
        guard !isDrained.load(ordering: .acquiring) else { throw USBError(.deviceGone, endpoint: endpoint.address) }
        return UsbfsPipe(endpoint, of: self, sink: sink)
    }

    /// Gives a request to the kernel.
    func give(_ block: RequestBlock, to pipe: UsbfsPipe) throws(USBError) {
        outstanding.add(1, ordering: .relaxed)
        pipe.outstanding.add(1, ordering: .sequentiallyConsistent)
        block.isOutstanding.store(true, ordering: .releasing)
        if keepsRequests { lock.withLock { kept[ObjectIdentifier(block)] = block } }
        let result = unsafe system.control(file, CLINUXUSB_SUBMITURB, UnsafeMutableRawPointer(block.header))
        guard result < 0 else { return }
        // If the device was found gone in between, its end is on the way.
        guard takeBack(block) else { return }
        outstanding.subtract(1, ordering: .relaxed)
        pipe.outstanding.subtract(1, ordering: .sequentiallyConsistent)
        let code = ErrorCode(result: result)
        // An earlier part has ended the transfer already, and its completion is on the way.
        if code.number == EREMOTEIO { return pipe.adopt(block) }
        throw refusal(code, at: pipe.info)
    }

    private var keepsRequests: Bool { !abilities.contains(.reapAfterDisconnect) }

    /// Takes a request from the kernel; false when somebody has done so already.
    private func takeBack(_ block: RequestBlock) -> Bool {
        if keepsRequests { lock.withLock { _ = kept.removeValue(forKey: ObjectIdentifier(block)) } }
        return block.takeBack()
    }

    private func refusal(_ code: ErrorCode, at info: EndpointInfo) -> USBError {
        var error: USBError
        switch code.number {
        case ENOMEM: error = code.error(memoryMessage, hint: UsbfsDevice.memoryHint)
        case ENOSPC: error = code.error(bandwidthMessage(info.interface, info.alternateSetting))
        case ENOENT where info.address != .control:
            error = code.error("the endpoint is not in the alternate setting that is selected")
        case EPERM: error = code.error("the pipe is being stopped", kind: .notAccepting)
        case ENODEV, ESHUTDOWN: error = USBError(.deviceGone, detail: code.detail())
        case EINVAL where info.type == .bulk && info.speed.isSuperSpeed:
            error = code.error("the kernel refused the request", hint: UsbfsDevice.streamHint)
        default: error = code.error("the kernel refused the request")
        }
        error.endpoint = info.address
        return error
    }

    private static let memoryHint =
        "raise it with the kernel's setting usbcore.usbfs_memory_mb (0 for no limit), or keep less in flight"

    private static let streamHint = "where an endpoint has streams, a transfer names one of those that it was given"

    /// What is known about the memory that was refused.
    private var memoryMessage: String {
        let text = system.contents(of: "/sys/module/usbcore/parameters/usbfs_memory_mb")
        guard let text, let megabytes = Int(String(decoding: text, as: UTF8.self).prefix { $0.isNumber }) else {
            return "usbfs memory: the budget is used up"
        }
        return megabytes == 0
            ? "usbfs memory: the kernel found no contiguous memory for the request"
            : "usbfs memory: the budget of \(megabytes) MB that all programs share is used up"
    }

    /// What an alternate setting would need of the bus.
    func bandwidthMessage(_ interface: UInt8?, _ alternate: UInt8) -> String {
        let configuration = description.configurations.first { $0.value == description.activeConfiguration }
        let setting = interface.flatMap { configuration?.alternateSetting(alternate, of: $0) }
        let needs = setting?.periodicNeeds(at: description.speed) ?? []
        guard !needs.isEmpty else { return "the bus has not the time that is needed" }
        let parts = needs.map { need in
            let micro = (need.nanoseconds + 999) / 1000
            return "\(micro) us every \(need.interval.microframes * 125) us for endpoint \(need.endpoint)"
        }
        return "alternate setting \(alternate) needs \(parts.joined(separator: ", "))"
    }

    /// Asks the kernel to end a request early.
    func discard(_ block: RequestBlock) {
        // It says EINVAL for one that has ended already, which is no error.
        _ = unsafe system.control(file, CLINUXUSB_DISCARDURB, UnsafeMutableRawPointer(block.header))
    }

    /// Takes everything from the kernel that has ended, and passes it on. Called by the event loop.
    ///
    /// Returns the number of requests that ended.
    func reap(isHungUp: Bool, time: BusInstant) -> Int {
        let isOpen = lock.withLock {
            isReaping = !isClosed
            return isReaping
        }
        guard isOpen else { return 0 }
        defer {
            let mustClose = lock.withLock {
                isReaping = false
                return mayClose()
            }
            if mustClose { system.close(file) }
        }
        var count = 0
        // With a bound, so that a stream which never runs dry leaves room for other devices.
        while count < 256 {
            var header: UnsafeMutableRawPointer?
            let result = unsafe system.control(file, CLINUXUSB_REAPURBNDELAY, &header)
            if result < 0 {
                if result != -EAGAIN { wentAway() }
                break
            }
            guard let header = unsafe header else { break }
            let block = unsafe RequestBlock.of(header)
            guard takeBack(block) else { continue }
            // The completion may be the last use of the pipe.
            let pipe = unsafe block.pipe!
            let left = outstanding.subtract(1, ordering: .relaxed).newValue
            let leftOfPipe = pipe.outstanding.subtract(1, ordering: .sequentiallyConsistent).newValue
            pipe.finish(block, hasMore: leftOfPipe > 0, time: time)
            pipe.endOrphans()
            count += 1
            // Nothing is left that the kernel could say.
            if left == 0, !isHungUp { break }
        }
        return count
    }

    /// The kernel has nothing of the device any more.
    private func wentAway() {
        guard !isDrained.exchange(true, ordering: .acquiringAndReleasing) else { return }
        bus.ignore(file)
        let left = lock.withLock {
            defer { kept = [:] }
            return Array(kept.values)
        }
        for block in left where block.takeBack() {
            let pipe = unsafe block.pipe!
            bus.post(block, .deviceGone)
            pipe.endOrphans()
        }
        sink?.deviceGone()
    }

    /// Why a request ended that the kernel has cut short.
    func ending(_ code: ErrorCode, of block: RequestBlock) -> WireCompletion.Status {
        if code.number == ENODEV || code.number == ESHUTDOWN { return .deviceGone }
        if block.isCancelled.load(ordering: .acquiring) { return .cancelled }
        // Nobody here asked for it. The kernel cuts everything short before it tells that the device has gone.
        var bits: UInt32 = 0
        let result = unsafe system.control(file, CLINUXUSB_GET_CAPABILITIES, &bits)
        return result == -ENODEV ? .deviceGone : .cancelled
    }

    // MARK: Streams

    func allocateStreams(_ count: Int, on endpoints: [EndpointAddress]) throws(USBError) -> Int {
        // The kernel wants two at least, and grants what the controller has.
        let result = streamCall(CLINUXUSB_ALLOC_STREAMS, max(2, count), endpoints)
        guard result >= 0 else {
            let code = ErrorCode(result: result)
            let isRefusal = code.number == EINVAL || code.number == ENOTTY
            throw code.error("cannot have streams", kind: isRefusal ? .unsupported : nil)
        }
        return min(count, Int(result))
    }

    func freeStreams(on endpoints: [EndpointAddress]) throws(USBError) {
        let result = streamCall(CLINUXUSB_FREE_STREAMS, 0, endpoints)
        guard result >= 0 else { throw ErrorCode(result: result).error("cannot give streams back") }
    }

    /// A count of streams and of endpoints, and then the addresses.
    private func streamCall(_ request: UInt, _ count: Int, _ endpoints: [EndpointAddress]) -> Int32 {
        var words = [UInt32](repeating: 0, count: 2 + (endpoints.count + 3) / 4)
        words[0] = UInt32(clamping: count)
        words[1] = UInt32(endpoints.count)
        return unsafe words.withUnsafeMutableBytes { bytes in
            for (index, address) in endpoints.enumerated() { unsafe bytes[8 + index] = address.rawValue }
            return unsafe system.control(file, request, bytes.baseAddress)
        }
    }

    // MARK: Memory

    func makeBuffer(byteCount: Int) -> (any WireBuffer)? {
        guard abilities.contains(.mapping), let memory = unsafe system.map(file, byteCount: byteCount) else {
            return nil
        }
        return unsafe MappedBuffer(UnsafeMutableRawBufferPointer(start: memory, count: byteCount), system)
    }

    // MARK: Calls of their own

    /// Lets a thread make a call that waits for the device; its end comes through the event loop.
    func runAlone(_ block: RequestBlock) {
        block.isOutsideQueue = true
        bus.worker.run { [self] in
            let (status, detail) = perform(unsafe block.request.operation)
            bus.post(block, status, detail: detail)
        }
    }

    private func perform(_ operation: WireRequest.Operation) -> (WireCompletion.Status, WireDetail?) {
        var message = ""
        var result: Int32
        switch operation {
        case .portReset: result = unsafe system.control(file, CLINUXUSB_RESET, nil)
        case .control(let setup):
            switch DeviceCall(setup) {
            case .setConfiguration(let value):
                var value = UInt32(value)
                result = unsafe system.control(file, CLINUXUSB_SETCONFIGURATION, &value)
                if result == -EBUSY {
                    message = "the configuration cannot be changed while any driver or program has an interface"
                }
            case .setInterface(let number, let alternate):
                var setting = usbdevfs_setinterface(interface: UInt32(number), altsetting: UInt32(alternate))
                result = unsafe system.control(file, CLINUXUSB_SETINTERFACE, &setting)
                if result == -ENOSPC { message = bandwidthMessage(number, alternate) }
            case .clearHalt(let endpoint):
                var address = UInt32(endpoint)
                result = unsafe system.control(file, CLINUXUSB_CLEAR_HALT, &address)
            case nil: result = -EINVAL
            }
        case .data, .isochronous: result = -EINVAL
        }
        guard result < 0 else { return (.completed, nil) }
        let code = ErrorCode(result: result)
        let hint = message.isEmpty ? code.hint : message
        switch code.kind {
        case .deviceGone: return (.deviceGone, code.detail())
        case .stalled: return (.stalled, code.detail())
        case .bus(let fault): return (.failed(fault), code.detail(hint))
        case let kind: return (.refused(kind), code.detail(hint))
        }
    }
}

/// The standard requests for which usbfs has calls of its own, so that the kernel knows what was changed.
enum DeviceCall: Hashable {
    case setConfiguration(UInt8)
    case setInterface(UInt8, alternate: UInt8)
    case clearHalt(UInt8)

    init?(_ setup: SetupPacket) {
        guard setup.requestType.kind == .standard, setup.requestType.direction == .out else { return nil }
        switch (StandardRequest(rawValue: setup.request), setup.requestType.recipient) {
        case (.setConfiguration, .device): self = .setConfiguration(UInt8(truncatingIfNeeded: setup.value))
        case (.setInterface, .interface):
            self = .setInterface(
                UInt8(truncatingIfNeeded: setup.index), alternate: UInt8(truncatingIfNeeded: setup.value))
        case (.clearFeature, .endpoint) where setup.value == 0:
            self = .clearHalt(UInt8(truncatingIfNeeded: setup.index))
        default: return nil
        }
    }
}
#endif
