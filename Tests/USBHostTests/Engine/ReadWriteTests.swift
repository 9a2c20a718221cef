// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import USBHost

/// How a test calls the pipe: awaiting, blocking inside a task of the executor, or blocking on a thread.
enum Caller: CaseIterable, Sendable { case task, blockedTask, thread }

@Suite("Reading and writing")
struct ReadWriteTests {
    /// Writes and reads in the way that `caller` says, and returns what the device saw and what came back.
    @Test("Bytes go out and come in through spans", arguments: Caller.allCases, [0, 1, 512, 513, 40_000])
    func roundTrip(_ caller: Caller, size: Int) throws {
        let wire = ScriptedWire(flow: .free, driver: .caller)
        let seen = Log<[UInt8]>()
        wire.script(0x02) { request in
            seen.add(request.bytes)
            return .all
        }
        let position = Counter()
        wire.script(0x81) { request in
            request.fill { _ in UInt8(truncatingIfNeeded: position.next()) }
            return .all
        }
        let sent = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let wanted = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        var received: [UInt8] = []
        var written = -1
        switch caller {
        case .task, .blockedTask:
            (written, received) = try wire.simulate { interface in
                let out = try interface.outPipe(0x02, Bulk.self)
                let back = try interface.inPipe(0x81, Bulk.self)
                if caller == .task {
                    return (try await out.write(sent.span), try await back.read(upTo: size))
                }
                return try blocking { (try out.blocking.write(sent.span), try back.blocking.read(upTo: size)) }
            }
        case .thread:
            do {
                let interface = try wire.openFirstInterface().interface
                written = try interface.outPipe(0x02, Bulk.self).blocking.write(sent.span)
                received = try interface.inPipe(0x81, Bulk.self).blocking.read(upTo: size)
            }
            try wire.expectClean()
        }
        #expect(written == size)
        #expect(received == wanted)
        #expect(seen.elements.flatMap(\.self) == sent)
        #expect(seen.elements.count == max(1, (size + 16_383) / 16_384))
    }

    @Test("A short packet ends a read, which is no error")
    func shortRead() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { request in
            request.fill { UInt8(truncatingIfNeeded: $0) }
            return .short(100)
        }
        let (bytes, outcome) = try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let bytes = try await pipe.read(upTo: 512)
            let done = try await pipe.makeTransfer(capacity: 512).submit().completion()
            return (bytes, done.outcome)
        }
        #expect(bytes == (0..<100).map { UInt8($0) })
        #expect(outcome.isShort)
        #expect(outcome.error == nil)
        #expect(outcome.byteCount == 100)
        #expect(outcome.requestedByteCount == 512)
    }

    @Test("A write that fills its last packet can be ended with a zero-length packet", arguments: [true, false])
    func termination(wireCan: Bool) throws {
        let wire = ScriptedWire(zeroLengthTermination: wireCan)
        let sizes = Log<String>()
        wire.script(0x02) { request in
            sizes.add("\(request.bytes.count)\(request.endsWithZeroLengthPacket ? "+0" : "")")
            return .all
        }
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            for size in [0, 511, 512, 16_384] {
                let written = try await pipe.write([UInt8](repeating: 1, count: size), terminated: true)
                #expect(written == size)
            }
            pipe.policy.endsWithZeroLengthPacket = true
            try await pipe.write([UInt8](repeating: 1, count: 1024))
        }
        let expected =
            wireCan
            ? ["0", "511", "512+0", "16384+0", "1024+0"] : ["0", "511", "512", "0", "16384", "0", "1024", "0"]
        #expect(sizes.elements == expected)
    }

    @Test("Bus faults and babble say what they are and how much had moved")
    func faults() throws {
        let wire = ScriptedWire()
        wire.script(
            0x81, replies: [.fault(.transaction, after: 512), .fault(.babble, after: 7), .fault(.noResponse, after: 0)])
        let errors = try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            var errors: [USBError] = []
            for _ in 0..<3 {
                if let error = await failure({ _ = try await pipe.read(upTo: 1024) }) { errors.append(error) }
            }
            return errors
        }
        #expect(errors.map(\.kind) == [.bus(.transaction), .overflow, .bus(.noResponse)])
        #expect(errors.map(\.byteCount) == [512, 7, 0])
        #expect(errors.allSatisfy { $0.endpoint == 0x81 })
    }

    @Test("A stall halts the pipe until it is cleared", arguments: [false, true])
    func stall(blockingCalls: Bool) throws {
        let wire = ScriptedWire()
        wire.script(0x02, replies: [.all, .stall, .all])
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            @Sendable func write() async -> USBError? {
                if blockingCalls {
                    return blocking { failure { try pipe.blocking.write([1, 2, 3].span) } }
                }
                return await failure { try await pipe.write([1, 2, 3]) }
            }
            #expect(await write() == nil)
            #expect(!pipe.isHalted)
            #expect(await write()?.kind == .stalled)
            #expect(pipe.isHalted)
            let submits = wire.submits
            #expect(await write()?.kind == .stalled)
            #expect(wire.submits == submits, "a halted pipe refuses before the wire")
            if blockingCalls {
                try blocking { try pipe.blocking.clearHalt() }
            } else {
                try await pipe.clearHalt()
            }
            #expect(!pipe.isHalted)
            #expect(await write() == nil)
        }
    }

    @Test("With the policy to send, a halted pipe lets the device stall again")
    func haltedSending() throws {
        let wire = ScriptedWire()
        wire.script(0x02, replies: [.stall, .all])
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            pipe.policy.whileHalted = .send
            for _ in 0..<2 {
                #expect(await failure { try await pipe.write([1]) }?.kind == .stalled)
            }
            #expect(wire.submits == 2)
        }
    }

    @Test("Control transfers: data both ways, stall without a halt, and what has methods of its own")
    func control() throws {
        let wire = ScriptedWire()
        let stored = Log<[UInt8]>()
        wire.scriptControl { setup, request in
            switch setup.request {
            case 0x5B:
                stored.add(request.bytes)
                return .all
            case 0x5C:
                request.fill { UInt8(truncatingIfNeeded: $0 + 1) }
                return .short(5)
            case 0x5D: return .stall
            default: return .all
            }
        }
        try wire.simulate { interface in
            let device = interface.device
            func setup(_ direction: Direction, _ request: UInt8, _ length: UInt16) -> SetupPacket {
                SetupPacket(
                    requestType: RequestType(direction: direction, kind: .vendor, recipient: .device),
                    request: request, value: 0, index: 0, length: length)
            }
            let sent: [UInt8] = [9, 8, 7]
            #expect(try await device.control(setup(.out, 0x5B, 3), sending: sent.span) == 3)
            #expect(try await device.read(setup(.in, 0x5C, 64)) == [1, 2, 3, 4, 5])
            #expect(await failure { try await device.control(setup(.out, 0x5D, 0)) }?.kind == .stalled)
            try await device.control(setup(.out, 0x5E, 0))
            #expect(try blocking { try device.blocking.read(setup(.in, 0x5C, 64)) } == [1, 2, 3, 4, 5])
            #expect(await failure { try await device.control(.setConfiguration(1)) }?.kind == .invalidArgument)
            #expect(await failure { try await device.control(setup(.out, 0x5B, 3)) }?.kind == .invalidArgument)
            #expect(
                await failure { _ = try await device.control(setup(.in, 0x5B, 3), sending: sent.span) }?.kind
                    == .invalidArgument)
        }
        #expect(stored.elements == [[9, 8, 7]])
    }

    @Test("Interrupt pipes move data too")
    func interrupt() throws {
        let wire = ScriptedWire()
        wire.script(0x83) { request in
            request.fill { _ in 0x5A }
            return .short(8)
        }
        let (bytes, info) = try wire.simulate { interface in
            let pipe = try interface.inPipe(0x83, Interrupt.self)
            return (try await pipe.read(upTo: 64), pipe.endpoint)
        }
        #expect(bytes == [UInt8](repeating: 0x5A, count: 8))
        #expect(info.intervalMicroframes == 8)
        #expect(info.maximumPacketSize == 64)
    }
}
