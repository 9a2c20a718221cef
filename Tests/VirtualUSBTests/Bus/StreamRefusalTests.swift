// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite("Bulk streams where there are none")
struct StreamRefusalTests {
    @Test("Enabling streams says why it cannot be done")
    func refused() throws {
        try VirtualBus.simulate(seed: 1) { bus in
            _ = try bus.attach(GadgetZero())
            let interface = try bus.open(vendorID: 0x0525, productID: 0xA4A0).claim(0)
            let kinds: [(Int, EndpointAddress, USBError.Kind)] = [
                (8, 0x81, .unsupported), (8, 0x85, .notFound), (0, 0x81, .invalidArgument),
            ]
            for (count, endpoint, kind) in kinds {
                let error = #expect(throws: USBError.self) { try interface.enableStreams(count, on: [endpoint]) }
                #expect(error?.kind == kind)
            }
            #expect(throws: USBError.self) { try interface.disableStreams(on: [0x81]) }
        }
    }
}
