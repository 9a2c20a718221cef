// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CUSBDriverKit
import USBHost
import USBSpecification

/// A transfer on an isochronous pipe, with its frame list.
final class IsochronousRequest: PipeRequest, @unchecked Sendable {
    /// What is asked.
    struct Call {
        var buffer: IOMemoryDescriptor?
        var list: IOMemoryDescriptor
        var start: IsochronousStart
        /// Whether the transfer waits out an abort that would otherwise refuse it.
        var passesAbort = false
    }

    /// What every transfer keeps to: as close to DriverKit as a wire can come. Entries whose frame has passed are dropped
    /// one by one.
    private static let policy = StartPolicy(
        window: .apple, late: .dropExpired, accuracy: .bestEffort, grid: .frames, goesForward: true)

    private let make: () -> Transfer<Isochronous>
    private let isIn: Bool
    private var transfer: Transfer<Isochronous>?
    private var buffer: IOMemoryDescriptor?
    private var list: IOMemoryDescriptor?
    private var sizes: [Int] = []
    private var keeper: IsochronousRequest?
    private lazy var handler: @Sendable (consuming Completed<Isochronous>) -> Void = { [unowned self] in ended($0) }

    /// A request of this pipe; nil when the pipe is not isochronous.
    init?(on pipe: AnyPipe) {
        let none = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        isIn = pipe.direction == .in
        // Sound: each use gives the transfer the memory that it is to use.
        if let pipe = pipe.inPipe(Isochronous.self) {
            make = { unsafe pipe.makeTransfer(borrowing: none) }
        } else if let pipe = pipe.outPipe(Isochronous.self) {
            make = { unsafe pipe.makeTransfer(borrowing: none) }
        } else {
            return nil
        }
    }

    /// The entries of a list must fit the endpoint and the buffer. Returns how many there are; nil for a wrong list.
    func readList(_ call: Call, limit: Int) -> Int? {
        let bytes = unsafe call.list.bytes
        let count = bytes.count / FrameList.stride
        guard count > 0, count * FrameList.stride == bytes.count, count <= FrameList.limit else { return nil }
        sizes.removeAll(keepingCapacity: true)
        var total = 0
        for index in 0..<count {
            let size = Int(unsafe FrameList.entry(index, of: bytes).requestCount)
            guard size <= limit else { return nil }
            sizes.append(size)
            total += size
        }
        return total <= call.buffer?.length ?? 0 ? count : nil
    }

    private func prepare(_ call: Call) throws(USBError) -> Transfer<Isochronous> {
        buffer = call.buffer
        list = call.list
        // One whose submission was refused has gone.
        var idle = transfer.take() ?? make()
        // Sound: the buffer is kept until the transfer has ended.
        unsafe idle.borrow(call.buffer?.bytes ?? UnsafeMutableRawBufferPointer(start: nil, count: 0))
        try idle.setPackets(sizes)
        idle.ignoresPipeState = call.passesAbort
        unsafe FrameList.preset(call.list.bytes)
        return idle
    }

    /// Submits the transfer; the action is called when it ends.
    func submit(_ call: Call) throws(USBError) {
        let idle = try prepare(call)
        keeper = self
        do throws(USBError) {
            try idle.submit(call.start, policy: Self.policy, at: .anyThread, completion: handler)
        } catch {
            keeper = nil
            throw error
        }
    }

    /// Submits the transfer and waits for its end. Returns the summary.
    func submitAndWait(_ call: Call) throws(USBError) -> kern_return_t {
        try take(prepare(call).submit(call.start, policy: Self.policy).blockingCompletion()).status
    }

    private func ended(_ done: consuming Completed<Isochronous>) {
        let keeper = keeper
        self.keeper = nil
        let (status, isCancelled) = take(done)
        ended(status, aborted: isCancelled)
        withExtendedLifetime(keeper) {}
    }

    /// Takes the transfer back, and writes its list.
    private func take(_ done: consuming Completed<Isochronous>) -> (status: kern_return_t, isCancelled: Bool) {
        let outcome = done.outcome
        let idle = done.transfer
        let summary = list.map { unsafe report(idle, in: $0.bytes) } ?? kIOReturnSuccess
        transfer = .some(idle)
        // Each entry can fail for itself; only what befell the whole stands above them.
        let status =
            switch outcome.status {
            case .completed, .expired: summary
            default: ReturnCode.of(outcome.status, aborted: pipe?.abortStatus ?? kIOReturnAborted)
            }
        return (status, outcome.status == .cancelled)
    }

    /// Writes what became of each entry. Returns the summary: success, underrun if the worst entry was short, or else the
    /// first error.
    private func report(_ transfer: borrowing Transfer<Isochronous>, in bytes: UnsafeMutableRawBufferPointer)
        -> kern_return_t
    {
        var summary = kIOReturnSuccess
        for index in 0..<min(transfer.packetCount, bytes.count / FrameList.stride) {
            let packet = transfer.packet(index)
            let status = ReturnCode.of(packet.status, isShort: isIn && packet.actualLength < packet.length, isIn: isIn)
            var entry = unsafe FrameList.entry(index, of: bytes)
            entry.status = status
            entry.completeCount = UInt32(clamping: packet.actualLength)
            entry.timeStamp = packet.time.machTime
            unsafe FrameList.setEntry(index, of: bytes, entry)
            if summary == kIOReturnSuccess || summary == kIOReturnUnderrun && status != kIOReturnSuccess {
                summary = status
            }
        }
        return summary
    }

    override func call(_ action: OSAction) {
        if case .isochronous(let method) = action.method { method(action, status) }
    }

    override func finish() {
        let pipe = pipe
        buffer = nil
        list = nil
        super.finish()
        pipe?.putBack(self)
    }
}

/// The entries of a frame list, wherever its memory begins.
enum FrameList {
    /// The bytes of an entry.
    static var stride: Int { MemoryLayout<IOUSBIsochronousFrame>.size }
    /// The most entries of one request, as in the last host controller driver whose source was published.
    static let limit = 1000

    // Sound, in all three: the index is one of the list's, which the caller has counted.

    static func entry(_ index: Int, of bytes: UnsafeMutableRawBufferPointer) -> IOUSBIsochronousFrame {
        unsafe bytes.loadUnaligned(fromByteOffset: index * stride, as: IOUSBIsochronousFrame.self)
    }

    static func setEntry(_ index: Int, of bytes: UnsafeMutableRawBufferPointer, _ entry: IOUSBIsochronousFrame) {
        unsafe bytes.storeBytes(of: entry, toByteOffset: index * stride, as: IOUSBIsochronousFrame.self)
    }

    /// No entry has a result yet.
    static func preset(_ bytes: UnsafeMutableRawBufferPointer) {
        for index in 0..<bytes.count / stride {
            unsafe bytes.storeBytes(of: kIOReturnInvalid, toByteOffset: index * stride, as: kern_return_t.self)
        }
    }
}
