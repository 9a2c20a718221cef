// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import CLinuxUSB
import Synchronization
import USBHost

/// The kernel's record of one request, a `usbdevfs_urb` with its packet descriptors, at one address for as long as the
/// request's slot lives.
///
/// The kernel keeps the address from submit to reap, and writes the result there when the request is reaped.
@safe final class RequestBlock: @unchecked Sendable {
    /// What of the block is not for packets.
    private static let headerSize = unsafe MemoryLayout<usbdevfs_urb>.size
    private static let packetSize = MemoryLayout<usbdevfs_iso_packet_desc>.stride
    /// The setup packet before the data of a control transfer.
    static let setupSize = 8

    private(set) var header: UnsafeMutablePointer<usbdevfs_urb>
    private var packetCapacity: Int
    /// Setup packet and data of a control transfer, back to back as the kernel wants them.
    private(set) var controlBuffer = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// The pipe and the request that the block is submitted for. Both outlive the time in which it is.
    // Sound: the engine keeps pipe and request until the completion, and the block is not looked at outside of that.
    unowned(unsafe) var pipe: UsbfsPipe!
    unowned(unsafe) var request: WireRequest!
    /// Whether an early end was asked for.
    let isCancelled = Atomic(false)
    /// Whether the kernel has the request, or has given it back and nobody has taken it yet.
    let isOutstanding = Atomic(false)
    /// The request does not go through the kernel's queue: a call of its own does it, or it ends by itself.
    var isOutsideQueue = false

    init() {
        packetCapacity = 0
        unsafe header = RequestBlock.allocate(packets: 0)
    }

    deinit {
        unsafe header.deallocate()
        unsafe controlBuffer.deallocate()
    }

    private static func allocate(packets: Int) -> UnsafeMutablePointer<usbdevfs_urb> {
        let size = headerSize + packets * packetSize
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        return unsafe memory.assumingMemoryBound(to: usbdevfs_urb.self)
    }

    /// Takes the request from the kernel; false when somebody has done so already.
    func takeBack() -> Bool { isOutstanding.exchange(false, ordering: .sequentiallyConsistent) }

    /// The packet descriptors behind the header.
    var packets: UnsafeMutablePointer<usbdevfs_iso_packet_desc> {
        // Sound: the block was allocated with room for them, right behind the header.
        unsafe (UnsafeMutableRawPointer(header) + RequestBlock.headerSize)
            .assumingMemoryBound(to: usbdevfs_iso_packet_desc.self)
    }

    /// Makes room for packets. Only while the block is not submitted.
    func reserve(packets count: Int) {
        guard count > packetCapacity else { return }
        unsafe header.deallocate()
        packetCapacity = count
        unsafe header = RequestBlock.allocate(packets: count)
    }

    /// Makes room for a control transfer. Only while the block is not submitted.
    func reserve(controlBytes count: Int) {
        let needed = RequestBlock.setupSize + count
        guard unsafe controlBuffer.count < needed else { return }
        unsafe controlBuffer.deallocate()
        unsafe controlBuffer = .allocate(byteCount: max(needed, 64), alignment: 16)
    }

    /// The block that a request's record is; nil when it is another wire's.
    static func from(_ record: AnyObject?) -> RequestBlock? {
        guard let record, type(of: record) == RequestBlock.self else { return nil }
        // Sound: the class has just been compared, and it has no subclasses. A cast would ask the runtime.
        return unsafe unsafeDowncast(record, to: RequestBlock.self)
    }

    /// The block whose header the kernel hands back.
    static func of(_ header: UnsafeMutableRawPointer) -> RequestBlock {
        // Sound: every submitted header names its block, which the request's slot keeps.
        let context = unsafe header.assumingMemoryBound(to: usbdevfs_urb.self).pointee.usercontext!
        return unsafe Unmanaged<RequestBlock>.fromOpaque(context).takeUnretainedValue()
    }

    /// Fills in what every submission has.
    func prepare(kind: UInt32, endpoint: UInt8, flags: RequestFlags, buffer: UnsafeMutableRawBufferPointer) {
        unsafe header.pointee.type = UInt8(kind)
        unsafe header.pointee.endpoint = endpoint
        unsafe header.pointee.status = 0
        unsafe header.pointee.flags = flags.rawValue
        unsafe header.pointee.buffer = buffer.baseAddress
        unsafe header.pointee.buffer_length = Int32(buffer.count)
        unsafe header.pointee.actual_length = 0
        unsafe header.pointee.start_frame = 0
        unsafe header.pointee.number_of_packets = 0
        unsafe header.pointee.error_count = 0
        unsafe header.pointee.signr = 0
        unsafe header.pointee.usercontext = Unmanaged.passUnretained(self).toOpaque()
    }
}

/// The flags of a `usbdevfs_urb`.
struct RequestFlags: OptionSet {
    let rawValue: UInt32
    static let shortIsError = RequestFlags(rawValue: 0x01)
    static let asSoonAsPossible = RequestFlags(rawValue: 0x02)
    static let bulkContinuation = RequestFlags(rawValue: 0x04)
    static let zeroPacket = RequestFlags(rawValue: 0x40)
}

/// What usbfs can do on a device (`USBDEVFS_GET_CAPABILITIES`).
struct DeviceAbilities: OptionSet {
    let rawValue: UInt32
    static let zeroPacket = DeviceAbilities(rawValue: 0x01)
    static let bulkContinuation = DeviceAbilities(rawValue: 0x02)
    static let unlimitedPacketSize = DeviceAbilities(rawValue: 0x04)
    static let scatterGather = DeviceAbilities(rawValue: 0x08)
    static let reapAfterDisconnect = DeviceAbilities(rawValue: 0x10)
    static let mapping = DeviceAbilities(rawValue: 0x20)
    static let dropPrivileges = DeviceAbilities(rawValue: 0x40)
}
#endif
