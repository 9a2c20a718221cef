// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// A device of the virtual bus that somebody has opened.
final class VirtualDevice: WireDevice, @unchecked Sendable {
    // All use is guarded by the bus's lock.
    private let device: BusDevice
    private let bus: VirtualBus

    init(_ device: BusDevice, bus: VirtualBus) {
        self.device = device
        self.bus = bus
    }

    func claim(interface: UInt8, detach: Bool) throws(USBError) {
        try bus.act { () throws(USBError) in
            try checkPresence()
            guard let configuration = device.configuration else {
                throw USBError(.notFound, message: "the device is not configured")
            }
            guard configuration.interface(interface) != nil else {
                throw USBError(
                    .notFound, message: "configuration \(configuration.value) has no interface \(interface)")
            }
            if let holder = device.claims[interface], holder != ObjectIdentifier(self) {
                throw USBError(.busy, message: "interface \(interface) is claimed by somebody else")
            }
            device.claims[interface] = ObjectIdentifier(self)
        }
    }

    func release(interface: UInt8) {
        bus.act {
            if device.claims[interface] == ObjectIdentifier(self) { device.giveBack(interface) }
        }
    }

    func openPipe(_ endpoint: EndpointInfo, sink: any CompletionSink) throws(USBError) -> any WirePipe {
        try bus.act { () throws(USBError) in
            try checkPresence()
            try check(endpoint)
            return VirtualPipe(
                endpoint: device.openEndpoint(endpoint), handle: ObjectIdentifier(self), sink: sink, bus: bus)
        }
    }

    func close() {
        let forgotten = bus.act {
            let handle = ObjectIdentifier(self)
            device.sinks.removeAll { $0.handle == handle }
            for interface in device.claims.filter({ $0.value == handle }).keys.sorted() { device.giveBack(interface) }
            return bus.schedule.forget { $0.handle == handle }
        }
        withExtendedLifetime(forgotten) {}
    }

    private func checkPresence() throws(USBError) {
        guard !device.isGone else { throw USBError(.deviceGone, message: "the device was unplugged") }
    }

    /// Checks that an endpoint exists in the settings selected now, and is what the caller takes it for.
    private func check(_ info: EndpointInfo) throws(USBError) {
        if info.address == .control {
            guard info.type == .control else {
                throw USBError(.invalidArgument, message: "endpoint 0 is the control pipe")
            }
            return
        }
        guard info.type != .control else {
            throw USBError(
                .unsupported, endpoint: info.address, message: "the virtual bus has no control pipe but endpoint 0")
        }
        guard let (interface, layout) = device.layout(of: info.address) else {
            throw USBError(
                .notFound, endpoint: info.address, message: "no endpoint of the selected settings has this address")
        }
        guard device.claims[interface] == ObjectIdentifier(self) else {
            throw USBError(
                .accessDenied, endpoint: info.address,
                message: "claim interface \(interface) before using its endpoints")
        }
        let selected = device.alternateSetting(of: interface)
        guard info.interface == interface, info.alternateSetting == selected else {
            throw USBError(
                .notFound, endpoint: info.address,
                message: "the endpoint belongs to alternate setting \(selected) of interface \(interface)")
        }
        guard info.type == layout.descriptor.transferType else {
            throw USBError(
                .invalidArgument, endpoint: info.address,
                message: "the endpoint is \(layout.descriptor.transferType), not \(info.type)")
        }
        let interval = info.intervalMicroframes
        guard !info.type.isPeriodic || (interval > 0 && interval % device.bus.period == 0) else {
            throw USBError(.invalidArgument, endpoint: info.address, message: "the interval is wrong for this speed")
        }
    }
}

/// A pipe of the virtual bus.
final class VirtualPipe: WirePipe, @unchecked Sendable {
    let endpoint: BusEndpoint
    /// Whose pipe it is.
    let handle: ObjectIdentifier
    private let bus: VirtualBus
    /// The owner of the pipe holds this object, so this one must not hold the owner, which closes the pipe before it
    /// goes.
    private unowned let sink: any CompletionSink
    /// Guarded by the bus's lock.
    private var isClosed = false

    init(endpoint: BusEndpoint, handle: ObjectIdentifier, sink: any CompletionSink, bus: VirtualBus) {
        self.endpoint = endpoint
        self.handle = handle
        self.sink = sink
        self.bus = bus
    }

    /// The bus keeps records of its own, which a wrapper round it cannot hide from it.
    func makeRecord(for request: WireRequest) -> AnyObject? { nil }

    func submit(_ request: WireRequest, record: AnyObject?) throws(USBError) {
        try bus.act { () throws(USBError) in
            guard !endpoint.device.isGone else {
                throw USBError(.deviceGone, endpoint: endpoint.address, message: "the device was unplugged")
            }
            guard !isClosed, !endpoint.isRetired else {
                throw USBError(
                    .closed, endpoint: endpoint.address,
                    message: "the pipe was closed, or its alternate setting is no longer selected")
            }
            try check(request)
            try accept(request, sink: sink)
        }
    }

    func cancel(_ request: WireRequest, record: AnyObject?) {
        bus.act { bus.schedule.cancel(request, on: endpoint, now: bus.clock.presentInstant.nanoseconds) }
    }

    func close() {
        bus.lock.withLock { isClosed = true }
    }

    /// Checks a request by itself.
    private func check(_ request: WireRequest) throws(USBError) {
        switch (request.operation, endpoint.type) {
        case (.control(let setup), .control):
            let isStandardToDevice = setup.requestType.kind == .standard && setup.requestType.recipient == .device
            guard !isStandardToDevice || setup.request != StandardRequest.setAddress.rawValue else {
                throw invalid("addresses are given by the bus")
            }
            guard unsafe Int(setup.length) <= request.buffer.count else {
                throw unsafe invalid("wLength is \(setup.length), but the buffer has \(request.buffer.count) bytes")
            }
            if bus.schedule.isAdmissionEnforced, let shortage = endpoint.device.shortage(for: setup) { throw shortage }
        case (.portReset, .control), (.data, .bulk), (.data, .interrupt): break
        case (.isochronous, .isochronous):
            guard unsafe !request.packets.isEmpty else { throw invalid("an isochronous request needs packets") }
            let limit = endpoint.isIn ? Int.max : endpoint.bytesPerInterval
            if let index = RequestRecord.firstBadPacket(of: request, limit: limit) {
                let packet = unsafe request.packets[index]
                throw unsafe invalid(
                    "packet \(index) with \(packet.length) bytes at \(packet.offset) exceeds the buffer of "
                        + "\(request.buffer.count) bytes or the \(endpoint.bytesPerInterval) of a service interval")
            }
        default: throw invalid("the endpoint is \(endpoint.type) and cannot do that")
        }
    }

    private func invalid(_ message: String) -> USBError {
        USBError(.invalidArgument, endpoint: endpoint.address, message: message)
    }

    /// Gives a request to the schedule.
    private func accept(_ request: WireRequest, sink: any CompletionSink) throws(USBError) {
        let schedule = bus.schedule
        let record = schedule.makeRecord()
        record.begin(request, pipe: self, sink: sink)
        switch request.operation {
        case .isochronous:
            do throws(USBError) {
                try schedule.place(
                    record, start: request.start, on: endpoint, lead: bus.capabilities.leadMicroframes,
                    now: bus.clock.presentInstant.nanoseconds)
            } catch {
                record.clear()
                schedule.recycle(record)
                throw error
            }
            return
        case .control(let setup):
            record.setup = setup
            record.limitBytes(to: Int(setup.length))
        case .portReset: record.isPortReset = true
        case .data:
            record.owesZeroLengthPacket =
                request.endsWithZeroLengthPacket && !endpoint.isIn && record.byteCount > 0
                && record.byteCount % endpoint.maximumPacketSize == 0
        }
        schedule.enqueue(record, on: endpoint)
    }
}
