// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 22: what a STALL does to its pipe, and to no other.
@Suite("Stalled pipes")
struct StallTests {
    /// Requests to clear a halt that went over the bus, by the endpoint.
    private static func clears(_ trace: TraceLog) -> [UInt16] {
        trace.all.compactMap { record in
            guard case .control(let setup) = record.kind,
                setup == .clearHalt(EndpointAddress(rawValue: UInt8(setup.index)))
            else { return nil }
            return setup.index
        }
    }

    private static func check<Kind: DataKind>(_ kind: Kind.Type, _ address: EndpointAddress) throws {
        let trace = TraceLog()
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let interface = try bus.open(attachment).claim(0)
            let pipe = try interface.inPipe(address, kind)
            let healthy = try interface.outPipe(TestDevice.bulkOut, Bulk.self)
            attachment.withPeripheral { $0.replies[address] = .stall }
            bus.setTrace { trace.append($0) }
            // What is queued behind the transfer that meets the stall ends too: nothing gets through a halted endpoint.
            let flights = Flights<Kind>()
            for _ in 0..<3 { flights.add(try pipe.makeTransfer(capacity: 64).submit()) }
            #expect(await flights.statuses() == [.stalled, .stalled, .stalled])
            #expect(pipe.isHalted)
            attachment.withPeripheral {
                $0.replies = [:]
                $0.packets[address] = [[5]]
            }
            let (transactions, begin) = (trace.all.count, bus.clock.presentInstant)
            for _ in 0..<5 {
                #expect(await failure { _ = try await pipe.read(upTo: 64) }?.kind == .stalled)
            }
            #expect(trace.all.count == transactions, "refused before the bus")
            #expect(bus.clock.presentInstant == begin)
            #expect(!healthy.isHalted)
            #expect(try await healthy.write([1, 2]) == 2)
            try await pipe.clearHalt()
            #expect(!pipe.isHalted)
            #expect(try await pipe.read(upTo: 64) == [5])
            #expect(Self.clears(trace) == [UInt16(address.rawValue)])
            // The device resets its data toggle when it is told.
            let events = attachment.withPeripheral { $0.events }
            #expect(events.compactMap { if case .haltCleared(let which) = $0 { which } else { nil } } == [address])
        }
    }

    @Test(
        "A pipe that halts on every error does so on the bus's, and a halt cleared on the host's side tells no device")
    func haltsOnErrors() throws {
        try VirtualBus.simulate { bus in
            let trace = TraceLog()
            let attachment = try bus.attach(TestDevice())
            let interface = try bus.open(attachment).claim(0)
            let pipe = try interface.pipe(TestDevice.bulkIn)
            let typed = try interface.inPipe(TestDevice.bulkIn, Bulk.self)
            bus.setTrace { trace.append($0) }
            func meet(_ reply: Reply) async -> USBError.Kind? {
                attachment.withPeripheral { $0.replies[TestDevice.bulkIn] = reply }
                return await failure { _ = try await typed.read(upTo: 64, timeout: .milliseconds(5)) }?.kind
            }
            #expect(await meet(.fault(.noResponse)) == .bus(.noResponse))
            #expect(!pipe.isHalted, "unless the pipe is told to")
            pipe.policy.haltsOnErrors = true
            #expect(await meet(.nak) == .timedOut)
            #expect(!pipe.isHalted)
            for (fault, kind) in [(BusFault.noResponse, USBError.Kind.bus(.noResponse)), (.babble, .overflow)] {
                #expect(await meet(.fault(fault)) == kind)
                #expect(pipe.isHalted)
                #expect(await meet(.data(0)) == .stalled)
                try blocking { () throws(USBError) in try pipe.blocking.clearHalt(sendingRequest: false) }
                #expect(!pipe.isHalted)
            }
            #expect(await meet(.stall) == .stalled)
            try blocking { () throws(USBError) in try pipe.blocking.clearHalt(sendingRequest: false) }
            #expect(await meet(.data(0)) == .stalled, "the device knows of nothing")
            #expect(Self.clears(trace).isEmpty)
        }
    }

    @Test("A stall halts a bulk pipe until it is cleared: submits fail at once, and other pipes go on")
    func bulk() throws { try Self.check(Bulk.self, TestDevice.bulkIn) }

    @Test("A stall halts an interrupt pipe until it is cleared: submits fail at once, and other pipes go on")
    func interrupt() throws { try Self.check(Interrupt.self, TestDevice.interruptIn) }

    @Test("Whether a halted pipe refuses, or lets the device stall each transfer anew, is its policy")
    func policies() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
            attachment.withPeripheral { $0.handshakes[TestDevice.bulkOut] = .stall }
            let trace = TraceLog()
            bus.setTrace { trace.append($0) }
            var stalls: [Int] = []
            for policy in [PipePolicy.WhileHalted.refuse, .send] {
                pipe.policy.whileHalted = policy
                for _ in 0..<3 { #expect(await failure { try await pipe.write([1]) }?.kind == .stalled) }
                stalls.append(trace.all.count { $0.result == .stall })
                try await pipe.clearHalt()
            }
            #expect(stalls == [1, 4])
        }
    }

    @Test("Clearing a halt takes back what waits, and only that pipe's")
    func clearing() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let interface = try bus.open(attachment).claim(0)
            let pipe = try interface.inPipe(TestDevice.bulkIn, Bulk.self)
            let other = try interface.inPipe(TestDevice.secondBulkIn, Bulk.self)
            let (flights, others) = (Flights<Bulk>(), Flights<Bulk>())
            for _ in 0..<3 { flights.add(try pipe.makeTransfer(capacity: 8).submit()) }
            others.add(try other.makeTransfer(capacity: 8).submit())
            try await bus.clock.sleep(for: .milliseconds(1))
            try await pipe.clearHalt()
            #expect(await flights.statuses() == [.cancelled, .cancelled, .cancelled])
            attachment.withPeripheral { $0.packets[TestDevice.secondBulkIn] = [[1]] }
            #expect(await others.statuses() == [.completed])
        }
    }

    @Test(
        "Errors never halt an isochronous pipe, and no request to clear it is sent",
        arguments: [Reply.stall, .fault(.noResponse), .fault(.cyclicRedundancyCheck), .data(2_000)])
    func isochronous(reply: Reply) throws {
        let trace = TraceLog()
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let interface = try bus.open(attachment).claim(1)
            bus.setAdmission(false)
            try await interface.selectAlternateSetting(1)
            let pipe = try interface.inPipe(TestDevice.isochronousIn, Isochronous.self)
            bus.setTrace { trace.append($0) }
            attachment.withPeripheral { $0.replies[TestDevice.isochronousIn] = reply }
            let bad = try await pipe.makePackets([8, 8, 8]).submit(.asSoonAsPossible).completion()
            #expect(bad.outcome.status == .completed)
            #expect(bad.transfer.packets.allSatisfy { $0.status != .completed })
            #expect(!pipe.isHalted)
            attachment.withPeripheral {
                $0.replies = [:]
                $0.packets[TestDevice.isochronousIn] = [[1], [2], [3]]
            }
            let good = try await bad.transfer.submit(.asSoonAsPossible).completion()
            #expect(good.transfer.packets.map(\.status) == [.completed, .completed, .completed])
            #expect(good.outcome.byteCount == 3)
        }
        #expect(Self.clears(trace) == [])
    }

    @Test("A stalled control request fails alone: the next one is answered")
    func control() throws {
        try VirtualBus.simulate { bus in
            let device = try bus.open(bus.attach(TestDevice()))
            let vendor = SetupPacket(
                requestType: RequestType(direction: .in, kind: .vendor, recipient: .device), request: 1, value: 0,
                index: 0, length: 4)
            for _ in 0..<3 {
                #expect(await failure { _ = try await device.read(vendor) }?.kind == .stalled)
                #expect(try await device.read(.getConfiguration()) == [1])
            }
        }
    }
}
