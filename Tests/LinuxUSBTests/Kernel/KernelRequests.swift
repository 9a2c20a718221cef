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

/// How a request ends, as the controller's driver reports it.
struct Ending: Sendable {
    /// An errno, or 0.
    var status: Int32 = 0
    /// Bytes that moved; nil for all.
    var count: Int?
    /// What came; nil for a pattern.
    var bytes: [UInt8]?
    /// The packets of an isochronous request: bytes that moved, and an errno.
    var packets: [(count: Int, status: Int32)]?

    static let all = Ending()
    static func short(_ count: Int) -> Ending { Ending(count: count) }
    static func data(_ bytes: [UInt8]) -> Ending { Ending(count: bytes.count, bytes: bytes) }
    static func failed(_ status: Int32, after count: Int = 0) -> Ending { Ending(status: status, count: count) }
    static func packets(_ packets: [(count: Int, status: Int32)]) -> Ending { Ending(packets: packets) }
}

/// What the kernel does with a request when it is submitted.
enum Answer: Sendable {
    /// Keep it until the test ends it.
    case keep
    /// End it at once.
    case end(Ending)
    /// Do not take it.
    case refuse(Int32)
}

/// A request as it was submitted.
struct Submission: Sendable {
    var endpoint: UInt8
    var type: Int32
    var flags: UInt32
    var length: Int
    /// What was to be sent, behind the setup packet of a control transfer.
    var sent: [UInt8]
    var setup: SetupPacket?
    var packets: [Int]
    /// The stream that a bulk request names; 0 for none.
    var stream = 0

    var isIn: Bool { endpoint & 0x80 != 0 || setup?.requestType.direction == .in }
    func has(_ flag: RequestFlags) -> Bool { RequestFlags(rawValue: flags).contains(flag) }
}

/// A request that the kernel has.
@safe final class KernelRequest {
    let submission: Submission
    /// The address of the program's record, which names the request.
    let user: UnsafeMutableRawPointer
    let buffer: UnsafeMutableRawPointer?
    let isMapped: Bool
    /// Whether it continues the bulk transfer before it.
    let isContinuation: Bool
    /// What had moved when it is cut short: bytes, or packets of an isochronous request.
    var progress = 0
    private(set) var status: Int32 = 0
    private(set) var count = 0
    private(set) var received: [UInt8] = []
    private(set) var packets: [(count: Int, status: Int32)] = []
    private(set) var errors = 0

    init(_ submission: Submission, user: UnsafeMutableRawPointer, buffer: UnsafeMutableRawPointer?, isMapped: Bool) {
        self.submission = submission
        unsafe self.user = unsafe user
        unsafe self.buffer = unsafe buffer
        self.isMapped = isMapped
        isContinuation = submission.has(.bulkContinuation)
        packets = submission.packets.map { _ in (0, EXDEV) }
    }

    var memory: Int { (isMapped ? 0 : submission.length) + submission.packets.count * 16 }

    /// The controller is done with it.
    func end(_ ending: Ending) {
        status = ending.status
        if submission.type == USBDEVFS_URB_TYPE_ISO {
            if let results = ending.packets {
                for index in results.indices where index < packets.count { packets[index] = results[index] }
            } else if ending.status == 0 {
                packets = submission.packets.map { ($0, 0) }
            }
            count = packets.reduce(0) { $0 + $1.count }
            errors = packets.count { $0.status != 0 }
            guard submission.isIn else { return }
            for (index, packet) in packets.enumerated() {
                received += [UInt8](repeating: UInt8(truncatingIfNeeded: index + 1), count: packet.count)
                received += [UInt8](repeating: 0, count: submission.packets[index] - packet.count)
            }
        } else {
            let room = submission.setup == nil ? submission.length : submission.length - 8
            count = min(ending.count ?? room, room)
            received = ending.bytes ?? Self.pattern(count)
            if status == 0, count < room, submission.isIn, submission.has(.shortIsError) { status = EREMOTEIO }
        }
        if isMapped { copyOut() }
    }

    private static let everyByte = [UInt8](0...255)

    /// Bytes that count up from 0, put together from whole lengths, since a transfer may be of megabytes.
    private static func pattern(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count { bytes += everyByte.prefix(count - bytes.count) }
        return bytes
    }

    /// It is cut short; what had moved stays.
    func cut(_ status: Int32) {
        guard !submission.packets.isEmpty else { return end(.failed(status, after: progress)) }
        end(Ending(status: status, packets: submission.packets.prefix(progress).map { ($0, 0) }))
    }

    /// Writes the result into the program's memory, as the kernel does when the request is reaped.
    func writeBack() {
        // Sound: the program keeps the record and the buffer until it has reaped the request.
        let header = unsafe user.assumingMemoryBound(to: usbdevfs_urb.self)
        unsafe header.pointee.status = -status
        unsafe header.pointee.actual_length = Int32(count)
        unsafe header.pointee.error_count = Int32(errors)
        let descriptors = unsafe (user + MemoryLayout<usbdevfs_urb>.size)
            .assumingMemoryBound(to: usbdevfs_iso_packet_desc.self)
        for (index, packet) in packets.enumerated() {
            unsafe descriptors[index].actual_length = UInt32(packet.count)
            unsafe descriptors[index].status = UInt32(bitPattern: -packet.status)
        }
        if !isMapped { copyOut() }
    }

    private func copyOut() {
        guard submission.isIn, count > 0, let buffer = unsafe buffer else { return }
        guard !packets.isEmpty else {
            let start = submission.setup == nil ? 0 : 8
            let target = unsafe UnsafeMutableRawBufferPointer(start: buffer + start, count: count)
            return unsafe target.copyBytes(from: received.prefix(count))
        }
        var offset = 0
        for (index, packet) in packets.enumerated() {
            // Gaps read zero, but in memory that is mapped they keep what they were.
            let size = isMapped ? packet.count : submission.packets[index]
            let target = unsafe UnsafeMutableRawBufferPointer(start: buffer + offset, count: size)
            unsafe target.copyBytes(from: received[offset..<offset + size])
            offset += submission.packets[index]
        }
    }
}
#endif
