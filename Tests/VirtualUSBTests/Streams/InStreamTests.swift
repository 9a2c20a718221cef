// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Streams from a device")
struct InStreamTests {
    /// A device whose packets say when they were sent, in packets of several sizes, some of them empty.
    static func device(_ grid: Recorder.Grid = .microframes) -> Recorder {
        Recorder(grid, packetSize: 16, keepsPackets: false, answer: InStreamTests.answer)
    }

    @Sendable static func answer(_ position: Microframe) -> [UInt8] {
        let size = Int(position.count / 3 % 17)
        return (0..<size).map { UInt8(truncatingIfNeeded: position.count &+ Int64($0) * 7) }
    }

    @Test("Ten thousand packets come in their microframes, bit for bit", arguments: Recorder.Grid.all)
    func steady(grid: Recorder.Grid) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Self.device(grid))
            var stream = try plugged.in.stream()
            var next: Microframe?
            let count = sparing(10_000, by: 5)
            var packets = 0
            var bytes = 0
            let statistics = try await stream.run { batch in
                guard let first = batch.firstPosition else { return .stop }
                if let next, next != first { Issue.record("a batch begins at \(first) instead of \(next)") }
                for index in 0..<batch.packetCount {
                    let position = first + Int64(index) * grid.interval
                    let isRight = batch.withPacket(index) { bytes in
                        let expected = Self.answer(position)
                        return bytes.count == expected.count
                            && bytes.indices.allSatisfy { bytes[$0] == expected[$0] }
                    }
                    if !isRight { Issue.record("the packet of \(position) is wrong") }
                    if batch.packet(index).time != instant(position) { Issue.record("its time is wrong") }
                }
                next = first + Int64(batch.packetCount) * grid.interval
                packets += batch.packetCount
                bytes += batch.byteCount
                return packets < count ? .next : .stop
            }
            #expect(packets == count)
            #expect(statistics.packetsCompleted == count)
            #expect(statistics.byteCount == bytes)
            #expect(statistics.gapCount == 0)
            #expect(statistics.packetsMissed == 0)
            #expect(statistics.nextPosition == next)
        }
    }

    @Test("A program that is late misses what it had no room for, and the positions say so")
    func underrun() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Self.device())
            var stream = try plugged.in.stream(options: .init(depth: .milliseconds(4)))
            var positions: [Microframe] = []
            for pause in [0, 20_000, 3_000, 70_000] {
                try await bus.clock.sleep(for: .microseconds(pause))
                for _ in 0..<30 {
                    try await stream.next { batch in
                        guard let first = batch.firstPosition else { return }
                        for index in 0..<batch.packetCount {
                            let position = first + Int64(index)
                            positions.append(position)
                            let first = batch.withPacket(index) { $0.isEmpty ? nil : $0[0] }
                            if first != Self.answer(position).first {
                                Issue.record("the packet of \(position) is wrong")
                            }
                        }
                    }
                }
            }
            #expect(positions.count == 120 * 8)
            let gaps = zip(positions, positions.dropFirst()).map { $1 - $0 - 1 }.filter { $0 != 0 }
            // The pause of 3 ms is shorter than the depth.
            #expect(gaps.count == 2)
            let statistics = stream.statistics
            #expect(statistics.gapCount == 2)
            #expect(statistics.gapMicroframes == gaps.reduce(0, +))
            #expect(statistics.gapMicroframes > (15 + 65) * 8)
        }
    }

    @Test("When the clock jumps the stream goes on at the present, once", arguments: [1, 3_600, 86_400 * 365])
    func clockJump(seconds: Int) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Self.device(.frames))
            var stream = try plugged.in.stream()
            var positions: [Microframe] = []
            for _ in 0..<50 { try await stream.next { positions.append($0.firstPosition ?? microframe(0)) } }
            bus.clock.advance(to: bus.clock.presentInstant.advanced(by: .seconds(seconds)))
            for _ in 0..<50 { try await stream.next { positions.append($0.firstPosition ?? microframe(0)) } }
            let distances = zip(positions, positions.dropFirst()).map { $1 - $0 }
            #expect(distances.filter { $0 != 8 }.count == 1)
            #expect(stream.statistics.gapCount == 1)
            #expect(stream.statistics.gapMicroframes == distances.reduce(0) { $0 + $1 - 8 })
            #expect(stream.statistics.packetsMissed == 0)
        }
    }

    @Test("Packets that fail do not end the stream")
    func failures() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(
                Recorder(packetSize: 4, keepsPackets: false) { [UInt8](repeating: 1, count: $0.count % 4 == 0 ? 5 : 4) }
            )
            var stream = try plugged.in.stream()
            var failed = 0
            for _ in 0..<100 {
                try await stream.next { batch in
                    for index in 0..<batch.packetCount where batch.packet(index).status == .failed(.babble) {
                        failed += 1
                        #expect(batch.withPacket(index) { $0.isEmpty })
                    }
                }
            }
            #expect(failed == 200)
            #expect(stream.statistics.packetsFailed == 200)
            #expect(stream.statistics.packetsCompleted == 600)
            #expect(stream.statistics.byteCount == 2_400)
            #expect(stream.statistics.gapCount == 0)
        }
    }

    @Test("A sequence gives the packets one by one, with position, time and bytes", arguments: Recorder.Grid.all)
    func sequence(grid: Recorder.Grid) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Self.device(grid))
            let packets = try plugged.in.stream().packets()
            var count = 0
            var next: Microframe?
            for try await packet in packets {
                let position = try #require(packet.position)
                if let next { #expect(position == next) }
                next = position + grid.interval
                #expect(packet.bytes == Self.answer(position))
                #expect(packet.time == instant(position))
                #expect(packet.status == .completed)
                count += 1
                if count == 500 { break }
            }
            // A second iterator goes on with the same stream.
            var iterator = packets.makeAsyncIterator()
            let packet = try #require(try await iterator.next(isolation: nil))
            #expect(packet.bytes == Self.answer(try #require(packet.position)))
        }
    }

    @Test("The sequence ends with what ended the stream")
    func sequenceEnds() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Self.device())
            let packets = try plugged.in.stream().packets()
            var count = 0
            let error = await failure {
                for try await _ in packets {
                    count += 1
                    if count == 100 { plugged.attachment.unplug() }
                }
            }
            #expect(error?.kind == .deviceGone)
            #expect(count >= 100)
        }
    }

    @Test("Statistics can be read from another task, and never go back")
    func monitor() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Self.device())
            var stream = try plugged.in.stream()
            let monitor = stream.monitor
            let samples = Log<StreamStatistics>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<200 {
                        try await bus.clock.sleep(for: .microseconds(737))
                        samples.add(monitor.statistics)
                    }
                }
                for _ in 0..<160 { try await stream.next { _ in } }
                try await group.waitForAll()
            }
            let counts = samples.elements.map(\.packetsCompleted)
            #expect(counts == counts.sorted())
            #expect(Set(counts).count > 100)
            #expect(monitor.statistics == stream.statistics)
            #expect(stream.statistics.packetsCompleted == 1_280)
        }
    }
}
