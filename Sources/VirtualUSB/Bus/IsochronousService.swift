// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// Isochronous service: each packet in its own slot, with neither handshake nor repetition.
extension Schedule {
    /// Serves the packet that is due, if one is.
    @inline(__always)
    func serveIsochronous(_ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64) {
        guard let record = endpoint.queue.head, record.position <= position else { return }
        servePacket(of: record, endpoint, root, position)
    }

    /// Serves one packet after the other where nothing can happen in between: a single request waits on all buses, and
    /// nobody listens to frames or traces.
    ///
    /// - Parameters:
    ///   - position: the next microframe in which something happens.
    ///   - last: the last microframe that may be served.
    ///   - limit: the most packets to serve.
    /// - Returns: how many were served; 0 when other things can happen too.
    func serveRun(from position: Int64, through last: Int64, atMost limit: Int) -> Int {
        guard let root = onlyIsochronousRoot, root.isochronous.count == 1, frameListeners == 0, !isTraced,
            full.deferred.isEmpty
        else { return 0 }
        let endpoint = root.isochronous[0]
        guard let record = endpoint.queue.head, record.position == position else { return 0 }
        let packetCount = record.packetCount
        var count = 0
        var served = position
        repeat {
            served = record.position
            root.budget = root.capacity
            servePacket(of: record, endpoint, root, served)
            count &+= 1
        } while record.nextPacket < packetCount && record.position <= last && count < limit && frameListeners == 0
        if root.hasIdleEndpoint { root.dropIdleEndpoints() }
        hasServed(through: served)
        return count
    }

    /// The bus on which isochronous requests wait, if nothing else does anywhere.
    private var onlyIsochronousRoot: RootBus? {
        if high.isIdle {
            if full.isIdle { return superSpeed.hasOnlyIsochronous ? superSpeed : nil }
            return superSpeed.isIdle && full.hasOnlyIsochronous ? full : nil
        }
        return full.isIdle && superSpeed.isIdle && high.hasOnlyIsochronous ? high : nil
    }

    /// Serves the packet that is due.
    @inline(__always)
    private func servePacket(of record: RequestRecord, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64) {
        let index = record.nextPacket
        let (offset, length) = record.packetRange(index)
        let time = Schedule.nanoseconds(at: position)
        var moved = 0
        var status = PacketStatus.completed
        let isInTime = record.position == position
        let room = min(length, endpoint.bytesPerInterval)
        if !isInTime || root.budget < endpoint.cost(of: room) {
            // Nothing is sent, and the device does not notice.
            status = .missed
        } else if endpoint.isIn {
            let reply = record.receiving(at: offset, count: room) {
                endpoint.peripheral.transmit(into: &$0, at: endpoint.address, in: Microframe(position))
            }
            switch reply {
            case .data(let count) where count >= 0 && count <= room: moved = count
            case .data: status = .failed(.babble)
            case .nak: break
            case .stall: status = .failed(.noResponse)
            case .fault(let fault): status = .failed(fault)
            }
            touched(endpoint.device)
        } else {
            let handshake = record.sending(from: offset, count: length) {
                endpoint.peripheral.receive($0, at: endpoint.address, in: Microframe(position))
            }
            if case .fault(let fault) = handshake { status = .failed(fault) } else { moved = length }
            touched(endpoint.device)
        }
        if isInTime, status != .missed {
            root.budget &-= endpoint.cost(of: endpoint.isIn ? moved : length)
            record.moved &+= moved
        }
        record.setPacket(index, status, count: moved, time: time)
        if isTraced { showPacket(endpoint, position, moved, status) }
        record.nextPacket = index &+ 1
        record.position &+= endpoint.interval
        endpoint.servedEnd = record.position
        if record.nextPacket == record.packetCount { finish(record, of: endpoint, .completed, root, position) }
    }

    /// Gives a request its place on the bus and queues it, or completes it when its place has passed.
    func place(
        _ record: RequestRecord, start: WireRequest.Start, on endpoint: BusEndpoint, lead: Int64, now: Int64
    ) throws(USBError) {
        let period = endpoint.device.bus.period
        let length = Int64(record.packetCount).multipliedReportingOverflow(by: endpoint.interval)
        let first: Int64
        switch start {
        case .at(let position):
            first = position.count
            guard first % period == 0 else {
                throw USBError(
                    .invalidArgument, endpoint: endpoint.address,
                    message: "a full-speed transfer starts with a frame, not at microframe \(position)")
            }
            guard endpoint.queue.isEmpty || first >= endpoint.queueEnd else {
                throw USBError(
                    .invalidArgument, endpoint: endpoint.address,
                    message: "microframe \(position) is taken: the queue ends at \(Microframe(endpoint.queueEnd))")
            }
        case .asSoonAsPossible:
            // Behind what was there the service goes on in its own rhythm, wherever on the grid that began.
            let reach = nextToServe &+ lead
            let startGrid = record.request?.startGrid ?? 1
            let grid = max(period, endpoint.interval, startGrid)
            // As with a named frame, a frame is whole whichever of its microframes the endpoint was promised.
            first =
                endpoint.queueEnd >= reach
                ? endpoint.queueEnd
                : Schedule.opportunity(from: reach, grid: grid, phase: endpoint.phase &- endpoint.phase % startGrid)
        case .continuing:
            guard endpoint.queueEnd >= nextToServe else { return expire(record, on: endpoint, now: now) }
            first = endpoint.queueEnd
        }
        guard first >= 0, first <= Schedule.lastPosition, !length.overflow,
            length.partialValue <= Schedule.lastPosition - first
        else {
            throw USBError(
                .invalidArgument, endpoint: endpoint.address, message: "the bus's clock does not reach that far")
        }
        record.request?.placement = Microframe(first)
        record.firstPosition = first
        record.position = first
        while record.nextPacket < record.packetCount, record.position < nextToServe {
            record.setPacket(record.nextPacket, .expired, count: 0, time: Schedule.nanoseconds(at: record.position))
            record.nextPacket += 1
            record.position += endpoint.interval
        }
        if record.nextPacket == record.packetCount { return complete(record, .expired, now: now) }
        endpoint.queueEnd = first + length.partialValue
        enqueue(record, on: endpoint)
    }

    /// Completes a request of which nothing can be sent.
    private func expire(_ record: RequestRecord, on endpoint: BusEndpoint, now: Int64) {
        record.firstPosition = .min
        for index in 0..<record.packetCount { record.setPacket(index, .expired, count: 0, time: now) }
        record.nextPacket = record.packetCount
        complete(record, .expired, now: now)
    }

    private func showPacket(_ endpoint: BusEndpoint, _ position: Int64, _ count: Int, _ status: PacketStatus) {
        let result: TransactionRecord.Result =
            switch status {
            case .failed(let fault): .fault(fault)
            case .missed: .noTime
            default: .done
            }
        show(endpoint, position, endpoint.isIn ? .in : .out, count, result)
    }
}
