// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// Interrupt and bulk service: packets with handshakes.
extension Schedule {
    /// What one transaction came to, for whoever decides about the next.
    enum Step {
        /// Something moved; the request goes on.
        case moved
        /// The request has ended.
        case ended
        /// The device was not ready, or the time left is too short.
        case resting
    }

    /// Serves an interrupt endpoint if its interval has passed.
    func serveInterrupt(_ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64) {
        guard isAwake(endpoint), Schedule.dueTime(of: endpoint, from: position) == position else { return }
        for index in 0..<endpoint.transactions {
            guard case .moved = transact(endpoint, root, position, beginsBurst: index == 0) else { break }
        }
        endpoint.nextDue = position &+ endpoint.interval
    }

    /// Serves the bulk endpoints in turn, a burst each, until no time is left or none has anything to do. But for
    /// SuperSpeed, a burst is one packet.
    func serveBulk(_ root: RootBus, _ position: Int64) {
        let count = root.bulk.count
        var index = root.bulkRotation % count
        root.bulkRotation = (index &+ 1) % count
        var resting = 0
        while resting < count {
            let endpoint = root.bulk[index]
            if endpoint.restsIn != position, isAwake(endpoint), !endpoint.queue.isEmpty {
                if case .resting = serveBurst(endpoint, root, position) {
                    endpoint.restsIn = position
                    resting &+= 1
                } else {
                    resting = 0
                }
            } else {
                resting &+= 1
            }
            index &+= 1
            if index == count { index = 0 }
        }
    }

    /// Moves a burst of packets, which ends with its request at the latest.
    @inline(__always)
    private func serveBurst(_ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64) -> Step {
        var step = transact(endpoint, root, position, beginsBurst: true)
        var packets = 1
        while packets < endpoint.packetsPerBurst, case .moved = step {
            step = transact(endpoint, root, position, beginsBurst: false)
            packets &+= 1
        }
        return step
    }

    /// Moves one packet of the first request in an endpoint's queue.
    private func transact(
        _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64, beginsBurst: Bool
    ) -> Step {
        guard let record = endpoint.queue.head else { return .ended }
        let room = min(endpoint.maximumPacketSize, record.byteCount &- record.moved)
        let overhead = beginsBurst ? endpoint.overhead : endpoint.packetOverhead
        guard root.budget >= endpoint.data.cost(of: room) &+ overhead else { return .resting }
        // A NAK or a STALL costs no less: token, handshake and the gaps between them.
        root.budget &-= overhead
        if endpoint.isHalted {
            show(endpoint, position, endpoint.isIn ? .in : .out, 0, .stall)
            finish(record, of: endpoint, .stalled, root, position)
            return .ended
        }
        return endpoint.isIn
            ? receive(record, room, endpoint, root, position) : send(record, room, endpoint, root, position)
    }

    private func receive(
        _ record: RequestRecord, _ room: Int, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64
    ) -> Step {
        let reply = record.receiving(at: record.moved, count: room) {
            endpoint.peripheral.transmit(into: &$0, at: endpoint.address, in: Microframe(position))
        }
        switch reply {
        case .data(let count) where count >= 0 && count <= room:
            record.moved &+= count
            root.budget &-= endpoint.data.cost(of: count)
            touched(endpoint.device)
            show(endpoint, position, .in, count, .done)
            guard count < endpoint.maximumPacketSize || record.moved == record.byteCount else { return .moved }
            finish(record, of: endpoint, .completed, root, position)
            return .ended
        case .data: return fail(record, .babble, endpoint, root, position)
        case .nak: return rest(endpoint, position)
        case .stall: return stall(record, endpoint, root, position)
        case .fault(let fault): return fail(record, fault, endpoint, root, position)
        }
    }

    private func send(
        _ record: RequestRecord, _ count: Int, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64
    ) -> Step {
        let handshake = record.sending(from: record.moved, count: count) {
            endpoint.peripheral.receive($0, at: endpoint.address, in: Microframe(position))
        }
        switch handshake {
        case .accept:
            record.moved &+= count
            root.budget &-= endpoint.data.cost(of: count)
            touched(endpoint.device)
            show(endpoint, position, .out, count, .done)
            if record.moved < record.byteCount { return .moved }
            // The packet that ends a transfer is one that is not full.
            if record.owesZeroLengthPacket, count == endpoint.maximumPacketSize { return .moved }
            finish(record, of: endpoint, .completed, root, position)
            return .ended
        case .nak: return rest(endpoint, position)
        case .stall: return stall(record, endpoint, root, position)
        case .fault(let fault): return fail(record, fault, endpoint, root, position)
        }
    }

    private func rest(_ endpoint: BusEndpoint, _ position: Int64) -> Step {
        endpoint.nakCount = changes
        noteWishes(of: endpoint.device)
        show(endpoint, position, endpoint.isIn ? .in : .out, 0, .nak)
        return .resting
    }

    private func stall(
        _ record: RequestRecord, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64
    ) -> Step {
        endpoint.device.setHalted(endpoint.address, true)
        touched(endpoint.device)
        show(endpoint, position, endpoint.isIn ? .in : .out, 0, .stall)
        finish(record, of: endpoint, .stalled, root, position)
        return .ended
    }

    private func fail(
        _ record: RequestRecord, _ fault: BusFault, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64
    ) -> Step {
        touched(endpoint.device)
        show(endpoint, position, endpoint.isIn ? .in : .out, 0, .fault(fault))
        finish(record, of: endpoint, .failed(fault), root, position)
        return .ended
    }

    /// Shows a transaction to whoever traces.
    @inline(__always)
    func show(
        _ endpoint: BusEndpoint, _ position: Int64, _ kind: TransactionRecord.Kind, _ count: Int,
        _ result: TransactionRecord.Result
    ) {
        guard isTraced else { return }
        trace?(
            TransactionRecord(
                microframe: Microframe(position), path: endpoint.device.path, endpoint: endpoint.address,
                type: endpoint.type, kind: kind, byteCount: count, result: result))
    }
}
