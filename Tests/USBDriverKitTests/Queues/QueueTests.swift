// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import Testing
import USB
import USBHost
import VirtualUSB

@testable import USBDriverKit

@Suite("Dispatch queues and memory")
struct QueueTests {
    @Test(
        "a queue runs things in order, never two at once, on a thread of its own",
        arguments: [TimeFlow.free, .manual, .real])
    func serial(_ flow: TimeFlow) throws {
        ProcessHost.withHost(VirtualBus(flow: flow)) {
            let queue = IODispatchQueue(name: "work")
            #expect(queue.GetName() == "work")
            let (running, order) = (Shared(0), Shared([Int]()))
            for number in 0..<100 {
                queue.DispatchAsync {
                    #expect(
                        running.use {
                            $0 += 1; return $0
                        } == 1)
                    #expect(queue.OnQueue())
                    order.use { $0.append(number) }
                    running.use { $0 -= 1 }
                }
            }
            #expect(!queue.OnQueue())
            queue.DispatchSync { #expect(queue.OnQueue()) }
            #expect(order.use { $0 } == Array(0..<100))
            // Where that would wait for ever it runs at once.
            let nested = Shared(false)
            queue.DispatchSync { queue.DispatchSync { nested.use { $0 = true } } }
            #expect(nested.use { $0 })
        }
    }

    @Test("what is on a queue is run although the queue is let go of")
    func lettingGo() throws {
        ProcessHost.withHost(VirtualBus(flow: .free)) {
            let done = WorkerSignal(on: ProcessHost.current)
            let count = Shared(0)
            do {
                let queue = IODispatchQueue(name: "short")
                for _ in 0..<10 { queue.DispatchAsync { count.use { $0 += 1 } } }
                queue.DispatchAsync { done.set() }
            }
            done.wait()
            #expect(count.use { $0 } == 10)
        }
    }

    @Test("a service's completions run on the queue that the action names")
    func namedQueues() throws {
        try Dext.run { (dext) throws in
            let special = IODispatchQueue(name: "special")
            dext.SetDispatchQueue(name: "special", queue: special)
            var found: IODispatchQueue?
            #expect(dext.CopyDispatchQueue(name: "special", queue: &found) == kIOReturnSuccess && found === special)
            #expect(dext.CopyDispatchQueue(name: "none", queue: &found) == kIOReturnNotFound && found === special)
            var standard: IODispatchQueue?
            #expect(dext.CopyDispatchQueue(name: kIOServiceDefaultQueueName, queue: &standard) == kIOReturnSuccess)
            let ends = Ends<[Bool]>(dext)
            for name in ["special", kIOServiceDefaultQueueName] {
                let action = OSAction.CompleteAsyncIO(target: dext, queueName: name) { _, _, _, _ in
                    ends.note([special.OnQueue(), standard?.OnQueue() ?? false])
                }
                #expect(
                    try dext.pipe(DextDevice.bulkOut).AsyncIO(
                        dataBuffer: nil, dataBufferLength: 0, completion: action, completionTimeoutMs: 0)
                        == kIOReturnSuccess)
                ends.wait(for: ends.all.count + 1)
            }
            #expect(ends.all == [[true, false], [false, true]])
        }
    }

    @Test("a completion may wait for one on another queue")
    func twoQueues() throws {
        try Dext.run { dext in
            let other = IODispatchQueue(name: "other")
            dext.SetDispatchQueue(name: "other", queue: other)
            let pipe = try dext.pipe(DextDevice.bulkOut)
            let (inner, outer) = (Ends<End>(dext), Ends<End>(dext))
            let second = OSAction.CompleteAsyncIO(target: dext, queueName: "other") { _, status, _, _ in
                inner.note(End(status: status))
            }
            let first = OSAction.CompleteAsyncIO(target: dext) { _, status, _, _ in
                #expect(
                    pipe.AsyncIO(dataBuffer: nil, dataBufferLength: 0, completion: second, completionTimeoutMs: 0)
                        == kIOReturnSuccess)
                inner.wait()
                outer.note(End(status: status))
            }
            #expect(
                pipe.AsyncIO(dataBuffer: nil, dataBufferLength: 0, completion: first, completionTimeoutMs: 0)
                    == kIOReturnSuccess)
            #expect(outer.wait() == [End(status: kIOReturnSuccess)])
        }
    }

    // MARK: Memory

    @Test("a buffer describes what it is told to, no more than it has, and starts at zero")
    func buffers() throws {
        var made: IOBufferMemoryDescriptor?
        #expect(
            IOBufferMemoryDescriptor.Create(options: kIOMemoryDirectionIn, capacity: 100, alignment: 64, memory: &made)
                == kIOReturnSuccess)
        let buffer = try #require(made)
        var (length, range) = (UInt64(0), IOAddressSegment())
        #expect(buffer.GetLength(length: &length) == kIOReturnSuccess && length == 100)
        #expect(buffer.GetAddressRange(range: &range) == kIOReturnSuccess)
        #expect(range.length == 100 && range.address % 64 == 0)
        #expect(buffer.copied == [UInt8](repeating: 0, count: 100))
        #expect(buffer.SetLength(length: 101) == kIOReturnBadArgument)
        #expect(buffer.SetLength(length: 60) == kIOReturnSuccess && buffer.length == 60)
        for (alignment, capacity, status) in [
            (3, 8, kIOReturnBadArgument), (0, .max, kIOReturnNoMemory), (0, 0, kIOReturnSuccess),
        ] as [(UInt64, UInt64, kern_return_t)] {
            var other: IOBufferMemoryDescriptor?
            #expect(
                IOBufferMemoryDescriptor.Create(
                    options: kIOMemoryDirectionOut, capacity: capacity, alignment: alignment, memory: &other) == status)
        }
    }

    @Test("parts and mappings lie inside what is described, and keep it")
    func parts() throws {
        weak var whole: IOBufferMemoryDescriptor?
        var part: IOMemoryDescriptor?
        var map: IOMemoryMap?
        do {
            var made: IOBufferMemoryDescriptor?
            _ = IOBufferMemoryDescriptor.Create(
                options: kIOMemoryDirectionInOut, capacity: 100, alignment: 0, memory: &made)
            let buffer = try #require(made)
            whole = buffer
            for (offset, length) in [(101, 0), (0, 101), (60, 41), (.max, 1), (1, .max)] as [(UInt64, UInt64)] {
                #expect(
                    IOMemoryDescriptor.CreateSubMemoryDescriptor(
                        memoryDescriptorCreateOptions: kIOMemoryDirectionIn, offset: offset, length: length,
                        ofDescriptor: buffer, memory: &part) == kIOReturnBadArgument)
            }
            #expect(
                IOMemoryDescriptor.CreateSubMemoryDescriptor(
                    memoryDescriptorCreateOptions: kIOMemoryDirectionIn, offset: 60, length: 40, ofDescriptor: buffer,
                    memory: &part) == kIOReturnSuccess)
            #expect(buffer.CreateMapping(offset: 60, map: &map) == kIOReturnSuccess)
        }
        part?.withMutableBytes { $0[0] = 7 }
        #expect(map?.GetLength() == 40 && map?.GetOffset() == 60)
        let address = UInt(try #require(map).GetAddress())
        #expect(unsafe UnsafePointer<UInt8>(bitPattern: address)?.pointee == 7)
        #expect(whole != nil)
        (part, map) = (nil, nil)
        #expect(whole == nil)
    }
}
