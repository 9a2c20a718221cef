// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite("The timing of described endpoints")
struct EndpointTimingTests {
    private static func endpoint(
        _ type: TransferType, size: Int, additional: Int = 0, interval: UInt8 = 1,
        companion: SuperSpeedEndpointCompanionDescriptor? = nil, isochronous: UInt32? = nil
    ) -> EndpointLayout {
        EndpointLayout(
            EndpointDescriptor(
                address: 0x81, transferType: type, maximumPacketSize: size, additionalTransactions: additional,
                interval: interval),
            companion: companion,
            isochronousCompanion: isochronous.map { .init(bytesPerInterval: $0) })
    }

    @Test("One descriptor means different intervals at different speeds")
    func intervals() throws {
        let endpoint = EndpointTimingTests.endpoint(.interrupt, size: 8, interval: 10)
        #expect(try endpoint.serviceInterval(at: .low).description == "every 10 ms")
        #expect(try endpoint.serviceInterval(at: .full).description == "every 10 ms")
        #expect(try endpoint.serviceInterval(at: .high).description == "every 64 ms")
        #expect(try endpoint.serviceInterval(at: .superSpeedPlus).microframes == 512)
        let bulk = EndpointTimingTests.endpoint(.bulk, size: 512)
        #expect(throws: EndpointTimingError.notPeriodic(.bulk)) { try bulk.serviceInterval(at: .high) }
    }

    @Test("Packet size and additional transactions up to high speed")
    func usb2() throws {
        let endpoint = EndpointTimingTests.endpoint(.isochronous, size: 1_020, additional: 2)
        #expect(try endpoint.maximumBytesPerInterval(at: .full) == 1_020)
        #expect(try endpoint.maximumBytesPerInterval(at: .high) == 3_060)
        #expect(throws: EndpointTimingError.missingCompanion) { try endpoint.maximumBytesPerInterval(at: .superSpeed) }
        let reserved = EndpointTimingTests.endpoint(.isochronous, size: 1_020, additional: 3)
        #expect(throws: EndpointTimingError.reservedTransactionCount) {
            try reserved.maximumBytesPerInterval(at: .high)
        }
        for speed in Speed.allCases {
            #expect(throws: EndpointTimingError.notPeriodic(.bulk)) {
                try EndpointTimingTests.endpoint(.bulk, size: 512).maximumBytesPerInterval(at: speed)
            }
        }
    }

    @Test("The companion's bytes at SuperSpeed")
    func superSpeed() throws {
        let isochronous = EndpointTimingTests.endpoint(
            .isochronous, size: 1_024, companion: .init(maxBurst: 3, attributes: 1, bytesPerInterval: 8_192))
        for speed in [Speed.superSpeed, .superSpeedPlus] {
            #expect(try isochronous.maximumBytesPerInterval(at: speed) == 8_192)
        }
        // Mult is for isochronous endpoints; in others the bits are reserved.
        let interrupt = EndpointTimingTests.endpoint(
            .interrupt, size: 1_024, companion: .init(maxBurst: 0, attributes: 3, bytesPerInterval: 1_025))
        #expect(throws: EndpointTimingError.bytesPerIntervalTooLarge(1_025, limit: 1_024)) {
            try interrupt.maximumBytesPerInterval(at: .superSpeed)
        }
    }

    @Test("The isochronous companion's bytes at SuperSpeedPlus, where it is announced")
    func superSpeedPlus() throws {
        let companion = SuperSpeedEndpointCompanionDescriptor(maxBurst: 15, attributes: 0x80, bytesPerInterval: 1)
        let endpoint = EndpointTimingTests.endpoint(
            .isochronous, size: 1_024, companion: companion, isochronous: 98_304)
        #expect(try endpoint.maximumBytesPerInterval(at: .superSpeedPlus) == 98_304)
        #expect(try endpoint.maximumBytesPerInterval(at: .superSpeed) == 1)
        let missing = EndpointTimingTests.endpoint(.isochronous, size: 1_024, companion: companion)
        #expect(throws: EndpointTimingError.missingIsochronousCompanion) {
            try missing.maximumBytesPerInterval(at: .superSpeedPlus)
        }
    }
}
