// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

@testable import VirtualUSB

/// What the host saw of one device, for comparison with what the device saw.
final class TrafficLog: @unchecked Sendable {
    struct Entry {
        var endpoint: EndpointAddress
        /// Which opening of the device it belongs to: each has pipes of its own.
        var opening: Int
        var begun: BusInstant
        /// When its time was over.
        var deadline: BusInstant?
        var cancelled: BusInstant?
        var ends = 0
        var outcome: TransferOutcome?
        /// The bytes that moved.
        var bytes: [UInt8] = []
        var packets: [IsochronousPacket] = []
        var isIntact = true
    }

    /// Whether the host counts frames as the bus does.
    private let comparesFrames: Bool

    init(comparesFrames: Bool) { self.comparesFrames = comparesFrames }

    private struct PipeName: Hashable {
        var endpoint: EndpointAddress
        var opening: Int
    }

    // Used on the simulated bus's one thread only.
    private(set) var entries: [Entry] = []

    /// Transfers that had not ended when everything should have.
    private var heldUp: [Int] = []

    func begin(_ endpoint: EndpointAddress, opening: Int, at time: BusInstant, timeout: Duration?) -> Int {
        entries.append(
            Entry(endpoint: endpoint, opening: opening, begun: time, deadline: timeout.map { time.advanced(by: $0) }))
        return entries.count - 1
    }

    /// Whether a transfer is under way.
    var isBusy: Bool { entries.contains { $0.ends == 0 } }

    /// What is under way now should have ended by itself.
    func everythingShouldHaveEnded() { heldUp = entries.indices.filter { entries[$0].ends == 0 } }

    func refuse(_ index: Int) { entries[index].ends += 1 }
    func cancel(_ index: Int, at time: BusInstant) {
        if entries[index].outcome == nil, entries[index].cancelled == nil { entries[index].cancelled = time }
    }

    func end(
        _ index: Int, _ outcome: TransferOutcome, _ bytes: [UInt8], _ packets: [IsochronousPacket], isIntact: Bool
    ) {
        entries[index].ends += 1
        entries[index].outcome = outcome
        entries[index].bytes = bytes
        entries[index].packets = packets
        entries[index].isIntact = isIntact
    }

    /// Everything that is wrong, in words. A cancel or a timeout may take as long as `patience`.
    func problems(with device: LedgerDevice, patience: Int64) -> [String] {
        var found = heldUp.map { "transfer \($0) at \(entries[$0].endpoint) since \(entries[$0].begun) is held up" }
        var moved: [EndpointAddress: [UInt8]] = [:]
        var lastTime: [PipeName: BusInstant] = [:]
        var packets: [EndpointAddress: [Microframe: Int]] = [:]
        for (index, entry) in entries.enumerated() {
            let name = "transfer \(index) at \(entry.endpoint)"
            if entry.ends != 1 { found.append("\(name) ended \(entry.ends) times") }
            if !entry.isIntact { found.append("\(name): memory changed that nobody asked to change") }
            moved[entry.endpoint, default: []] += entry.bytes
            guard let outcome = entry.outcome else { continue }
            if let cancelled = entry.cancelled, outcome.time.nanoseconds > cancelled.nanoseconds + patience {
                found.append("\(name) was cancelled at \(cancelled) and ended at \(outcome.time)")
            }
            if let deadline = entry.deadline, outcome.time.nanoseconds > deadline.nanoseconds + patience {
                found.append("\(name) had time until \(deadline) and ended at \(outcome.time)")
            }
            switch outcome.status {
            case .completed, .stalled, .failed(.bus):
                // What a pipe has finished before its device went may arrive after the first of the next opening.
                let pipe = PipeName(endpoint: entry.endpoint, opening: entry.opening)
                if let last = lastTime[pipe], outcome.time < last {
                    found.append("\(name) ended before one submitted earlier")
                }
                lastTime[pipe] = outcome.time
            default: break
            }
            if let first = outcome.firstPosition {
                for (number, packet) in entry.packets.enumerated() where packet.status == .completed {
                    let step: Int64 = device.model.speed == .high ? 1 : 8
                    let position = first + Int64(number) * step
                    if packet.actualLength > 0 || entry.endpoint == TestDevice.isochronousOut {
                        packets[entry.endpoint, default: [:]][position] = packet.actualLength
                    }
                }
            }
        }
        for (endpoint, bytes) in moved.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            if endpoint.direction == .in {
                if bytes.count != device.sent[endpoint, default: 0] {
                    found.append("\(endpoint): \(bytes.count) bytes came of \(device.sent[endpoint, default: 0])")
                }
                let wrong = bytes.indices.first { bytes[$0] != LedgerDevice.byte($0, of: endpoint) }
                if let wrong { found.append("\(endpoint): byte \(wrong) is wrong") }
            } else if bytes != device.received[endpoint, default: []] {
                found.append("\(endpoint): the device received something else")
            }
            guard comparesFrames, let seen = packets[endpoint] else { continue }
            if seen != device.packets[endpoint, default: [:]].filter({ $0.value > 0 || endpoint.direction == .out }) {
                found.append("\(endpoint): packets and frames differ")
            }
        }
        return found
    }

    /// What became of each transfer, one line each.
    var lines: [String] {
        entries.enumerated().map { index, entry in
            let end = entry.outcome.map { "\($0.status), \($0.byteCount) bytes at \($0.time)" } ?? "refused"
            let sum = entry.bytes.reduce(0 as UInt32) { $0 &* 31 &+ UInt32($1) }
            let packets = entry.packets.map { "\($0.actualLength) \($0.status)" }.joined(separator: ", ")
            return "transfer \(index) at \(entry.endpoint) since \(entry.begun): \(end), sum \(sum) \(packets)"
        }
    }
}
