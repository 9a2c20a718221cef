// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

/// Packet sizes and intervals by speed and transfer type (USB 2.0 chapter 5, USB 3.2 section 9.6).
@Suite struct EndpointRuleTests {
    /// The kinds of defect of one endpoint in alternate setting 1.
    private func defects(
        _ type: TransferType, _ wMaxPacketSize: UInt16, interval: UInt8 = 1, at speed: Speed?, alternate: UInt8 = 1,
        companion: SuperSpeedEndpointCompanionDescriptor? = nil
    ) -> [DescriptorDefect.Kind] {
        let companion = speed?.isSuperSpeed == true ? companion ?? SuperSpeedEndpointCompanionDescriptor() : companion
        let endpoint = EndpointLayout(
            EndpointDescriptor(
                address: 0x81, attributes: EndpointAttributes(type), wMaxPacketSize: wMaxPacketSize,
                interval: interval), companion: companion)
        let code = ClassCode.vendorSpecific
        let configuration = Configuration(interfaces: [
            InterfaceLayout(
                number: 0,
                alternateSettings: (0...1).map { number in
                    AlternateSetting(
                        descriptor: InterfaceDescriptor(number: 0, alternateSetting: number, interfaceClass: code),
                        endpoints: number == alternate ? [endpoint] : [])
                })
        ])
        return Configuration.parse(configuration.bytes, speed: speed).defects.map(\.kind)
    }

    /// For each speed and type, sizes at the edges of what is allowed.
    @Test(
        arguments: [
            (Speed.low, TransferType.control, [8], [0, 7, 9, 16, 64]),
            (.low, .interrupt, [1, 8], [0, 9, 64]),
            (.full, .control, [8, 16, 32, 64], [0, 7, 24, 63, 65, 512]),
            (.full, .bulk, [8, 16, 32, 64], [0, 4, 63, 128, 512]),
            (.full, .interrupt, [1, 63, 64], [0, 65, 1024]),
            (.full, .isochronous, [0, 1, 1023], [1024, 2047]),
            (.high, .control, [64], [0, 8, 63, 512]),
            (.high, .bulk, [512], [0, 64, 511, 513, 1024]),
            (.high, .interrupt, [1, 64, 1024], [0, 1025, 2047]),
            (.high, .isochronous, [0, 1, 1024], [1025, 2047]),
            (.superSpeed, .control, [512], [0, 64, 1024]),
            (.superSpeed, .bulk, [1024], [0, 512, 1023, 1025]),
            (.superSpeed, .interrupt, [1, 1024], [0, 1025]),
            (.superSpeed, .isochronous, [0, 1, 1024], [1025, 2047]),
            (.superSpeedPlus, .bulk, [1024], [512]),
        ] as [(Speed, TransferType, [UInt16], [UInt16])])
    func packetSize(speed: Speed, type: TransferType, allowed: [UInt16], refused: [UInt16]) {
        for size in allowed { #expect(defects(type, size, at: speed) == [], "\(size)") }
        for size in refused {
            #expect(defects(type, size, at: speed) == [.packetSizeNotAllowed(0x81, size: Int(size), speed)])
            #expect(defects(type, size, at: nil) == [], "\(size) depends on the speed")
        }
    }

    @Test(
        arguments: [
            (0, 1, true), (0, 1024, true), (1, 512, false), (1, 513, true), (1, 1024, true), (2, 682, false),
            (2, 683, true), (2, 1024, true), (2, 1025, false),
        ] as [(UInt16, UInt16, Bool)])
    func highBandwidth(additional: UInt16, size: UInt16, allowed: Bool) {
        for type in [TransferType.isochronous, .interrupt] {
            #expect(
                defects(type, additional << 11 | size, at: .high)
                    == (allowed ? [] : [.packetSizeNotAllowed(0x81, size: Int(size), .high)]))
        }
    }

    @Test func additionalTransactionsAreForHighSpeedPeriodicEndpoints() {
        let two: UInt16 = 2 << 11
        let kinds: [DescriptorDefect.Kind] = [.additionalTransactionsNotAllowed(0x81, count: 2)]
        #expect(defects(.bulk, two | 512, at: .high) == kinds)
        #expect(defects(.isochronous, two | 512, at: .full) == kinds)
        #expect(defects(.isochronous, two | 1024, at: .superSpeed) == kinds)
        #expect(defects(.isochronous, two | 1024, at: nil) == [])
        #expect(
            defects(.isochronous, 3 << 11 | 1024, at: .high) == [.additionalTransactionsNotAllowed(0x81, count: 3)])
    }

    @Test func allBitsSet() {
        #expect(
            defects(.isochronous, 0xFFFF, at: .high) == [
                .reservedPacketSizeBits(0x81, rawValue: 0xFFFF), .additionalTransactionsNotAllowed(0x81, count: 3),
                .packetSizeNotAllowed(0x81, size: 2047, .high),
            ])
    }

    @Test func lowSpeedHasNeitherBulkNorIsochronous() {
        #expect(defects(.bulk, 8, at: .low) == [.transferTypeNotAllowed(0x81, .bulk, .low)])
        #expect(defects(.isochronous, 8, at: .low) == [.transferTypeNotAllowed(0x81, .isochronous, .low)])
    }

    @Test func theDefaultSettingTakesNoIsochronousTime() {
        #expect(defects(.isochronous, 192, at: .full, alternate: 0) == [.isochronousInDefaultSetting(0x81)])
        #expect(defects(.isochronous, 0, at: .full, alternate: 0) == [])
        #expect(defects(.isochronous, 192, at: .full, alternate: 1) == [])
    }

    @Test(
        arguments: [
            (TransferType.isochronous, Speed.full, 1...16), (.isochronous, .high, 1...16),
            (.isochronous, .superSpeed, 1...16),
            (.isochronous, nil, 1...16), (.interrupt, .low, 1...255), (.interrupt, .full, 1...255),
            (.interrupt, .high, 1...16),
            (.interrupt, .superSpeed, 1...16), (.interrupt, nil, 1...255), (.bulk, .high, 0...255),
            (.control, .high, 0...255),
        ] as [(TransferType, Speed?, ClosedRange<UInt8>)])
    func interval(type: TransferType, speed: Speed?, allowed: ClosedRange<UInt8>) {
        let size: UInt16 = type == .bulk ? 512 : type == .control ? 64 : 8
        for interval: UInt8 in [0, 1, 2, 15, 16, 17, 128, 255] {
            #expect(
                defects(type, size, interval: interval, at: speed)
                    == (allowed.contains(interval) ? [] : [.intervalOutOfRange(0x81, interval: interval)]))
        }
    }

    @Test func companions() {
        func companion(_ burst: UInt8, _ attributes: UInt8, _ bytes: UInt16 = 0)
            -> SuperSpeedEndpointCompanionDescriptor
        {
            SuperSpeedEndpointCompanionDescriptor(maxBurst: burst, attributes: attributes, bytesPerInterval: bytes)
        }
        func bulk(_ burst: UInt8, _ attributes: UInt8) -> [DescriptorDefect.Kind] {
            defects(.bulk, 1024, at: .superSpeed, companion: companion(burst, attributes))
        }
        #expect(bulk(15, 16) == [])
        #expect(bulk(16, 0) == [.burstOutOfRange(0x81, maxBurst: 16)])
        #expect(bulk(255, 17) == [.burstOutOfRange(0x81, maxBurst: 255), .streamsOutOfRange(0x81, exponent: 17)])
        #expect(
            defects(.control, 512, at: .superSpeed, companion: companion(1, 0))
                == [.burstOutOfRange(0x81, maxBurst: 1)])
        // Bursts are made of full packets.
        #expect(
            defects(.interrupt, 512, at: .superSpeed, companion: companion(1, 0))
                == [.packetSizeNotAllowed(0x81, size: 512, .superSpeed)])
        // Mult is for isochronous endpoints only.
        #expect(
            defects(.interrupt, 1024, at: .superSpeed, companion: companion(0, 2, 1025))
                == [.bytesPerIntervalTooLarge(0x81, bytes: 1025, maximum: 1024)])
        #expect(companion(0, 31).streamCount == 65_536 && companion(0, 1).streamCount == 2)
    }
}
