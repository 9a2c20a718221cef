// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

@testable import WinUSB

/// Behaviours 3 to 9 and 12 through the calls, on a bus whose time moves by hand.
@Suite("Isochronous transfers by frame number")
struct FrameTransferTests {
    private typealias Layout = IsochronousDevice.Layout

    // MARK: 3 to 5

    @Test(
        "Behaviour 3: MaximumBytesPerInterval is the size of a packet",
        arguments: [
            (Layout(speed: .full, packetSize: 1023), 1023), (Layout(additionalTransactions: 2), 3072),
            (Layout(packetSize: 512, additionalTransactions: 1), 1024),
            (Layout(speed: .superSpeed, bytesPerInterval: 700), 700),
        ])
    private func maximumBytesPerInterval(layout: Layout, bytes: Int) throws {
        try Session.run(layout) { session in
            let buffer = try Registered(session, IsochronousDevice.out, byteCount: bytes * 16)
            let length = bytes * layout.packetsPerFrame
            #expect(buffer.write(0, length, nil) == .success)
            #expect(session.received.map(\.bytes.count) == [Int](repeating: bytes, count: layout.packetsPerFrame))
            #expect(buffer.write(0, length + bytes * 8, nil) == .success)
            #expect(buffer.write(0, length + 1, nil) == .failure(87) || layout.packetsPerFrame == 1)
        }
    }

    @Test(
        "Behaviour 4: packets in a frame, and bInterval 5 is refused",
        arguments: [(1, 8), (2, 4), (3, 2), (4, 1), (5, nil)] as [(UInt8, Int?)])
    func packetsPerFrame(bInterval: UInt8, packets: Int?) throws {
        try Session.run(Layout(bInterval: bInterval, packetSize: 100)) { session in
            let buffer = try Registered(session, IsochronousDevice.out, byteCount: 800)
            var frame = session.frame + 2
            let start = frame
            let answer = buffer.write(0, 100 * (packets ?? 1), frame: &frame, nil)
            guard let packets else {
                #expect(answer == .failure(87))
                #expect(frame == start)
                for length in [200, 400, 800] { #expect(buffer.write(0, length, nil) == .failure(87)) }
                return
            }
            #expect(answer == .success)
            #expect(frame == start + 1)
            let first = Frame(Int64(start)).firstMicroframe
            let interval = Int64(8 / packets)
            #expect(session.received.map(\.position) == (0..<Int64(packets)).map { first + $0 * interval })
        }
    }

    @Test(
        "Behaviour 5: the length is whole frames, but that the last packet of an OUT transfer may be short",
        arguments: [
            (Layout.high, Direction.out, 8192, true), (.high, .out, 8191, true), (.high, .out, 7169, true),
            (.high, .out, 7168, false), (.high, .out, 9216, false), (.high, .out, 0, false), (.high, .in, 8192, true),
            (.high, .in, 8191, false), (.high, .in, 9216, false), (.full, .out, 192, true), (.full, .out, 384, true),
            (.full, .out, 191, true), (.full, .out, 193, true), (.full, .in, 191, false), (.full, .in, 384, true),
        ] as [(IsochronousDevice.Layout, Direction, Int, Bool)])
    func lengths(layout: IsochronousDevice.Layout, direction: Direction, length: Int, isTaken: Bool) throws {
        try Session.run(layout) { session in
            let endpoint = direction == .out ? IsochronousDevice.out : IsochronousDevice.in
            let buffer = try Registered(session, endpoint, byteCount: 16384)
            let packets = Packets((length + layout.maximumBytes - 1) / layout.maximumBytes)
            var frame = session.frame + 1
            let expected: Answer<BOOL> = isTaken ? .success : .failure(87)
            #expect(buffer.transfer(direction, length, frame: &frame, packets, nil) == expected)
            #expect(buffer.transfer(direction, length, continuing: false, packets, nil) == expected)
            if direction == .out, isTaken {
                let once = buffer.contents(0..<length)
                #expect(isTrue(session.received.flatMap(\.bytes) == once + once))
            }
        }
    }

    // MARK: 6

    @Test("Behaviour 6: the frame number becomes that of the frame behind the transfer", arguments: Layout.all, [1, 5])
    private func frameNumberAdvances(layout: Layout, frames: Int) throws {
        try Session.run(layout) { session in
            for direction in [Direction.out, .in] {
                let endpoint = direction == .out ? IsochronousDevice.out : IsochronousDevice.in
                let buffer = try Registered(session, endpoint, frames: frames)
                let packets = Packets(frames * layout.packetsPerFrame)
                let call = IsochronousBlock()
                var frame = session.frame + 3
                let start = frame
                let length = frames * layout.bytesPerFrame
                #expect(buffer.transfer(direction, length, frame: &frame, packets, call) == .pending)
                #expect(frame == start + UInt32(frames), "written at submission")
                #expect(call.isPending)
                #expect(call.result(session).answer == .success)
                #expect(session.bus.clock.presentInstant == session.instant(frame))
            }
        }
    }

    @Test("Frame numbers go round after 2^32")
    func frameNumbersGoRound() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 4)
            session.bus.advance(to: Frame((1 << 32) - 3).firstMicroframe)
            var frame: UInt32 = .max - 1
            #expect(buffer.write(0, 4 * 8192, frame: &frame, nil) == .success)
            #expect(frame == 2)
            #expect(session.received.first?.position == Frame((1 << 32) - 2).firstMicroframe)
            #expect(session.received.last?.position == Frame((1 << 32) + 2).firstMicroframe - 1)
            frame = .max
            #expect(buffer.write(0, 3 * 8192, frame: &frame, nil) == .failure(31), "the past")
            #expect(frame == 2)
        }
    }

    // MARK: 7 to 9

    @Test("Behaviour 7: packets whose frame has passed are dropped one by one", arguments: Layout.all)
    private func pastFramesAreDropped(layout: Layout) throws {
        try Session.run(layout, answer: { _ in .bytes([1, 2, 3]) }) { session in
            session.bus.advance(by: .milliseconds(10))
            let late = 2 * layout.packetsPerFrame
            let length = 5 * layout.bytesPerFrame
            let reading = try Registered(session, IsochronousDevice.in, frames: 5)
            let packets = Packets(5 * layout.packetsPerFrame)
            let call = IsochronousBlock()
            var frame = session.frame - 2
            #expect(reading.read(0, length, frame: &frame, packets, call) == .pending)
            #expect(frame == session.frame + 3)
            #expect(call.result(session).answer == .success)
            #expect(packets.statuses.prefix(late).allSatisfy { $0 == 0xC005_0000 })
            #expect(packets.statuses.dropFirst(late).allSatisfy { $0 == 0 })
            #expect(packets.lengths == (0..<packets.count).map { $0 < late ? 0 : 3 })

            let writing = try Registered(session, IsochronousDevice.out, frames: 5)
            frame = session.frame - 2
            let start = Frame(Int64(session.frame)).firstMicroframe
            #expect(writing.write(0, length, frame: &frame, nil) == .success)
            #expect(session.received.count == 3 * layout.packetsPerFrame)
            #expect(session.received.first?.position == start)
            #expect(isTrue(session.received.flatMap(\.bytes) == writing.contents(late * layout.maximumBytes..<length)))
        }
    }

    @Test(
        "Behaviour 8: a start 1024 frames or more from the current one fails as a whole",
        arguments: [-2000, -1024, -1023, 1023, 1024, 2000, .max] as [Int32], [true, false])
    func farFrames(distance: Int32, isOverlapped: Bool) throws {
        try Session.run { session in
            session.bus.advance(by: .seconds(5))
            let reading = try Registered(session, IsochronousDevice.in, frames: 1)
            let writing = try Registered(session, IsochronousDevice.out, frames: 1)
            let packets = Packets(8)
            let now = session.frame
            // The frame before the window's end is in the future, or late altogether, which fails too.
            let end: Answer<BOOL> = distance == 1023 ? .success : .failure(31)
            for direction in distance == 1023 ? [Direction.out] : [.in, .out] {
                let buffer = direction == .out ? writing : reading
                var frame = now &+ UInt32(bitPattern: distance)
                let start = frame
                let call = isOverlapped ? IsochronousBlock() : nil
                let answer = buffer.transfer(direction, 8192, frame: &frame, packets, call)
                #expect(frame == start &+ 1)
                #expect(answer == (isOverlapped ? .pending : end))
                if let call { #expect(call.result(session) == (end, 0)) }
                #expect(session.received.isEmpty == (distance != 1023))
                guard direction == .in else { continue }
                let status: UInt32 = distance == -1023 ? 0xC005_0000 : 0xC000_0A00
                #expect(packets.statuses == [UInt32](repeating: status, count: 8))
                #expect(packets.lengths == [ULONG](repeating: 0, count: 8))
                #expect(packets.offsets == (0..<8).map { $0 * 1024 })
                #expect(session.frame == now, "it takes no time")
            }
        }
    }

    @Test("Behaviour 9: a transfer of which every packet is late fails", arguments: Layout.all, [true, false])
    private func allLate(layout: Layout, isOverlapped: Bool) throws {
        try Session.run(layout) { session in
            session.bus.advance(by: .milliseconds(100))
            for direction in [Direction.out, .in] {
                let endpoint = direction == .out ? IsochronousDevice.out : IsochronousDevice.in
                let buffer = try Registered(session, endpoint, frames: 3)
                let packets = Packets(3 * layout.packetsPerFrame)
                let call = isOverlapped ? IsochronousBlock() : nil
                var frame = session.frame - 3
                let answer = buffer.transfer(direction, 3 * layout.bytesPerFrame, frame: &frame, packets, call)
                #expect(frame == session.frame)
                #expect(answer == (isOverlapped ? .pending : .failure(31)))
                if let call { #expect(call.result(session) == (.failure(31), 0)) }
                if direction == .in { #expect(packets.statuses.allSatisfy { $0 == 0xC005_0000 }) }
            }
            #expect(session.received.isEmpty)
        }
    }

    // MARK: Queues

    @Test("A frame that a queued transfer has is refused at the call, and the number is left alone")
    func overlap() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 8)
            let first = IsochronousBlock()
            let second = IsochronousBlock()
            var frame = session.frame + 10
            let start = frame
            #expect(buffer.write(0, 4 * 8192, frame: &frame, first) == .pending)
            for taken in [start, start + 1, start + 3, start - 1] {
                var frame = taken
                #expect(buffer.write(0, 2 * 8192, frame: &frame, second) == .failure(87))
                #expect(frame == taken)
                #expect(!second.isPending)
                #expect(buffer.write(0, 2 * 8192, frame: &frame, nil) == .failure(87))
            }
            frame = start + 4
            #expect(buffer.write(0, 2 * 8192, frame: &frame, second) == .pending)
            #expect(first.result(session).answer == .success)
            #expect(second.result(session).answer == .success)
            #expect(session.received.count == 48)
        }
    }

    @Test("A hundred chained calls leave no gap on the bus", arguments: Layout.all)
    private func chained(layout: Layout) throws {
        try Session.run(layout, flow: .free) { session in
            let trace = TransactionLog()
            session.bus.setTrace { trace.append($0) }
            let depth = 4
            let buffer = try Registered(session, IsochronousDevice.out, frames: depth * 2)
            let length = 2 * layout.bytesPerFrame
            let calls = (0..<depth).map { _ in IsochronousBlock() }
            var frame = session.frame + 5
            let first = Frame(Int64(frame)).firstMicroframe
            let count = sparing(100, by: 4)
            for index in 0..<count {
                let slot = index % depth
                if index >= depth { #expect(calls[slot].result(session).answer == .success) }
                #expect(buffer.write(slot * length, length, frame: &frame, calls[slot]) == .pending)
            }
            for call in calls { #expect(call.result(session).answer == .success) }
            let packets = Int64(2 * count * layout.packetsPerFrame)
            #expect(isTrue(trace.records.map(\.microframe) == (0..<packets).map { first + $0 * layout.interval }))
            #expect(trace.records.allSatisfy { $0.result == .done && $0.byteCount == layout.maximumBytes })
            #expect(frame == UInt32(first.frame.count) + UInt32(2 * count))
        }
    }

    // MARK: Ends

    @Test("Nothing ends before the last frame has", arguments: Layout.all, [1, 3])
    private func lastFrame(layout: Layout, frames: Int) throws {
        try Session.run(layout) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: frames)
            let call = IsochronousBlock()
            var frame = session.frame + 2
            #expect(buffer.write(0, frames * layout.bytesPerFrame, frame: &frame, call) == .pending)
            session.bus.advance(to: Frame(Int64(frame)).firstMicroframe - 1)
            #expect(session.received.count >= frames * layout.packetsPerFrame - 1)
            #expect(call.isPending)
            #expect(call.result(session, wait: false).answer == .failure(996))
            session.bus.advance(by: .nanoseconds(124_999))
            #expect(call.isPending)
            session.bus.advance(by: .nanoseconds(1))
            #expect(!call.isPending)
            #expect(call.result(session, wait: false) == (.success, 0))
        }
    }

    @Test("Without a block the call lasts until the last frame has ended", arguments: Layout.all)
    private func blocking(layout: Layout) throws {
        try Session.run(layout) { session in
            for direction in [Direction.out, .in] {
                let endpoint = direction == .out ? IsochronousDevice.out : IsochronousDevice.in
                let buffer = try Registered(session, endpoint, frames: 2)
                let packets = Packets(2 * layout.packetsPerFrame)
                var frame = session.frame + 7
                let start = frame
                #expect(
                    buffer.transfer(direction, 2 * layout.bytesPerFrame, frame: &frame, packets, nil) == .success)
                #expect(frame == start + 2)
                #expect(session.bus.clock.presentInstant == session.instant(start + 2))
                session.bus.advance(by: .microseconds(300))
                #expect(
                    buffer.transfer(direction, 2 * layout.bytesPerFrame, continuing: false, packets, nil) == .success)
                #expect(session.bus.clock.presentInstant == session.instant(start + 5))
            }
        }
    }

    // MARK: 12

    @Test("Behaviour 12: 0 bytes, and descriptors relative to the transfer whose places no short packet moves")
    func descriptors() throws {
        let sizes = [1024, 0, 5, 1000, 1024, 1, 2, 3]
        let first = Frame(1_000_000).firstMicroframe
        try Session.run(
            answer: {
                .bytes([UInt8](repeating: UInt8(truncatingIfNeeded: $0.count), count: sizes[Int($0 - first) % 8]))
            }
        ) { session in
            let buffer = try Registered(session, IsochronousDevice.in, frames: 3)
            let packets = Packets(16)
            let call = IsochronousBlock()
            // The second of three parts: the offsets count from there.
            #expect(buffer.read(8192, 16384, packets, call) == .pending)
            #expect(call.result(session) == (.success, 0))
            #expect(packets.offsets == (0..<16).map { $0 * 1024 })
            #expect(packets.lengths == (0..<16).map { ULONG(sizes[$0 % 8]) })
            #expect(packets.statuses == [UInt32](repeating: 0, count: 16))
            for (index, size) in sizes.enumerated() where size > 0 {
                let bytes = buffer.contents(8192 + index * 1024..<8192 + (index + 1) * 1024)
                // It begins with the frame behind the one that is under way.
                let byte = UInt8(truncatingIfNeeded: first.count + 8 + Int64(index))
                #expect(bytes.prefix(size).allSatisfy { $0 == byte })
                #expect(bytes.dropFirst(size).allSatisfy { $0 != byte })
            }
        }
    }

    @Test("Each packet tells its own fault; all of them failing is a failure of the whole")
    func faults() throws {
        let faults: [(BusFault, UInt32)] = [
            (.transaction, 0xC000_0011), (.cyclicRedundancyCheck, 0xC000_0001), (.noResponse, 0xC000_0005),
            (.babble, 0xC000_0012), (.hostMemory, 0xC000_0013),
        ]
        for (fault, status) in faults {
            try Session.run(answer: { $0.indexInFrame == 5 ? .bytes([1]) : .fault(fault) }) { session in
                let buffer = try Registered(session, IsochronousDevice.in, frames: 1)
                let packets = Packets(8)
                #expect(buffer.read(0, 8192, packets, nil) == .success)
                #expect(packets.statuses == (0..<8).map { $0 == 5 ? 0 : status })
            }
            try Session.run(answer: { _ in .fault(fault) }) { session in
                let buffer = try Registered(session, IsochronousDevice.in, frames: 1)
                let packets = Packets(8)
                #expect(buffer.read(0, 8192, packets, nil) == .failure(31))
                #expect(packets.statuses == [UInt32](repeating: status, count: 8))
            }
        }
    }
}

/// What a bus showed.
final class TransactionLog: @unchecked Sendable {
    private let lock = Lock()
    private var list: [TransactionRecord] = []

    func append(_ record: TransactionRecord) { lock.withLock { list.append(record) } }
    var records: [TransactionRecord] { lock.withLock { list } }
}
