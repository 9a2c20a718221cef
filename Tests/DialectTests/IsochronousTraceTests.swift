// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("one engine, four dialects")
struct IsochronousTraceTests {
    /// What the plan says that there is on the bus, by the plan alone.
    private func expected(_ plan: Plan) -> Traffic {
        func positions(_ transfer: Plan.Transfer) -> [Microframe] {
            let first = Frame(Int64(transfer.frame)).firstMicroframe
            return transfer.sizes.indices.map { first + Int64($0) * plan.layout.interval }
        }
        var traffic = Traffic()
        for (index, transfer) in plan.out.enumerated() {
            let bytes = plan.bytes(of: index)
            for (position, (offset, size)) in zip(positions(transfer), zip(transfer.offsets, transfer.sizes)) {
                traffic.received.append(.init(position: position, bytes: Array(bytes[offset..<offset + size])))
            }
            traffic.report.sent?.append(transfer.byteCount)
        }
        for transfer in plan.in {
            traffic.report.came.append(positions(transfer).map { StreamingDevice.packet($0, plan.layout) })
        }
        return traffic
    }

    private func compare(_ plan: Plan, _ dialects: [Dialect]) throws {
        let expected = expected(plan)
        var first: [TransactionRecord]?
        for dialect in dialects {
            let traffic = try Stage.play(plan, by: dialect)
            #expect(isTrue(traffic.received == expected.received), "\(dialect): what the device received")
            #expect((traffic.report.sent == nil) == (dialect == .winUSB))
            #expect(traffic.report.sent ?? expected.report.sent == expected.report.sent, "\(dialect): the bytes sent")
            #expect(isTrue(traffic.report.came == expected.report.came), "\(dialect): the packets that came")
            let trace = first ?? traffic.trace
            first = trace
            let difference = zip(traffic.trace, trace).first { $0 != $1 }
            #expect(difference == nil, "\(dialect): the first packet that differs from \(dialects[0])")
            #expect(traffic.trace.count == trace.count, "\(dialect): the number of packets")
        }
        let packets = plan.out.reduce(0) { $0 + $1.sizes.count } + plan.in.reduce(0) { $0 + $1.sizes.count }
        #expect(first?.count == packets)
    }

    @Test(
        "Swift, WinUSB, WDF and DriverKit put the same packets on the bus, frame for frame", arguments: Plan.all(.full))
    private func fourTraces(_ plan: Plan) throws {
        try compare(plan, Dialect.allCases)
    }

    @Test("So they do with a size for each packet, which WinUSB has no way to say", arguments: Plan.all(.varied))
    private func variedSizes(_ plan: Plan) throws {
        try compare(plan, [.swift, .wdf, .driverKit])
    }

    @Test("A packet that goes out one frame later, or one byte shorter, is another trace")
    func differences() throws {
        let plan = Plan(.all[0], .full, seed: 1)
        let trace = try Stage.play(plan, by: .driverKit).trace
        var later = plan
        later.delayLast()
        #expect(try Stage.play(later, by: .driverKit).trace != trace)
        var shorter = plan
        shorter.shortenLast()
        #expect(try Stage.play(shorter, by: .driverKit).trace != trace)
    }
}

/// A comparison of long lists, whose differences nobody wants to have looked for.
private func isTrue(_ condition: Bool) -> Bool { condition }
