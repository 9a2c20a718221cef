// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// How the end of a transfer is waited for.
enum Form: String, CaseIterable {
    /// A handler, which submits the next transfer.
    case callback = "callback"
    /// A task that runs on the bus's executor.
    case awaited = "awaited on the bus's executor"
    /// A thread that runs no tasks.
    case blocking = "blocking"
    /// A task that runs on the default executor.
    case awaitedElsewhere = "awaited on the default executor"
}

/// Bulk OUT transfers of no bytes, one at a time; returns how many in a second.
func roundTrips(_ form: Form, count: Int, _ seconds: Seconds) async throws -> Double {
    switch form {
    case .callback, .awaited:
        return try VirtualBus.simulate { bus in
            let pipe = try sink(on: bus)
            let watch = Stopwatch(seconds)
            try await keepGoing(form, [pipe], count: count)
            return watch.rate(of: Double(count))
        }
    case .blocking:
        let bus = VirtualBus()
        let pipe = try sink(on: bus)
        let watch = Stopwatch(seconds)
        try block(for: count, on: pipe)
        return watch.rate(of: Double(count))
    case .awaitedElsewhere:
        let bus = VirtualBus()
        let pipe = try sink(on: bus)
        let watch = Stopwatch(seconds)
        try await wait(for: count, on: pipe)
        return watch.rate(of: Double(count))
    }
}

/// Bulk OUT transfers of no bytes, one in flight for each device; returns how many in a second.
///
/// The devices are spread over as many buses as they need, each with a thread of its own.
func roundTrips(_ form: Form, devices: Int, count: Int) async throws -> Double {
    let perBus = 125
    let buses = try (0..<(devices + perBus - 1) / perBus).map { index in
        let bus = VirtualBus()
        let count = min(perBus, devices - index * perBus)
        return (bus: bus, pipes: try (0..<count).map { _ in try sink(on: bus) })
    }
    let watch = Stopwatch()
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (bus, pipes) in buses {
            group.addTask { try await bus.run { try await keepGoing(form, pipes, count: count / buses.count) } }
        }
        try await group.waitForAll()
    }
    return watch.rate(of: Double(count))
}

private func keepGoing(_ form: Form, _ pipes: [OutPipe<Bulk>], count: Int) async throws {
    if form == .callback {
        try await Pump<Bulk>(count: count).run { pump in
            for pipe in pipes { try pump.add(pipe.makeTransfer(capacity: 0)) }
        }
    } else if pipes.count == 1 {
        try await wait(for: count, on: pipes[0])
    } else {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for pipe in pipes { group.addTask { try await wait(for: count / pipes.count, on: pipe) } }
            try await group.waitForAll()
        }
    }
}

/// Isochronous OUT transfers of so many packets of no bytes, one at a time; returns how many in a
/// second.
func isochronousRoundTrips(_ form: Form, packets: Int, count: Int) throws -> Double {
    try VirtualBus.simulate { bus in
        _ = try bus.attach(GadgetZero(options: .init(isochronousInterval: 1)))
        let interface = try bus.open(vendorID: 0x0525, productID: 0xA4A0).claim(0)
        try await interface.selectAlternateSetting(1)
        var transfer = try interface.outPipe(0x02, Isochronous.self).makeTransfer(capacity: 0)
        try transfer.setPackets(repeatElement(0, count: packets))
        let watch = Stopwatch()
        if form == .callback {
            try await keepGoing(transfer, count: count)
        } else {
            for _ in 0..<count {
                let completed = try await transfer.submit(.asSoonAsPossible).completion()
                precondition(completed.outcome.status == .completed, "a transfer failed")
                transfer = completed.transfer
            }
        }
        return watch.rate(of: Double(count))
    }
}

private func keepGoing(_ transfer: consuming Transfer<Isochronous>, count: Int) async throws {
    var transfer: Transfer<Isochronous>? = transfer
    try await Pump<Isochronous>(count: count).run { pump in
        if let first = transfer.take() { try pump.add(first) }
    }
}

/// Attaches a device and opens the bulk pipe to it.
private func sink(on bus: VirtualBus) throws -> OutPipe<Bulk> {
    let attached = try bus.attach(GadgetZero())
    guard let description = try bus.devices().first(where: { $0.id == attached.id }) else {
        fatalError("the device that was attached is not there")
    }
    return try bus.open(description).claim(0).outPipe(0x01, Bulk.self)
}

private func wait(for count: Int, on pipe: OutPipe<Bulk>) async throws {
    var transfer = pipe.makeTransfer(capacity: 0)
    for _ in 0..<count {
        let completed = try await transfer.submit().completion()
        precondition(completed.outcome.status == .completed, "a transfer failed")
        transfer = completed.transfer
    }
}

private func block(for count: Int, on pipe: OutPipe<Bulk>) throws {
    var transfer = pipe.makeTransfer(capacity: 0)
    for _ in 0..<count {
        let completed = try transfer.submit().blockingCompletion()
        precondition(completed.outcome.status == .completed, "a transfer failed")
        transfer = completed.transfer
    }
}
