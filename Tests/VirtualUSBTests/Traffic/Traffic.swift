// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

@testable import VirtualUSB

/// Random traffic on a simulated bus: everything follows from the seed.
struct Traffic: Sendable {
    struct Result: Sendable {
        var problems: [String] = []
        var transfers = 0
        /// What became of each transfer.
        var outcomes: [String] = []
        var faults = 0
        /// A number that any difference in the trace changes.
        var trace: UInt64 = 14_695_981_039_346_656_037
        /// The trace itself, if it was asked for.
        var transactions: [String] = []
    }

    let seed: UInt64
    var steps = 24
    var keepsTransactions = false

    func run() -> Result {
        let trace = TraceSum(keepsLines: keepsTransactions)
        do {
            var result = try VirtualBus.simulate(seed: seed) { bus in
                bus.setTrace { trace.add($0) }
                return try await traffic(on: bus)
            }
            result.trace = trace.value
            result.transactions = trace.lines
            return result
        } catch {
            return Result(problems: ["\(error)"])
        }
    }

    private func traffic(on bus: VirtualBus) async throws -> Result {
        var generator = bus.makeGenerator()
        var controllerRules: [FaultRule<ControllerFault>] =
            Bool.random(using: &generator)
            ? []
            : [
                FaultRule(.delay(.microseconds(700)), .chance(0.02)),
                FaultRule(.complete(.failed(.transaction)), .chance(0.02)),
                FaultRule(.refuse(.outOfMemory), .chance(0.02)), FaultRule(.unplug, .chance(0.01)),
                FaultRule(.replug(after: .microseconds(300)), .chance(0.01)),
            ]
        let isCountSteady = controllerRules.isEmpty || Bool.random(using: &generator)
        if !isCountSteady {
            controllerRules += [
                FaultRule(.clockJump(frames: 1_000), .chance(0.01)),
                FaultRule(.clockJump(frames: -1_000), .chance(0.01)),
                FaultRule(.sleep(for: .milliseconds(2), wakingAt: Frame(0)), .chance(0.01)),
            ]
        }
        let faults = FaultInjector(bus, plan: FaultPlan(controllerRules, seed: generator.next()))
        let result = try await withThrowingTaskGroup(of: Result.self) { group in
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let speed: Speed = Bool.random(using: &generator) ? .high : .full
                let plan = FaultPlan(peripheralRules(&generator), seed: generator.next())
                let device = FaultyPeripheral(LedgerDevice(speed: speed, generator: generator.split()), plan: plan)
                let host = TrafficHost(
                    try bus.attach(device), faults: faults, generator: generator.split(),
                    patience: controllerRules.isEmpty ? 250_000 : 100_000_000, comparesFrames: isCountSteady)
                group.addTask { try await host.run(steps: steps) }
            }
            var sum = Result()
            for try await one in group {
                sum.problems += one.problems
                sum.transfers += one.transfers
                sum.faults += one.faults
                sum.outcomes += one.outcomes
            }
            return sum
        }
        var total = result
        total.faults += faults.injected.count
        let pending = bus.lock.withLock { bus.schedule.pending }
        if pending != 0 { total.problems.append("\(pending) requests are left on the bus") }
        return total
    }

    private func peripheralRules(_ generator: inout SeededGenerator) -> [FaultRule<PeripheralFault>] {
        guard Int.random(in: 0..<4, using: &generator) > 0 else { return [] }
        let data: [EndpointAddress] = [TestDevice.bulkOut, TestDevice.bulkIn, TestDevice.interruptIn]
        var rules: [FaultRule<PeripheralFault>] = []
        for endpoint in data {
            rules += [
                FaultRule(.nak, .chance(0.02), endpoint: endpoint),
                FaultRule(.late(frames: 2), .chance(0.01), endpoint: endpoint),
                FaultRule(.stall, .packet(Int.random(in: 0..<40, using: &generator)), endpoint: endpoint),
                FaultRule(.bus(.noResponse), .chance(0.01), endpoint: endpoint),
                FaultRule(.babble, .byte(Int.random(in: 0..<20_000, using: &generator)), endpoint: endpoint),
                FaultRule(.short(3), .chance(0.02), endpoint: endpoint),
            ]
            // Now and then it refuses for longer than anybody waits.
            if Int.random(in: 0..<4, using: &generator) == 0 {
                let packet = Int.random(in: 0..<20, using: &generator)
                rules.append(FaultRule(.late(frames: 60), .packet(packet), endpoint: endpoint))
            }
        }
        for endpoint in [TestDevice.isochronousIn, TestDevice.isochronousOut] {
            rules.append(FaultRule(.bus(.cyclicRedundancyCheck), .chance(0.05), endpoint: endpoint))
        }
        return rules
    }
}

/// Adds up a trace.
private final class TraceSum: @unchecked Sendable {
    // Used under the bus's lock.
    private(set) var value: UInt64 = 14_695_981_039_346_656_037
    private(set) var lines: [String] = []
    private let keepsLines: Bool

    init(keepsLines: Bool) { self.keepsLines = keepsLines }

    func add(_ record: TransactionRecord) {
        if keepsLines { lines.append(record.description) }
        let result: UInt64 =
            switch record.result {
            case .done: 1
            case .nak: 2
            case .stall: 3
            case .noTime: 4
            case .fault: 5
            }
        for part in [
            UInt64(bitPattern: record.microframe.count), UInt64(record.endpoint.rawValue), UInt64(record.byteCount),
            result,
        ] {
            value = (value ^ part) &* 1_099_511_628_211
        }
    }
}
