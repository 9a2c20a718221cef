// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBD
import USBHost
import USBRequests
import USBSpecification
import VirtualUSB

@Suite("isochronous blocks")
struct IsochronousTests {
    private typealias Layout = IsochronousDevice.Layout

    /// Runs `body` with a driver whose device answers so.
    private func run(
        _ layout: IsochronousDevice.Layout = .high,
        answer: @escaping @Sendable (Microframe) -> IsochronousDevice.Reply = { _ in .bytes([1, 2, 3]) },
        _ body: (Driver, AttachedPeripheral<IsochronousDevice>) throws -> Void
    ) throws {
        try Driver.run(IsochronousDevice(layout, answer: answer), selecting: 1, body)
    }

    @Test("behaviour 2: the size of a block for n packets", arguments: [(8, 248), (255, 3212), (1024, 12440)])
    func blockSize(packets: Int, byteCount: Int) {
        #expect(BlockMemory.byteCount(packets: packets) == byteCount)
    }

    @Test("behaviour 25: one packet of eight fails, and the block succeeds with an ErrorCount of 1")
    func oneFails() throws {
        try run(answer: { $0.count % 8 == 3 ? .fault(.cyclicRedundancyCheck) : .bytes([1, 2, 3]) }) { driver, _ in
            let request = try IsochronousRequest(driver, 0x81, packets: 8, size: 1024)
            #expect(try request.submit() == 0)
            #expect(request.status == 0 && request.errorCount == 1)
            #expect(request.statuses == [0, 0, 0, 0xC000_0001, 0, 0, 0, 0])
            #expect(request.lengths == [3, 3, 3, 0, 3, 3, 3, 3])
            #expect(request.byteCount == 21)
            #expect(unsafe request.memory[7 * 1024] == 1, "packets keep their places")
        }
    }

    @Test("behaviour 25: all eight fail, and so does the block")
    func allFail() throws {
        try run(answer: { _ in .fault(.transaction) }) { driver, _ in
            let request = try IsochronousRequest(driver, 0x81, packets: 8, size: 1024)
            #expect(try request.submit() == STATUS_UNSUCCESSFUL)
            #expect(request.status == 0xC000_0B00 && request.errorCount == 8 && request.byteCount == 0)
            #expect(request.statuses == Array(repeating: 0xC000_0011, count: 8))
        }
    }

    struct Count: Sendable {
        var layout: IsochronousDevice.Layout
        var packets: Int
        var isAccepted: Bool
    }

    @Test(
        "behaviour 25: packets fill whole frames, up to 255 at full speed and 1024 above",
        arguments: [
            Count(layout: .high, packets: 7, isAccepted: false), Count(layout: .high, packets: 8, isAccepted: true),
            Count(layout: .high, packets: 0, isAccepted: false),
            Count(layout: Layout(bInterval: 2), packets: 4, isAccepted: true),
            Count(layout: Layout(bInterval: 2), packets: 6, isAccepted: false),
            Count(layout: Layout(bInterval: 3), packets: 2, isAccepted: true),
            Count(layout: Layout(bInterval: 4), packets: 1, isAccepted: true),
            Count(layout: Layout(bInterval: 5), packets: 8, isAccepted: false),
            Count(layout: .high, packets: 1024, isAccepted: true),
            Count(layout: .high, packets: 1032, isAccepted: false),
            Count(layout: .full, packets: 255, isAccepted: true), Count(layout: .full, packets: 256, isAccepted: false),
        ])
    func packetCounts(_ count: Count) throws {
        try run(count.layout) { driver, _ in
            let request = try IsochronousRequest(driver, 0x81, packets: count.packets, size: 16)
            #expect(try request.submit() == (count.isAccepted ? 0 : STATUS_INVALID_PARAMETER))
            #expect(request.status == (count.isAccepted ? 0 : 0x8000_0300))
        }
    }

    @Test("behaviour 25: a block that starts as soon as possible gets its frame, and the next follows it")
    func asSoonAsPossible() throws {
        try run { driver, device in
            let now = try driver.frame()
            let first = try IsochronousRequest(driver, 0x01, packets: 16, size: 100)
            let second = try IsochronousRequest(driver, 0x01, packets: 8, size: 100)
            let one = unsafe try OwnRequest(driver, first.block)
            let two = unsafe try OwnRequest(driver, second.block)
            #expect(one.call() == 0x103 && two.call() == 0x103)
            #expect(one.wait() == 0 && two.wait() == 0)
            #expect(first.startFrame > now && first.startFrame < now + 10)
            #expect(second.startFrame == first.startFrame + 2)
            let received = device.withPeripheral { $0.received }
            #expect(received.count == 24)
            #expect(received.first?.position.frame.truncated32 == first.startFrame)
            #expect(one.level == 2)
            #expect(first.lengths == Array(repeating: 0, count: 16), "an OUT packet's length is left alone")
            #expect(first.byteCount == 1600)
        }
    }

    @Test("a stream that pauses goes on where it was, and what is late is dropped; after 1024 frames it begins anew")
    func pausedStream() throws {
        try run { driver, _ in
            let first = try IsochronousRequest(driver, 0x01, packets: 8, size: 100)
            try first.submit()
            let end = first.startFrame + 1
            while try driver.frame() < end + 2 { delay(milliseconds: 1) }
            let late = try driver.frame() - end
            let second = try IsochronousRequest(driver, 0x01, packets: 80, size: 100)
            #expect(try second.submit() == 0)
            #expect(second.startFrame == end)
            #expect(second.statuses.first == 0xC005_0000 && second.statuses.last == 0)
            #expect(second.errorCount >= late * 8 && second.errorCount < 80)
            delay(milliseconds: 1040)
            let now = try driver.frame()
            let third = try IsochronousRequest(driver, 0x01, packets: 8, size: 100)
            #expect(try third.submit() == 0)
            #expect(third.startFrame > now && third.errorCount == 0)
        }
    }

    @Test("a reset makes the next block the first of its stream, and sends nothing")
    func reset() throws {
        try run { driver, _ in
            try IsochronousRequest(driver, 0x01, packets: 8, size: 100).submit()
            delay(milliseconds: 20)
            #expect(try driver.manage(0x01, resetPipe) == (0, 0))
            let next = try IsochronousRequest(driver, 0x01, packets: 8, size: 100)
            #expect(try next.submit() == 0)
            #expect(next.errorCount == 0)
        }
    }

    @Test(
        "a start less than 1024 frames away is accepted; farther away the whole block is refused",
        arguments: [1023, 1024])
    func farStart(distance: UInt32) throws {
        try run { driver, device in
            let start = try driver.frame() + distance
            let request = try IsochronousRequest(driver, 0x01, packets: 8, size: 100, start: start)
            let isAccepted = distance < 1024
            #expect(try request.submit() == (isAccepted ? 0 : STATUS_INVALID_PARAMETER))
            #expect(request.status == (isAccepted ? 0 : 0xC000_0A00))
            #expect(request.startFrame == start)
            #expect(device.withPeripheral { $0.received.count } == (isAccepted ? 8 : 0))
            #expect(request.errorCount == (isAccepted ? 0 : 8))
        }
    }

    @Test("packets whose frame has passed are dropped one by one; if all have, the block fails as late")
    func lateStart() throws {
        try run { driver, _ in
            let partly = try IsochronousRequest(driver, 0x01, packets: 160, size: 100, start: try driver.frame() - 2)
            #expect(try partly.submit() == 0)
            #expect(partly.statuses.prefix(16).allSatisfy { $0 == 0xC005_0000 })
            #expect(partly.statuses.last == 0)
            #expect(Int(partly.errorCount) == partly.statuses.count { $0 != 0 })
            let wholly = try IsochronousRequest(driver, 0x01, packets: 16, size: 100, start: try driver.frame() - 500)
            #expect(try wholly.submit() == STATUS_UNSUCCESSFUL)
            #expect(wholly.status == 0xC005_0000 && wholly.errorCount == 16)
        }
    }

    @Test("packets have the sizes that their offsets say, and a first offset is where the memory begins")
    func offsets() throws {
        try run { driver, device in
            let request = try IsochronousRequest(driver, 0x01, packets: 8, size: 100)
            let offsets: [ULONG] = [10, 20, 20, 50, 100, 300, 400, 700]
            for (index, offset) in offsets.enumerated() { unsafe request.packet(index).pointee.Offset = offset }
            #expect(try request.submit() == 0)
            #expect(device.withPeripheral { $0.received.map(\.count) } == [10, 0, 30, 50, 200, 100, 300, 100])
            #expect(request.byteCount == 790)
        }
    }

    enum Flaw: CaseIterable, Sendable {
        case descending, beyond, tooLarge, linked, shortBlock, noMemory, moreThanAllocated
    }

    @Test("a block that is not well formed is refused", arguments: Flaw.allCases)
    func flaws(_ flaw: Flaw) throws {
        try run { driver, device in
            let room = flaw == .moreThanAllocated ? 7 : 8
            let request = try IsochronousRequest(driver, 0x01, packets: 8, size: 2000, room: room)
            unsafe request.view.pointee.TransferBufferLength = 800
            for index in 0..<room { unsafe request.packet(index).pointee.Offset = ULONG(index * 100) }
            switch flaw {
            case .descending: unsafe request.packet(3).pointee.Offset = 100
            case .beyond: unsafe request.packet(7).pointee.Offset = 801
            case .tooLarge: unsafe request.view.pointee.TransferBufferLength = 700 + 1025
            case .linked: unsafe request.view.pointee.UrbLink = unsafe request.block
            case .shortBlock: unsafe request.view.pointee.Hdr.Length = 140 + 12 * 8 - 1
            case .noMemory: unsafe request.view.pointee.TransferBuffer = nil
            case .moreThanAllocated: break
            }
            #expect(try request.submit() == STATUS_INVALID_PARAMETER)
            #expect(request.status == 0x8000_0300)
            #expect(device.withPeripheral { $0.received.isEmpty })
        }
    }

    @Test("fewer packets than were allocated are fine, and the block can be used again")
    func reuse() throws {
        try run { driver, _ in
            let request = try IsochronousRequest(driver, 0x81, packets: 8, size: 100, room: 64)
            for _ in 0..<3 {
                unsafe request.view.pointee.TransferBufferLength = 800
                #expect(try request.submit() == 0)
                #expect(request.errorCount == 0 && request.byteCount == 24)
                try driver.resetStream(0x81)
            }
            unsafe request.view.pointee.Hdr.Function = USHORT(URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER)
            #expect(try request.submit() == STATUS_INVALID_PARAMETER, "it serves for nothing else")
        }
    }

    @Test("to submit or free a block that is under way is a bug check, and the first use goes on")
    func active() throws {
        try run { driver, _ in
            let request = try IsochronousRequest(driver, 0x81, packets: 8, size: 100)
            let first = unsafe try OwnRequest(driver, request.block)
            let second = unsafe try OwnRequest(driver, request.block)
            first.call()
            let found = BugCheck.intercepting {
                #expect(second.call() == STATUS_UNSUCCESSFUL)
                unsafe USBD_UrbFree(driver.handle, request.block)
            }
            #expect(found.map(\.code) == [0xFE, 0xFE])
            #expect(found.map { $0.parameters[0] } == [2, 2])
            #expect(first.wait() == 0)
            #expect(second.ended == nil)
        }
    }

    @Test("a cancelled block ends as cancelled")
    func cancel() throws {
        try run { driver, _ in
            let start = try driver.frame() + 500
            let request = try IsochronousRequest(driver, 0x81, packets: 8, size: 100, start: start)
            let own = unsafe try OwnRequest(driver, request.block)
            own.call()
            #expect(unsafe IoCancelIrp(own.pointer) == 1)
            #expect(own.wait() == STATUS_CANCELLED)
            #expect(request.status == 0xC001_0000 && request.errorCount == 8)
            #expect(try driver.frame() < start)
        }
    }

    private func delay(milliseconds: Int64) {
        var interval = LARGE_INTEGER(QuadPart: -milliseconds * 10_000)
        _ = unsafe KeDelayExecutionThread(0, 0, &interval)
    }
}

/// What drivers know as URB_FUNCTION_RESET_PIPE.
let resetPipe = URB_FUNCTION_SYNC_RESET_PIPE_AND_CLEAR_STALL

extension Driver {
    /// The next block that starts as soon as possible is the first of its stream.
    func resetStream(_ endpoint: UInt8) throws {
        try #require(try manage(endpoint, resetPipe) == (0, 0))
    }
}
