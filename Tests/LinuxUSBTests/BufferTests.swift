// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Buffers that are shared with the kernel")
struct BufferTests {
    @Test("A mapped buffer is used without a copy, either way, and unmapped when nobody has it any more")
    func mapped() async throws {
        try await withDevice { kernel, device, interface in
            do {
                let buffer = interface.device.makeBuffer(byteCount: 8192)
                #expect(buffer.isZeroCopy)
                #expect(kernel.atOnce { $0.mappings.count } == 1)
                try buffer.store([UInt8](repeating: 7, count: 512).span, at: 4096)
                let out = try interface.outPipe(0x02, Bulk.self)
                let sending = try out.makeTransfer(using: buffer, offset: 4096, count: 512).submit()
                let back = try interface.inPipe(0x81, Bulk.self)
                let receiving = try back.makeTransfer(using: buffer, offset: 0, count: 512).submit()
                kernel.atOnce { state in
                    #expect(state.pending(device, 0x02).first?.isMapped == true)
                    #expect(state.pending(device, 0x81).first?.isMapped == true)
                }
                kernel.end(device, 0x02, [.all])
                kernel.end(device, 0x81, [.short(300)])
                _ = await sending.completion()
                let done = await receiving.completion()
                #expect(done.outcome.byteCount == 300)
                var bytes = [UInt8](repeating: 0xEE, count: 301)
                var span = bytes.mutableSpan
                try buffer.load(into: &span, from: 0)
                #expect(bytes == (0..<300).map { UInt8(truncatingIfNeeded: $0) } + [0])
                #expect(
                    kernel.atOnce { _ in device.submissions(to: 0x02).first?.sent } == [UInt8](repeating: 7, count: 512)
                )
            }
            await kernel.until { $0.mappings.isEmpty }
        }
    }

    @Test("A buffer in flight stays mapped, whoever has let go of it")
    func inFlight() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let flight: InFlight<Bulk>
            do {
                let buffer = interface.device.makeBuffer(byteCount: 4096)
                flight = try pipe.makeTransfer(using: buffer, offset: 0, count: 512).submit()
                let error = await failure { try buffer.unregister() }
                #expect(error?.kind == .busy)
            }
            #expect(kernel.atOnce { $0.mappings.count } == 1)
            kernel.end(device, 0x81, [.all])
            do {
                let done = await flight.completion()
                #expect(done.outcome.status == .completed)
            }
            await kernel.until { $0.mappings.isEmpty }
        }
    }

    @Test("A transfer that was let go of while in flight keeps its memory until the kernel is done with it")
    func letGo() async throws {
        try await withDevice { kernel, _, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            for _ in 0..<20 {
                let buffer = interface.device.makeBuffer(byteCount: 4096)
                _ = try pipe.makeTransfer(using: buffer, offset: 512, count: 512).submit()
            }
            await kernel.until { $0.mappings.isEmpty && $0.deviceFiles.allSatisfy { $0.outstanding == 0 } }
        }
    }

    @Test("Where nothing can be mapped an ordinary buffer does the same", arguments: [true, false])
    func fallback(hasAbility: Bool) async throws {
        try await withDevice(prepare: { state, device in
            if hasAbility { state.mapsMemory = false } else { device.abilities.remove(.mapping) }
            device.scripts[0x81] = { _ in .end(.short(300)) }
        }) { kernel, _, interface in
            let buffer = interface.device.makeBuffer(byteCount: 4096)
            #expect(!buffer.isZeroCopy)
            #expect(buffer.byteCount == 4096)
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let done = try await pipe.makeTransfer(using: buffer, offset: 1000, count: 512).submit().completion()
            #expect(done.outcome.byteCount == 300)
            var bytes = [UInt8](repeating: 0xEE, count: 301)
            var span = bytes.mutableSpan
            try buffer.load(into: &span, from: 1000)
            #expect(bytes == (0..<300).map { UInt8(truncatingIfNeeded: $0) } + [0])
            #expect(kernel.atOnce { $0.mappings.isEmpty })
        }
    }

    @Test("When the budget is used up the next buffer is an ordinary one")
    func budget() async throws {
        try await withDevice(prepare: { state, _ in state.memoryLimit = 10_000 }) { _, _, interface in
            let buffers = (0..<4).map { _ in interface.device.makeBuffer(byteCount: 4096) }
            #expect(buffers.map(\.isZeroCopy) == [true, true, false, false])
        }
    }

    @Test("What lies behind the bytes that came keeps what it was, as is said of such memory")
    func staleGaps() async throws {
        try await withDevice { kernel, device, interface in
            let buffer = interface.device.makeBuffer(byteCount: 4096)
            try buffer.store([UInt8](repeating: 0xEE, count: 4096).span, at: 0)
            let pipe = try interface.inPipe(0x86, Isochronous.self)
            let flight = try pipe.makeTransfer(using: buffer, offset: 0, count: 2 * 192).submit(.asSoonAsPossible)
            kernel.end(device, 0x86, [.packets([(10, 0), (192, 0)])])
            let done = await flight.completion()
            done.transfer.withBytes { bytes in
                #expect(bytes[9] == 1)
                #expect(bytes[10] == 0xEE)
                #expect(bytes[192] == 2)
            }
            done.transfer.withPacket(0) { #expect($0.count == 10) }
        }
    }

    @Test("A buffer outlives its device")
    func outlives() async throws {
        let buffers = Log<RegisteredBuffer>()
        let kernel = ScriptedKernel()
        kernel.atOnce { _ = $0.attach(SampleDevice()) }
        try await withKernel(kernel) { kernel, bus in
            do {
                let device = try bus.open(try #require(try bus.devices().first))
                buffers.add(device.makeBuffer(byteCount: 4096))
            }
            await kernel.until { $0.deviceFiles.isEmpty }
            try buffers.elements[0].store(([1, 2, 3] as [UInt8]).span, at: 0)
            #expect(kernel.atOnce { $0.mappings.count } == 1)
            buffers.removeAll()
            #expect(kernel.atOnce { $0.mappings.isEmpty })
        }
    }
}
#endif
