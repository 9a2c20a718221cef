// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Bulk and interrupt transfers")
struct BulkTests {
    @Test("Bytes arrive as they were sent", arguments: [0, 1, 511, 512, 513, 16_384, 100_001])
    func bytes(count: Int) async throws {
        try await withDevice(prepare: { _, device in
            for endpoint: UInt8 in [0x81, 0x02] { device.scripts[endpoint] = { _ in .end(.all) } }
        }) { kernel, device, interface in
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let written = try await interface.outPipe(0x02, Bulk.self).write(bytes)
            #expect(written == count)
            #expect(kernel.atOnce { _ in device.submissions(to: 0x02) }.flatMap(\.sent) == bytes)
            guard count > 0 else { return }
            let read = try await interface.inPipe(0x81, Bulk.self).read(upTo: count)
            #expect(read == (0..<count).map { UInt8(truncatingIfNeeded: $0) })
        }
    }

    @Test("Interrupt transfers are of their own type, either way")
    func interrupt() async throws {
        try await withDevice(prepare: { _, device in
            for endpoint: UInt8 in [0x83, 0x04] { device.scripts[endpoint] = { _ in .end(.all) } }
        }) { kernel, device, interface in
            let read = try await interface.inPipe(0x83, Interrupt.self).read(upTo: 8)
            #expect(read.count == 8)
            try await interface.outPipe(0x04, Interrupt.self).write([7, 7])
            let sent = kernel.atOnce { _ in device.submissions }
            #expect(sent.map(\.type) == [USBDEVFS_URB_TYPE_INTERRUPT, USBDEVFS_URB_TYPE_INTERRUPT])
            #expect(sent.last?.sent == [7, 7])
        }
    }

    @Test("What is ready is taken, in order, and what is not stays in flight", arguments: [1, 3, 7, 8])
    func someReady(count: Int) async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let order = Log<Int>()
            for _ in 0..<8 { try pipe.makeTransfer(capacity: 512).submit { order.add($0.outcome.byteCount) } }
            let before = kernel.atOnce { $0.reaps }
            kernel.end(device, 0x81, (1...count).map(Ending.short))
            // One call for each, and one more to learn that there is nothing; none when nothing can be left.
            let after = before + (count < 8 ? count + 1 : count)
            await kernel.until { $0.reaps >= after }
            let left = kernel.atOnce { $0.pending(device, 0x81).count }
            #expect(left == 8 - count)
            kernel.end(device, 0x81, (count..<8).map { Ending.short($0 + 1) })
            await kernel.until { $0.deviceFiles.allSatisfy { $0.outstanding == 0 } }
            await pipe.abort()
            try await interface.device.reset()
            #expect(order.elements == Array(1...8))
        }
    }

    @Test("A signal handler in the middle of a wait does no harm")
    func interrupted() async throws {
        try await withDevice(prepare: { state, device in
            state.interruptions = 40
            device.scripts[0x81] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            for _ in 0..<20 {
                let bytes = try await pipe.read(upTo: 512)
                #expect(bytes.count == 512)
            }
        }
    }

    // MARK: Zero-length packets

    @Test("A full last packet is followed by an empty one where that is asked for", arguments: [true, false])
    func zeroLengthPacket(hasAbility: Bool) async throws {
        try await withDevice(prepare: { _, device in
            if !hasAbility { device.abilities.remove(.zeroPacket) }
            device.scripts[0x02] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let moved = try await pipe.write([UInt8](repeating: 1, count: 1024), terminated: true)
            #expect(moved == 1024)
            let sent = kernel.atOnce { _ in device.submissions(to: 0x02) }
            #expect(sent.map(\.length) == (hasAbility ? [1024] : [1024, 0]))
            #expect(sent.map { $0.has(.zeroPacket) } == (hasAbility ? [true] : [false, false]))
            // A packet that is not full ends the transfer by itself.
            try await pipe.write([UInt8](repeating: 1, count: 1000), terminated: true)
            let last = kernel.atOnce { _ in device.submissions(to: 0x02) }.dropFirst(sent.count)
            #expect(last.map(\.length) == [1000])
        }
    }

    @Test("An empty write is one empty packet")
    func emptyWrite() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x02] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let moved = try await interface.outPipe(0x02, Bulk.self).write([])
            #expect(moved == 0)
            #expect(kernel.atOnce { _ in device.submissions.map(\.length) } == [0])
        }
    }

    // MARK: Failures

    @Test(
        "What the bus reported is told as what it is, with the bytes before it",
        arguments: [
            (EPIPE, TransferStatus.stalled), (EPROTO, .failed(.bus(.transaction))),
            (EILSEQ, .failed(.bus(.cyclicRedundancyCheck))), (ETIME, .failed(.bus(.noResponse))),
            (EOVERFLOW, .failed(.overflow)), (ECOMM, .failed(.bus(.hostMemory))), (ENOSR, .failed(.bus(.hostMemory))),
            (ENODEV, .deviceGone), (ESHUTDOWN, .deviceGone), (1, .failed(.bus(.transaction))),
        ])
    func faults(code: Int32, status: TransferStatus) async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x81] = { _ in .end(Ending(status: code, count: 600)) }
        }) { _, _, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let done = try await pipe.makeTransfer(capacity: 1024).submit().completion()
            #expect(done.outcome.status == status)
            #expect(done.outcome.byteCount == 600)
            #expect(done.outcome.detail?.code == Int(code))
            done.transfer.withBytes { #expect($0[599] == UInt8(599 & 0xFF)) }
        }
    }

    @Test("A stall halts the pipe until it is cleared")
    func stallHalts() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x81] = { _ in .end(.failed(EPIPE)) }
        }) { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let first = await failure { _ = try await pipe.read(upTo: 512) }
            #expect(first?.kind == .stalled)
            let submissions = kernel.atOnce { $0.submits }
            let second = await failure { _ = try await pipe.read(upTo: 512) }
            #expect(second?.kind == .stalled)
            #expect(kernel.atOnce { $0.submits } == submissions, "a halted pipe asks nothing")
            kernel.atOnce { _ in device.scripts[0x81] = { _ in .end(.all) } }
            try await pipe.clearHalt()
            let bytes = try await pipe.read(upTo: 512)
            #expect(bytes.count == 512)
        }
    }

    @Test(
        "A request that the kernel does not take is refused with its reason",
        arguments: [
            (EPERM, USBError.Kind.notAccepting), (ENOENT, .notFound), (EINVAL, .invalidArgument),
            (ENODEV, .deviceGone), (ESHUTDOWN, .deviceGone), (EHOSTUNREACH, .other), (EBUSY, .busy),
        ])
    func refusals(code: Int32, kind: USBError.Kind) async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x02] = { _ in .refuse(code) }
        }) { _, _, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let error = try #require(await failure { try await pipe.write([1, 2, 3]) })
            #expect(error.kind == kind)
            #expect(error.endpoint == 0x02)
            #expect(error.detail?.code == Int(code))
            if code == EHOSTUNREACH { #expect(error.detail?.hint.contains("suspended") == true) }
        }
    }

    @Test(
        "Memory that is used up is told with the budget, and with the setting that raises it",
        arguments: [("16", "16 MB"), ("0", "contiguous"), ("", "used up")])
    func memory(parameter: String, message: String) async throws {
        try await withDevice(prepare: { state, _ in
            state.memoryLimit = 1000
            if !parameter.isEmpty { state.tree.write("/sys/module/usbcore/parameters/usbfs_memory_mb", parameter) }
        }) { _, _, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            let error = try #require(await failure { try await pipe.write([UInt8](repeating: 0, count: 4096)) })
            #expect(error.kind == .outOfMemory)
            #expect(error.message.contains(message))
            #expect(error.detail?.hint.contains("usbcore.usbfs_memory_mb") == true)
        }
    }

    @Test("A blocking caller writes and reads without any task")
    func blockingCalls() async throws {
        try await withDevice(prepare: { _, device in
            for endpoint: UInt8 in [0x81, 0x02] { device.scripts[endpoint] = { _ in .end(.all) } }
        }) { _, _, interface in
            let out = try interface.outPipe(0x02, Bulk.self)
            let back = try interface.inPipe(0x81, Bulk.self)
            let count = try blocking { () throws(USBError) in
                var moved = 0
                for _ in 0..<100 {
                    let bytes: [UInt8] = [1, 2, 3]
                    moved += try out.blocking.write(bytes.span)
                    moved += try back.blocking.read(upTo: 3).count
                }
                return moved
            }
            #expect(count == 600)
        }
    }
}
#endif
