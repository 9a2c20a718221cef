// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite("Bytes in a service interval")
struct EndpointCapacityTests {
    @Test(
        "Up to high speed, the packet size and the additional transactions say it",
        arguments: [
            (.low, .interrupt, 8, 0, 8), (.full, .isochronous, 1_023, 0, 1_023), (.full, .interrupt, 64, 3, 64),
            (.high, .isochronous, 1_024, 0, 1_024), (.high, .isochronous, 1_024, 1, 2_048),
            (.high, .interrupt, 1_024, 2, 3_072), (.high, .isochronous, 0, 2, 0),
        ] as [(Speed, TransferType, Int, Int, Int)])
    func usb2(speed: Speed, type: TransferType, size: Int, additional: Int, expected: Int) throws {
        let bytes = try EndpointCapacity.bytesPerInterval(
            speed: speed, type: type, maximumPacketSize: size, additionalTransactions: additional)
        #expect(bytes == expected)
    }

    @Test(
        "What has no size is refused",
        arguments: [
            (.high, .isochronous, 3, .reservedTransactionCount), (.high, .interrupt, 3, .reservedTransactionCount),
            (.low, .isochronous, 0, .isochronousAtLowSpeed), (.full, .bulk, 0, .notPeriodic(.bulk)),
            (.high, .control, 0, .notPeriodic(.control)),
        ] as [(Speed, TransferType, Int, EndpointTimingError)])
    func refused(speed: Speed, type: TransferType, additional: Int, error: EndpointTimingError) {
        #expect(throws: error) {
            try EndpointCapacity.bytesPerInterval(
                speed: speed, type: type, maximumPacketSize: 64, additionalTransactions: additional)
        }
    }

    @Test(
        "At SuperSpeed the companion says it, within its bursts",
        arguments: [
            (1_024, 15, 2, 49_152, nil), (1_024, 15, 2, 49_153, .bytesPerIntervalTooLarge(49_153, limit: 49_152)),
            (1_024, 0, 0, 1_000, nil), (1_024, 0, 0, 1_025, .bytesPerIntervalTooLarge(1_025, limit: 1_024)),
            (64, 2, 0, 192, nil), (1_024, 0, 3, 1, .reservedMultiplier), (1_024, 0, 0, 0, nil),
        ] as [(Int, Int, Int, Int, EndpointTimingError?)])
    func superSpeed(size: Int, burst: Int, multiplier: Int, bytes: Int, error: EndpointTimingError?) {
        let result = Result { () throws(EndpointTimingError) in
            try EndpointCapacity.bytesPerInterval(
                maximumPacketSize: size, maximumBurst: burst, multiplier: multiplier, bytesPerInterval: bytes)
        }
        #expect(result == error.map { .failure($0) } ?? .success(bytes))
    }
}
