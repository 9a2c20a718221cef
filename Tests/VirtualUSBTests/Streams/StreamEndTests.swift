// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("How streams end")
struct StreamEndTests {
    @Test("Cancelling ends a stream at once, and the pipe is free")
    func cancel() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let pipe = try plugged.out
            for round in 0..<20 {
                var stream = try pipe.stream(.fixed(bytes: 1))
                for _ in 0..<20 + round { try await stream.next { _ in } }
                try await bus.clock.sleep(for: .microseconds(round * 131))
                let before = plugged.received.count
                let present = bus.present
                let statistics = await stream.cancel()
                #expect(bus.present <= present + 1)
                #expect(plugged.received.count <= before + 1)
                #expect(statistics.batchesQueued == 0)
                #expect(statistics.gapCount == 0)
                let first = try #require(statistics.firstPosition)
                let sent = plugged.received.filter { $0.position >= first }.count
                #expect(statistics.packetsCompleted == sent)
                #expect(statistics.byteCount == sent)
                let now = bus.frame().microframe
                let next = try await pipe.send(1, .at(now + 2)).completion().outcome
                #expect(next.status == .completed)
            }
        }
    }

    @Test("A cancelled stream can be filled and sent again")
    func reuse() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            var stream = try plugged.out.stream(.fixed(bytes: 1), options: .init(depth: .milliseconds(4)))
            for _ in 0..<10 { try await stream.next { _ in } }
            let first = await stream.cancel()
            for _ in 0..<10 { try await stream.next { _ in } }
            let second = try await stream.finish()
            #expect(second.packetsCompleted == first.packetsCompleted + 80)
            #expect(plugged.received.count == second.packetsCompleted)
        }
    }

    @Test("Letting go of a stream ends it, and the pipe is free", arguments: [0, 1, 3, 16, 40])
    func abandon(batches: Int) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let (out, back) = (try plugged.out, try plugged.in)
            for _ in 0..<10 {
                do {
                    var stream = try out.stream(.fixed(bytes: 1))
                    for _ in 0..<batches { try await stream.next { _ in } }
                    var reading = try back.stream()
                    for _ in 0..<batches { try await reading.next { _ in } }
                }
                try await bus.clock.sleep(for: .nanoseconds(1))
                let present = bus.present
                let outcome = try await out.send(1, .asSoonAsPossible).completion().outcome
                #expect(try #require(outcome.firstPosition) <= present + 2)
                let read = try await back.makePackets([1]).submit(.asSoonAsPossible).completion().outcome
                #expect(read.status == .completed)
                await out.abort()
                await back.abort()
            }
        }
    }

    @Test(
        "Unplugging ends both streams with that reason; the statistics stay", arguments: [0, 1, 5_000, 5_125, 17_300])
    func unplug(microseconds: Int) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let (out, back) = (try plugged.out, try plugged.in)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var stream = try out.stream(.fixed(bytes: 1), options: .init(depth: .milliseconds(2)))
                    var error: USBError?
                    do throws(USBError) { while true { try await stream.next { _ in } } } catch let caught {
                        error = caught
                    }
                    #expect(error?.kind == .deviceGone)
                    #expect(await failure { try await stream.next { _ in } }?.kind == .deviceGone)
                    #expect(await failure { _ = try await stream.finish() }?.kind == .deviceGone)
                    let statistics = await stream.cancel()
                    #expect(statistics.packetsCompleted == plugged.received.count)
                    #expect(statistics.batchesQueued == 0)
                }
                group.addTask {
                    var stream = try back.stream(options: .init(depth: .milliseconds(2)))
                    var lent = 0
                    var error: USBError?
                    do throws(USBError) { while true { try await stream.next { lent += $0.packetCount } } } catch let
                        caught
                    {
                        error = caught
                    }
                    #expect(error?.kind == .deviceGone)
                    #expect(stream.statistics.packetsCompleted >= lent)
                    #expect(await failure { try await stream.next { _ in } }?.kind == .deviceGone)
                    _ = await stream.cancel()
                }
                try await bus.clock.sleep(for: .microseconds(microseconds))
                plugged.attachment.unplug()
                try await group.waitForAll()
            }
        }
    }

    @Test("Cancelling the task ends a stream; what was moved is known", arguments: [0, 1, 4_000, 4_001, 30_000])
    func taskCancellation(microseconds: Int) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let (out, back) = (try plugged.out, try plugged.in)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var stream = try out.stream(.fixed(bytes: 1))
                    let error = await failure { _ = try await stream.run { _ in .next } }
                    #expect(error?.kind == .cancelled)
                    let statistics = await stream.cancel()
                    #expect(statistics.packetsCompleted == plugged.received.count)
                }
                group.addTask {
                    var stream = try back.stream()
                    let error = await failure { _ = try await stream.run { _ in .next } }
                    #expect(error?.kind == .cancelled)
                    _ = await stream.cancel()
                }
                try await bus.clock.sleep(for: .microseconds(microseconds))
                group.cancelAll()
                try await group.waitForAll()
            }
            // Both pipes serve the next comer.
            #expect(try await out.send(1, .asSoonAsPossible).completion().outcome.status == .completed)
            let read = try await back.makePackets([1]).submit(.asSoonAsPossible).completion().outcome
            #expect(read.status == .completed)
        }
    }

    @Test("Selecting another setting under a stream ends it")
    func alternateSetting() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            let out = try plugged.out
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var stream = try out.stream(.fixed(bytes: 1))
                    let error = await failure { _ = try await stream.run { _ in .next } }
                    #expect(error?.kind == .cancelled || error?.kind == .closed)
                    #expect(await failure { _ = try await stream.run { _ in .next } }?.kind == .closed)
                }
                try await bus.clock.sleep(for: .milliseconds(30))
                try await plugged.interface.selectAlternateSetting(0)
                try await group.waitForAll()
            }
        }
    }

    @Test("A stream outlives its interface object, and gives the device back when it goes")
    func keepsAlive() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(Recorder())
            func open() async throws -> Interface {
                let device = try bus.open(vendorID: 0x1209, productID: 0x0001)
                let interface = try device.claim(0)
                try await interface.selectAlternateSetting(1)
                return interface
            }
            do {
                var stream = try await open().outPipe(Recorder.out, Isochronous.self).stream(.fixed(bytes: 1))
                for _ in 0..<100 { try await stream.next { _ in } }
                #expect(await failure { _ = try await open() }?.kind == .busy)
                _ = try await stream.finish()
            }
            #expect(attachment.withPeripheral { $0.received.count } == 800)
            _ = try await open()
        }
    }
}
