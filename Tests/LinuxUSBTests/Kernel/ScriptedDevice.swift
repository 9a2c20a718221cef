// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import USBHost
import USBSpecification

@testable import LinuxUSB

/// A call on a device that a test may want to see.
enum DeviceAction: Hashable, Sendable {
    case claim(UInt8)
    case claimDetaching(UInt8)
    case release(UInt8)
    case disconnect(UInt8)
    case connect(UInt8)
    case setInterface(UInt8, UInt8)
    case setConfiguration(UInt8)
    case clearHalt(UInt8)
    case reset
    case dropPrivileges(UInt32)
    case allocateStreams(Int, [UInt8])
    case freeStreams([UInt8])
}

/// A device of the scripted kernel. Guarded by the kernel's lock: a test changes it before anything runs, or inside of
/// ``ScriptedKernel/atOnce(_:)``.
final class ScriptedDevice: @unchecked Sendable {
    /// The directory's name, such as "1-2".
    let name: String
    let bus: Int
    let number: Int
    var abilities: DeviceAbilities = [
        .zeroPacket, .bulkContinuation, .scatterGather, .reapAfterDisconnect, .mapping, .dropPrivileges,
    ]
    /// Drivers of the system, and "usbfs" for other programs, by interface.
    var drivers: [UInt8: String] = [:]
    var interfaces: Set<UInt8> = [0, 1]
    /// Which interface an endpoint belongs to.
    var endpoints: [UInt8: UInt8] = [:]
    /// An errno with which opening is refused.
    var openFailure: Int32?
    /// Whether the kernel knows the call that detaches and claims in one.
    var detachesAtOnce = true
    var isGone = false
    /// The most streams that the controller gives an endpoint; 0 where it has none.
    var streamLimit = 0
    /// How many streams an endpoint has been given.
    var streams: [UInt8: Int] = [:]
    /// What becomes of requests, by endpoint; what is not here is kept.
    var scripts: [UInt8: (Submission) -> Answer] = [:]
    /// Calls that are refused, with an errno.
    var refusals: [DeviceAction: Int32] = [:]

    var actions: [DeviceAction] = []
    var submissions: [Submission] = []
    /// Which file has an interface.
    var owners: [UInt8: Int32] = [:]
    /// Drivers that were detached, to be found again.
    var detached: [UInt8: String] = [:]

    init(_ name: String, bus: Int, number: Int) {
        self.name = name
        self.bus = bus
        self.number = number
    }

    var node: String {
        func digits(_ value: Int) -> String { String(("00" + String(value)).suffix(3)) }
        return "/dev/bus/usb/\(digits(bus))/\(digits(number))"
    }

    func submissions(to endpoint: UInt8) -> [Submission] { submissions.filter { $0.endpoint == endpoint } }
}

/// An open file of usbfs: the kernel's side of one program's use of a device.
final class UsbfsFile {
    let number: Int32
    let device: ScriptedDevice
    var pending: [KernelRequest] = []
    var done: [KernelRequest] = []
    private var privileges: UInt32?
    private var stoppedChains: Set<UInt8> = []
    unowned let state: KernelState

    init(_ number: Int32, _ device: ScriptedDevice, _ state: KernelState) {
        self.number = number
        self.device = device
        self.state = state
    }

    var outstanding: Int { pending.count + done.count }
    var claims: Set<UInt8> { Set(device.owners.filter { $0.value == number }.keys) }

    // MARK: Requests

    func submit(_ user: UnsafeMutableRawPointer) -> Int32 {
        if device.isGone { return -ENODEV }
        // Sound: the program passes a record with as many packets behind it as it says.
        let header = unsafe user.assumingMemoryBound(to: usbdevfs_urb.self).pointee
        guard !(pending + done).contains(where: { unsafe $0.user == user }) else {
            state.violations.append("a record was submitted while the kernel has it")
            return -EINVAL
        }
        var submission = unsafe Submission(
            endpoint: header.endpoint, type: Int32(header.type), flags: header.flags,
            length: Int(header.buffer_length), sent: [], setup: nil, packets: [])
        let refusal = unsafe read(&submission, header, user)
        if refusal != 0 { return refusal }
        device.submissions.append(submission)
        if submission.has(.bulkContinuation) {
            if stoppedChains.contains(submission.endpoint) { return -EREMOTEIO }
        } else {
            stoppedChains.remove(submission.endpoint)
        }
        let buffer = unsafe header.buffer
        let mapping = unsafe state.mapping(of: buffer, count: submission.length)
        if mapping == .across { return -EINVAL }
        let request = unsafe KernelRequest(submission, user: user, buffer: buffer, isMapped: mapping == .inside)
        guard state.memoryInUse + request.memory <= state.memoryLimit else { return -ENOMEM }
        switch device.scripts[submission.endpoint]?(submission) ?? .keep {
        case .keep: pending.append(request)
        case .refuse(let code): return -code
        case .end(let ending):
            pending.append(request)
            finish(request, ending)
        }
        return 0
    }

    /// Reads what a record says. Returns what is wrong with it.
    private func read(
        _ submission: inout Submission, _ header: usbdevfs_urb, _ user: UnsafeMutableRawPointer
    ) -> Int32 {
        let known: RequestFlags = [.shortIsError, .asSoonAsPossible, .bulkContinuation, .zeroPacket]
        guard submission.flags & ~known.rawValue == 0, submission.length >= 0 else { return -EINVAL }
        switch submission.type {
        case USBDEVFS_URB_TYPE_ISO:
            let count = unsafe Int(header.number_of_packets)
            guard (1...128).contains(count) else { return -EINVAL }
            let descriptors = unsafe (user + MemoryLayout<usbdevfs_urb>.size)
                .assumingMemoryBound(to: usbdevfs_iso_packet_desc.self)
            submission.packets = (0..<count).map { unsafe Int(descriptors[$0].length) }
            guard submission.packets.allSatisfy({ $0 <= 98_304 }) else { return -EINVAL }
            submission.length = submission.packets.reduce(0, +)
        case USBDEVFS_URB_TYPE_CONTROL:
            guard let bytes = unsafe header.buffer, submission.length >= 8 else { return -EINVAL }
            let packed = unsafe UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
            let setup = SetupPacket(packed: packed)
            submission.setup = setup
            guard submission.length >= 8 + Int(setup.length) else { return -EINVAL }
        default:
            if submission.has(.asSoonAsPossible) { return -EINVAL }
            if submission.type == USBDEVFS_URB_TYPE_BULK { submission.stream = unsafe Int(header.stream_id) }
            if let count = device.streams[submission.endpoint], !(1...count).contains(submission.stream) {
                return -EINVAL
            }
        }
        if submission.has(.asSoonAsPossible), submission.type != USBDEVFS_URB_TYPE_ISO { return -EINVAL }
        if submission.setup == nil {
            let interface = device.endpoints[submission.endpoint]
            guard let interface else { return -ENOENT }
            if !claims.contains(interface) {
                state.violations.append("a request to interface \(interface), which is not claimed")
                return -EBUSY
            }
        }
        if !submission.isIn, let bytes = unsafe header.buffer {
            let start = submission.setup == nil ? 0 : 8
            let sent = unsafe UnsafeRawBufferPointer(start: bytes + start, count: submission.length - start)
            submission.sent = unsafe Array(sent)
        }
        return 0
    }

    /// A request has ended by itself.
    func finish(_ request: KernelRequest, _ ending: Ending) {
        pending.removeAll { $0 === request }
        request.end(ending)
        done.append(request)
        guard request.submission.type == USBDEVFS_URB_TYPE_BULK, request.status != 0 else { return }
        // What continues it is dropped; if nothing new has begun behind, nothing may continue it later either.
        var rest = pending.filter { $0.submission.endpoint == request.submission.endpoint }[...]
        while let next = rest.first, next.isContinuation {
            cut(next, ECONNRESET)
            rest = rest.dropFirst()
        }
        if rest.isEmpty { stoppedChains.insert(request.submission.endpoint) }
    }

    func cut(_ request: KernelRequest, _ status: Int32) {
        pending.removeAll { $0 === request }
        request.cut(status)
        done.append(request)
    }

    func discard(_ user: UnsafeMutableRawPointer) -> Int32 {
        if device.isGone { return -ENODEV }
        guard let request = pending.first(where: { unsafe $0.user == user }) else { return -EINVAL }
        cut(request, ENOENT)
        return 0
    }

    func reap(into target: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int32 {
        if device.isGone, !device.abilities.contains(.reapAfterDisconnect) { return -ENODEV }
        guard !done.isEmpty else { return device.isGone ? -ENODEV : -EAGAIN }
        let request = done.removeFirst()
        request.writeBack()
        unsafe target.pointee = unsafe request.user
        return 0
    }

    /// Ends what is pending of an interface; nil for all.
    func cutAll(of interface: UInt8?, _ status: Int32) {
        for request in pending where interface == nil || device.endpoints[request.submission.endpoint] == interface {
            cut(request, status)
        }
    }

    // MARK: Calls

    func call(_ action: DeviceAction) -> Int32 {
        if device.isGone { return -ENODEV }
        device.actions.append(action)
        if let refusal = device.refusals[action] { return -refusal }
        switch action {
        case .claim(let interface): return claim(interface)
        case .claimDetaching(let interface):
            guard device.detachesAtOnce else { return -ENOTTY }
            if device.drivers[interface] != nil, privileges != nil { return -EACCES }
            if device.drivers[interface] == "usbfs" { return -EBUSY }
            detach(interface)
            return claim(interface)
        case .release(let interface):
            guard device.owners[interface] == number else { return -EINVAL }
            device.owners[interface] = nil
            device.drivers[interface] = nil
            cutAll(of: interface, ENOENT)
            dropStreams(of: interface)
            return 0
        case .disconnect(let interface):
            if privileges != nil { return -EACCES }
            guard device.drivers[interface] != nil else { return -ENODATA }
            detach(interface)
            return 0
        case .connect(let interface):
            if privileges != nil { return -EACCES }
            guard device.drivers[interface] == nil else { return -EBUSY }
            device.drivers[interface] = device.detached.removeValue(forKey: interface)
            return 0
        case .setInterface(let interface, _):
            cutAll(of: interface, ENOENT)
            dropStreams(of: interface)
            return 0
        case .setConfiguration: return device.drivers.isEmpty ? 0 : -EBUSY
        case .clearHalt, .reset: return 0
        case .dropPrivileges(let mask):
            privileges = mask & (privileges ?? .max)
            return 0
        case .allocateStreams(let count, let endpoints): return allocateStreams(count, on: endpoints)
        case .freeStreams(let endpoints): return freeStreams(on: endpoints)
        }
    }

    private func claim(_ interface: UInt8) -> Int32 {
        guard device.interfaces.contains(interface) else { return -ENOENT }
        if let privileges, privileges >> UInt32(interface) & 1 == 0 { return -EACCES }
        if device.owners[interface] == number { return 0 }
        guard device.drivers[interface] == nil else { return -EBUSY }
        device.drivers[interface] = "usbfs"
        device.owners[interface] = number
        return 0
    }

    private func detach(_ interface: UInt8) {
        if let driver = device.drivers.removeValue(forKey: interface) { device.detached[interface] = driver }
    }

    /// The file is closed: interfaces are released, and nothing is given back any more.
    func close() {
        for interface in claims {
            device.owners[interface] = nil
            device.drivers[interface] = nil
            dropStreams(of: interface)
        }
        pending = []
        done = []
    }
}
#endif
