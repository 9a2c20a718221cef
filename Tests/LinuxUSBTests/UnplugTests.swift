// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import TestEffort
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Unplugging")
struct UnplugTests {
    @Test(
        "Everything outstanding ends once, with what is true, and later calls fail at once", arguments: [true, false],
        [ENOENT, ESHUTDOWN, ENODEV])
    func outstanding(reapsAfter: Bool, code: Int32) async throws {
        try await withDevice(prepare: { _, device in
            if !reapsAfter { device.abilities.remove(.reapAfterDisconnect) }
        }) { kernel, device, interface in
            let ends = Log<TransferOutcome>()
            let bulk = try interface.inPipe(0x81, Bulk.self)
            let interrupt = try interface.inPipe(0x83, Interrupt.self)
            let isochronous = try interface.inPipe(0x86, Isochronous.self)
            var flights: [Task<TransferOutcome, Never>] = []
            for _ in 0..<8 {
                let first = Holder(try bulk.makeTransfer(capacity: 512).submit())
                let second = Holder(try interrupt.makeTransfer(capacity: 64).submit())
                let third = Holder(try isochronous.makeTransfer(capacity: 300 * 192).submit(.asSoonAsPossible))
                flights.append(Task { await first.outcome() })
                flights.append(Task { await second.outcome() })
                flights.append(Task { await third.outcome() })
            }
            async let control = failure {
                _ = try await interface.device.read(.getDescriptor(type: .device, length: 18), timeout: nil)
            }
            await kernel.until { $0.pending(device, 0).count == 1 }
            kernel.atOnce { state in state.unplug(device, status: code) }
            for flight in flights { ends.add(await flight.value) }
            let controlError = await control
            #expect(controlError?.kind == .deviceGone)
            #expect(ends.elements.count == 24)
            #expect(ends.elements.allSatisfy { $0.status == .deviceGone })
            #expect(ends.elements.allSatisfy { $0.byteCount == 0 })

            // Behind the last end the kernel says that nothing is left. What is submitted before that still reaches it.
            while !interface.device.isDetached { await Task.yield() }
            let submits = kernel.atOnce { $0.submits }
            let read = await failure { _ = try await bulk.read(upTo: 512) }
            #expect(read?.kind == .deviceGone)
            let setting = await failure { try await interface.selectAlternateSetting(1) }
            #expect(setting?.kind == .deviceGone)
            let claim = await failure { _ = try interface.device.claim(1) }
            #expect(claim?.kind == .deviceGone)
            let reset = await failure { try await interface.device.reset() }
            #expect(reset?.kind == .deviceGone)
            #expect(interface.device.isDetached)
            #expect(kernel.atOnce { $0.submits } == submits)
        }
    }

    @Test("Errors of the bus just before the plug is out are told as such, and the rest as gone")
    func errorsBefore() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            var flights: [Holder<Bulk>] = []
            for _ in 0..<12 { flights.append(Holder(try pipe.makeTransfer(capacity: 512).submit())) }
            kernel.atOnce { $0.holdsCompletions = true }
            kernel.end(device, 0x81, Array(repeating: .failed(EPROTO), count: 5))
            kernel.atOnce { state in
                state.unplug(device)
                state.holdsCompletions = false
            }
            var statuses: [TransferStatus] = []
            for flight in flights { statuses.append(await flight.completion()) }
            #expect(statuses.prefix(5).allSatisfy { $0 == .failed(.bus(.transaction)) })
            #expect(statuses.dropFirst(5).allSatisfy { $0 == .deviceGone })
        }
    }

    @Test("What had ended before the plug was out keeps its bytes", arguments: [true, false])
    func endedBefore(hasMore: Bool) async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            kernel.atOnce { $0.holdsCompletions = true }
            let first = try pipe.makeTransfer(capacity: 512).submit()
            let second = hasMore ? Holder(try pipe.makeTransfer(capacity: 512).submit()) : nil
            kernel.end(device, 0x81, [.short(77)])
            kernel.atOnce { state in
                state.unplug(device)
                state.holdsCompletions = false
            }
            let done = await first.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == 77)
            let status = await second?.completion()
            #expect(status == (hasMore ? .deviceGone : nil))
        }
    }

    @Test("A device that goes while nothing is outstanding is found gone by the next call")
    func idle() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.outPipe(0x02, Bulk.self)
            kernel.atOnce { $0.unplug(device) }
            let write = await failure { try await pipe.write([1]) }
            #expect(write?.kind == .deviceGone)
            let control = await failure {
                try await interface.device.control(.clearFeature(.deviceRemoteWakeup, of: .device))
            }
            #expect(control?.kind == .deviceGone)
        }
    }

    @Test("A transfer whose rest the kernel no longer took ends too", arguments: [true, false])
    func rest(reapsAfter: Bool) async throws {
        try await withDevice(prepare: { state, device in
            if !reapsAfter { device.abilities.remove(.reapAfterDisconnect) }
            device.abilities.remove(.scatterGather)
            state.holdsCompletions = true
            device.scripts[0x81] = { $0.has(.bulkContinuation) ? .keep : .end(.short(9)) }
        }) { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let flight = try pipe.makeTransfer(capacity: 4 * 16_384).submit()
            kernel.atOnce { state in
                state.unplug(device)
                state.holdsCompletions = false
            }
            let done = await flight.completion()
            #expect(done.outcome.status == (reapsAfter ? .completed : .deviceGone))
            #expect(done.outcome.byteCount == (reapsAfter ? 9 : 0))
        }
    }

    @Test("A cancel at the moment of the unplugging ends each transfer once", arguments: 0..<20)
    func cancelRace(seed: Int) async throws {
        for _ in 0..<lengthy(5, by: 2) {
            try await withDevice(prepare: { _, device in
                if seed % 2 == 1 { device.abilities.remove(.reapAfterDisconnect) }
            }) { kernel, device, interface in
                let pipe = try interface.inPipe(0x81, Bulk.self)
                var flights: [Holder<Bulk>] = []
                for _ in 0..<8 { flights.append(Holder(try pipe.makeTransfer(capacity: 512).submit())) }
                let cancellers = flights.map(\.canceller)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { kernel.atOnce { $0.unplug(device) } }
                    group.addTask { for index in 0..<8 { cancellers[(index + seed) % 8].cancel() } }
                }
                for flight in flights {
                    let status = await flight.completion()
                    #expect(status == .deviceGone || status == .cancelled)
                }
            }
        }
    }

    @Test("A stream ends with the news, and what it had moved is counted", arguments: [true, false])
    func stream(reapsAfter: Bool) async throws {
        try await withDevice(prepare: { _, device in
            if !reapsAfter { device.abilities.remove(.reapAfterDisconnect) }
        }) { kernel, device, interface in
            let pipe = try interface.inPipe(0x86, Isochronous.self)
            var stream = try pipe.stream(options: StreamOptions(depth: .seconds(2), batch: .milliseconds(125)))
            let batches = Log<Int>()
            let count = sparing(20, by: 4)
            async let controller: Void = {
                for number in 1...count {
                    // One batch is 1000 packets, eight requests.
                    for _ in 0..<8 {
                        await kernel.until { !$0.pending(device, 0x86).isEmpty }
                        kernel.end(device, 0x86, [.all])
                    }
                    await kernel.until { _ in batches.elements.count == number }
                }
                kernel.atOnce { $0.unplug(device) }
            }()
            let error = await failure {
                while true {
                    try await stream.next { batches.add($0.byteCount) }
                    kernel.atOnce { _ in }
                }
            }
            await controller
            #expect(error?.kind == .deviceGone)
            #expect(batches.elements.count >= count)
            #expect(stream.statistics.packetsCompleted == count * 1000)
            let end = await stream.cancel()
            #expect(end.byteCount == count * 1000 * 192)
        }
    }

    @Test("A call that waits for the device ends with the news")
    func ownCall() async throws {
        try await withDevice { kernel, device, interface in
            kernel.atOnce { _ in device.refusals[.reset] = ENODEV }
            let reset = await failure { try await interface.device.reset() }
            #expect(reset?.kind == .deviceGone)
        }
    }

    @Test("A device that is let go of by the last completion is closed behind the event loop, not under its hands")
    func closedByCompletion() async throws {
        for _ in 0..<lengthy(100, by: 4) {
            let ended = Log<TransferStatus>()
            let kernel = ScriptedKernel()
            let device = kernel.atOnce { $0.attach(SampleDevice()) }
            try await withKernel(kernel) { kernel, bus in
                do {
                    let pipe = try bus.open(try #require(try bus.devices().first)).claim(0).inPipe(0x81, Bulk.self)
                    // Nobody else has the device any more when this ends, on another thread than the loop's.
                    let flight = Holder(try pipe.makeTransfer(capacity: 512).submit())
                    Task { ended.add(await flight.completion()) }
                }
                kernel.atOnce { state in
                    state.end(device, 0x81, .all)
                    state.unplug(device)
                }
                await kernel.until { $0.deviceFiles.isEmpty }
            }
        }
    }
}
#endif
