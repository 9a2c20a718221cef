// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("IsochIO: where entries go")
struct IsochronousStartTests {
    @Test(
        "1: each entry has its service interval, from the first microframe of the frame on",
        arguments: DextDevice.Layout.all)
    func exactStart(_ layout: DextDevice.Layout) throws {
        try Dext.run(layout) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let count = 4 * layout.entriesPerStep
            let data = try dext.buffer(counting(count * layout.maximumBytes))
            let list = try dext.list([Int](repeating: layout.maximumBytes, count: count))
            let first = dext.soon
            let status = pipe.IsochIO(dataBuffer: data, frameList: list, firstFrameNumber: first, completion: nil)
            #expect(status == kIOReturnSuccess)
            let packets = dext.withDevice { $0.packetsReceived(DextDevice.isochronousOut) }
            let start = Frame(Int64(first)).firstMicroframe
            #expect(packets.map(\.position) == (0..<count).map { start + Int64($0) * layout.interval })
            #expect(packets.flatMap(\.bytes) == counting(count * layout.maximumBytes))
            #expect(list.statuses == [kern_return_t](repeating: kIOReturnSuccess, count: count))
            #expect(list.entries.allSatisfy { $0.completeCount == UInt32(layout.maximumBytes) })
            let times = list.entries.map(\.timeStamp)
            #expect(times == times.sorted())
            #expect(mach_absolute_time() >= times[count - 1])
        }
    }

    @Test(
        "4: the next transfer starts where the frames of the one before end, and not before",
        arguments: DextDevice.Layout.all)
    func chaining(_ layout: DextDevice.Layout) throws {
        try Dext.run(layout, flow: .manual) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let ends = Ends<kern_return_t>(dext)
            let action = dext.action(ends)
            let count = 4 * layout.entriesPerStep
            let frames = UInt64(max(4, Int64(count) * layout.interval / 8))
            let first = dext.soon
            func submit(_ frame: UInt64) throws -> kern_return_t {
                pipe.IsochIO(
                    dataBuffer: try dext.buffer(count: count),
                    frameList: try dext.list([Int](repeating: 1, count: count)),
                    firstFrameNumber: frame, completion: action)
            }
            #expect(try submit(first) == kIOReturnSuccess)
            #expect(try submit(first + frames - UInt64(layout.framesPerEntry)) == kIOReturnIsoTooOld)
            #expect(try submit(first + frames) == kIOReturnSuccess)
            dext.bus.advance(by: .milliseconds(Int64(frames) * 2 + 20))
            #expect(ends.wait(for: 2) == [kIOReturnSuccess, kIOReturnSuccess])
            // What has been accepted stays behind the pipe when it has ended.
            #expect(try submit(first + frames) == kIOReturnIsoTooOld)
            #expect(dext.withDevice { $0.received.count } == 2 * count)
        }
    }

    @Test("3: a start may lie 1024 frames back and ahead, and no more")
    func window() throws {
        try Dext.run(.full, flow: .manual) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            dext.bus.advance(by: .seconds(3))
            let now = dext.frame
            let ends = Ends<kern_return_t>(dext)
            let action = dext.action(ends)
            func submit(_ frame: UInt64) throws -> kern_return_t {
                defer { pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnAborted, forClient: nil) }
                return pipe.IsochIO(
                    dataBuffer: try dext.buffer(count: 4), frameList: try dext.list([4]), firstFrameNumber: frame,
                    completion: action)
            }
            #expect(try submit(now - 1025) == kIOReturnIsoTooOld)
            #expect(try submit(now + 1025) == kIOReturnIsoTooNew)
            #expect(try submit(.max) == kIOReturnIsoTooNew)
            #expect(try submit(1) == kIOReturnIsoTooOld)
            #expect(ends.all.isEmpty)
            #expect(try submit(now + 1024) == kIOReturnSuccess)
            #expect(try submit(now - 1024) == kIOReturnSuccess)
            #expect(ends.wait(for: 2).count == 2)
        }
    }

    @Test("5: entries whose frame has passed are not sent, and the others keep their frames")
    func partlyLate() throws {
        try Dext.run(.full, flow: .manual) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            // In the middle of a frame, which has then begun for all.
            dext.bus.advance(by: .milliseconds(50))
            dext.bus.advance(to: (Frame(Int64(dext.frame)) + 1).firstMicroframe + 4)
            let now = dext.frame
            let list = try dext.list([Int](repeating: 8, count: 8))
            let data = try dext.buffer(counting(64))
            let status = pipe.IsochIO(dataBuffer: data, frameList: list, firstFrameNumber: now - 3, completion: nil)
            let packets = dext.withDevice { $0.received }
            // What is under way, too, has begun already.
            #expect(packets.map(\.position.frame.count) == (Int64(now) + 1..<Int64(now) + 5).map { $0 })
            #expect(packets.first?.bytes == counting(8, from: 32))
            #expect(status == kIOUSBNotSent1Err)
            #expect(
                list.statuses == [kern_return_t](repeating: kIOUSBNotSent1Err, count: 4)
                    + [kern_return_t](repeating: kIOReturnSuccess, count: 4))
            #expect(list.entries.prefix(4).allSatisfy { $0.completeCount == 0 })
        }
    }

    @Test("6: frame 0 is the next frame in reach, and directly behind what is queued", arguments: DextDevice.Layout.all)
    func asSoonAsPossible(_ layout: DextDevice.Layout) throws {
        try Dext.run(layout) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let ends = Ends<kern_return_t>(dext)
            let action = dext.action(ends)
            let count = 2 * layout.entriesPerStep
            let before = dext.frame
            for _ in 0..<5 {
                let status = pipe.IsochIO(
                    dataBuffer: try dext.buffer(count: count),
                    frameList: try dext.list([Int](repeating: 1, count: count)), firstFrameNumber: 0, completion: action
                )
                #expect(status == kIOReturnSuccess)
            }
            ends.wait(for: 5)
            let positions = dext.withDevice { $0.received.map(\.position) }
            let first = try #require(positions.first)
            #expect(first.indexInFrame == 0)
            #expect(first.frame.count > Int64(before) && first.frame.count <= Int64(before) + 2 + layout.framesPerEntry)
            #expect(positions == (0..<5 * count).map { first + Int64($0) * layout.interval })
        }
    }

    @Test("19: after a jump of the frame count an old plan is too new, and one from the present goes")
    func clockJump() throws {
        var faults: FaultInjector<VirtualBus>?
        try Dext.run(
            .full, flow: .manual,
            over: { bus in
                let injector = FaultInjector(bus)
                faults = injector
                return injector
            }
        ) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            func play(_ frame: UInt64) throws -> kern_return_t {
                pipe.IsochIO(
                    dataBuffer: try dext.buffer(count: 8), frameList: try dext.list([1, 1, 1, 1]),
                    firstFrameNumber: frame, completion: nil)
            }
            let first = dext.frame + 4
            #expect(try play(first) == kIOReturnSuccess)
            faults?.jumpClock(frames: -5000)
            #expect(try play(first + 4) == kIOReturnIsoTooNew)
            #expect(try play(first + 8) == kIOReturnIsoTooNew)
            // Behind the jump nothing that was accepted before counts.
            #expect(try play(dext.frame + 4) == kIOReturnSuccess)
        }
    }
}
