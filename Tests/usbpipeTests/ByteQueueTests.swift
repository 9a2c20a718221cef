// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Dispatch
import Testing

@testable import usbpipe

@Suite struct ByteQueueTests {
    @Test("Pieces pass from a thread to a task in order", arguments: [1, 2, 7]) func toTask(_ limit: Int) async {
        let queue = ByteQueue(limit: limit)
        DispatchQueue(label: "thread").async {
            for number in 0..<200 { _ = queue.put([UInt8(number)]) }
            queue.finish()
        }
        var received: [UInt8] = []
        while let piece = await queue.next() { received += piece }
        #expect(received == Array(0..<200))
    }

    @Test("Pieces pass from a task to a thread in order", arguments: [1, 2, 7]) func toThread(_ limit: Int) async {
        let queue = ByteQueue(limit: limit)
        let received = Box()
        DispatchQueue(label: "thread").async {
            while let piece = queue.take() { received.bytes += piece }
            queue.close()
        }
        for number in 0..<200 { #expect(await queue.add([UInt8(number)])) }
        queue.finish()
        await queue.closed()
        #expect(received.bytes == Array(0..<200))
    }

    @Test("Nothing can be added to a closed queue") func closing() async {
        let queue = ByteQueue(limit: 1)
        #expect(await queue.add([1]))
        queue.close()
        #expect(await !queue.add([2]))
        #expect(!queue.put([3]))
        #expect(await queue.next() == nil)
    }

    @Test("A cancelled task no longer waits, and the thread is told") func cancelling() async {
        let queue = ByteQueue(limit: 1)
        let task = Task { await queue.next() }
        task.cancel()
        #expect(await task.value == nil)
        #expect(!queue.put([1]))
    }

    /// Bytes of the thread; read when it has ended.
    private final class Box: @unchecked Sendable { var bytes: [UInt8] = [] }
}

@Suite struct HexDumpTests {
    @Test(
        "Bytes are read",
        arguments: [
            ("", []), ("00", [0]), ("01a2ff", [1, 0xA2, 0xFF]), ("01 a2 ff", [1, 0xA2, 0xFF]),
            ("0x01,0xA2", [1, 0xA2]), ("0x01a2:ff", [1, 0xA2, 0xFF]),
        ] as [(String, [UInt8])])
    func reading(_ text: String, bytes: [UInt8]) throws {
        #expect(try HexDump.parse(text) == bytes)
    }

    @Test("What are no bytes", arguments: ["0", "0x", "0g", "+1", "0x0", "00 1", "٠٠"])
    func badBytes(_ text: String) {
        #expect(throws: ArgumentError.self) { try HexDump.parse(text) }
    }

    @Test("Lines have sixteen bytes, and dots for what cannot be printed") func lines() {
        #expect(HexDump.lines([]) == "")
        #expect(
            HexDump.lines(Array("Sixteen letters!".utf8) + [0x1F, 0x7E, 0x7F]) == """
                0000  53 69 78 74 65 65 6e 20 6c 65 74 74 65 72 73 21  Sixteen letters!
                0010  1f 7e 7f                                         .~.

                """)
    }
}
