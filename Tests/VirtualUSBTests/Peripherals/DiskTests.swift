// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification

@testable import VirtualUSB

/// A host's side of the bulk-only transport.
private struct BulkOnlyHost {
    let device: Device
    let input: InPipe<Bulk>
    let output: OutPipe<Bulk>

    struct Answer: Equatable {
        var data: [UInt8] = []
        var residue: Int
        var status: UInt8
        /// The endpoint that stalled in the data phase.
        var stalled: EndpointAddress?
    }

    init(_ bus: VirtualBus, _ disk: AttachedPeripheral<Disk>) throws {
        device = try bus.open(disk)
        let interface = try device.claim(0)
        input = try interface.inPipe(Disk.inEndpoint, Bulk.self)
        output = try interface.outPipe(Disk.outEndpoint, Bulk.self)
    }

    static func wrapper(_ command: [UInt8], length: Int, direction: Direction, tag: UInt32 = 7) -> [UInt8] {
        let little = { (value: UInt32) in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        return Array("USBC".utf8) + little(tag) + little(UInt32(length)) + [direction == .in ? 0x80 : 0, 0]
            + [UInt8(command.count)] + command + [UInt8](repeating: 0, count: 16 - command.count)
    }

    func receive(_ command: [UInt8], _ length: Int) async throws -> Answer {
        try await output.write(Self.wrapper(command, length: length, direction: .in))
        var data: [UInt8] = []
        var stalled: EndpointAddress?
        while data.count < length, stalled == nil {
            do throws(USBError) {
                data += try await input.read(upTo: min(512, length - data.count))
            } catch {
                #expect(error.kind == .stalled)
                try await input.clearHalt()
                stalled = Disk.inEndpoint
            }
        }
        return try await status(data, stalled)
    }

    func send(_ command: [UInt8], _ data: [UInt8] = []) async throws -> Answer {
        try await output.write(Self.wrapper(command, length: data.count, direction: .out))
        var stalled: EndpointAddress?
        if !data.isEmpty {
            do throws(USBError) {
                try await output.write(data)
            } catch {
                #expect(error.kind == .stalled)
                try await output.clearHalt()
                stalled = Disk.outEndpoint
            }
        }
        return try await status([], stalled)
    }

    private func status(_ data: [UInt8], _ stalled: EndpointAddress?) async throws -> Answer {
        let bytes = try await input.read(upTo: 13)
        #expect(bytes.count == 13)
        #expect(Array(bytes.prefix(8)) == Array("USBS".utf8) + [7, 0, 0, 0])
        let residue = bytes[8..<12].reversed().reduce(0) { $0 << 8 | Int($1) }
        return Answer(data: data, residue: residue, status: bytes[12], stalled: stalled)
    }

    /// Sense key, code and qualifier of the last failure.
    func sense() async throws -> [UInt8] {
        let answer = try await receive([0x03, 0, 0, 0, 18, 0], 18)
        #expect(answer.data.count == 18)
        return [answer.data[2], answer.data[12], answer.data[13]]
    }
}

@Suite struct DiskTests {
    private static let blocks = 64

    /// READ or WRITE of ten bytes.
    private static func ten(_ code: UInt8, _ block: Int, _ count: Int) -> [UInt8] {
        [code, 0] + BigEndian.bytes(UInt32(block)) + [0] + BigEndian.bytes(UInt16(count)) + [0]
    }

    private static func run<Value: Sendable>(
        speed: Speed = .high, isWriteProtected: Bool = false,
        _ body: @Sendable @escaping (BulkOnlyHost, AttachedPeripheral<Disk>) async throws -> Value
    ) throws -> Value {
        try VirtualBus.simulate { bus in
            let disk = try bus.attach(
                Disk(store: MemoryBlockStore(blockCount: blocks), speed: speed, isWriteProtected: isWriteProtected))
            return try await body(BulkOnlyHost(bus, disk), disk)
        }
    }

    private static func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = PeripheralRandom(seed: seed)
        return random.bytes(count * 512)
    }

    @Test func descriptors() {
        let model = Disk(store: MemoryBlockStore(blockCount: 1)).model
        let bytes = model.configurations[0].bytes
        #expect(Configuration.parse(bytes, speed: .high).defects == [])
        #expect(Array(bytes[9..<18]) == [9, 4, 0, 0, 2, 0x08, 0x06, 0x50, 0])
        #expect(Configuration.parse(model.otherSpeedConfigurations[0].bytes, speed: .full).defects == [])
    }

    @Test(arguments: [Speed.high, .full]) func whatIsWrittenIsReadBack(speed: Speed) throws {
        try Self.run(speed: speed) { (host, disk) async throws in
            let bytes = Self.pattern(5)
            #expect(try await host.send(Self.ten(0x2A, 10, 5), bytes) == .init(residue: 0, status: 0))
            #expect(try await host.receive(Self.ten(0x28, 10, 5), 2560) == .init(data: bytes, residue: 0, status: 0))
            // The same blocks by the short and the long commands.
            #expect(try await host.receive([0x08, 0, 0, 10, 5, 0], 2560).data == bytes)
            let long = [0x88, 0] + BigEndian.bytes(UInt64(10)) + BigEndian.bytes(UInt32(5)) + [0, 0]
            #expect(try await host.receive(long, 2560).data == bytes)
            let more = Self.pattern(1, seed: 2)
            #expect(try await host.send([0x0A, 0, 0, 12, 1, 0], more).status == 0)
            let longWrite = [0x8A, 0] + BigEndian.bytes(UInt64(63)) + BigEndian.bytes(UInt32(1)) + [0, 0]
            #expect(try await host.send(longWrite, more).status == 0)
            let stored = disk.withPeripheral { ($0.store as? MemoryBlockStore)?.bytes ?? [] }
            var expected = [UInt8](repeating: 0, count: Self.blocks * 512)
            expected.replaceSubrange(10 * 512..<15 * 512, with: bytes)
            expected.replaceSubrange(12 * 512..<13 * 512, with: more)
            expected.replaceSubrange(63 * 512..<64 * 512, with: more)
            #expect(stored == expected)
        }
    }

    @Test func whatLinuxAsksFirst() throws {
        try Self.run { (host, _) async throws in
            let inquiry = try await host.receive([0x12, 0, 0, 0, 36, 0], 36)
            #expect(inquiry.status == 0 && inquiry.residue == 0)
            #expect(Array(inquiry.data[..<8]) == [0, 0x80, 5, 2, 31, 0, 0, 0])
            #expect(String(decoding: inquiry.data[8...], as: UTF8.self) == "swiftusbVirtual Disk    1.00")
            #expect(try await host.receive([0x12, 1, 0, 0, 255, 0], 255).data == [0, 0, 0, 2, 0, 0x80])
            #expect(
                try await host.receive([0x12, 1, 0x80, 0, 16, 0], 16).data == [0, 0x80, 0, 12] + "000000000001".utf8)
            #expect(try await host.send([0, 0, 0, 0, 0, 0]) == .init(residue: 0, status: 0))
            let capacity = try await host.receive([0x25] + [UInt8](repeating: 0, count: 9), 8)
            #expect(capacity.data == [0, 0, 0, 63, 0, 0, 2, 0])
            let longCapacity = try await host.receive(
                [0x9E, 0x10] + [UInt8](repeating: 0, count: 11) + [32, 0, 0], 32)
            #expect(Array(longCapacity.data.prefix(12)) == [0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 2, 0])
            #expect(longCapacity.data.count == 32)
            let mode = try await host.receive([0x1A, 0, 0x3F, 0, 192, 0], 192)
            #expect(Array(mode.data.prefix(6)) == [23, 0, 0, 0, 8, 18])
            #expect(mode == .init(data: mode.data, residue: 192 - 24, status: 0, stalled: Disk.inEndpoint))
            let longMode = try await host.receive([0x5A, 0, 8, 0, 0, 0, 0, 0, 28, 0], 28)
            #expect(Array(longMode.data.prefix(10)) == [0, 26, 0, 0, 0, 0, 0, 0, 8, 18])
            #expect(
                try await host.receive([0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], 16).data == [0, 0, 0, 8]
                    + [UInt8](repeating: 0, count: 12))
            #expect(try await host.send([0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0]).status == 0)
            let luns = SetupPacket(
                requestType: RequestType(direction: .in, kind: .class, recipient: .interface), request: 0xFE, value: 0,
                index: 0, length: 1)
            #expect(try await host.device.read(luns) == [0])
        }
    }

    @Test(
        "Refused commands, and why",
        arguments: [
            ([0x42, 0, 0, 0, 0, 0], [5, 0x20, 0]), (ten(0x28, 64, 1), [5, 0x21, 0]), (ten(0x28, 63, 2), [5, 0x21, 0]),
            ([0x12, 0, 0x80, 0, 36, 0], [5, 0x24, 0]), ([0x1A, 0, 0x1C, 0, 36, 0], [5, 0x24, 0]),
            ([0x12, 1, 0xB0, 0, 36, 0], [5, 0x24, 0]),
            ([0x88, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0], [5, 0x21, 0]),
        ] as [([UInt8], [UInt8])])
    func refusals(command: [UInt8], sense: [UInt8]) throws {
        try Self.run { (host, _) async throws in
            let answer = try await host.receive(command, 512)
            #expect(answer == .init(residue: 512, status: 1, stalled: Disk.inEndpoint))
            #expect(try await host.sense() == sense)
            // It is told once.
            #expect(try await host.sense() == [0, 0, 0])
        }
    }

    @Test func writeProtection() throws {
        try Self.run(isWriteProtected: true) { (host, disk) async throws in
            let answer = try await host.send(Self.ten(0x2A, 0, 2), Self.pattern(2))
            #expect(answer == .init(residue: 1024, status: 1, stalled: Disk.outEndpoint))
            #expect(try await host.sense() == [7, 0x27, 0])
            #expect(try await host.receive([0x1A, 0, 0x3F, 0, 4, 0], 4).data == [23, 0, 0x80, 0])
            #expect(try await host.receive(Self.ten(0x28, 0, 1), 512).data == [UInt8](repeating: 0, count: 512))
            disk.withPeripheral { $0.isWriteProtected = false }
            #expect(try await host.send(Self.ten(0x2A, 0, 2), Self.pattern(2)).status == 0)
        }
    }

    @Test(arguments: [Speed.high, .full]) func mediumErrors(speed: Speed) throws {
        try Self.run(speed: speed) { (host, disk) async throws in
            let bytes = Self.pattern(4)
            #expect(try await host.send(Self.ten(0x2A, 0, 4), bytes).status == 0)
            disk.withPeripheral { $0.damagedBlocks = [2] }
            // What lies before the block is read, and the residue tells the rest.
            let read = try await host.receive(Self.ten(0x28, 0, 4), 2048)
            #expect(
                read
                    == .init(data: Array(bytes.prefix(1024)), residue: 1024, status: 1, stalled: Disk.inEndpoint))
            let sense = try await host.receive([0x03, 0, 0, 0, 18, 0], 18).data
            #expect(Array(sense.prefix(7)) == [0xF0, 0, 3, 0, 0, 0, 2])
            #expect(sense[12] == 0x11)
            let write = try await host.send(Self.ten(0x2A, 0, 4), Self.pattern(4, seed: 5))
            #expect(write == .init(residue: 1024, status: 1, stalled: Disk.outEndpoint))
            #expect(try await host.sense() == [3, 0x0C, 0])
            // With the last block there is nothing left to stall.
            let last = try await host.send(Self.ten(0x2A, 2, 1), Self.pattern(1))
            #expect(last == .init(residue: 512, status: 1))
            #expect(try await host.receive(Self.ten(0x28, 3, 1), 512).data == Array(bytes.suffix(512)))
        }
    }

    @Test func ejecting() throws {
        try Self.run { (host, disk) async throws in
            #expect(try await host.send([0x1E, 0, 0, 0, 1, 0]).status == 0)
            #expect(try await host.send([0x1B, 0, 0, 0, 2, 0]).status == 1)
            #expect(try await host.sense() == [5, 0x53, 2])
            #expect(try await host.send([0x1E, 0, 0, 0, 0, 0]).status == 0)
            #expect(try await host.send([0x1B, 0, 0, 0, 2, 0]).status == 0)
            #expect(!disk.withPeripheral { $0.isLoaded })
            #expect(try await host.send([0, 0, 0, 0, 0, 0]).status == 1)
            #expect(try await host.sense() == [2, 0x3A, 0])
            #expect(try await host.receive(Self.ten(0x28, 0, 1), 512).status == 1)
            #expect(try await host.send([0x1B, 0, 0, 0, 3, 0]).status == 0)
            #expect(try await host.send([0, 0, 0, 0, 0, 0]).status == 0)
        }
    }

    /// The thirteen cases of BOT 1.0 section 6.7: what the host means to move, what the command does, and how it ends.
    @Test(
        "Where host and device disagree, the specification's cases decide",
        arguments: [
            (1, Direction.in, 0, [0, 0, 0, 0, 0, 0], 0, 0, false), (2, .in, 0, ten(0x28, 0, 1), 2, 0, false),
            (3, .out, 0, ten(0x2A, 0, 1), 2, 0, false), (4, .in, 512, [0, 0, 0, 0, 0, 0], 0, 512, true),
            (5, .in, 1024, ten(0x28, 0, 1), 0, 512, true), (6, .in, 512, ten(0x28, 0, 1), 0, 0, false),
            (7, .in, 512, ten(0x28, 0, 2), 2, 512, true), (8, .in, 512, ten(0x2A, 0, 1), 2, 512, true),
            (9, .out, 512, [0, 0, 0, 0, 0, 0], 0, 512, true), (10, .out, 512, ten(0x28, 0, 1), 2, 512, true),
            (11, .out, 1024, ten(0x2A, 0, 1), 0, 512, true), (12, .out, 512, ten(0x2A, 0, 1), 0, 0, false),
            (13, .out, 512, ten(0x2A, 0, 2), 2, 512, true),
        ] as [(Int, Direction, Int, [UInt8], UInt8, Int, Bool)])
    func thirteenCases(
        number: Int, direction: Direction, length: Int, command: [UInt8], status: UInt8, residue: Int, stalls: Bool
    ) throws {
        try Self.run { (host, _) async throws in
            let answer =
                direction == .in
                ? try await host.receive(command, length)
                : try await host.send(command, [UInt8](repeating: 1, count: length))
            #expect(answer.status == status, "case \(number)")
            #expect(answer.residue == residue, "case \(number)")
            let endpoint = direction == .in ? Disk.inEndpoint : Disk.outEndpoint
            #expect(answer.stalled == (stalls ? endpoint : nil), "case \(number)")
            // Whatever happened, the next command works.
            #expect(try await host.send([0, 0, 0, 0, 0, 0]).status == 0)
        }
    }

    @Test(
        "After a wrapper that is not valid everything stalls until a reset",
        arguments: [
            [UInt8](repeating: 0, count: 31), Array(BulkOnlyHost.wrapper([0], length: 0, direction: .in).dropLast()),
            BulkOnlyHost.wrapper([0], length: 0, direction: .in) + [0],
            BulkOnlyHost.wrapper([], length: 0, direction: .in), [],
        ])
    func invalidWrappers(wrapper: [UInt8]) throws {
        try Self.run { (host, _) async throws in
            for _ in 0..<2 {
                let error = await #expect(throws: USBError.self) { try await host.output.write(wrapper) }
                #expect(error?.kind == .stalled)
                try await host.output.clearHalt()
            }
            let error = await #expect(throws: USBError.self) { _ = try await host.input.read(upTo: 13) }
            #expect(error?.kind == .stalled)
            try await host.device.control(
                SetupPacket(
                    requestType: RequestType(direction: .out, kind: .class, recipient: .interface), request: 0xFF,
                    value: 0, index: 0, length: 0))
            try await host.input.clearHalt()
            try await host.output.clearHalt()
            #expect(try await host.send([0, 0, 0, 0, 0, 0]).status == 0)
        }
    }
}
