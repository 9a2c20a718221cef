// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import Glibc
import USB

/// A device in memory that the kernel of this machine sees as one of its own, behind its USB/IP controller: for what no
/// emulated device has. The kernel's end of the connection is a socket pair, so that no network is involved.
final class ExportedDevice: @unchecked Sendable {
    private let device: Device
    private let socket: Int32
    /// The kernel's port.
    private let port: Int
    private let group = DispatchGroup()

    // Used by the reading thread only.
    private var interfaces: [UInt8: Interface] = [:]

    private let lock = NSLock()
    private var pending: [UInt32: Pending] = [:]

    /// A request under way.
    private struct Pending {
        var canceller: Canceller
        /// The number of the request to end it, if there was one.
        var unlink: UInt32?
    }

    /// Exports a device. The module vhci_hcd must be loaded.
    init(_ description: DeviceDescription, on bus: VirtualBus) throws {
        device = try bus.open(description)
        var ends: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw StubError.socket }
        socket = ends[0]
        port = try ExportedDevice.freePort(isSuperSpeed: description.speed.isSuperSpeed)
        let speed = description.speed == .full ? 2 : description.speed == .high ? 3 : 5
        try "\(port) \(ends[1]) 65538 \(speed)".write(
            toFile: "/sys/devices/platform/vhci_hcd.0/attach", atomically: false, encoding: .ascii)
        _ = close(ends[1])
        group.enter()
        Thread.detachNewThread { [self] in
            serve()
            group.leave()
        }
    }

    /// Unplugs the device, as the kernel sees it.
    func unplug() {
        _ = shutdown(socket, Int32(SHUT_RDWR))
        group.wait()
        _ = close(socket)
    }

    private static func freePort(isSuperSpeed: Bool) throws -> Int {
        let status = try String(contentsOfFile: "/sys/devices/platform/vhci_hcd.0/status", encoding: .ascii)
        for line in status.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 2, fields[0] == (isSuperSpeed ? "ss" : "hs"), fields[2] == "004",
                let port = Int(fields[1])
            {
                return port
            }
        }
        throw StubError.noPort
    }

    // MARK: The connection

    private func serve() {
        while let head = receive(StubMessage.size) {
            let message = StubMessage(head)
            switch message.command {
            case StubMessage.submit: guard submit(message) else { return }
            case StubMessage.unlink: unlink(message)
            default: return
            }
        }
        let open = lock.withLock { pending.values.map(\.canceller) }
        for one in open { one.cancel() }
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let now = unsafe bytes.withUnsafeMutableBytes {
                unsafe recv(socket, $0.baseAddress! + done, count - done, 0)
            }
            guard now > 0 else { return nil }
            done += now
        }
        return bytes
    }

    private func send(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let now = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            guard now > 0 else { return }
            done += now
        }
    }

    // MARK: Requests

    /// Starts a request; false when the connection has broken.
    private func submit(_ message: StubMessage) -> Bool {
        guard let data = message.isIn ? [] : receive(message.length) else { return false }
        let packets: [StubPacket]
        if message.packetCount > 0 {
            guard let raw = receive(message.packetCount * StubPacket.size) else { return false }
            packets = (0..<message.packetCount).map { StubPacket(raw[($0 * 16)..<($0 * 16 + 16)]) }
        } else {
            packets = []
        }
        do {
            if message.endpoint.number == 0 {
                let answer = try control(message.setup, data)
                reply(message, status: 0, byteCount: message.isIn ? answer.count : data.count, data: answer)
            } else {
                try start(message, data, packets)
            }
        } catch {
            reply(message, status: ExportedDevice.number(error.kind), byteCount: 0)
        }
        return true
    }

    private func control(_ setup: SetupPacket, _ data: [UInt8]) throws(USBError) -> [UInt8] {
        let isStandard = setup.requestType.kind == .standard
        switch (StandardRequest(rawValue: setup.request), setup.requestType.recipient) {
        case (.setConfiguration, .device) where isStandard:
            for interface in interfaces.values { device.blocking.release(interface) }
            interfaces = [:]
            try device.blocking.selectConfiguration(UInt8(truncatingIfNeeded: setup.value))
            for layout in device.configuration?.interfaces ?? [] {
                interfaces[layout.number] = try device.claim(layout.number)
            }
            return []
        case (.setInterface, .interface) where isStandard:
            guard let interface = interfaces[UInt8(truncatingIfNeeded: setup.index)] else { throw USBError(.stalled) }
            try device.blocking.selectAlternateSetting(UInt8(truncatingIfNeeded: setup.value), of: interface)
            return []
        case (.clearFeature, .endpoint) where isStandard:
            let address = EndpointAddress(rawValue: UInt8(truncatingIfNeeded: setup.index))
            let pipe = try pipe(address)
            if let input = pipe.inPipe(Bulk.self) { try input.blocking.clearHalt() }
            if let output = pipe.outPipe(Bulk.self) { try output.blocking.clearHalt() }
            return []
        default: break
        }
        if setup.requestType.direction == .in, setup.length > 0 { return try device.blocking.read(setup) }
        if data.isEmpty {
            try device.blocking.control(setup)
        } else {
            _ = try device.blocking.control(setup, sending: data.span)
        }
        return []
    }

    private func pipe(_ address: EndpointAddress) throws(USBError) -> AnyPipe {
        for interface in interfaces.values where interface.alternateSetting.endpoint(address) != nil {
            return try interface.pipe(address)
        }
        throw USBError(.notFound, endpoint: address)
    }

    private func start(_ message: StubMessage, _ data: [UInt8], _ packets: [StubPacket]) throws(USBError) {
        let pipe = try pipe(message.endpoint)
        if let pipe = pipe.inPipe(Bulk.self) {
            try move(pipe.makeTransfer(capacity: message.length), message, data)
        } else if let pipe = pipe.outPipe(Bulk.self) {
            try move(pipe.makeTransfer(capacity: message.length), message, data)
        } else if let pipe = pipe.inPipe(Interrupt.self) {
            try move(pipe.makeTransfer(capacity: message.length), message, data)
        } else if let pipe = pipe.outPipe(Interrupt.self) {
            try move(pipe.makeTransfer(capacity: message.length), message, data)
        } else if let pipe = pipe.inPipe(Isochronous.self) {
            try stream(pipe.makeTransfer(capacity: message.length), message, data, packets)
        } else if let pipe = pipe.outPipe(Isochronous.self) {
            try stream(pipe.makeTransfer(capacity: message.length), message, data, packets)
        }
    }

    private func move<Kind: DataKind>(
        _ transfer: consuming Transfer<Kind>, _ message: StubMessage, _ data: [UInt8]
    ) throws(USBError) {
        if !message.isIn { try transfer.fill(from: data.span) }
        follow(Flight(try transfer.submit()), message) { [self] done, unlink in
            let outcome = done.outcome
            let bytes =
                message.isIn
                ? done.transfer.withBytes { all in (0..<outcome.byteCount).map { all[$0] } } : []
            finish(message, outcome, bytes, packets: [], unlink)
        }
    }

    private func stream(
        _ transfer: consuming Transfer<Isochronous>, _ message: StubMessage, _ data: [UInt8], _ packets: [StubPacket]
    ) throws(USBError) {
        try transfer.setPackets(packets.map(\.length))
        if !message.isIn {
            // What is sent lies where the packets say.
            let sent = packets.flatMap { data[$0.offset..<$0.offset + $0.length] }
            transfer.withMutableBytes { bytes in for place in sent.indices { bytes[place] = sent[place] } }
        }
        follow(Flight(try transfer.submit(.asSoonAsPossible)), message) { [self] done, unlink in
            var answers = packets
            var bytes: [UInt8] = []
            for index in packets.indices {
                let packet = done.transfer.packet(index)
                answers[index].actualLength = packet.actualLength
                answers[index].status = ExportedDevice.number(packet.status)
                guard message.isIn else { continue }
                done.transfer.withPacket(index) { span in for place in span.indices { bytes.append(span[place]) } }
            }
            finish(message, done.outcome, bytes, packets: answers, unlink)
        }
    }

    /// A flight that a task can take over.
    private final class Flight<Kind: PipeKind>: @unchecked Sendable {
        private var flight: InFlight<Kind>?
        let canceller: Canceller

        init(_ flight: consuming InFlight<Kind>) {
            canceller = flight.canceller
            self.flight = consume flight
        }

        func completion() async -> Completed<Kind> { await flight.take()!.completion() }
    }

    private func follow<Kind: PipeKind>(
        _ flight: Flight<Kind>, _ message: StubMessage,
        _ body: @escaping @Sendable (borrowing Completed<Kind>, UInt32?) -> Void
    ) {
        lock.withLock { pending[message.number] = Pending(canceller: flight.canceller) }
        group.enter()
        Task(executorPreference: device.controller.executor) { [self] in
            let done = await flight.completion()
            body(done, lock.withLock { pending.removeValue(forKey: message.number)?.unlink })
            group.leave()
        }
    }

    private func finish(
        _ message: StubMessage, _ outcome: TransferOutcome, _ bytes: [UInt8], packets: [StubPacket], _ unlink: UInt32?
    ) {
        var status = outcome.error.map { ExportedDevice.number($0.kind) } ?? 0
        if let unlink {
            if outcome.status == .cancelled { status = -ECONNRESET }
            return send(StubMessage(StubMessage.unlinked, number: unlink, status: status).bytes)
        }
        if !packets.isEmpty { status = 0 }
        reply(message, status: status, byteCount: outcome.byteCount, data: bytes, packets: packets)
    }

    private func reply(
        _ message: StubMessage, status: Int32, byteCount: Int, data: [UInt8] = [], packets: [StubPacket] = []
    ) {
        var answer = StubMessage(StubMessage.submitted, number: message.number, status: status)
        answer.setResult(
            byteCount: byteCount, packetCount: packets.count, errors: packets.count { $0.status != 0 })
        send(answer.bytes + data + packets.flatMap(\.bytes))
    }

    private func unlink(_ message: StubMessage) {
        let canceller: Canceller? = lock.withLock {
            pending[message.target]?.unlink = message.number
            return pending[message.target]?.canceller
        }
        if let canceller { return canceller.cancel() }
        send(StubMessage(StubMessage.unlinked, number: message.number, status: 0).bytes)
    }

    // MARK: Numbers

    private static func number(_ kind: USBError.Kind) -> Int32 {
        switch kind {
        case .stalled: -EPIPE
        case .cancelled: -ECONNRESET
        case .deviceGone, .closed: -ESHUTDOWN
        case .overflow: -EOVERFLOW
        case .notFound: -ENOENT
        case .noBandwidth: -ENOSPC
        default: -EPROTO
        }
    }

    private static func number(_ status: PacketStatus) -> Int32 {
        switch status {
        case .completed: 0
        case .expired, .missed, .notAttempted, .notServiced: -EXDEV
        case .failed(.babble): -EOVERFLOW
        case .failed(.cyclicRedundancyCheck): -EILSEQ
        case .failed: -EPROTO
        }
    }
}

enum StubError: Error { case socket, noPort }
#endif
