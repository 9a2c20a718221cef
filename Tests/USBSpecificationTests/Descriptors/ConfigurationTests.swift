// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@Suite struct ConfigurationTests {
    @Test(arguments: DescriptorTable.allCases)
    func wellFormedBytesComeBack(table: DescriptorTable) throws {
        let parsed = Configuration.parse(table.bytes, speed: table.speed)
        #expect(parsed.defects.isEmpty)
        #expect(parsed.value?.bytes == table.bytes)
        #expect(try Configuration(table.bytes, speed: table.speed) == parsed.value)
        #expect(try Configuration(table.bytes) == parsed.value)
        #expect(try ConfigurationDescriptor(table.bytes) == parsed.value?.descriptor)
    }

    @Test func gadgetZero() throws {
        let configuration = try Configuration(DescriptorTable.gadgetZero.bytes, speed: .high)
        #expect(configuration.value == 3)
        #expect(configuration.descriptor.attributes == [.alwaysSet, .selfPowered])
        #expect(configuration.descriptor.maximumCurrent(at: .high) == 2)
        #expect(configuration.descriptor.maximumCurrent(at: .superSpeed) == 8)
        let interface = try #require(configuration.interface(0))
        #expect(configuration.interfaces == [interface] && configuration.interface(1) == nil)
        #expect(interface.alternateSettings.map(\.descriptor.alternateSetting) == [0, 1])
        #expect(interface.alternateSettings.map(\.descriptor.endpointCount) == [2, 4])
        let source = try #require(configuration.alternateSetting(1, of: 0)?.endpoint(0x82)?.descriptor)
        #expect(source.transferType == .isochronous && source.direction == .in)
        #expect(source.maximumPacketSize == 1024 && source.additionalTransactions == 0 && source.interval == 4)
        #expect(configuration.alternateSetting(0, of: 0)?.endpoint(0x82) == nil)
        #expect(configuration.alternateSetting(2, of: 0) == nil && configuration.alternateSetting(0, of: 1) == nil)
    }

    @Test func speaker() throws {
        let configuration = try Configuration(DescriptorTable.speaker.bytes, speed: .full)
        let control = try #require(configuration.alternateSetting(0, of: 0))
        #expect(control.extras.map(\.type) == Array(repeating: .classInterface, count: 4))
        #expect(control.extras.map { $0.payload.first } == [1, 2, 6, 3])
        let streaming = try #require(configuration.alternateSetting(1, of: 1))
        #expect(streaming.descriptor.interfaceClass.description == "Audio / Streaming")
        let endpoint = try #require(streaming.endpoint(0x01))
        #expect(endpoint.descriptor.attributes.synchronization == .synchronous)
        #expect(endpoint.descriptor.attributes.usage == .data)
        #expect(endpoint.descriptor.maximumPacketSize == 192)
        #expect(endpoint.descriptor.trailing == [0, 0])
        #expect(endpoint.extras == [RawDescriptor(type: .classEndpoint, payload: [1, 0, 0, 0, 0])])
    }

    @Test func camera() throws {
        let configuration = try Configuration(DescriptorTable.camera.bytes, speed: .high)
        #expect(
            configuration.associations == [
                InterfaceAssociationDescriptor(
                    firstInterface: 0, interfaceCount: 2, functionClass: ClassCode(base: 0x0E, subclass: 3),
                    nameString: 4)
            ])
        #expect(configuration.associations.first?.interfaces == 0..<2)
        #expect(configuration.interfaces.map(\.alternateSettings.count) == [1, 3])
        let widest = try #require(configuration.alternateSetting(2, of: 1)?.endpoint(0x81)?.descriptor)
        #expect(widest.maximumPacketSize == 1024 && widest.additionalTransactions == 2)
    }

    @Test func disk() throws {
        let configuration = try Configuration(DescriptorTable.disk.bytes, speed: .superSpeed)
        let bulkOnly = try #require(configuration.alternateSetting(0, of: 0)?.endpoint(0x81)?.companion)
        #expect(bulkOnly.packetsPerBurst == 16 && bulkOnly.streamCount == 0)
        let data = try #require(configuration.alternateSetting(1, of: 0)?.endpoint(0x02))
        #expect(data.companion?.streamCount == 32)
        #expect(data.extras == [RawDescriptor(type: .classInterface, payload: [4, 0])])
    }

    @Test func fastSource() throws {
        let configuration = try Configuration(DescriptorTable.fastSource.bytes, speed: .superSpeedPlus)
        let endpoint = try #require(configuration.alternateSetting(1, of: 0)?.endpoint(0x81))
        #expect(endpoint.companion?.announcesIsochronousCompanion == true)
        #expect(endpoint.isochronousCompanion?.bytesPerInterval == 98_304)
    }

    @Test func builtFromValues() {
        let keyboard = Configuration(
            descriptor: ConfigurationDescriptor(attributes: [.alwaysSet, .remoteWakeup]),
            interfaces: [
                InterfaceLayout(
                    number: 0,
                    alternateSettings: [
                        AlternateSetting(
                            descriptor: InterfaceDescriptor(
                                number: 0, interfaceClass: ClassCode(base: 3, subclass: 1, protocol: 1)),
                            extras: [RawDescriptor(type: .hid, payload: [0x11, 0x01, 0x00, 0x01, 0x22, 0x3F, 0x00])],
                            endpoints: [
                                EndpointLayout(
                                    EndpointDescriptor(
                                        address: 0x81, transferType: .interrupt, maximumPacketSize: 8, interval: 10))
                            ])
                    ])
            ])
        #expect(keyboard.bytes == DescriptorTable.keyboard.bytes)
        #expect(keyboard.descriptor.totalLength == 34 && keyboard.descriptor.interfaceCount == 1)
    }

    @Test func countsFollowChanges() throws {
        var configuration = try Configuration(DescriptorTable.gadgetZero.bytes)
        let original = configuration
        configuration.interfaces[0].alternateSettings[1].endpoints.removeLast()
        #expect(configuration.alternateSetting(1, of: 0)?.descriptor.endpointCount == 3)
        #expect(configuration.descriptor.totalLength == 62)
        #expect(try Configuration(configuration.bytes) == configuration)
        #expect(configuration != original)

        // Stated counts are not part of the value.
        configuration = original
        configuration.descriptor.totalLength = 1
        configuration.descriptor.interfaceCount = 77
        configuration.interfaces[0].alternateSettings[0].descriptor.endpointCount = 9
        #expect(configuration == original)

        // An interface without settings leaves no trace, and a layout's number is the one written.
        configuration.interfaces.append(InterfaceLayout(number: 9))
        #expect(configuration.bytes == original.bytes)
        configuration.interfaces[0].number = 1
        #expect(configuration.bytes[11] == 1)
    }

    @Test func otherSpeedKeepsItsType() throws {
        var bytes = DescriptorTable.gadgetZero.bytes
        bytes[1] = 7
        let configuration = try Configuration(bytes)
        #expect(configuration.descriptor.isOtherSpeed)
        #expect(configuration.bytes == bytes)
    }

    @Test func endpointAttributes() {
        for raw in UInt8.min...UInt8.max {
            let attributes = EndpointAttributes(rawValue: raw)
            #expect(
                EndpointAttributes(
                    attributes.transferType, synchronization: attributes.synchronization, usage: attributes.usage
                ).rawValue == raw & 0x3F)
        }
        #expect(EndpointAttributes(rawValue: 0x25).usage == .implicitFeedback)
        #expect(EndpointAttributes(rawValue: 0x05).synchronization == .asynchronous)
        #expect(EndpointAttributes(rawValue: 0x13).isNotification && !EndpointAttributes(rawValue: 0x11).isNotification)
    }

    @Test(arguments: sparing(0..<400 as Range<UInt64>))
    func randomConfigurationsSurvive(seed: UInt64) throws {
        var random = DescriptorRandom(seed: seed)
        let speed = Speed.allCases[Int(seed % 5)]
        let configuration = random.configuration(speed: speed)
        let bytes = configuration.bytes
        let parsed = Configuration.parse(bytes, speed: speed)
        #expect(parsed.defects.isEmpty)
        #expect(parsed.value == configuration)
        #expect(parsed.value?.bytes == bytes)
    }
}
