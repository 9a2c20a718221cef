// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import USBHost

@Suite("The names of bulk streams")
struct StreamNameTests {
    /// Notes the stream of each request that the wire is given.
    private static func names(on wire: ScriptedWire) -> Log<UInt16> {
        let names = Log<UInt16>()
        wire.refuse { request, _ in
            names.add(request.streamID)
            return nil
        }
        return names
    }

    @Test("A wire with streams is told the stream of each part, and of no other transfer", arguments: [1, 3])
    func told(parts: Int) throws {
        let wire = ScriptedWire(bulkStreams: true)
        let names = Self.names(on: wire)
        try wire.simulate { interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            var transfer = pipe.makeTransfer(capacity: parts * 16_384)
            transfer.streamID = 7
            var done = try await transfer.submit().completion()
            #expect(done.outcome.byteCount == parts * 16_384)
            done.transfer.streamID = 0
            _ = try await done.transfer.submit().completion()
        }
        #expect(names.elements == [UInt16](repeating: 7, count: parts) + [UInt16](repeating: 0, count: parts))
    }

    @Test("A wire without streams is never told of one: the transfer is refused, and the next is not")
    func refused() throws {
        let wire = ScriptedWire(bulkStreams: false)
        let names = Self.names(on: wire)
        try wire.simulate { interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            var transfer = pipe.makeTransfer(capacity: 512)
            transfer.streamID = 7
            let error = await transfer.submitError()
            #expect(error?.kind == .unsupported)
            #expect(error?.endpoint == 0x81)
            #expect(error?.message.contains("stream 7") == true)
            let bytes = try await pipe.read(upTo: 512)
            #expect(bytes.count == 512)
        }
        #expect(names.elements == [0])
    }

    @Test("The refusal comes as the completion where that was asked for")
    func delivered() throws {
        let wire = ScriptedWire()
        let names = Self.names(on: wire)
        try wire.simulate { interface in
            var transfer = try interface.inPipe(0x81, Bulk.self).makeTransfer(capacity: 512)
            transfer.streamID = 1
            let done = try await transfer.submit(deliveringRefusal: true).completion()
            #expect(done.outcome.error?.kind == .unsupported)
        }
        #expect(names.elements == [])
    }
}
