// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// What a ``GadgetZero`` says about itself.
struct GadgetZeroDescriptors {
    static let bulkIn: EndpointAddress = 0x81
    static let bulkOut: EndpointAddress = 0x01
    static let isochronousIn: EndpointAddress = 0x82
    static let isochronousOut: EndpointAddress = 0x02
    static let interruptIn: EndpointAddress = 0x83
    static let interruptOut: EndpointAddress = 0x03

    private enum Text {
        static let manufacturer: UInt8 = 1
        static let product: UInt8 = 2
        static let serialNumber: UInt8 = 3
        static let sourceSink: UInt8 = 4
        static let loopback: UInt8 = 5
    }

    private let options: GadgetZero.Options

    init(_ options: GadgetZero.Options) { self.options = options }

    /// The only sizes that bulk endpoints may have at the two speeds (USB 2.0 section 5.8.3).
    static func bulkPacketSize(_ speed: Speed) -> Int { speed == .full ? 64 : 512 }

    func model(speed: Speed) -> PeripheralModel {
        PeripheralModel(
            speed: speed,
            device: DeviceDescriptor(
                deviceClass: .vendorSpecific, vendorID: 0x0525, productID: 0xA4A0,
                manufacturerString: Text.manufacturer, productString: Text.product,
                serialNumberString: Text.serialNumber, configurationCount: 2),
            configurations: configurations(speed: speed, isOtherSpeed: false),
            otherSpeedConfigurations: configurations(speed: speed == .full ? .high : .full, isOtherSpeed: true),
            strings: [
                Text.manufacturer: "swift-usb",
                Text.product: "Gadget Zero",
                Text.serialNumber: "0123456789.0123456789.0123456789",
                Text.sourceSink: "source and sink data",
                Text.loopback: "loop input to output",
            ])
    }

    private func configurations(speed: Speed, isOtherSpeed: Bool) -> [Configuration] {
        let sourceSink = configuration(
            GadgetZero.sourceSinkConfiguration, name: Text.sourceSink, isOtherSpeed: isOtherSpeed,
            settings: [
                bulk(speed),
                bulk(speed) + isochronous(speed),
                interrupt(speed),
            ])
        let loopback = configuration(
            GadgetZero.loopbackConfiguration, name: Text.loopback, isOtherSpeed: isOtherSpeed, settings: [bulk(speed)])
        return options.loopbackFirst ? [loopback, sourceSink] : [sourceSink, loopback]
    }

    private func configuration(
        _ value: UInt8, name: UInt8, isOtherSpeed: Bool, settings: [[EndpointDescriptor]]
    ) -> Configuration {
        Configuration(
            descriptor: ConfigurationDescriptor(
                isOtherSpeed: isOtherSpeed, value: value, nameString: name, attributes: [.alwaysSet, .selfPowered],
                maximumPower: 1),
            interfaces: [
                InterfaceLayout(
                    number: 0,
                    alternateSettings: settings.enumerated().map { alternate, endpoints in
                        AlternateSetting(
                            descriptor: InterfaceDescriptor(
                                number: 0, alternateSetting: UInt8(alternate), interfaceClass: .vendorSpecific,
                                nameString: name),
                            endpoints: endpoints.map { EndpointLayout($0) })
                    })
            ])
    }

    private func bulk(_ speed: Speed) -> [EndpointDescriptor] {
        [Self.bulkIn, Self.bulkOut].map {
            EndpointDescriptor(
                address: $0, transferType: .bulk, maximumPacketSize: Self.bulkPacketSize(speed))
        }
    }

    private func isochronous(_ speed: Speed) -> [EndpointDescriptor] {
        let size = min(max(options.isochronousPacketSize, 0), speed == .full ? 1023 : 1024)
        let additional = speed == .full ? 0 : min(max(options.additionalTransactions, 0), 2)
        return [Self.isochronousIn, Self.isochronousOut].map {
            EndpointDescriptor(
                address: $0, transferType: .isochronous, maximumPacketSize: size, additionalTransactions: additional,
                interval: min(max(options.isochronousInterval, 1), 16))
        }
    }

    /// Every millisecond: bInterval counts frames at full speed and is an exponent of microframes at high speed.
    private func interrupt(_ speed: Speed) -> [EndpointDescriptor] {
        [Self.interruptIn, Self.interruptOut].map {
            EndpointDescriptor(
                address: $0, transferType: .interrupt, maximumPacketSize: speed == .full ? 64 : 1024,
                interval: speed == .full ? 1 : 4)
        }
    }
}
