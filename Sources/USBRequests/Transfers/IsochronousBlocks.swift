// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import USBSpecification

extension USBTarget {
    /// Moves the packets of an isochronous block.
    func moveIsochronous(_ block: Block, _ pending: PendingBlock) -> USBD_STATUS? {
        guard let view = unsafe block.view(_URB_ISOCH_TRANSFER.self, byteCount: IsochronousBlock.fixedSize),
            unsafe view.pointee.UrbLink == nil
        else { return USBD_STATUS_INVALID_PARAMETER }
        guard let pipe = unsafe pipe(view.pointee.PipeHandle) else { return USBD_STATUS_INVALID_PIPE_HANDLE }
        guard case .isochronous(let pool) = pipe.transfers,
            let packets = IsochronousBlock(block, for: pipe.endpoint), let bytes = unsafe block.memory(),
            let sizes = packets.sizes(memory: bytes.count, maximum: pipe.endpoint.maximumBytesPerInterval)
        else { return USBD_STATUS_INVALID_PARAMETER }
        let isAsap = unsafe view.pointee.TransferFlags & ULONG(USBD_START_ISO_TRANSFER_ASAP) != 0
        let now = host.controller.frame().frame
        var start = IsochronousStart.asSoonAsPossible
        if !isAsap {
            do throws(IsochronousViolation) {
                start = .at(try StartWindow.windows.frame(numbered: unsafe view.pointee.StartFrame, now: now))
            } catch {
                packets.refuse(USBD_STATUS_BAD_START_FRAME)
                return USBD_STATUS_BAD_START_FRAME
            }
        }
        let place = pool.take()
        guard var transfer = place.transfer.take() else { fatalError("an idle transfer is in its place") }
        let first = min(packets.firstOffset, bytes.count)
        unsafe transfer.borrow(UnsafeMutableRawBufferPointer(rebasing: bytes[first...]))
        do throws(USBError) {
            try transfer.setPackets(sizes)
        } catch {
            place.transfer = .some(transfer)
            pool.putBack(place)
            return BlockStatus.of(error.kind)
        }
        if let end = pipe.blockBegins(), isAsap, end.frame.distance(to: now) < Int64(USBD_ISO_START_FRAME_RANGE) {
            // The stream goes on where it was: what has become late meanwhile is dropped.
            start = .at(end)
        }
        let behind = packets.position(behind: start)
        // Who begins a stream is going to wait for it: a clock that runs free does not run on before that.
        host.executor.addClient()
        pending.willSubmit(transfer.canceller)
        do throws(USBError) {
            try transfer.submit(
                start, policy: IsochronousBlock.policy, deliveringRefusal: true, at: .anyThread
            ) { done in
                let outcome = done.outcome
                let idle = done.transfer
                let status = packets.report(idle, outcome, tellsStart: isAsap)
                place.transfer = .some(idle)
                pool.putBack(place)
                pipe.blockEnded(at: outcome.nextPosition ?? behind)
                pending.end(block.finish(status))
            }
        } catch {
            fatalError("a refusal is delivered: \(error)")
        }
        pending.didSubmit()
        return nil
    }
}

/// The packets of an isochronous block, as far as the driver may describe them.
@safe private struct IsochronousBlock: @unchecked Sendable {
    /// Packets whose frame has passed are dropped one by one, and a wire that cannot start at a frame comes as close as it
    /// can.
    static let policy = StartPolicy(late: .dropExpired, accuracy: .bestEffort, grid: .frames)

    /// The size of a block without packets.
    static var fixedSize: Int {
        unsafe MemoryLayout<_URB_ISOCH_TRANSFER>.offset(of: \.IsoPacket) ?? MemoryLayout<_URB_ISOCH_TRANSFER>.size
    }

    private let block: Block
    private let interval: ServiceInterval
    let count: Int
    private let isIn: Bool

    /// Nil when there are too many packets, none, or not as many as the frames have, the block is too short for them, or
    /// the endpoint is served less than once a frame.
    init?(_ block: Block, for endpoint: EndpointInfo) {
        self.block = block
        isIn = endpoint.address.direction == .in
        count = Int(
            unsafe UnsafeMutableRawPointer(block.pointer).assumingMemoryBound(to: _URB_ISOCH_TRANSFER.self)
                .pointee.NumberOfPackets)
        let size = MemoryLayout<USBD_ISO_PACKET_DESCRIPTOR>.size
        guard let interval = endpoint.serviceInterval,
            endpoint.speed <= .full || IsochronousRules.withinFrame(interval: interval) == nil,
            IsochronousRules.packetCount(count, limit: IsochronousRules.packetLimit(at: endpoint.speed)) == nil,
            IsochronousRules.wholeFrames(packets: count, interval: interval) == nil,
            block.byteCount >= IsochronousBlock.fixedSize + count * size
        else { return nil }
        self.interval = interval
    }

    private var view: UnsafeMutablePointer<_URB_ISOCH_TRANSFER> {
        // Sound: the block is long enough.
        unsafe UnsafeMutableRawPointer(block.pointer).assumingMemoryBound(to: _URB_ISOCH_TRANSFER.self)
    }

    private var table: UnsafeMutablePointer<USBD_ISO_PACKET_DESCRIPTOR> {
        // Sound: the block is long enough for `count` of them.
        unsafe (UnsafeMutableRawPointer(block.pointer) + IsochronousBlock.fixedSize)
            .assumingMemoryBound(to: USBD_ISO_PACKET_DESCRIPTOR.self)
    }

    /// The position that follows packets which start at a position; nil when that is not known before.
    func position(behind start: IsochronousStart) -> Microframe? {
        guard case .at(let first) = start else { return nil }
        return first.advanced(by: interval.microframes(forPackets: count))
    }

    /// Where the first packet begins.
    var firstOffset: Int { Int(unsafe table[0].Offset) }

    /// The sizes of the packets: each reaches to where the next begins, the last to the end of the memory. Nil when they
    /// do not lie one behind the other within the memory, or one has more than an interval can take.
    func sizes(memory: Int, maximum: Int) -> [Int]? {
        var sizes: [Int] = []
        sizes.reserveCapacity(count)
        for index in 0..<count {
            let start = Int(unsafe table[index].Offset)
            let end = index + 1 < count ? Int(unsafe table[index + 1].Offset) : memory
            guard start <= end, end <= memory, end - start <= maximum else { return nil }
            sizes.append(end - start)
        }
        return sizes
    }

    /// No packet is tried, for that reason.
    func refuse(_ status: USBD_STATUS) {
        for index in 0..<count {
            if isIn { unsafe table[index].Length = 0 }
            unsafe table[index].Status = status
        }
        unsafe view.pointee.ErrorCount = ULONG(count)
        unsafe view.pointee.TransferBufferLength = 0
    }

    /// Writes what became of each packet into the block, and returns its status.
    func report(
        _ transfer: borrowing Transfer<Isochronous>, _ outcome: TransferOutcome, tellsStart: Bool
    ) -> USBD_STATUS {
        var failed = 0
        var late = 0
        for index in 0..<count {
            let packet = transfer.packet(index)
            let status = BlockStatus.of(packet.status, in: outcome.status)
            if isIn { unsafe table[index].Length = ULONG(packet.actualLength) }
            unsafe table[index].Status = status
            if status != USBD_STATUS_SUCCESS { failed += 1 }
            if status == USBD_STATUS_ISO_NOT_ACCESSED_LATE { late += 1 }
        }
        unsafe view.pointee.ErrorCount = ULONG(failed)
        unsafe view.pointee.TransferBufferLength = ULONG(outcome.byteCount)
        if tellsStart, let first = outcome.firstPosition {
            unsafe view.pointee.StartFrame = first.frame.truncated32
        }
        switch outcome.status {
        case .cancelled, .timedOut, .deviceGone: return BlockStatus.of(outcome.status)
        default:
            // Each packet can fail for itself; that all of them have is a failure of the whole.
            if failed < count { return USBD_STATUS_SUCCESS }
            return late == count ? USBD_STATUS_ISO_NOT_ACCESSED_LATE : USBD_STATUS_ISOCH_REQUEST_FAILED
        }
    }
}
