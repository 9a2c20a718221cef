// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

@testable import VirtualUSB

/// The host's side of one device in random traffic.
final class TrafficHost: @unchecked Sendable {
    typealias Bus = FaultInjector<VirtualBus>

    // Used on the simulated bus's one thread only.
    private let attachment: AttachedPeripheral<FaultyPeripheral<LedgerDevice>>
    private let faults: Bus
    private var generator: SeededGenerator
    private let patience: Int64
    private let log: TrafficLog
    private var openings = 0
    private var cancellers: [(index: Int, canceller: Canceller)] = []

    /// What is open.
    private struct Opened {
        var device: Device
        var data: Interface
        var streaming: Interface
    }

    init(
        _ attachment: AttachedPeripheral<FaultyPeripheral<LedgerDevice>>, faults: Bus, generator: SeededGenerator,
        patience: Int64, comparesFrames: Bool
    ) {
        log = TrafficLog(comparesFrames: comparesFrames)
        self.attachment = attachment
        self.faults = faults
        self.generator = generator
        self.patience = patience
    }

    func run(steps: Int) async throws -> Traffic.Result {
        await withTaskGroup(of: Void.self) { group in
            var opened: Opened?
            for _ in 0..<steps {
                if opened?.device.isDetached ?? true { opened = await open() }
                if let opened { await step(opened, &group) }
                try? await faults.clock.sleep(for: .microseconds(Int.random(in: 0...600, using: &generator)))
            }
            // A device refuses for no longer than this, and what is halted fails at once.
            for _ in 0..<40 where self.log.isBusy { try? await faults.clock.sleep(for: .milliseconds(10)) }
            self.log.everythingShouldHaveEnded()
            await opened?.data.release()
            await opened?.streaming.release()
            await group.waitForAll()
        }
        var result = Traffic.Result()
        let (log, patience) = (log, patience)
        (result.problems, result.faults) = attachment.withPeripheral {
            // What a frame of full speed has served completes at its end.
            let frame = $0.model.speed == .high ? 0 : Frame.nanoseconds
            return (log.problems(with: $0.peripheral, patience: patience + frame), $0.injected.count)
        }
        result.transfers = log.entries.count
        result.outcomes = log.lines
        return result
    }

    /// Opens the device, which may have to be plugged in first.
    private func open() async -> Opened? {
        do {
            try attachment.replug()
            try faults.replug()
            guard let found = try faults.devices().first(where: { $0.path == attachment.path }) else { return nil }
            let device = try faults.open(found)
            openings += 1
            return Opened(device: device, data: try device.claim(0), streaming: try device.claim(1))
        } catch {
            return nil
        }
    }

    private func step(_ opened: Opened, _ group: inout TaskGroup<Void>) async {
        switch Int.random(in: 0..<20, using: &generator) {
        case 0..<4: write(opened.data, &group)
        case 4..<7: read(TestDevice.bulkIn, Bulk.self, opened.data, &group)
        case 7..<9: read(TestDevice.interruptIn, Interrupt.self, opened.data, &group)
        case 9..<12: stream(opened.streaming, &group)
        case 12..<15:
            guard let one = cancellers.randomElement(using: &generator) else { return }
            log.cancel(one.index, at: faults.clock.presentInstant)
            one.canceller.cancel()
        case 15: try? await opened.streaming.selectAlternateSetting(UInt8.random(in: 0...1, using: &generator))
        case 16:
            for address in [TestDevice.bulkOut, TestDevice.bulkIn, TestDevice.interruptIn] {
                try? await opened.data.pipe(address).clearHalt()
            }
        case 17: await (try? opened.data.pipe(TestDevice.bulkIn))?.abort()
        case 18: _ = try? await opened.device.read(.getDescriptor(type: .device, index: 0, length: 18))
        default: if Int.random(in: 0..<4, using: &generator) == 0 { attachment.unplug() }
        }
    }

    private func timeout() -> Duration? {
        Bool.random(using: &generator) ? nil : .microseconds(Int.random(in: 1...3000, using: &generator))
    }

    private func write(_ interface: Interface, _ group: inout TaskGroup<Void>) {
        guard let pipe = try? interface.outPipe(TestDevice.bulkOut, Bulk.self) else { return }
        let count = Int.random(in: 0...4000, using: &generator)
        let start = generator.next()
        let sent = (0..<count).map { UInt8(truncatingIfNeeded: start &+ UInt64($0) &* 7) }
        let (timeout, opening) = (timeout(), openings)
        let hasHandler = Bool.random(using: &generator)
        group.addTask { [self] in
            let index = log.begin(
                TestDevice.bulkOut, opening: opening, at: faults.clock.presentInstant, timeout: timeout)
            do {
                var transfer = pipe.makeTransfer(capacity: count)
                try transfer.fill(from: sent.span)
                if hasHandler {
                    await handled(transfer, index, sent, timeout)
                    return
                }
                let flight = try transfer.submit(timeout: timeout)
                cancellers.append((index, flight.canceller))
                let done = await flight.completion()
                let outcome = done.outcome
                let isIntact = done.transfer.withBytes { bytes in sent.indices.allSatisfy { bytes[$0] == sent[$0] } }
                log.end(index, outcome, Array(sent.prefix(outcome.byteCount)), [], isIntact: isIntact)
            } catch {
                log.refuse(index)
            }
        }
    }

    /// Sends with a handler, which nothing but its one call keeps from being called twice.
    private func handled(
        _ transfer: consuming Transfer<Bulk>, _ index: Int, _ sent: [UInt8], _ timeout: Duration?
    ) async {
        let (calls, continuation) = AsyncStream.makeStream(of: Void.self)
        do {
            try transfer.submit(timeout: timeout) { [self] done in
                let outcome = done.outcome
                let isIntact = done.transfer.withBytes { bytes in sent.indices.allSatisfy { bytes[$0] == sent[$0] } }
                log.end(index, outcome, Array(sent.prefix(outcome.byteCount)), [], isIntact: isIntact)
                continuation.finish()
            }
        } catch {
            log.refuse(index)
            continuation.finish()
        }
        for await _ in calls {}
    }

    private func read<Kind: DataKind>(
        _ address: EndpointAddress, _ kind: Kind.Type, _ interface: Interface, _ group: inout TaskGroup<Void>
    ) {
        guard let pipe = try? interface.inPipe(address, Kind.self) else { return }
        let capacity = pipe.endpoint.maximumPacketSize * Int.random(in: 1...6, using: &generator)
        let (timeout, opening) = (timeout(), openings)
        group.addTask { [self] in
            let index = log.begin(address, opening: opening, at: faults.clock.presentInstant, timeout: timeout)
            do {
                var transfer = pipe.makeTransfer(capacity: capacity)
                let mark = UInt8(truncatingIfNeeded: index) | 1
                transfer.withMutableBytes { bytes in for place in bytes.indices { bytes[place] = mark } }
                let flight = try transfer.submit(timeout: timeout)
                cancellers.append((index, flight.canceller))
                let done = await flight.completion()
                let outcome = done.outcome
                let all = done.transfer.withBytes { bytes in bytes.indices.map { bytes[$0] } }
                let isIntact = all.dropFirst(outcome.byteCount).allSatisfy { $0 == mark }
                log.end(index, outcome, Array(all.prefix(outcome.byteCount)), [], isIntact: isIntact)
            } catch {
                log.refuse(index)
            }
        }
    }

    private func stream(_ interface: Interface, _ group: inout TaskGroup<Void>) {
        let count = Int.random(in: 1...20, using: &generator)
        let sizes = (0..<count).map { _ in Int.random(in: 0...96, using: &generator) }
        let total = sizes.reduce(0, +)
        let (timeout, opening) = (timeout(), openings)
        if Bool.random(using: &generator) {
            guard let pipe = try? interface.outPipe(TestDevice.isochronousOut, Isochronous.self) else { return }
            group.addTask { [self] in
                await send(pipe.makeTransfer(capacity: total), TestDevice.isochronousOut, sizes, timeout, opening)
            }
        } else {
            guard let pipe = try? interface.inPipe(TestDevice.isochronousIn, Isochronous.self) else { return }
            group.addTask { [self] in
                await send(pipe.makeTransfer(capacity: total), TestDevice.isochronousIn, sizes, timeout, opening)
            }
        }
    }

    private func send(
        _ transfer: consuming Transfer<Isochronous>, _ address: EndpointAddress, _ sizes: [Int], _ timeout: Duration?,
        _ opening: Int
    ) async {
        let index = log.begin(address, opening: opening, at: faults.clock.presentInstant, timeout: timeout)
        do {
            try transfer.setPackets(sizes)
            transfer.withMutableBytes { bytes in
                for place in bytes.indices { bytes[place] = UInt8(truncatingIfNeeded: place &+ index) }
            }
            let flight = try transfer.submit(.asSoonAsPossible, timeout: timeout)
            cancellers.append((index, flight.canceller))
            let done = await flight.completion()
            var packets: [IsochronousPacket] = []
            var bytes: [UInt8] = []
            for number in sizes.indices {
                packets.append(done.transfer.packet(number))
                done.transfer.withPacket(number) { span in for place in span.indices { bytes.append(span[place]) } }
            }
            let isIntact = bytes.count == done.outcome.byteCount
            log.end(index, done.outcome, bytes, packets, isIntact: isIntact)
        } catch {
            log.refuse(index)
        }
    }
}
