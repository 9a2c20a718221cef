// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 20: calls that may take so long and no longer.
@Suite("Calls with a timeout")
struct TimeoutTests {
    /// Reads with a time limit, as a task or as a blocking caller; returns the error and what is in the memory.
    private static func read<Kind: DataKind>(
        _ pipe: InPipe<Kind>, into count: Int, timeout: Duration?, blocks: Bool
    ) async -> (error: USBError?, memory: [UInt8]) {
        var memory = [UInt8](repeating: 0xEE, count: count)
        var span = memory.mutableSpan
        var error: USBError?
        do throws(USBError) {
            if blocks {
                _ = try blocking { () throws(USBError) in try pipe.blocking.read(into: &span, timeout: timeout) }
            } else {
                _ = try await pipe.read(into: &span, timeout: timeout)
            }
        } catch let caught {
            error = caught
        }
        return (error, memory)
    }

    private static func expire<Kind: DataKind>(
        _ kind: Kind.Type, _ address: EndpointAddress, packet: Int, blocks: Bool
    ) throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).inPipe(address, kind)
            for milliseconds in [1, 5, 60_000] as [Int64] {
                // One packet comes; to the rest of the request the device has nothing to say.
                attachment.withPeripheral { $0.packets[address] = [[UInt8](repeating: 7, count: packet)] }
                let begin = bus.clock.presentInstant
                let timeout = Duration.milliseconds(milliseconds)
                let (error, memory) = await read(pipe, into: 8 * packet, timeout: timeout, blocks: blocks)
                #expect(error?.kind == .timedOut)
                #expect(error?.byteCount == packet)
                #expect(error?.endpoint == address)
                #expect(begin.duration(to: bus.clock.presentInstant) == timeout)
                #expect(
                    memory == [UInt8](repeating: 7, count: packet) + [UInt8](repeating: 0xEE, count: 7 * packet))
                attachment.withPeripheral { $0.packets[address] = [[1, 2, 3]] }
                let next = await read(pipe, into: packet, timeout: timeout, blocks: blocks)
                #expect(next.error == nil)
                #expect(next.memory.prefix(4) == [1, 2, 3, 0xEE])
            }
        }
    }

    @Test(
        "A timeout comes when it is due, with the bytes that moved and their data, and the pipe goes on: bulk",
        arguments: [false, true])
    func bulk(blocks: Bool) throws {
        try Self.expire(Bulk.self, TestDevice.bulkIn, packet: 512, blocks: blocks)
    }

    @Test(
        "A timeout comes when it is due, with the bytes that moved and their data, and the pipe goes on: interrupt",
        arguments: [false, true])
    func interrupt(blocks: Bool) throws {
        try Self.expire(Interrupt.self, TestDevice.interruptIn, packet: 64, blocks: blocks)
    }

    @Test("Without a timeout a call waits for ever, here for a week")
    func forever() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            async let bytes = pipe.read(upTo: 512)
            try await bus.clock.sleep(for: .seconds(7 * 86_400))
            attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[42]] }
            #expect(try await bytes == [42])
            #expect(bus.clock.presentInstant >= BusInstant(nanoseconds: 7 * 86_400 * 1_000_000_000))
        }
    }

    @Test("What arrives before the timeout is served is success, however close")
    func close() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            var ends: [USBError.Kind?] = []
            for microseconds in [124, 125, 126] {
                // From the beginning of a microframe, whose end is when a packet that it carries completes.
                try await bus.wait(until: (bus.present + 1).roundedUp(toMultipleOf: 8))
                attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[9]] }
                let error = await failure { _ = try await pipe.read(upTo: 512, timeout: .microseconds(microseconds)) }
                ends.append(error?.kind)
            }
            #expect(ends == [.timedOut, nil, nil])
        }
    }
}
