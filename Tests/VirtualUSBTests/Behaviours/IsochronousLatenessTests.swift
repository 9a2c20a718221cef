// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 5: a transfer of which a part, or all, comes too late.
@Suite("Isochronous packets that come too late")
struct IsochronousLatenessTests {
    static let dropping = StartPolicy(late: .dropExpired)

    @Test(
        "A partly late transfer is refused, or its late packets expire and the rest keep their frames: the policy says",
        arguments: Recorder.Grid.all)
    func partlyLate(grid: Recorder.Grid) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder(grid))
        let pipe = try plugged.out
        var expected: [Recorder.Packet] = []
        for late in 1...5 {
            bus.advance(to: (bus.present + 200).roundedUp(toMultipleOf: 16) + 5)
            let now = bus.present
            // The first packet that can still go out is the one after the present microframe.
            let start = (now + 1).roundedUp(toMultipleOf: grid.step) - Int64(late) * grid.interval
            #expect(failure { _ = try pipe.send(8, .at(start)) }?.kind == .tooLate, "the default refuses")
            let isUnderWay = start + Int64(late - 1) * grid.interval == now
            let expired = isUnderWay ? late - 1 : late
            let done = try finish(pipe.send(8, .at(start), policy: Self.dropping, first: 10))
            #expect(done.outcome.status == (expired < 8 ? .completed : .expired))
            #expect(done.outcome.byteCount == 8 - expired)
            #expect(done.outcome.firstPosition == start)
            #expect(done.outcome.nextPosition == start + 8 * grid.interval)
            for (index, packet) in done.transfer.packets.enumerated() {
                let position = start + Int64(index) * grid.interval
                #expect(packet.status == (index < expired ? .expired : .completed))
                #expect(packet.actualLength == (index < expired ? 0 : 1))
                #expect(packet.offset == index)
                #expect(packet.time == instant(position))
                if index >= expired { expected.append(.init(position: position, bytes: [10 + UInt8(index)])) }
            }
        }
        #expect(plugged.received == expected)
    }

    @Test("When every packet is late the transfer itself has expired, and nothing is sent", arguments: [1, 8, 100])
    func allLate(count: Int) throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder())
        let pipe = try plugged.out
        bus.advance(to: microframe(5000))
        let done = try finish(pipe.send(count, .at(microframe(4000)), policy: Self.dropping))
        #expect(done.outcome.status == .expired)
        #expect(done.outcome.error?.kind == .tooLate)
        #expect(done.outcome.byteCount == 0)
        #expect(done.transfer.packets.allSatisfy { $0.status == .expired && $0.actualLength == 0 })
        #expect(bus.present == microframe(5000))
        #expect(failure { _ = try pipe.send(1, .continuing) }?.kind == .discontinuous)
        let next = try finish(pipe.send(1, .asSoonAsPossible)).outcome
        #expect(next.firstPosition == microframe(5001))
        #expect(plugged.received.map(\.position) == [microframe(5001)])
    }

    @Test("Packets of an IN transfer expire likewise and leave their places in the memory alone")
    func lateReading() throws {
        let bus = VirtualBus(flow: .manual, driver: .caller)
        let plugged = try bus.plugBlocking(Recorder(answer: { [UInt8(truncatingIfNeeded: $0.count), 0xAB] }))
        let pipe = try plugged.in
        bus.advance(to: microframe(100))
        var transfer = try pipe.makePackets([4, 4, 4, 4])
        transfer.withMutableBytes { bytes in for index in 0..<bytes.count { bytes[index] = 0xEE } }
        let done = try finish(transfer.submit(.at(microframe(98)), policy: Self.dropping))
        #expect(done.transfer.packets.map(\.status) == [.expired, .expired, .completed, .completed])
        #expect(done.transfer.packets.map(\.actualLength) == [0, 0, 2, 2])
        let bytes = done.transfer.withBytes { bytes in (0..<bytes.count).map { bytes[$0] } }
        let low = UInt8(truncatingIfNeeded: microframe(100).count)
        #expect(bytes == [UInt8](repeating: 0xEE, count: 8) + [low, 0xAB, 0xEE, 0xEE, low + 1, 0xAB, 0xEE, 0xEE])
    }

    private func finish(_ inFlight: consuming InFlight<Isochronous>) throws -> Completed<Isochronous> {
        inFlight.blockingCompletion()
    }
}
