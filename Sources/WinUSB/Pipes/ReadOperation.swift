// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import Win32

/// A read on a bulk or interrupt pipe. It is one transfer of the engine's after another, until it is full or ends.
///
/// Guarded by its queue's lock, but for what ``Operation`` has.
@safe final class ReadOperation: Operation, DataTransferOwner, @unchecked Sendable {
    /// What becomes of the read next.
    enum Phase {
        /// A transfer is to be submitted, if the read is not done.
        case ready
        /// A transfer is under way.
        case inFlight
        /// The halt is to be cleared, and then the read ends so.
        case failing(NTStatus)
        /// The halt is being cleared.
        case recovering(NTStatus)
        /// The read ends so.
        case ending(NTStatus)
    }

    unowned let queue: ReadQueue
    private(set) var transfer: DataTransfer?
    var cancelling = CancelState()

    /// The caller's memory, borrowed to the end of the read.
    private(set) var target = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var policies = PipePolicies(of: .bulk)
    /// The bytes that are there.
    var byteCount = 0
    var phase = Phase.ready
    /// Whether the transfer under way brings a packet into the queue's memory, because it may not fit.
    var bringsSurplus = false
    /// The bytes that the transfer under way asks for.
    var requestedByteCount = 0
    /// When the time is up; nil until the first transfer is submitted.
    var deadline: BusInstant?
    /// The read behind this one.
    var nextWaiting: ReadOperation?

    init(_ queue: ReadQueue) {
        self.queue = queue
        super.init(in: queue.operations)
        transfer = DataTransfer.make(on: queue.pipe, for: self)
    }

    /// What is to be read; the operation has begun.
    func prepare(_ bytes: UnsafeMutableRawBufferPointer, _ policies: PipePolicies) {
        unsafe target = unsafe bytes
        self.policies = policies
        byteCount = 0
        phase = .ready
        bringsSurplus = false
        deadline = nil
    }

    /// The part of the caller's memory that is not filled.
    var remainder: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[byteCount...])
    }

    override func cancel(_ number: UInt64) { queue.cancel(self, number) }

    func transferEnded(_ outcome: TransferOutcome) { queue.transferEnded(outcome, of: self) }

    override func recycle() {
        unsafe target = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        queue.putIdle(self)
    }
}
