// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// Control service: each request as a whole, for the bus time that its stages take.
extension Schedule {
    /// Serves the requests of a control pipe while the time lasts.
    func serveControl(_ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64) {
        guard isAwake(endpoint) else { return }
        while let record = endpoint.queue.head, serve(record, endpoint, root, position) {}
        // A new configuration or alternate setting ends what its predecessor still had queued.
        completeRetired(of: endpoint.device, now: Schedule.nanoseconds(at: position &+ 1))
    }

    /// Serves one request as far as it goes. Returns whether it has ended and left time for another.
    private func serve(
        _ record: RequestRecord, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64
    ) -> Bool {
        let device = endpoint.device
        if record.isPortReset {
            device.resetPort()
            touched(device)
            show(endpoint, position, .portReset, 0, .done)
            finish(record, of: endpoint, .completed, root, position)
            return true
        }
        let sendsData = record.setup.direction == .out && record.byteCount > 0
        if record.owedBytes < 0 {
            guard root.budget >= endpoint.overhead else { return false }
            if sendsData {
                record.owedBytes = record.byteCount
            } else {
                // The setup stage tells how many bytes the data stage will have to pay for.
                switch ask(record, endpoint, root, position) {
                case .moved: break
                case .ended: return true
                case .resting: return false
                }
            }
        }
        guard pay(record, endpoint, root) else { return false }
        if sendsData { return tell(record, endpoint, root, position) }
        show(endpoint, position, .control(record.setup), record.moved, .done)
        finish(record, of: endpoint, .completed, root, position)
        return true
    }

    /// Spends the bus time of as many packets as fit; the tables' overhead covers all stages with one data packet, and
    /// no packet is begun that does not fit. Returns whether all has been paid for.
    private func pay(_ record: RequestRecord, _ endpoint: BusEndpoint, _ root: RootBus) -> Bool {
        while !record.hasPaidStages || record.owedBytes > 0 {
            let packet = min(endpoint.maximumPacketSize, record.owedBytes)
            let overhead = record.hasPaidStages ? endpoint.device.overheads.other : endpoint.overhead
            // A packet that no frame can hold takes a whole one.
            let cost = min(root.capacity, overhead + endpoint.data.cost(of: packet))
            guard root.budget >= cost else { return false }
            root.budget -= cost
            record.owedBytes -= packet
            record.hasPaidStages = true
        }
        return true
    }

    /// Puts a request without data for the device.
    private func ask(
        _ record: RequestRecord, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64
    ) -> Step {
        // Other settings may have taken the time since the request was accepted.
        if isAdmissionEnforced, endpoint.device.shortage(for: record.setup) != nil {
            finish(record, of: endpoint, .refused(.noBandwidth), root, position)
            return .ended
        }
        switch endpoint.device.answer(record.setup) {
        case .data(let bytes):
            record.moved = record.receiving(at: 0, count: record.byteCount) { $0.copyPrefix(of: bytes.span) }
        case .accepted: break
        case .nak:
            rest(record, endpoint, root, position)
            return .resting
        case .stall:
            end(record, .stalled, .stall, endpoint, root, position)
            return .ended
        case .fault(let fault):
            end(record, .failed(fault), .fault(fault), endpoint, root, position)
            return .ended
        }
        touched(endpoint.device)
        record.owedBytes = record.moved
        return .moved
    }

    /// Hands over the data of a request once they have all been paid for. Returns whether it has ended.
    private func tell(
        _ record: RequestRecord, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64
    ) -> Bool {
        let reply = record.sending(from: 0, count: record.byteCount) {
            endpoint.peripheral.control(record.setup, received: $0)
        }
        switch reply {
        case .data, .accepted:
            record.moved = record.byteCount
            end(record, .completed, .done, endpoint, root, position)
        case .nak:
            rest(record, endpoint, root, position)
            return false
        case .stall: end(record, .stalled, .stall, endpoint, root, position)
        case .fault(let fault): end(record, .failed(fault), .fault(fault), endpoint, root, position)
        }
        return true
    }

    private func end(
        _ record: RequestRecord, _ status: WireCompletion.Status, _ result: TransactionRecord.Result,
        _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64
    ) {
        if record.owedBytes < 0 { root.budget -= endpoint.overhead }
        touched(endpoint.device)
        show(endpoint, position, .control(record.setup), record.moved, result)
        finish(record, of: endpoint, status, root, position)
    }

    private func rest(_ record: RequestRecord, _ endpoint: BusEndpoint, _ root: RootBus, _ position: Int64) {
        root.budget -= min(root.budget, endpoint.overhead)
        endpoint.nakCount = changes
        noteWishes(of: endpoint.device)
        show(endpoint, position, .control(record.setup), 0, .nak)
    }
}
