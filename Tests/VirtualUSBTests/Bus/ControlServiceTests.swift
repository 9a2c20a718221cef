// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite struct ControlServiceTests {
    private let vendorIn = RequestType(direction: .in, kind: .vendor, recipient: .device)
    private let vendorOut = RequestType(direction: .out, kind: .vendor, recipient: .device)

    @Test func descriptorsAreThoseOfTheModel() throws {
        try VirtualBus.simulate { bus in
            let strings: [UInt8: String] = [1: "swift-usb", 2: "Grüße 🙂"]
            let attachment = try bus.attach(TestDevice(strings: strings))
            let device = try bus.open(attachment)
            let model = attachment.withPeripheral { $0.model }
            #expect(device.description.manufacturer == "swift-usb")
            #expect(try await device.read(.getDescriptor(type: .device, length: 64)) == model.device.bytes)
            for (index, configuration) in model.configurations.enumerated() {
                let setup = SetupPacket.getDescriptor(type: .configuration, index: UInt8(index), length: 1000)
                #expect(try await device.read(setup) == configuration.bytes)
            }
            let header = try await device.read(.getDescriptor(type: .configuration, length: 9))
            #expect(header == Array(model.configurations[0].bytes.prefix(9)))
            #expect(try await device.string(2) == "Grüße 🙂")
            #expect(try await device.read(.getDescriptor(type: .string, length: 255)) == [4, 3, 9, 4])
            await #expect(throws: USBError.self) { _ = try await device.string(3) }
            await #expect(throws: USBError.self) { _ = try await device.string(1, language: 0x0407) }
            await #expect(throws: USBError.self) {
                _ = try await device.read(.getDescriptor(type: .configuration, index: 2, length: 9))
            }
        }
    }

    @Test func otherSpeedDescriptorsAreStalledUnlessThereAreSome() throws {
        try VirtualBus.simulate { bus in
            let plain = try bus.open(try bus.attach(TestDevice()))
            for type: DescriptorType in [.deviceQualifier, .otherSpeedConfiguration, .binaryObjectStore] {
                await #expect(throws: USBError.self) {
                    _ = try await plain.read(.getDescriptor(type: type, length: 10))
                }
            }
            let both = try bus.open(try bus.attach(TwoSpeedDevice()))
            let qualifier = try await both.read(.getDescriptor(type: .deviceQualifier, length: 10))
            #expect(qualifier == [10, 6, 0x00, 0x02, 0, 0, 0, 64, 1, 0])
            let other = try await both.read(.getDescriptor(type: .otherSpeedConfiguration, length: 100))
            #expect(other == [9, 7, 9, 0, 0, 5, 0, 0x80, 50])
            #expect(try await both.read(.getDescriptor(type: .binaryObjectStore, length: 100)) == [5, 15, 5, 0, 0])
            let report = SetupPacket(
                requestType: RequestType(direction: .in, kind: .standard, recipient: .interface), request: 6,
                value: 0x2200, index: 0, length: 10)
            #expect(try await both.read(report) == [1, 2, 3])
        }
    }

    @Test func settingsAreTrackedAndReported() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            #expect(attachment.withPeripheral { $0.events } == [.reset, .configuration(1)])
            let device = try bus.open(attachment)
            #expect(try await device.read(.getConfiguration()) == [1])
            let interface = try device.claim(1)
            #expect(try await device.read(.getInterface(1)) == [0])
            try await interface.selectAlternateSetting(1)
            #expect(try await device.read(.getInterface(1)) == [1])
            await interface.release()
            #expect(try await device.read(.getInterface(1)) == [0])
            #expect(try await device.read(.getStatus(of: .device)) == [0, 0])
            // Only a configuration that allows it can have remote wake-up.
            await #expect(throws: USBError.self) {
                try await device.control(.setFeature(.deviceRemoteWakeup, of: .device))
            }
            try await device.selectConfiguration(2)
            #expect(try await device.read(.getConfiguration()) == [2])
            try await device.control(.setFeature(.deviceRemoteWakeup, of: .device))
            #expect(try await device.read(.getStatus(of: .device)) == [3, 0])
            try await device.control(.clearFeature(.deviceRemoteWakeup, of: .device))
            #expect(try await device.read(.getStatus(of: .device)) == [1, 0])
            #expect(try bus.devices().first?.activeConfiguration == 2)
            await #expect(throws: USBError.self) { _ = try await device.read(.getInterface(1)) }
            try await device.selectConfiguration(0)
            await #expect(throws: USBError.self) { _ = try await device.read(.getInterface(0)) }
            #expect(
                attachment.withPeripheral { $0.events } == [
                    .reset, .configuration(1), .alternate(1, interface: 1), .alternate(0, interface: 1),
                    .configuration(2), .configuration(0),
                ])
        }
    }

    @Test func statusOfWhatDoesNotExistIsStalled() throws {
        try VirtualBus.simulate { bus in
            let device = try bus.open(try bus.attach(TestDevice()))
            for target: RequestTarget in [.endpoint(0x05), .endpoint(TestDevice.isochronousIn), .interface(7)] {
                await #expect(throws: USBError.self) { _ = try await device.read(.getStatus(of: target)) }
            }
            #expect(try await device.read(.getStatus(of: .interface(1))) == [0, 0])
            #expect(try await device.read(.getStatus(of: .endpoint(.control))) == [0, 0])
            await #expect(throws: USBError.self) { _ = try await device.read(.synchFrame(TestDevice.bulkIn)) }
        }
    }

    @Test func vendorRequestsReachThePeripheral() throws {
        let (vendorIn, vendorOut) = (vendorIn, vendorOut)
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let device = try bus.open(attachment)
            attachment.withPeripheral { $0.forgetEvents() }
            // More than asked is cut; less is less.
            for (sent, asked) in [(10, 4), (4, 10), (0, 3), (4096, 4096)] {
                attachment.withPeripheral { $0.controlReply = .data([UInt8](repeating: 5, count: sent)) }
                let setup = SetupPacket(
                    requestType: vendorIn, request: 1, value: 2, index: 3, length: UInt16(asked))
                let bytes = try await device.read(setup)
                #expect(bytes == [UInt8](repeating: 5, count: min(sent, asked)))
                #expect(attachment.withPeripheral { $0.events } == [.control(setup, [])])
                attachment.withPeripheral { $0.forgetEvents() }
            }
            attachment.withPeripheral { $0.controlReply = .accepted }
            let setup = SetupPacket(requestType: vendorOut, request: 1, value: 0, index: 0, length: 3)
            let data: [UInt8] = [7, 8, 9]
            #expect(try await device.control(setup, sending: data.span) == 3)
            #expect(attachment.withPeripheral { $0.events } == [.control(setup, [7, 8, 9])])
            attachment.withPeripheral { $0.controlReply = .stall }
            await #expect(throws: USBError.self) {
                let data: [UInt8] = [7, 8, 9]
                _ = try await device.control(setup, sending: data.span)
            }
            // The control pipe outlives a refusal.
            #expect(try await device.read(.getConfiguration()) == [1])
        }
    }

    @Test func aBusyDeviceIsAskedAgain() throws {
        let vendorIn = vendorIn
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            attachment.withPeripheral { $0.controlReply = .nak }
            let device = try bus.open(attachment)
            let setup = SetupPacket(requestType: vendorIn, request: 1, value: 0, index: 0, length: 1)
            await #expect(throws: USBError.self) { _ = try await device.read(setup, timeout: .milliseconds(1)) }
            #expect(bus.clock.presentInstant.nanoseconds == 1_000_000)
            async let reply = device.read(setup)
            try await bus.clock.sleep(for: .milliseconds(2))
            attachment.withPeripheral { $0.controlReply = .data([1]) }
            #expect(try await reply == [1])
        }
    }

    @Test(arguments: [
        (Speed.full, 13 * 64, 1), (.full, 13 * 64 + 1000, 2), (.high, 3000, 1), (.high, 4096, 2), (.high, 20_000, 5),
    ])
    func largeDataStagesTakeTheirBusTime(speed: Speed, count: Int, services: Int64) throws {
        let vendorIn = vendorIn
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(speed: speed))
            attachment.withPeripheral { $0.controlReply = .data([UInt8](repeating: 1, count: count)) }
            let device = try bus.open(attachment)
            let setup = SetupPacket(requestType: vendorIn, request: 1, value: 0, index: 0, length: UInt16(count))
            #expect(try await device.read(setup).count == count)
            #expect(bus.clock.presentInstant.nanoseconds == services * (speed == .high ? 125_000 : 1_000_000))
        }
    }

    @Test func resetKeepsTheSettings() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let device = try bus.open(attachment)
            let interface = try device.claim(1)
            try await interface.selectAlternateSetting(1)
            try await device.control(.setFeature(.endpointHalt, of: .endpoint(TestDevice.bulkIn)))
            attachment.withPeripheral { $0.forgetEvents() }
            try await device.reset()
            #expect(
                attachment.withPeripheral { $0.events } == [.reset, .configuration(1), .alternate(1, interface: 1)])
            #expect(try await device.read(.getStatus(of: .endpoint(TestDevice.bulkIn))) == [0, 0])
            #expect(try await device.read(.getInterface(1)) == [1])
        }
    }
}

/// A high-speed device that says what it would be at full speed.
private final class TwoSpeedDevice: Peripheral {
    let model = PeripheralModel(
        speed: .high, device: DeviceDescriptor(vendorID: 1, productID: 2),
        configurations: [Configuration(descriptor: ConfigurationDescriptor(value: 5))],
        otherSpeedConfigurations: [Configuration(descriptor: ConfigurationDescriptor(value: 5))],
        binaryObjectStore: [5, 15, 5, 0, 0],
        descriptors: [PeripheralModel.DescriptorKey(.hidReport, interface: 0): [1, 2, 3]])
}
