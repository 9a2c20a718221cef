// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("IsochIO: lists, results and ends")
struct IsochronousListTests {
    // MARK: Refusals

    struct Refused: Sendable, CustomStringConvertible {
        var what: String
        var layout = DextDevice.Layout.high
        var sizes: [Int] = []
        /// Bytes of the list, where that is not that of the sizes.
        var listBytes: Int?
        /// Bytes of the buffer, where that is not that of the sizes.
        var dataBytes: Int?
        var offset: UInt64 = 0
        var status = kIOReturnBadArgument

        var description: String { what }
    }

    static let refused = [
        Refused(what: "an empty list"),
        Refused(what: "a list of 23 bytes", sizes: [1], listBytes: 23),
        Refused(what: "a list of 25 bytes", layout: .full, sizes: [1, 1], listBytes: 25),
        Refused(what: "a list of 1001 entries", layout: .full, sizes: [Int](repeating: 0, count: 1001)),
        Refused(what: "more bytes than the buffer has", layout: .full, sizes: [10, 11], dataBytes: 20),
        Refused(what: "more bytes than an interval takes", layout: .full, sizes: [193]),
        Refused(
            what: "more bytes than a high-bandwidth interval takes",
            layout: DextDevice.Layout(packetSize: 1000, additionalTransactions: 1),
            sizes: [2001, 0, 0, 0, 0, 0, 0, 0]),
        Refused(what: "7 entries of a microframe each", sizes: [Int](repeating: 1, count: 7)),
        Refused(
            what: "6 entries of 2 microframes each", layout: DextDevice.Layout(bInterval: 2),
            sizes: [Int](repeating: 1, count: 6)),
        Refused(
            what: "3 entries of 4 microframes each", layout: DextDevice.Layout(bInterval: 3),
            sizes: [Int](repeating: 1, count: 3)),
        Refused(
            what: "an odd frame for an interval of two", layout: DextDevice.Layout(bInterval: 5), sizes: [1], offset: 1),
    ]

    @Test("3, 9, 10: refused, with no completion and no packet:", arguments: refused)
    func refusals(_ refused: Refused) throws {
        try Dext.run(refused.layout) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let ends = Ends<kern_return_t>(dext)
            let list = try dext.list(refused.sizes)
            var cut: IOMemoryDescriptor? = list
            if let bytes = refused.listBytes, bytes < list.length {
                #expect(list.SetLength(length: UInt64(bytes)) == kIOReturnSuccess)
            } else if let bytes = refused.listBytes {
                cut = try dext.buffer(count: bytes)
            }
            let data = try dext.buffer(count: refused.dataBytes ?? refused.sizes.reduce(0, +))
            for completion in [dext.action(ends), nil] {
                let status = pipe.IsochIO(
                    dataBuffer: data, frameList: cut, firstFrameNumber: dext.soon + refused.offset,
                    completion: completion)
                #expect(status == refused.status)
            }
            // Its results would come before this one's.
            let good = try dext.list([Int](repeating: 0, count: 8))
            #expect(
                pipe.IsochIO(dataBuffer: nil, frameList: good, firstFrameNumber: 0, completion: nil) == kIOReturnSuccess
            )
            #expect(ends.all.isEmpty)
            #expect(dext.withDevice { $0.received.allSatisfy(\.bytes.isEmpty) })
        }
    }

    @Test("pipes of other types, other actions and no list are refused")
    func wrongUse() throws {
        try Dext.run { dext in
            let list = try dext.list([Int](repeating: 0, count: 8))
            for address in [DextDevice.bulkOut, DextDevice.bulkIn, DextDevice.interruptIn] {
                let pipe = try dext.pipe(address)
                #expect(
                    pipe.IsochIO(dataBuffer: nil, frameList: list, firstFrameNumber: 0, completion: nil)
                        == kIOReturnUnsupported)
            }
            let pipe = try dext.pipe(DextDevice.isochronousIn)
            #expect(
                pipe.IsochIO(dataBuffer: nil, frameList: nil, firstFrameNumber: 0, completion: nil)
                    == kIOReturnBadArgument)
            let other = dext.action(Ends<End>(dext))
            #expect(
                pipe.IsochIO(dataBuffer: nil, frameList: list, firstFrameNumber: 0, completion: other)
                    == kIOReturnBadArgument)
            var count: UInt32 = 0
            #expect(
                pipe.IO(dataBuffer: nil, dataBufferLength: 0, bytesTransferred: &count, completionTimeoutMs: 0)
                    == kIOReturnUnsupported)
        }
    }

    @Test("1000 entries are taken")
    func longestList() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.isochronousIn)
            let list = try dext.list([Int](repeating: 0, count: 1000))
            #expect(
                pipe.IsochIO(dataBuffer: nil, frameList: list, firstFrameNumber: 0, completion: nil) == kIOReturnSuccess
            )
        }
    }

    // MARK: Results

    @Test("15: an entry has no result from the submission until the transfer ends")
    func preset() throws {
        try Dext.run(.full, flow: .manual) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let ends = Ends<kern_return_t>(dext)
            let list = try dext.list([4, 4, 4])
            let status = pipe.IsochIO(
                dataBuffer: try dext.buffer(count: 12), frameList: list, firstFrameNumber: dext.soon,
                completion: dext.action(ends))
            #expect(status == kIOReturnSuccess)
            #expect(list.statuses == [kIOReturnInvalid, kIOReturnInvalid, kIOReturnInvalid])
            #expect(list.entries.map(\.requestCount) == [4, 4, 4])
            dext.bus.advance(by: .milliseconds(20))
            #expect(ends.wait() == [kIOReturnSuccess])
            #expect(list.statuses == [kIOReturnSuccess, kIOReturnSuccess, kIOReturnSuccess])
            #expect(list.entries.map(\.requestCount) == [4, 4, 4])
        }
    }

    struct Summary: Sendable, CustomStringConvertible {
        var replies: [DextDevice.Reply]
        var statuses: [kern_return_t]
        var summary: kern_return_t
        var description: String { "\(replies)" }
    }

    static let summaries = [
        Summary(
            replies: [.bytes([1, 2, 3, 4]), .bytes([5, 6, 7, 8])], statuses: [kIOReturnSuccess, kIOReturnSuccess],
            summary: kIOReturnSuccess),
        Summary(
            replies: [.bytes([1]), .bytes([5, 6, 7, 8])], statuses: [kIOReturnUnderrun, kIOReturnSuccess],
            summary: kIOReturnUnderrun),
        Summary(
            replies: [.bytes([]), .bytes([])], statuses: [kIOReturnUnderrun, kIOReturnUnderrun],
            summary: kIOReturnUnderrun),
        Summary(
            replies: [.bytes([1]), .fault(.cyclicRedundancyCheck)],
            statuses: [kIOReturnUnderrun, kIOReturnNotResponding],
            summary: kIOReturnNotResponding),
        Summary(
            replies: [.bytes([1, 2, 3, 4]), .bytes([1, 2, 3, 4, 5])], statuses: [kIOReturnSuccess, kIOReturnOverrun],
            summary: kIOReturnOverrun),
        Summary(
            replies: [.fault(.noResponse), .fault(.babble)], statuses: [kIOReturnNotResponding, kIOReturnOverrun],
            summary: kIOReturnNotResponding),
        Summary(
            replies: [.fault(.hostMemory), .bytes([1, 2, 3, 4])],
            statuses: [kIOUSBBufferOverrunErr, kIOReturnSuccess], summary: kIOUSBBufferOverrunErr),
    ]

    @Test(
        "12, 13: each entry has its own result, and the whole the worst: underrun, or the first error",
        arguments: summaries)
    func summary(_ expected: Summary) throws {
        try Dext.run(.full) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousIn)
            dext.withDevice { $0.packets[DextDevice.isochronousIn] = expected.replies }
            let list = try dext.list([4, 4])
            let data = try dext.buffer(count: 8)
            let status = pipe.IsochIO(dataBuffer: data, frameList: list, firstFrameNumber: 0, completion: nil)
            #expect(status == expected.summary)
            #expect(list.statuses == expected.statuses)
        }
    }

    @Test("14: a short entry leaves a gap, and carries its count")
    func gaps() throws {
        try Dext.run(.full) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousIn)
            dext.withDevice { $0.packets[DextDevice.isochronousIn] = [.bytes([1]), .bytes([]), .bytes([2, 3])] }
            let list = try dext.list([3, 4, 2])
            let data = try dext.buffer(count: 9)
            let status = pipe.IsochIO(dataBuffer: data, frameList: list, firstFrameNumber: 0, completion: nil)
            #expect(status == kIOReturnUnderrun)
            #expect(list.entries.map(\.completeCount) == [1, 0, 2])
            #expect(data.copied == [1, 0, 0, 0, 0, 0, 0, 2, 3])
        }
    }

    @Test("a list may begin anywhere in memory")
    func unalignedList() throws {
        try Dext.run(.full) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let memory = try dext.buffer(count: 49)
            var list: IOMemoryDescriptor?
            #expect(
                IOMemoryDescriptor.CreateSubMemoryDescriptor(
                    memoryDescriptorCreateOptions: kIOMemoryDirectionInOut, offset: 1, length: 48, ofDescriptor: memory,
                    memory: &list) == kIOReturnSuccess)
            #expect(
                pipe.IsochIO(dataBuffer: nil, frameList: list, firstFrameNumber: 0, completion: nil) == kIOReturnSuccess
            )
            #expect(list?.statuses == [kIOReturnSuccess, kIOReturnSuccess])
            #expect(memory.copied[0] == 0)
        }
    }

    // MARK: Aborting

    @Test("15: what an abort prevents keeps no result", arguments: [kIOUSBAbortSynchronous, kIOUSBAbortAsynchronous])
    func abort(_ option: IOUSBAbortOptions) throws {
        try Dext.run(.full, flow: .manual) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let ends = Ends<kern_return_t>(dext)
            let lists = try (0..<2).map { _ in try dext.list([1, 1, 1, 1, 1, 1, 1, 1]) }
            let first = dext.frame + 2
            for (number, list) in lists.enumerated() {
                let status = pipe.IsochIO(
                    dataBuffer: try dext.buffer(count: 8), frameList: list,
                    firstFrameNumber: first + UInt64(8 * number), completion: dext.action(ends))
                #expect(status == kIOReturnSuccess)
            }
            dext.bus.advance(by: .microseconds(5_500))
            #expect(pipe.Abort(options: option, withError: kIOReturnAborted, forClient: nil) == kIOReturnSuccess)
            dext.bus.advance(by: .microseconds(1))
            #expect(ends.wait(for: 2) == [kIOReturnAborted, kIOReturnAborted])
            let sent = dext.withDevice { $0.received.count }
            #expect(sent > 0 && sent < 8)
            #expect(
                lists[0].statuses == (0..<8).map { $0 < sent ? kIOReturnSuccess : kIOReturnInvalid })
            #expect(lists[1].statuses == [kern_return_t](repeating: kIOReturnInvalid, count: 8))
        }
    }

    // MARK: Lifetimes

    @Test("16: what a transfer needs stays, whatever its caller lets go of, and goes afterwards")
    func lifetimes() throws {
        try Dext.run(.full, flow: .manual) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousIn)
            dext.withDevice { $0.packets[DextDevice.isochronousIn] = [.bytes([1, 2, 3, 4])] }
            let ends = Ends<kern_return_t>(dext)
            weak var data: IOBufferMemoryDescriptor?
            weak var list: IOBufferMemoryDescriptor?
            weak var action: OSAction?
            do {
                let (ownData, ownList) = (try dext.buffer(count: 4), try dext.list([4]))
                let ownAction = dext.action(ends)
                (data, list, action) = (ownData, ownList, ownAction)
                #expect(
                    pipe.IsochIO(
                        dataBuffer: ownData, frameList: ownList, firstFrameNumber: dext.soon, completion: ownAction)
                        == kIOReturnSuccess)
            }
            #expect(data != nil && list != nil && action != nil)
            dext.bus.advance(by: .milliseconds(20))
            #expect(ends.wait() == [kIOReturnSuccess])
            // The queue has let go of them when it has run something else.
            dext.queue(kIOServiceDefaultQueueName).DispatchSync {}
            #expect(data == nil && list == nil && action == nil)
        }
    }

    @Test("25: transfers submitted from completions make a chain without a gap")
    func resubmitting() throws {
        try Dext.run(.full) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let ends = Ends<kern_return_t>(dext)
            let (data, list) = (try dext.buffer(counting(8)), try dext.list([1, 1, 1, 1, 1, 1, 1, 1]))
            let next = Shared(dext.frame + 4)
            func submit(_ action: OSAction) -> kern_return_t {
                let frame = next.use { next in
                    defer { next += 8 }
                    return next
                }
                return pipe.IsochIO(dataBuffer: data, frameList: list, firstFrameNumber: frame, completion: action)
            }
            let rounds = 20
            // Three are under way at a time. They share their memory, which is only read and written alike.
            let action = OSAction.CompleteAsyncIsochIO(target: dext) { action, status in
                if status == kIOReturnSuccess, ends.all.count < rounds - 3 {
                    #expect(submit(action) == kIOReturnSuccess)
                }
                ends.note(status)
            }
            for _ in 0..<3 { #expect(submit(action) == kIOReturnSuccess) }
            #expect(ends.wait(for: rounds) == [kern_return_t](repeating: kIOReturnSuccess, count: rounds))
            let frames = dext.withDevice { $0.received.map(\.position.frame.count) }
            #expect(frames == Array(frames[0]..<frames[0] + Int64(frames.count)))
            #expect(frames.count == rounds * 8)
        }
    }
}
