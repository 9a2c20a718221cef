// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// What ends together ends in an order that is the same in every run.
@Suite struct ClosingOrderTests {
    @Test(arguments: [false, true])
    func pipesEndInTheOrderOfTheirAddresses(isReleased: Bool) throws {
        let ended = try VirtualBus.simulate { bus in
            let notes = Notes()
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral { $0.handshakes[TestDevice.bulkOut] = .nak }
            let interface = try bus.open(attachment).claim(0)
            // The device answers NAK everywhere.
            for address in [TestDevice.secondBulkIn, TestDevice.bulkIn] {
                try interface.inPipe(address, Bulk.self).makeTransfer(capacity: 64)
                    .submit { notes.add($0.outcome.endpoint) }
            }
            try interface.outPipe(TestDevice.bulkOut, Bulk.self).makeTransfer(capacity: 64)
                .submit { notes.add($0.outcome.endpoint) }
            try interface.inPipe(TestDevice.interruptIn, Interrupt.self).makeTransfer(capacity: 64)
                .submit { notes.add($0.outcome.endpoint) }
            if isReleased { await interface.release() } else { try await interface.selectAlternateSetting(0) }
            try await bus.clock.sleep(for: .milliseconds(1))
            return notes.endpoints
        }
        #expect(ended == [TestDevice.bulkOut, TestDevice.bulkIn, TestDevice.interruptIn, TestDevice.secondBulkIn])
    }
}

/// The endpoints whose transfers have ended, in that order.
private final class Notes: @unchecked Sendable {
    private let lock = Lock()
    private var noted: [EndpointAddress] = []

    var endpoints: [EndpointAddress] { lock.withLock { noted } }

    func add(_ endpoint: EndpointAddress) { lock.withLock { noted.append(endpoint) } }
}
