// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// The one object behind a transfer, allocated once and reused: its memory, its requests to the wire and its packet
/// table stay at their addresses. Guarded by its pipe's lock unless a comment says otherwise.
@safe final class TransferCore: DeadlineNode, @unchecked Sendable {
    /// Who waits for the completion.
    enum Waiter {
        case nobody
        case task(Resumption)
        case thread
        /// Nobody ever will: the memory goes back when the wire is done.
        case abandoned
    }

    /// The pipe; kept alive by ``loan`` whenever the transfer is in somebody's hands or in flight.
    unowned let pipe: PipeCore
    /// The pipe's endpoint.
    let info: EndpointInfo
    var loan: PipeHandle?
    /// The device of a control transfer: its control pipe does not keep it open.
    var device: Device?
    /// The pipe, unless it is gone; for handles that may outlive it.
    var livePipe: PipeCore? { loan?.core }
    var life = TransferLife()
    /// Counts the submits, so that a late cancel cannot hit the next use.
    private(set) var use: UInt64 = 0
    var memory: TransferMemory
    /// The bytes to move; of an isochronous transfer, those that its packets cover.
    var length = 0
    /// Where in ``memory`` the transfer begins.
    var waiter = Waiter.nobody
    /// Guarded by the executor's lock.
    var blockingIsDone = false
    /// Kept for the next use.
    var handler: CompletionHandler?
    var hasHandler = false
    var handlerPlace = HandlerPlace.executor
    var holdsInterest = false

    // The queue of the pipe.
    var next: TransferCore?
    unowned(unsafe) var previous: TransferCore?
    var isQueued = false

    // What was asked.
    var setup: SetupPacket?
    var isPortReset = false
    var timeout: Duration?
    var start = IsochronousStart.asSoonAsPossible
    var startPolicy = StartPolicy()
    var isRefusalDelivered = false
    var ignoresGate = false
    var endsWithZeroLengthPacket = false
    var streamID: UInt16 = 0

    // The packets of an isochronous transfer, and the requests to the wire.
    private(set) var packets = unsafe UnsafeMutableBufferPointer<WirePacket>(start: nil, count: 0)
    private(set) var packetCount = 0
    var parts: [WireRequest] = []
    var partCount = 0
    var partsSubmitted = 0
    var partsOutstanding = 0
    /// The part that ended short or failed; what follows it does not count.
    var endIndex = Int.max
    var hasEnded: Bool { endIndex != .max }

    // What became of it.
    var wireStatus = WireCompletion.Status.completed
    var byteCount = 0
    var time = BusInstant(nanoseconds: 0)
    var firstPosition: Microframe?
    var nextPosition: Microframe?
    var positionQuality = FrameReading.Quality.unavailable
    /// The epoch of the frame count in which the positions were planned.
    var epoch: UInt64 = 0
    var plannedEnd: Microframe?
    var mayFollowGap = false
    var status = TransferStatus.completed
    var detail: WireDetail?
    var message = ""

    /// Whether the wire is done with it and only the last service interval has yet to end.
    var isServed = false
    /// Lets a transfer go that is held until a frame comes near, or that is to complete when an interval has ended.
    private(set) lazy var releaseTimer = ReleaseTimer(self)
    /// When the hold ends; nil when nothing but the pipe's state holds the transfer.
    var releaseDue: BusInstant?
    /// When the time is up; nil while it is not counted.
    var timeoutDue: BusInstant?
    /// The place in the order of submissions of the pipe.
    var number: UInt64 = 0

    init(pipe: PipeCore, memory: consuming TransferMemory) {
        self.pipe = pipe
        info = pipe.info
        self.memory = memory
    }

    deinit {
        memory.free()
        if unsafe packets.count > 0 { unsafe packets.deallocate() }
    }

    /// The packets that the transfer has now.
    var packetTable: UnsafeMutableBufferPointer<WirePacket> {
        unsafe UnsafeMutableBufferPointer(rebasing: packets[..<packetCount])
    }

    /// Lays the packets out back to back; grows the table when it is too small, which is the only allocation.
    func layOut<Sizes: Sequence<Int>>(_ sizes: Sizes, count: Int) throws(USBError) {
        guard count > 0 else {
            packetCount = 0
            throw USBError(.invalidArgument, endpoint: info.address, message: "no packets")
        }
        if unsafe packets.count < count {
            let table = UnsafeMutableBufferPointer<WirePacket>.allocate(capacity: count)
            unsafe table.initialize(repeating: WirePacket(offset: 0, length: 0))
            if unsafe packets.count > 0 { unsafe packets.deallocate() }
            unsafe packets = unsafe table
        }
        let capacity = unsafe memory.bytes.count
        let limit = info.maximumBytesPerInterval
        var offset = 0
        var index = 0
        for size in sizes.prefix(count) {
            guard size >= 0, size <= limit else {
                packetCount = 0
                throw USBError(
                    .invalidArgument, endpoint: info.address,
                    message: "packet \(index) has \(size) bytes; one service interval carries 0 to \(limit)")
            }
            guard size <= capacity - offset else {
                packetCount = 0
                throw USBError(
                    .invalidArgument, endpoint: info.address,
                    message: "the packets up to number \(index) need \(offset + size) bytes; there are \(capacity)")
            }
            unsafe packets[index] = WirePacket(offset: offset, length: size)
            offset += size
            index += 1
        }
        packetCount = index
        length = offset
    }

    /// Leaves out the packets from `count` on.
    func keepPackets(_ count: Int, byteCount: Int) {
        packetCount = min(count, packetCount)
        length = byteCount
    }

    /// Makes sure that there are `count` requests, each with the record of the wire.
    func prepareParts(_ count: Int) {
        if parts.count < count { growParts(to: count) }
        partCount = count
        partsSubmitted = 0
        partsOutstanding = 0
    }

    private func growParts(to count: Int) {
        // Not in place: the compiler then sees that nothing else happens while the parts change, and checks no access.
        var grown = parts
        grown.reserveCapacity(count)
        while grown.count < count {
            let request = WireRequest(transfer: self, index: grown.count)
            request.record = pipe.wire?.makeRecord(for: request)
            grown.append(request)
        }
        parts = grown
    }

    /// Forgets the last use.
    func reset() {
        use &+= 1
        endIndex = .max
        wireStatus = .completed
        byteCount = 0
        firstPosition = nil
        nextPosition = nil
        positionQuality = .unavailable
        plannedEnd = nil
        mayFollowGap = false
        status = .completed
        detail = nil
        if !message.isEmpty { message = "" }
        waiter = .nobody
        blockingIsDone = false
        let count = packetCount
        if info.type == .isochronous {
            for index in 0..<count {
                unsafe packets[index].actualLength = 0
                unsafe packets[index].status = .notAttempted
            }
        }
    }

    var outcome: TransferOutcome {
        TransferOutcome(
            status: status, byteCount: byteCount, requestedByteCount: length, time: time,
            firstPosition: firstPosition, nextPosition: nextPosition, positionQuality: positionQuality,
            mayFollowGap: mayFollowGap, endpoint: info.address, detail: detail, message: message)
    }

    /// The loan does not change while a deadline is armed.
    override var keeper: AnyObject? { loan }

    override func deadlineReached() {
        pipe.timeOut(self)
    }

    /// Runs the completion handler; called on the executor.
    func runHandler() {
        handler?.run(for: self)
    }
}

/// Ends the hold of a transfer that waits for its frame.
final class ReleaseTimer: DeadlineNode, @unchecked Sendable {
    private unowned let transfer: TransferCore

    init(_ transfer: TransferCore) { self.transfer = transfer }

    /// The transfer outlives the time in which its timer is armed, and keeps its pipe.
    override var keeper: AnyObject? { transfer }

    override func deadlineReached() {
        transfer.pipe.releaseHeld(transfer)
    }
}
