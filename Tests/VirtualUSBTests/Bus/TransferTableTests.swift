// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// USB 2.0 tables 5-1 to 5-10: how many transfers of each payload a (micro)frame of the running bus carries. Each test
/// offers more than fits and counts what the bus did in two services.
@Suite("Transfers per (micro)frame of the running bus") struct TransferTableTests {
    /// A payload and the transfers of a (micro)frame.
    typealias Row = (payload: Int, transfers: Int)

    private static func period(_ speed: Speed) -> Int64 { speed >= .high ? 1 : 8 }

    // MARK: Control

    @Test("Table 5-1, low-speed control", arguments: [(1, 3), (2, 3), (4, 3), (8, 3)] as [Row])
    func lowSpeedControl(row: Row) throws { try checkControl(.low, row) }

    @Test(
        "Table 5-2, full-speed control",
        arguments: [(1, 32), (2, 31), (4, 30), (8, 28), (16, 24), (32, 19), (64, 13)] as [Row])
    func fullSpeedControl(row: Row) throws { try checkControl(.full, row) }

    @Test(
        "Table 5-3, high-speed control",
        arguments: [(1, 43), (2, 42), (4, 42), (8, 41), (16, 39), (32, 36), (64, 31)] as [Row])
    func highSpeedControl(row: Row) throws { try checkControl(.high, row) }

    @Test(
        "SuperSpeed control by blocks, floor(3906 / (121 + bytes / 16))",
        arguments: [(16, 32), (64, 31), (512, 25)] as [Row])
    func superSpeedControl(row: Row) throws { try checkControl(.superSpeed, row) }

    private func checkControl(_ speed: Speed, _ row: Row) throws {
        try VirtualBus.simulate { bus in
            let device = try bus.open(try bus.attach(BandwidthDevice(speed, [])))
            let counts = TransactionCounts(on: bus)
            let type = RequestType(direction: .in, kind: .vendor, recipient: .device)
            let setup = SetupPacket(
                requestType: type, request: 1, value: 0, index: 0, length: UInt16(row.payload))
            let count = 2 * row.transfers + 1
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<count { group.addTask { try await device.read(setup).count } }
                for try await bytes in group { #expect(bytes == row.payload) }
            }
            let period = Self.period(speed)
            #expect((0..<3).map { counts[microframe($0 * period)] } == [row.transfers, row.transfers, 1])
        }
    }

    // MARK: Bulk

    @Test(
        "Table 5-9, full-speed bulk",
        arguments: [(1, 107), (2, 100), (4, 88), (8, 71), (16, 51), (32, 33), (64, 19)] as [Row])
    func fullSpeedBulk(row: Row) throws { try checkBulk(.full, packet: 64, row) }

    @Test(
        "Table 5-10, high-speed bulk",
        arguments: [
            (1, 133), (2, 131), (4, 127), (8, 119), (16, 105), (32, 86), (64, 63), (128, 40), (256, 24), (512, 13),
        ] as [Row])
    func highSpeedBulk(row: Row) throws { try checkBulk(.high, packet: 512, row) }

    @Test(
        "SuperSpeed bulk by blocks, a burst for each transfer", arguments: [(16, 95), (512, 54), (1_024, 37)] as [Row])
    func superSpeedBulk(row: Row) throws { try checkBulk(.superSpeed, packet: 1_024, row) }

    private func checkBulk(_ speed: Speed, packet: Int, _ row: Row) throws {
        for address: EndpointAddress in [0x01, 0x81] {
            try VirtualBus.simulate { bus in
                let bursts = speed.isSuperSpeed ? (packets: 16, count: 1) : nil
                let device = BandwidthDevice(speed, alternates: [[endpoint(address, .bulk, packet, bursts: bursts)]])
                let interface = try bus.open(try bus.attach(device)).claim(0)
                let counts = TransactionCounts(on: bus)
                let count = 2 * row.transfers + 1
                try await withThrowingTaskGroup(of: Int.self) { group in
                    if address.direction == .out {
                        let pipe = try interface.outPipe(address, Bulk.self)
                        let bytes = [UInt8](repeating: 1, count: row.payload)
                        for _ in 0..<count { group.addTask { try await pipe.write(bytes) } }
                    } else {
                        let pipe = try interface.inPipe(address, Bulk.self)
                        for _ in 0..<count { group.addTask { try await pipe.read(upTo: row.payload).count } }
                    }
                    for try await bytes in group { #expect(bytes == row.payload) }
                }
                let period = Self.period(speed)
                #expect((0..<3).map { counts[microframe($0 * period)] } == [row.transfers, row.transfers, 1])
            }
        }
    }

    @Test("Longer bursts carry more", arguments: [(1, 37), (2, 44), (4, 48), (16, 52)])
    func superSpeedBursts(packetsPerBurst: Int, packets: Int) throws {
        try VirtualBus.simulate { bus in
            let layout = endpoint(0x81, .bulk, 1_024, bursts: (packetsPerBurst, 1))
            let interface = try bus.open(try bus.attach(BandwidthDevice(.superSpeed, alternates: [[layout]]))).claim(0)
            let counts = TransactionCounts(on: bus)
            let bytes = try await interface.inPipe(0x81, Bulk.self).read(upTo: 3 * packets * 1_024)
            #expect(bytes.count == 3 * packets * 1_024)
            #expect((0..<3).map { counts[microframe($0)] } == [packets, packets, packets])
        }
    }

    // MARK: Isochronous

    @Test(
        "Table 5-4, full-speed isochronous",
        arguments: [
            (1, 150), (2, 136), (4, 115), (8, 88), (16, 60), (32, 36), (64, 20), (128, 10), (256, 5), (512, 2),
            (1_023, 1),
        ] as [Row])
    func fullSpeedIsochronous(row: Row) throws { try checkPeriodic(.full, .isochronous, row) }

    @Test(
        "Table 5-5, high-speed isochronous",
        arguments: [
            (1, 192), (2, 187), (4, 178), (8, 163), (16, 138), (32, 107), (64, 73), (128, 45), (256, 25), (512, 13),
            (1_024, 7), (2_048, 3), (3_072, 2),
        ] as [Row])
    func highSpeedIsochronous(row: Row) throws { try checkPeriodic(.high, .isochronous, row) }

    @Test(
        "SuperSpeed isochronous by blocks",
        arguments: [(16, 95), (1_024, 37), (16 * 1_024, 3), (48 * 1_024, 1)] as [Row])
    func superSpeedIsochronous(row: Row) throws { try checkPeriodic(.superSpeed, .isochronous, row) }

    // MARK: Interrupt

    @Test("Table 5-6, low-speed interrupt", arguments: [(1, 9), (2, 8), (4, 8), (8, 6)] as [Row])
    func lowSpeedInterrupt(row: Row) throws { try checkPeriodic(.low, .interrupt, row) }

    @Test(
        "Table 5-7, full-speed interrupt",
        arguments: [(1, 107), (2, 100), (4, 88), (8, 71), (16, 51), (32, 33), (64, 19)] as [Row])
    func fullSpeedInterrupt(row: Row) throws { try checkPeriodic(.full, .interrupt, row) }

    @Test(
        "Table 5-8, high-speed interrupt",
        arguments: [
            (1, 133), (2, 131), (4, 127), (8, 119), (16, 105), (32, 86), (64, 63), (128, 40), (256, 24), (512, 13),
            (1_024, 6), (2_048, 3), (3_072, 2),
        ] as [Row])
    func highSpeedInterrupt(row: Row) throws { try checkPeriodic(.high, .interrupt, row) }

    @Test("SuperSpeed interrupt by blocks", arguments: [(16, 95), (1_024, 37), (2 * 1_024, 22)] as [Row])
    func superSpeedInterrupt(row: Row) throws { try checkPeriodic(.superSpeed, .interrupt, row) }

    /// Twice as many endpoints as fit, on as many devices as they need, each with one packet for one and the same
    /// (micro)frame: the bus serves as many as the table says.
    private func checkPeriodic(_ speed: Speed, _ type: TransferType, _ row: Row) throws {
        try VirtualBus.simulate { bus in
            bus.setAdmission(false)
            let unit = speed.isSuperSpeed || speed == .high ? 1_024 : 1_023
            let packets = (row.payload + unit - 1) / unit
            let layouts = (1...30).map { number in
                let address = EndpointAddress(rawValue: number < 16 ? UInt8(number) : UInt8(number - 15) | 0x80)
                let size = row.payload / packets
                guard speed.isSuperSpeed else {
                    return endpoint(address, type, size, transactions: packets)
                }
                let shape = packets > 16 ? (packets: 16, count: packets / 16) : (packets: packets, count: 1)
                return endpoint(address, type, size, bursts: shape)
            }
            let wanted = row.transfers + 2
            var interfaces: [Interface] = []
            for _ in 0..<(wanted + 29) / 30 {
                let interface = try bus.open(try bus.attach(BandwidthDevice(speed, layouts))).claim(0)
                try await interface.selectAlternateSetting(1)
                interfaces.append(interface)
            }
            let counts = TransactionCounts(on: bus)
            let start = Microframe(bus.frame().microframe.count + 16).roundedUp(toMultipleOf: 8)
            let moved = try await withThrowingTaskGroup(of: Int.self) { group in
                var open = wanted
                for (interface, layout) in interfaces.flatMap({ one in layouts.map { (one, $0) } }) where open > 0 {
                    open -= 1
                    let address = layout.descriptor.address
                    let isIn = address.direction == .in
                    switch (type, isIn) {
                    case (.isochronous, true):
                        let pipe = try interface.inPipe(address, Isochronous.self)
                        group.addTask {
                            var transfer = pipe.makeTransfer(capacity: row.payload)
                            try transfer.setPackets([row.payload])
                            return try await transfer.submit(.at(start)).completion().outcome.byteCount
                        }
                    case (.isochronous, false):
                        let pipe = try interface.outPipe(address, Isochronous.self)
                        group.addTask {
                            var transfer = pipe.makeTransfer(capacity: row.payload)
                            try transfer.setPackets([row.payload])
                            return try await transfer.submit(.at(start)).completion().outcome.byteCount
                        }
                    case (_, true):
                        let pipe = try interface.inPipe(address, Interrupt.self)
                        group.addTask {
                            try await bus.clock.sleep(until: start)
                            return try await pipe.read(upTo: row.payload).count
                        }
                    case (_, false):
                        let pipe = try interface.outPipe(address, Interrupt.self)
                        group.addTask {
                            try await bus.clock.sleep(until: start)
                            return try await pipe.write([UInt8](repeating: 1, count: row.payload))
                        }
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            if type == .isochronous {
                #expect(counts[start] == row.transfers)
                #expect(moved.count { $0 == row.payload } == row.transfers)
                #expect(counts.missedCount == 2)
            } else {
                // Each packet of a high-bandwidth endpoint is a transaction of its own.
                #expect(counts[start] == row.transfers * packets)
                #expect(moved.allSatisfy { $0 == row.payload })
            }
        }
    }
}

extension BusClock {
    /// Waits for a microframe to begin.
    fileprivate func sleep(until microframe: Microframe) async throws {
        try await sleep(
            until: BusInstant(nanoseconds: (microframe - firstFrame.firstMicroframe) * Microframe.nanoseconds))
    }
}
