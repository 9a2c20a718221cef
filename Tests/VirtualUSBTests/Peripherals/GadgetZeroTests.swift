// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import VirtualUSB

/// What Gadget Zero says about itself, and its answers to packets and requests.
@Suite struct GadgetZeroTests {
    private func device(
        _ configuration: UInt8 = GadgetZero.sourceSinkConfiguration, speed: Speed = .high,
        options: GadgetZero.Options = .init(pattern: .modulo63)
    ) -> GadgetZero {
        let device = GadgetZero(speed: speed, options: options)
        device.reset()
        device.configurationSelected(configuration)
        return device
    }

    // MARK: descriptors

    @Test func identity() {
        let model = GadgetZero().model
        #expect(model.speed == .high)
        #expect(model.device.vendorID == 0x0525)
        #expect(model.device.productID == 0xA4A0)
        #expect(model.device.deviceClass == .vendorSpecific)
        #expect(model.device.configurationCount == 2)
        #expect(model.strings[model.device.productString] == "Gadget Zero")
        #expect(model.strings[model.device.serialNumberString] == "0123456789.0123456789.0123456789")
        #expect(model.strings[model.device.manufacturerString] == "swift-usb")
        #expect(model.configurations.map(\.value) == [3, 2])
        #expect(
            model.configurations.map { model.strings[$0.descriptor.nameString] }
                == ["source and sink data", "loop input to output"])
        #expect(GadgetZero(options: .init(loopbackFirst: true)).model.configurations.map(\.value) == [2, 3])
    }

    /// Every endpoint of every setting: address, type, wMaxPacketSize, bInterval.
    @Test(
        arguments: [
            (
                .high,
                [
                    [(0x81, .bulk, 512, 0), (0x01, .bulk, 512, 0)],
                    [
                        (0x81, .bulk, 512, 0), (0x01, .bulk, 512, 0), (0x82, .isochronous, 1024, 4),
                        (0x02, .isochronous, 1024, 4),
                    ],
                    [(0x83, .interrupt, 1024, 4), (0x03, .interrupt, 1024, 4)],
                ]
            ),
            (
                .full,
                [
                    [(0x81, .bulk, 64, 0), (0x01, .bulk, 64, 0)],
                    [
                        (0x81, .bulk, 64, 0), (0x01, .bulk, 64, 0), (0x82, .isochronous, 1023, 4),
                        (0x02, .isochronous, 1023, 4),
                    ],
                    [(0x83, .interrupt, 64, 1), (0x03, .interrupt, 64, 1)],
                ]
            ),
        ] as [(Speed, [[(EndpointAddress, TransferType, UInt16, UInt8)]])])
    func endpoints(speed: Speed, expected: [[(EndpointAddress, TransferType, UInt16, UInt8)]]) throws {
        let model = GadgetZero(speed: speed).model
        let other = GadgetZero(speed: speed == .full ? .high : .full).model
        let settings = try #require(model.configuration(3)?.interface(0)).alternateSettings
        #expect(settings.count == 3)
        for (setting, endpoints) in zip(settings, expected) {
            try #require(setting.endpoints.count == endpoints.count)
            for (layout, (address, type, size, interval)) in zip(setting.endpoints, endpoints) {
                let descriptor = layout.descriptor
                #expect(descriptor.address == address)
                #expect(descriptor.transferType == type)
                #expect(descriptor.wMaxPacketSize == size)
                #expect(descriptor.interval == interval)
            }
        }
        // The other speed is that of the same device at the other speed.
        #expect(model.otherSpeedConfigurations.map(\.interfaces) == other.configurations.map(\.interfaces))
        #expect(model.otherSpeedConfigurations.map(\.descriptor.isOtherSpeed) == [true, true])
    }

    @Test(arguments: [Speed.full, .high]) func descriptorsAreWithoutDefects(speed: Speed) {
        for additional in 0...2 {
            let options = GadgetZero.Options(additionalTransactions: additional)
            for configuration in GadgetZero(speed: speed, options: options).model.configurations {
                let parsed = Configuration.parse(configuration.bytes, speed: speed)
                #expect(parsed.defects == [])
                #expect(parsed.value == configuration)
            }
        }
    }

    @Test(
        arguments: [
            (Speed.high, 2, 900, 16, 900, 2, 16), (.high, 9, 5000, 0, 1024, 2, 1), (.high, -1, -1, 200, 0, 0, 16),
            (.full, 2, 1024, 3, 1023, 0, 3),
        ] as [(Speed, Int, Int, UInt8, Int, Int, UInt8)])
    func isochronousOptions(
        speed: Speed, additional: Int, size: Int, interval: UInt8, sizeIs: Int, additionalIs: Int, intervalIs: UInt8
    ) throws {
        let options = GadgetZero.Options(
            isochronousInterval: interval, isochronousPacketSize: size, additionalTransactions: additional)
        let model = GadgetZero(speed: speed, options: options).model
        for address in [0x82, 0x02] as [EndpointAddress] {
            let endpoint = try #require(model.configuration(3)?.alternateSetting(1, of: 0)?.endpoint(address))
            #expect(endpoint.descriptor.maximumPacketSize == sizeIs)
            #expect(endpoint.descriptor.additionalTransactions == additionalIs)
            #expect(endpoint.descriptor.interval == intervalIs)
        }
    }

    @Test(arguments: [(Speed.low, Speed.full), (.superSpeed, .high), (.superSpeedPlus, .high)])
    func otherSpeedsAreTakenAsTheNearest(asked: Speed, speed: Speed) {
        #expect(GadgetZero(speed: asked).model.speed == speed)
    }

    // MARK: source and sink

    /// Numbers as `usbtest` computes them: (i mod packet size) mod 63, over a transfer of several packets.
    @Test(arguments: [(Speed.high, 512), (.full, 64)]) func sourceOfTheKernelsPattern(speed: Speed, size: Int) throws {
        let device = device(speed: speed)
        var transfer: [UInt8] = []
        for _ in 0..<5 { transfer += try #require(device.send(size, from: 0x81)) }
        transfer += try #require(device.send(7, from: 0x81))
        #expect(transfer == (0..<5 * size + 7).map { UInt8($0 % size % 63) })
        #expect(device.packetsSent == 6)
        #expect(device.bytesSent == transfer.count)
    }

    @Test(arguments: [0x81, 0x82, 0x83] as [EndpointAddress]) func sourceFillsWhatIsAsked(endpoint: EndpointAddress) {
        let zeros = device(options: .init(pattern: .zeros))
        let modulo = device()
        for count in [0, 1, 62, 63, 64, 511, 512, 1023, 1024, 3072] {
            #expect(zeros.send(count, from: endpoint) == [UInt8](repeating: 0, count: count))
            #expect(modulo.send(count, from: endpoint) == (0..<count).map { UInt8($0 % 63) })
        }
    }

    @Test func sourceLeavesTheRestOfALargeBufferAlone() {
        #expect(device().reply(4000, from: 0x81) == .data(3072))
    }

    @Test(arguments: [0x01, 0x02, 0x03] as [EndpointAddress]) func sinkTakesThePattern(endpoint: EndpointAddress) {
        let device = device()
        for count in [0, 1, 7, 8, 9, 63, 64, 65, 512, 1024, 3072] {
            #expect(device.receive((0..<count).map { UInt8($0 % 63) }, at: endpoint) == .accept)
        }
        #expect(device.packetsReceived == 11)
        #expect(device.bytesReceived == 0 + 1 + 7 + 8 + 9 + 63 + 64 + 65 + 512 + 1024 + 3072)
        #expect(device.mismatches == 0)
        #expect(device.lastMismatch == nil)
    }

    /// Any one wrong byte is found, at its place.
    @Test(arguments: [(0x01, .stall), (0x03, .stall), (0x02, .accept)] as [(EndpointAddress, Handshake)])
    func sinkFindsEveryWrongByte(endpoint: EndpointAddress, answer: Handshake) {
        let device = device()
        for count in [1, 8, 9, 17, 512] {
            let right = (0..<count).map { UInt8($0 % 63) }
            for offset in 0..<count {
                var wrong = right
                wrong[offset] ^= 0x40
                let before = device.mismatches
                #expect(device.receive(wrong, at: endpoint, in: 123) == answer)
                #expect(device.mismatches == before + 1)
                #expect(
                    device.lastMismatch
                        == GadgetZero.Mismatch(
                            endpoint: endpoint, microframe: Microframe(123), offset: offset, expected: right[offset],
                            found: wrong[offset]))
            }
        }
        #expect(device.packetsReceived == 1 + 8 + 9 + 17 + 512)
    }

    @Test func sinkOfZeros() {
        let device = device(options: .init(pattern: .zeros))
        #expect(device.receive([UInt8](repeating: 0, count: 512), at: 0x01) == .accept)
        #expect(device.receive([0, 0, 1], at: 0x01) == .stall)
        #expect(device.lastMismatch?.offset == 2)
    }

    @Test func sinkWithoutChecks() {
        let device = device(options: .init(pattern: .modulo63, checksReceived: false))
        #expect(device.receive([9, 9, 9], at: 0x01) == .accept)
        #expect(device.mismatches == 0)
        #expect(device.bytesReceived == 3)
    }

    @Test func moreThanAnyPacketIsAMismatch() {
        let device = device()
        #expect(device.receive((0..<3073).map { UInt8($0 % 63) }, at: 0x01) == .stall)
        #expect(device.lastMismatch?.offset == 3072)
    }

    @Test func countersOutliveAResetAndCanBeCleared() {
        let device = device()
        _ = device.receive([9], at: 0x01)
        _ = device.send(10, from: 0x81)
        device.reset()
        #expect(device.configuration == 0)
        #expect(device.packetsReceived == 1)
        #expect(device.mismatches == 1)
        device.clearCounters()
        #expect(
            [
                device.packetsReceived, device.bytesReceived, device.packetsSent, device.bytesSent, device.mismatches,
            ] == [0, 0, 0, 0, 0])
        #expect(device.lastMismatch == nil)
    }

    // MARK: vendor requests

    private func request(
        _ request: UInt8, _ direction: Direction, length: Int, value: UInt16 = 0, index: UInt16 = 0,
        recipient: RequestType.Recipient = .device
    ) -> SetupPacket {
        SetupPacket(
            requestType: RequestType(direction: direction, kind: .vendor, recipient: recipient), request: request,
            value: value, index: index, length: UInt16(length))
    }

    @Test(arguments: [0, 1, 64, 1000, 4096]) func writtenBytesAreReadBack(count: Int) {
        let device = device()
        var random = PeripheralRandom(seed: UInt64(count))
        let bytes = random.bytes(count)
        #expect(device.control(request(0x5B, .out, length: count), bytes) == .accepted)
        #expect(device.control(request(0x5C, .in, length: count)) == .data(bytes))
        // Reading more gives what lies behind in the buffer.
        #expect(
            device.control(request(0x5C, .in, length: 4096))
                == .data(bytes + [UInt8](repeating: 0, count: 4096 - count)))
    }

    @Test func writingNothingHasNoDataStage() {
        #expect(device().control(request(0x5B, .out, length: 0)) == .accepted)
    }

    @Test func requestsThatAreRefused() {
        let device = device()
        #expect(device.control(request(0x5B, .out, length: 4097), [UInt8](repeating: 0, count: 4097)) == .stall)
        #expect(device.control(request(0x5C, .in, length: 4097)) == .stall)
        #expect(device.control(request(0x5B, .out, length: 1, value: 1), [1]) == .stall)
        #expect(device.control(request(0x5B, .out, length: 1, index: 1), [1]) == .stall)
        #expect(device.control(request(0x5C, .in, length: 1, value: 1)) == .stall)
        #expect(device.control(request(0x5C, .in, length: 1, index: 1)) == .stall)
        #expect(device.control(request(0x5C, .in, length: 1, recipient: .interface)) == .stall)
        #expect(device.control(request(0x5B, .in, length: 1)) == .stall)
        #expect(device.control(request(0x5C, .out, length: 1), [1]) == .stall)
        #expect(device.control(request(0x5D, .in, length: 1)) == .stall)
        // The requests belong to the source-and-sink configuration.
        for configuration in [0, GadgetZero.loopbackConfiguration] as [UInt8] {
            device.configurationSelected(configuration)
            #expect(device.control(request(0x5C, .in, length: 1)) == .stall)
            #expect(device.control(request(0x5B, .out, length: 1), [1]) == .stall)
        }
    }

    // MARK: loopback

    @Test func loopbackKeepsOrderAndBoundaries() {
        let device = device(GadgetZero.loopbackConfiguration)
        var random = PeripheralRandom(seed: 7)
        var waiting: [[UInt8]] = []
        var naks = 0
        for _ in 0..<5000 {
            if Int.random(in: 0..<100, using: &random) < 55 {
                let packet = random.bytes(Int.random(in: 0...512, using: &random))
                let answer = device.receive(packet, at: 0x01)
                #expect(answer == (waiting.count < 32 ? .accept : .nak))
                if answer == .accept { waiting.append(packet) } else { naks += 1 }
            } else if waiting.isEmpty {
                #expect(device.reply(512, from: 0x81) == .nak)
            } else {
                #expect(device.send(512, from: 0x81) == waiting.removeFirst())
            }
            #expect(device.queuedPackets == waiting.count)
        }
        #expect(naks > 0)
        #expect(device.mismatches == 0)
    }

    @Test func refusedPacketsAreNotCounted() {
        let device = device(GadgetZero.loopbackConfiguration)
        for _ in 0..<32 { #expect(device.receive([1, 2], at: 0x01) == .accept) }
        #expect(device.receive([1, 2], at: 0x01) == .nak)
        #expect(device.packetsReceived == 32)
        #expect(device.bytesReceived == 64)
        #expect(device.packetsSent == 0)
    }

    @Test func tooLittleRoomIsABabbleAndLosesNothing() {
        let device = device(GadgetZero.loopbackConfiguration)
        #expect(device.receive([1, 2, 3], at: 0x01) == .accept)
        #expect(device.reply(2, from: 0x81) == .data(3))
        #expect(device.packetsSent == 0)
        #expect(device.send(3, from: 0x81) == [1, 2, 3])
        #expect(device.reply(512, from: 0x81) == .nak)
    }

    @Test(arguments: [(Speed.full, 64), (.high, 512)]) func loopbackRefusesMoreThanAPacket(speed: Speed, size: Int) {
        let device = device(GadgetZero.loopbackConfiguration, speed: speed)
        #expect(device.receive([UInt8](repeating: 1, count: size + 1), at: 0x01) == .stall)
        #expect(device.receive([UInt8](repeating: 1, count: size), at: 0x01) == .accept)
        #expect(device.queuedPackets == 1)
    }

    @Test func selectingAnewEmptiesTheQueue() {
        let device = device(GadgetZero.loopbackConfiguration)
        let events: [(GadgetZero) -> Void] = [
            { $0.alternateSettingSelected(0, interface: 0) },
            { $0.configurationSelected(GadgetZero.loopbackConfiguration) },
            {
                $0.reset()
                $0.configurationSelected(GadgetZero.loopbackConfiguration)
            },
        ]
        for event in events {
            #expect(device.receive([1], at: 0x01) == .accept)
            event(device)
            #expect(device.reply(512, from: 0x81) == .nak)
        }
        // Clearing a halt does not.
        #expect(device.receive([1], at: 0x01) == .accept)
        device.haltCleared(0x81)
        #expect(device.send(512, from: 0x81) == [1])
    }
}
