// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Handlers that run where the end is found")
struct HandlerPlaceTests {
    private func open(_ bus: VirtualBus) throws -> (Device, AttachedPeripheral<TestDevice>) {
        let attachment = try bus.attach(TestDevice())
        return (try bus.open(attachment), attachment)
    }

    @Test("A blocked thread delivers to handlers itself, and they submit again", arguments: [TimeFlow.manual, .free])
    func submittingAgain(flow: TimeFlow) throws {
        let bus = VirtualBus(flow: flow)
        let (device, attachment) = try open(bus)
        let pipe = try device.claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
        let done = BusEvent(on: bus.executor)
        let counts = Log<Int>()
        @Sendable func next(_ transfer: consuming Transfer<Bulk>) {
            do {
                try transfer.submit(at: .anyThread) { completed in
                    counts.add(completed.outcome.byteCount)
                    if counts.count == 100 { done.set() } else { next(completed.transfer) }
                }
            } catch {
                Issue.record(error)
            }
        }
        next(pipe.makeTransfer(capacity: 700))
        let end = blocking { BusEvent.wait(for: [done], on: bus.executor) }
        #expect(end == .set(0))
        #expect(counts.elements == [Int](repeating: 700, count: 100))
        #expect(attachment.withPeripheral { $0.events.compactMap(\.outSize).reduce(0, +) } == 70_000)
    }

    @Test("A handler runs although its owner, who has waited before, now waits for something else than the bus")
    func withoutAWait() throws {
        let bus = VirtualBus(flow: .free)
        let (device, _) = try open(bus)
        let pipe = try device.claim(0).outPipe(TestDevice.bulkOut, Bulk.self)
        let done = BusEvent(on: bus.executor, reset: .automatic)
        for _ in 0..<100 {
            try pipe.makeTransfer(capacity: 700).submit(at: .anyThread) { _ in done.set() }
            #expect(blocking { done.wait() } == .set(0))
        }
        let ends = Log<TransferStatus>()
        let lock = Lock()
        let condition = Condition(lock)
        try pipe.makeTransfer(capacity: 700).submit(at: .anyThread) { completed in
            ends.add(completed.outcome.status)
            lock.withLock { condition.broadcast() }
        }
        // The limit only turns a hang into a failure.
        lock.withLock { while ends.count == 0, condition.wait(nanoseconds: 60_000_000_000) {} }
        #expect(ends.elements == [.completed])
    }

    @Test("A refusal and a cancel are told on the thread that causes them, once")
    func onTheCallersThread() throws {
        let bus = VirtualBus(flow: .manual)
        let (device, _) = try open(bus)
        let pipe = try device.claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
        let ends = Log<TransferStatus>()
        pipe.purge()
        try pipe.makeTransfer(capacity: 512).submit(deliveringRefusal: true, at: .anyThread) {
            ends.add($0.outcome.status)
        }
        #expect(ends.elements == [.failed(.notAccepting)])
        pipe.start()
        pipe.hold()
        try pipe.makeTransfer(capacity: 512).submit(at: .anyThread) { ends.add($0.outcome.status) }
        #expect(ends.count == 1)
        let quiet = BusEvent(on: bus.executor)
        pipe.abort { quiet.set() }
        #expect(ends.elements.last == .cancelled && ends.count == 2)
        #expect(quiet.isSet)
    }

    @Test("An abort tells when everything has been handed back, at once when there is nothing")
    func abort() throws {
        let bus = VirtualBus(flow: .free)
        let (device, _) = try open(bus)
        let pipe = try device.claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
        let order = Log<String>()
        let quiet = BusEvent(on: bus.executor, reset: .automatic)
        pipe.abort { quiet.set() }
        #expect(quiet.isSet)
        quiet.clear()
        for index in 0..<4 {
            try pipe.makeTransfer(capacity: 512).submit(at: .anyThread) { order.add("\(index) \($0.outcome.status)") }
        }
        pipe.abort {
            order.add("abort")
            quiet.set()
        }
        _ = blocking { BusEvent.wait(for: [quiet], on: bus.executor) }
        #expect(order.elements.last == "abort")
        #expect(Set(order.elements.dropLast()) == Set((0..<4).map { "\($0) cancelled" }))
    }

    @Test("A halt is cleared without a task, and the pipe goes on")
    func clearHalt() throws {
        let bus = VirtualBus(flow: .free)
        let (device, attachment) = try open(bus)
        attachment.withPeripheral { $0.replies[TestDevice.bulkIn] = .stall }
        let pipe = try device.claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
        let errors = Log<USBError?>()
        let done = BusEvent(on: bus.executor, reset: .automatic)
        try pipe.makeTransfer(capacity: 512).submit(at: .anyThread) { completed in
            errors.add(completed.outcome.error)
            pipe.clearHalt {
                errors.add($0)
                done.set()
            }
        }
        _ = blocking { BusEvent.wait(for: [done], on: bus.executor) }
        #expect(errors.elements.map { $0?.kind } == [.stalled, nil])
        #expect(!pipe.isHalted)
        #expect(attachment.withPeripheral { $0.events.contains(.haltCleared(TestDevice.bulkIn)) })
    }

    @Test("Requests to the device go one after the other, and keep it open meanwhile")
    func control() throws {
        let bus = VirtualBus(flow: .free)
        let done = BusEvent(on: bus.executor, limit: 10, reset: .automatic)
        let answers = Log<[UInt8]>()
        do {
            let (device, attachment) = try open(bus)
            attachment.withPeripheral { $0.controlReply = .data([1, 2, 3]) }
            let setup = SetupPacket(
                requestType: RequestType(direction: .in, kind: .vendor, recipient: .device), request: 7, value: 0,
                index: 0, length: 8)
            for _ in 0..<3 {
                try device.makeControlTransfer(capacity: 8).submit(setup, at: .anyThread) { completed in
                    let count = completed.outcome.byteCount
                    answers.add(completed.transfer.withBytes { bytes in (0..<count).map { bytes[$0] } })
                    done.set()
                }
            }
            #expect(
                failure { try device.makeControlTransfer(capacity: 7).submit(setup) { _ in } }?.kind == .invalidArgument
            )
            #expect(
                failure { try device.makeControlTransfer(capacity: 0).submit(.setConfiguration(1)) { _ in } }?.kind
                    == .invalidArgument)
        }
        for _ in 0..<3 { _ = blocking { BusEvent.wait(for: [done], on: bus.executor) } }
        #expect(answers.elements == [[UInt8]](repeating: [1, 2, 3], count: 3))
    }
}
