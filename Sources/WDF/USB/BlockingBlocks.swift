// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import USBRequests
import Win32

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension USBTarget {
    /// Submits a block, and waits in bus time for its end. Returns the status that a request with it ends with.
    ///
    /// - Parameter seconds: after which the block is cancelled, and STATUS_IO_TIMEOUT the status unless it ended
    ///   otherwise; nil for no limit.
    func run(_ block: PURB, within seconds: Int64? = nil) -> NTSTATUS {
        let end = BlockEnd(on: host.executor)
        let pending = PendingBlock { end.arrived($0) }
        guard let status = unsafe submit(block, as: pending) else { return NTStatus.unsuccessful.rawValue }
        guard status == NTStatus.pending.rawValue else { return status }
        let deadline = seconds.map { KernelTime.deadline(-10_000_000 * $0, on: host.executor) }
        guard end.event.wait(until: deadline) != .set(0) else { return end.status }
        pending.cancel()
        end.event.waitUntilSet()
        return end.status == NTStatus.cancelled.rawValue ? NTStatus.ioTimeout.rawValue : end.status
    }

    /// Makes a block, all zero, for the length of `body`.
    func withBlock<Value>(_ function: Int32, byteCount: Int, _ body: (PURB) -> Value) -> Value {
        let block = PURB.allocate(capacity: 1)
        // Sound: the memory is the block's own, and a block of zeros has no wrong member.
        unsafe UnsafeMutableRawPointer(block).initializeMemory(
            as: UInt8.self, repeating: 0, count: MemoryLayout<URB>.size)
        unsafe block.header.pointee.Length = USHORT(byteCount)
        unsafe block.header.pointee.Function = USHORT(function)
        defer { unsafe block.deallocate() }
        return unsafe body(block)
    }
}

/// The end of one block, awaited by a thread.
private final class BlockEnd: @unchecked Sendable {
    let event: BusEvent
    private let lock = Lock()
    private var ended = NTStatus.pending.rawValue

    init(on executor: BusExecutor) { event = BusEvent(on: executor) }

    var status: NTSTATUS { lock.withLock { ended } }

    func arrived(_ status: NTSTATUS) {
        lock.withLock { ended = status }
        event.set()
    }
}

extension BusEvent {
    /// Waits for what is sure to come. On a clock that is moved by hand another thread may be about to set the event
    /// though nothing is scheduled.
    func waitUntilSet() {
        while wait() == .neverSet { sched_yield() }
    }
}
