// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

@testable import WinUSB

/// Behaviours 10 and 11, and streams of transfers as soon as possible.
@Suite("Isochronous transfers as soon as possible")
struct AsapTransferTests {
    private typealias Layout = IsochronousDevice.Layout

    // MARK: 10

    @Test("Behaviour 10: TRUE on an idle pipe is pending at the call and 87 at its end", arguments: Direction.allCases)
    func continuingNothing(direction: Direction) throws {
        try Session.run { session in
            let endpoint = direction == .out ? IsochronousDevice.out : IsochronousDevice.in
            let buffer = try Registered(session, endpoint, frames: 1)
            let packets = Packets(8)
            for _ in 0..<3 {
                let call = IsochronousBlock()
                #expect(buffer.transfer(direction, 8192, continuing: true, packets, call) == .pending)
                #expect(!call.isPending)
                #expect(call.result(session) == (.failure(87), 0))
                if direction == .in { #expect(packets.statuses == [UInt32](repeating: 0xC000_000F, count: 8)) }
                #expect(buffer.transfer(direction, 8192, continuing: true, packets, nil) == .failure(87))
            }
            #expect(session.received.isEmpty)
            // As programs go on from there.
            #expect(buffer.transfer(direction, 8192, continuing: false, packets, nil) == .success)
        }
    }

    @Test("Behaviour 10: TRUE before the queue's end begins exactly there", arguments: Layout.all, [0, 1, 15, 23])
    private func continuing(layout: Layout, microframes: Int64) throws {
        try Session.run(layout) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 2)
            let (first, second) = (IsochronousBlock(), IsochronousBlock())
            var frame = session.frame + 1
            #expect(buffer.write(0, 2 * layout.bytesPerFrame, frame: &frame, first) == .pending)
            session.bus.advance(by: .microseconds(125) * Int(microframes))
            #expect(buffer.write(0, 2 * layout.bytesPerFrame, continuing: true, second) == .pending)
            #expect(first.result(session).answer == .success)
            #expect(second.result(session).answer == .success)
            let positions = session.received.map(\.position)
            #expect(positions.count == 4 * layout.packetsPerFrame)
            #expect(zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 == layout.interval })
            #expect(session.bus.clock.presentInstant == session.instant(frame + 2))
        }
    }

    @Test("Behaviour 10: TRUE after the queue's end has passed is pending at the call and 87 at its end")
    func continuingTooLate() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            #expect(buffer.write(0, 8192, nil) == .success)
            session.bus.advance(by: .microseconds(125))
            let call = IsochronousBlock()
            #expect(buffer.write(0, 8192, continuing: true, call) == .pending)
            #expect(call.result(session) == (.failure(87), 0))
            #expect(session.received.count == 8)
        }
    }

    @Test("A member of a chain that fails breaks the chain")
    func brokenChain() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 4)
            let calls = (0..<3).map { _ in IsochronousBlock() }
            for (index, call) in calls.enumerated() {
                #expect(buffer.write(0, 4 * 8192, continuing: index > 0, call) == .pending)
            }
            session.abort(IsochronousDevice.out)
            #expect(calls.allSatisfy { $0.result(session).answer == .failure(995) })
            #expect(buffer.write(0, 8192, continuing: true, nil) == .failure(87))
            #expect(buffer.write(0, 8192, nil) == .success)
        }
    }

    // MARK: 11

    @Test(
        "Behaviour 11: FALSE never fails for adjacency, and begins at or behind the queue's end", arguments: Layout.all)
    private func notContinuing(layout: Layout) throws {
        try Session.run(layout) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            let calls = (0..<6).map { _ in IsochronousBlock() }
            for (index, call) in calls.enumerated() {
                #expect(buffer.write(0, layout.bytesPerFrame, call) == .pending)
                if index == 2 {
                    // The queue runs dry, and time goes on.
                    #expect(call.result(session).answer == .success)
                    session.bus.advance(by: .microseconds(2_600))
                }
            }
            for call in calls { #expect(call.result(session).answer == .success) }
            let frames = session.received.map { $0.position.frame.count - 1_000_000 }
            let each = [Int64]([1, 2, 3, 7, 8, 9])
            #expect(frames == each.flatMap { [Int64](repeating: $0, count: layout.packetsPerFrame) })
            #expect(session.received.allSatisfy { $0.position.isMultiple(of: layout.interval) })
        }
    }

    // MARK: Streams

    @Test("Streams of any depth have no gap, in free time", arguments: Layout.all, 2...8)
    private func streams(layout: Layout, depth: Int) throws {
        try Session.run(layout, flow: .free) { session in
            let length = layout.bytesPerFrame
            let buffer = try Registered(session, IsochronousDevice.out, frames: depth)
            let calls = (0..<depth).map { _ in IsochronousBlock() }
            let count = sparing(200, by: 8)
            for index in 0..<count {
                let slot = index % depth
                if index >= depth {
                    let result = calls[slot].result(session)
                    #expect(result == (.success, 0), "transfer \(index - depth)")
                    if result.answer != .success { return }
                }
                #expect(buffer.write(slot * length, length, continuing: index > 0, calls[slot]) == .pending)
            }
            for call in calls { #expect(call.result(session) == (.success, 0)) }
            let positions = session.received.map(\.position)
            #expect(positions.count == count * layout.packetsPerFrame)
            #expect(zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 == layout.interval })
            #expect(positions.first?.indexInFrame == 0)
            let ring = buffer.contents(0..<depth * length)
            let sent = (0..<count).flatMap { ring[$0 % depth * length..<($0 % depth + 1) * length] }
            #expect(isTrue(session.received.flatMap(\.bytes) == sent))
        }
    }

    @Test("Reads bring every packet once, in order", arguments: Layout.all, [2, 5])
    private func readStreams(layout: Layout, depth: Int) throws {
        let size = min(layout.maximumBytes, 8)
        try Session.run(
            layout, flow: .free,
            answer: { microframe in
                .bytes((0..<size).map { UInt8(truncatingIfNeeded: microframe.count >> Int64(8 * $0)) })
            }
        ) { session in
            let length = layout.bytesPerFrame
            let buffer = try Registered(session, IsochronousDevice.in, frames: depth)
            let calls = (0..<depth).map { _ in (IsochronousBlock(), Packets(layout.packetsPerFrame)) }
            var positions: [Int64] = []
            func collect(_ slot: Int) {
                #expect(calls[slot].0.result(session) == (.success, 0))
                for index in 0..<layout.packetsPerFrame {
                    let start = slot * length + Int(calls[slot].1.offsets[index])
                    let bytes = buffer.contents(start..<start + size)
                    positions.append(bytes.reversed().reduce(0) { $0 << 8 | Int64($1) })
                }
                #expect(calls[slot].1.lengths.allSatisfy { $0 == size })
            }
            for index in 0..<100 {
                let slot = index % depth
                if index >= depth { collect(slot) }
                let (call, packets) = calls[slot]
                #expect(buffer.read(slot * length, length, continuing: index > 0, packets, call) == .pending)
            }
            for index in 100..<100 + depth { collect(index % depth) }
            #expect(positions.count == 100 * layout.packetsPerFrame)
            #expect(zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 == layout.interval })
        }
    }

    @Test("Two registrations on one pipe take turns without a gap")
    func twoRegistrations() throws {
        try Session.run(flow: .free) { session in
            let buffers = try (0..<2).map { _ in try Registered(session, IsochronousDevice.out, frames: 1) }
            let calls = (0..<4).map { _ in IsochronousBlock() }
            for index in 0..<100 {
                if index >= 4 { #expect(calls[index % 4].result(session) == (.success, 0)) }
                let buffer = buffers[index % 2]
                #expect(buffer.write(0, 8192, continuing: index > 0, calls[index % 4]) == .pending)
            }
            for call in calls { #expect(call.result(session) == (.success, 0)) }
            let positions = session.received.map(\.position)
            #expect(positions.count == 800)
            #expect(zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 == 1 })
        }
    }

    @Test("A ring of more parts than are kept is served as well", arguments: [3, 16, 17, 40])
    func manyParts(parts: Int) throws {
        try Session.run(flow: .free) { session in
            let buffer = try Registered(session, IsochronousDevice.out, byteCount: parts * 16384)
            let calls = (0..<3).map { _ in IsochronousBlock() }
            var lengths: [Int] = []
            var expected: [UInt8] = []
            for index in 0..<sparing(120, by: 4) {
                if index >= 3 { #expect(calls[index % 3].result(session) == (.success, 0)) }
                // Parts of one, two frames, and a short end.
                let length = [8192, 16384, 16383, 7169][index % 4]
                let offset = index * 7 % parts * 16384
                #expect(buffer.write(offset, length, continuing: index > 0, calls[index % 3]) == .pending)
                lengths.append(length)
                expected += buffer.contents(offset..<offset + length)
            }
            for call in calls { #expect(call.result(session) == (.success, 0)) }
            #expect(isTrue(session.received.flatMap(\.bytes) == expected))
            let positions = session.received.map(\.position)
            #expect(zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 == 1 })
        }
    }
}

extension Direction {
    static let allCases: [Direction] = [.out, .in]
}
