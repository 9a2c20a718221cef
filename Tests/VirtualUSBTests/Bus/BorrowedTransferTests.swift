// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Transfers with changing memory")
struct BorrowedTransferTests {
    @Test("A transfer can be given other memory for each use, and the device gets what is there")
    func borrow() throws {
        let bus = VirtualBus(flow: .manual)
        let attachment = try bus.attach(TestDevice())
        let interface = try bus.open(attachment).claim(0)
        let pipe = try interface.outPipe(TestDevice.bulkOut, Bulk.self)
        var transfer = pipe.makeTransfer(capacity: 100)
        for count in [3, 700, 0] {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
            defer { unsafe memory.deallocate() }
            for index in 0..<count { unsafe memory[index] = UInt8(truncatingIfNeeded: index) }
            unsafe transfer.borrow(memory)
            #expect(transfer.byteCount == count)
            let done = try transfer.submit().blockingCompletion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == count)
            transfer = done.transfer
        }
        let sizes = attachment.withPeripheral { device in device.out.map(\.count) }
        #expect(sizes == [3, 512, 188, 0])
    }

    @Test("A canceller of an idle transfer takes back the next use, and no other")
    func canceller() throws {
        let bus = VirtualBus(flow: .manual)
        let attachment = try bus.attach(TestDevice())
        let interface = try bus.open(attachment).claim(0)
        let pipe = try interface.inPipe(TestDevice.bulkIn, Bulk.self)
        let transfer = pipe.makeTransfer(capacity: 64)
        let canceller = transfer.canceller
        canceller.cancel()
        let ends = EndLog()
        try transfer.submit(at: .anyThread) { done in
            ends.append(done.outcome.status)
            let again = done.transfer
            canceller.cancel()
            try? again.submit(at: .anyThread) { ends.append($0.outcome.status) }
        }
        func passTime() {
            let deadline = bus.clock.now.advanced(by: .milliseconds(1))
            _ = BusEvent.wait(for: [], until: deadline, on: bus.executor)
        }
        passTime()
        #expect(ends.all == [])
        canceller.cancel()
        passTime()
        #expect(ends.all == [.cancelled])
        canceller.cancel()
        passTime()
        #expect(ends.all == [.cancelled], "the next use goes on")
        pipe.blocking.abort()
        #expect(ends.all == [.cancelled, .cancelled])
    }

    @Test("A request's time counts from service where the control pipe's policy says so", arguments: [false, true])
    func controlPolicy(_ fromService: Bool) throws {
        let bus = VirtualBus(flow: .manual)
        let attachment = try bus.attach(TestDevice())
        let device = try bus.open(attachment)
        attachment.withPeripheral { $0.controlReply = .nak }
        if fromService { device.controlPolicy.timeoutStart = .service }
        let setup = SetupPacket(
            requestType: RequestType(direction: .out, kind: .vendor, recipient: .device), request: 1, value: 0,
            index: 0, length: 0)
        let before = bus.clock.now
        let first = try device.makeControlTransfer(capacity: 0).submit(setup, timeout: .milliseconds(10))
        let second = try device.makeControlTransfer(capacity: 0).submit(setup, timeout: .milliseconds(10))
        let ends = [first.blockingCompletion().outcome, second.blockingCompletion().outcome]
        #expect(ends.map(\.status) == [.timedOut, .timedOut])
        let waited = before.duration(to: ends[1].time)
        #expect(waited >= .milliseconds(fromService ? 20 : 10) && waited < .milliseconds(fromService ? 22 : 12))
    }
}

/// How transfers ended, in order.
private final class EndLog: @unchecked Sendable {
    private let lock = Lock()
    private var statuses: [TransferStatus] = []

    func append(_ status: TransferStatus) { lock.withLock { statuses.append(status) } }
    var all: [TransferStatus] { lock.withLock { statuses } }
}

extension TestDevice {
    /// What came on any OUT endpoint, packet by packet.
    fileprivate var out: [[UInt8]] {
        events.compactMap { if case .out(_, let bytes, _) = $0 { bytes } else { nil } }
    }
}
