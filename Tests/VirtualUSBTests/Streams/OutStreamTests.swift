// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Streams to a device")
struct OutStreamTests {
    /// Sound at 44.1 kHz, 16 bit stereo, a packet a frame.
    static func soundPacing() throws -> StreamPacing {
        .samples(try #require(SampleRatePlan(rate: 44_100, bytesPerSampleFrame: 4, interval: .frame)))
    }

    @Test("Ten thousand packets of 44.1 kHz sound arrive bit for bit, with no gap")
    func sound() throws {
        let pacing = try Self.soundPacing()
        try VirtualBus.simulate { bus in
            let speaker = try await bus.plug(Speaker(), interface: 1)
            var stream = try speaker.out.stream(pacing)
            var source = ByteSource()
            let statistics = try await stream.run { batch in
                source.fill(&batch)
                return source.packetCount < 10_000 ? .next : .stop
            }
            #expect(source.packetCount == 10_000)
            #expect(statistics.packetsCompleted == 10_000)
            #expect(statistics.packetsMissed == 0)
            #expect(statistics.packetsFailed == 0)
            #expect(statistics.gapCount == 0)
            #expect(statistics.gapMicroframes == 0)
            #expect(statistics.byteCount == 1_764_000)
            #expect(statistics.batchesQueued == 0)
            let first = try #require(statistics.firstPosition)
            #expect(statistics.nextPosition == first + 80_000)
            speaker.attachment.withPeripheral { heard in
                #expect(heard.heard == source.bytes)
                #expect(heard.packetSizes == [176: 9_000, 180: 1_000])
                #expect(heard.gaps == 0)
                #expect(heard.sections.map(\.start) == [first])
            }
        }
    }

    @Test("At high speed eight packets a millisecond follow one another without a gap", arguments: [0, 2])
    func highSpeed(additionalTransactions: Int) throws {
        let trace = Log<TransactionRecord>()
        let statistics = try VirtualBus.simulate { bus in
            let zero = try await bus.plug(
                GadgetZero(
                    options: .init(
                        pattern: .modulo63, isochronousInterval: 1, additionalTransactions: additionalTransactions)))
            bus.setTrace { trace.add($0) }
            var stream = try zero.out.stream(.filling)
            var batches = 0
            let statistics = try await stream.run { batch in
                let size = batch.byteCount(ofPacket: 0)
                if batches < 16 {
                    batch.withMutableBytes { bytes in
                        for index in 0..<bytes.count { bytes[index] = UInt8(index % size % 63) }
                    }
                }
                batches += 1
                return batches < 1_250 ? .next : .stop
            }
            zero.attachment.withPeripheral { device in
                #expect(device.packetsReceived == 10_000)
                // The bytes of a batch stay in the ring until they are written anew.
                #expect(device.mismatches == 0)
            }
            return statistics
        }
        #expect(statistics.packetsCompleted == 10_000)
        #expect(statistics.gapCount == 0)
        let packets = trace.elements.filter { $0.type == .isochronous }
        #expect(packets.count == 10_000)
        #expect(packets.allSatisfy { $0.result == .done && $0.byteCount == 1024 * (1 + additionalTransactions) })
        let first = try #require(statistics.firstPosition)
        #expect(packets.map(\.microframe) == (0..<10_000).map { first + $0 })
    }

    @Test("Nothing is sent before the whole depth is filled, or the stream is finished")
    func priming() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            var stream = try plugged.out.stream(.fixed(bytes: 1), options: .init(depth: .milliseconds(4)))
            for number in 1...3 {
                try await stream.next { #expect($0.packetCount == 8) }
                try await bus.clock.sleep(for: .seconds(1))
                #expect(stream.statistics.batchesQueued == number)
            }
            #expect(plugged.received.isEmpty)
            #expect(stream.statistics.firstPosition == nil)
            try await stream.next { _ in }
            try await bus.clock.sleep(for: .milliseconds(1))
            #expect(!plugged.received.isEmpty)
            let statistics = try await stream.finish()
            #expect(statistics.packetsCompleted == 32)
            #expect(plugged.received.count == 32)
            // A stream can go on after it was finished, which is a gap; less than its depth is enough to finish again.
            try await bus.clock.sleep(for: .milliseconds(10))
            try await stream.next { _ in }
            let more = try await stream.finish()
            #expect(more.packetsCompleted == 40)
            #expect(more.gapCount == 1)
            #expect(plugged.received.count == 40)
        }
    }

    @Test("A program that is late makes one gap of the true length, loses nothing, and the stream goes on")
    func underrun() throws {
        let pacing = try Self.soundPacing()
        try VirtualBus.simulate { bus in
            let speaker = try await bus.plug(Speaker(), interface: 1)
            var stream = try speaker.out.stream(pacing, options: .init(depth: .milliseconds(4)))
            var source = ByteSource()
            for pause in [0, 30_300, 5_000, 250_000, 999] {
                for _ in 0..<50 { try await stream.next { source.fill(&$0) } }
                try await bus.clock.sleep(for: .microseconds(pause))
            }
            for _ in 0..<50 { try await stream.next { source.fill(&$0) } }
            let statistics = try await stream.finish()
            #expect(source.packetCount == 300)
            #expect(statistics.packetsCompleted == 300)
            #expect(statistics.packetsMissed == 0)
            // The pauses of 30.3, 5 and 250 ms are longer than what was in flight.
            #expect(statistics.gapCount == 3)
            speaker.attachment.withPeripheral { heard in
                #expect(heard.heard == source.bytes)
                #expect(heard.gaps == 3)
                #expect(statistics.gapMicroframes == Int64(heard.silentFrames) * 8)
                #expect(heard.silentFrames > 26 + 1 + 246 - 6)
            }
            let first = try #require(statistics.firstPosition)
            #expect(statistics.nextPosition == first + 300 * 8 + statistics.gapMicroframes)
        }
    }

    @Test("After an underrun the whole depth is filled before anything is sent, so that it rides out the next pause")
    func refilling() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            var stream = try plugged.out.stream(.fixed(bytes: 1), options: .init(depth: .milliseconds(8)))
            for _ in 0..<20 { try await stream.next { _ in } }
            try await bus.clock.sleep(for: .milliseconds(100))
            // The program catches up slowly.
            let before = plugged.received.count
            for _ in 0..<7 {
                try await stream.next { _ in }
                #expect(plugged.received.count == before + 64 || plugged.received.count == before)
                try await bus.clock.sleep(for: .milliseconds(3))
            }
            for _ in 0..<20 { try await stream.next { _ in } }
            // Less than the depth, and less than what is in flight.
            try await bus.clock.sleep(for: .milliseconds(6))
            for _ in 0..<20 { try await stream.next { _ in } }
            let statistics = try await stream.finish()
            #expect(statistics.gapCount == 1)
            #expect(statistics.packetsCompleted == 67 * 8)
            #expect(plugged.received.count == 67 * 8)
        }
    }

    @Test("When the clock jumps the stream starts anew at the present, once", arguments: [1, 3_600, 86_400 * 365])
    func clockJump(seconds: Int) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder(.frames))
            var stream = try plugged.out.stream(.fixed(bytes: 4))
            var source = ByteSource()
            for _ in 0..<100 { try await stream.next { source.fill(&$0) } }
            bus.clock.advance(to: bus.clock.presentInstant.advanced(by: .seconds(seconds)))
            for _ in 0..<100 { try await stream.next { source.fill(&$0) } }
            let statistics = try await stream.finish()
            #expect(statistics.gapCount == 1)
            #expect(statistics.transferCount == 200)
            #expect(statistics.packetsCompleted == 200)
            let received = plugged.received
            #expect(received.flatMap(\.bytes) == source.bytes)
            let distances = zip(received, received.dropFirst()).map { $1.position - $0.position }
            #expect(distances.filter { $0 != 8 }.count == 1)
            #expect(distances.reduce(0) { $0 + $1 - 8 } == statistics.gapMicroframes)
            #expect(statistics.gapMicroframes > Int64(seconds) * 8_000 - 16 * 8 - 8)
        }
    }

    @Test("A batch can be cut: the packet in which it ends is short, those behind are left out")
    func truncation() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            var stream = try plugged.out.stream(.fixed(bytes: 10), options: .init(depth: .milliseconds(2)))
            var source = ByteSource()
            var sizes: [Int] = []
            for count in [80, 1000, 35, 30, 1, 0, -5, 79, Int.min, Int.max] {
                let isCut = count < 80
                let kept = max(0, min(80, count))
                try await stream.next { batch in
                    batch.truncate(to: count)
                    #expect(batch.byteCount == kept)
                    #expect(batch.packetCount == (kept + 9) / 10)
                    source.fill(&batch)
                    if isCut { batch.truncate(to: 80) }
                    #expect(batch.byteCount == kept, "a batch does not grow again")
                }
                sizes += [Int](repeating: 10, count: kept / 10) + (kept % 10 == 0 ? [] : [kept % 10])
            }
            let statistics = try await stream.finish()
            #expect(plugged.received.map(\.bytes.count) == sizes)
            #expect(plugged.received.flatMap(\.bytes) == source.bytes)
            #expect(statistics.packetsCompleted == sizes.count)
            #expect(statistics.byteCount == sizes.reduce(0, +))
            #expect(statistics.gapCount == 0)
            #expect(statistics.transferCount == 7)
        }
    }

    @Test("A batch of which nothing is kept sends nothing, and a stream of such batches ends")
    func emptyBatches() throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            var stream = try plugged.out.stream(.fixed(bytes: 10))
            var count = 0
            let statistics = try await stream.run { batch in
                batch.truncate(to: 0)
                count += 1
                return count < 100 ? .next : .stop
            }
            #expect(statistics == StreamStatistics())
            #expect(plugged.received.isEmpty)
        }
    }

    @Test(
        "Batch and depth are as asked, but at least one packet and two batches",
        arguments: [
            (Duration.milliseconds(1), Duration.milliseconds(16), 8, 16), (.zero, .zero, 1, 2),
            (.seconds(-1), .seconds(-1), 1, 2), (.milliseconds(10), .milliseconds(1), 80, 2),
            (.microseconds(125), .milliseconds(1), 1, 8), (.microseconds(300), .milliseconds(1), 2, 4),
        ])
    func shapes(batch: Duration, depth: Duration, packets: Int, batches: Int) throws {
        try VirtualBus.simulate { bus in
            let plugged = try await bus.plug(Recorder())
            var stream = try plugged.out.stream(.fixed(bytes: 1), options: .init(depth: depth, batch: batch))
            for number in 1...batches {
                #expect(stream.statistics.firstPosition == nil, "batch \(number)")
                try await stream.next { #expect($0.packetCount == packets) }
            }
            #expect(stream.statistics.firstPosition != nil)
            _ = try await stream.finish()
            #expect(plugged.received.count == packets * batches)
        }
    }

    @Test("Shapes and packets that make no sense are refused")
    func refusals() throws {
        try VirtualBus.simulate { bus in
            let pipe = try await bus.plug(Recorder(packetSize: 100)).out
            for bytes in [Int.min, -1, 0, 101, .max] {
                #expect(failure { _ = try pipe.stream(.fixed(bytes: bytes)) }?.kind == .invalidArgument)
            }
            let fast = try #require(SampleRatePlan(rate: 2_000_000, bytesPerSampleFrame: 4, interval: .microframe))
            #expect(failure { _ = try pipe.stream(.samples(fast)) }?.kind == .invalidArgument)
            for duration in [Duration.seconds(1_000_000), .seconds(Int64.max)] {
                #expect(failure { _ = try pipe.stream(options: .init(depth: duration)) }?.kind == .invalidArgument)
                #expect(failure { _ = try pipe.stream(options: .init(batch: duration)) }?.kind == .invalidArgument)
            }
        }
    }
}

/// Bytes that follow no short pattern, and a copy of what was given away.
struct ByteSource {
    private(set) var bytes: [UInt8] = []
    private(set) var packetCount = 0
    private var state: UInt32 = 1

    mutating func fill(_ batch: inout OutBatch) {
        packetCount += batch.packetCount
        var piece: [UInt8] = []
        piece.reserveCapacity(batch.byteCount)
        for _ in 0..<batch.byteCount {
            state = state &* 1_664_525 &+ 1_013_904_223
            piece.append(UInt8(truncatingIfNeeded: state >> 24))
        }
        bytes += piece
        batch.withMutableBytes { target in for index in 0..<target.count { target[index] = piece[index] } }
    }

    @Test("A stream begins at the frame it was given, and every batch knows its position")
    func startAndPositions() throws {
        try VirtualBus.simulate { bus in
            let speaker = try await bus.plug(Speaker(), interface: 1)
            let start = (bus.frame().frame + 40).firstMicroframe
            var stream = try speaker.out.stream(.fixed(bytes: 4), options: StreamOptions(start: start))
            var positions: [Microframe?] = []
            let statistics = try await stream.run { batch in
                positions.append(batch.position)
                return positions.count < 100 ? .next : .stop
            }
            #expect(positions == (0..<100).map { start + $0 * 8 })
            #expect(statistics.firstPosition == start)
            #expect(statistics.gapCount == 0)
            speaker.attachment.withPeripheral { #expect($0.sections.map(\.start) == [start]) }
        }
    }

    @Test("A stream that cannot begin where it was told to says so and sends nothing")
    func startTooLate() throws {
        try VirtualBus.simulate { bus in
            let speaker = try await bus.plug(Speaker(), interface: 1)
            let past = (bus.frame().frame - 1).firstMicroframe
            var stream = try speaker.out.stream(.fixed(bytes: 4), options: StreamOptions(start: past))
            let error = await failure { () async throws(USBError) in
                while true { try await stream.next { _ in } }
            }
            #expect(error?.kind == .tooLate)
            _ = await stream.cancel()
            #expect(speaker.attachment.withPeripheral { $0.packetsReceived } == 0)
        }
    }
}
