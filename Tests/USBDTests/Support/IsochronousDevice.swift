// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// A device with an isochronous endpoint in each direction and two bulk ones, that notes what comes and sends what the
/// test says.
final class IsochronousDevice: Peripheral {
    /// How the endpoints are laid out.
    struct Layout: Hashable, Sendable {
        var speed = Speed.high
        var bInterval: UInt8 = 1
        var packetSize = 1024

        static let high = Layout()
        static let full = Layout(speed: .full, packetSize: 192)

        /// Packets of a frame.
        var packetsPerFrame: Int { speed == .full ? 1 : 8 >> Int(bInterval - 1) }
    }

    struct Packet: Hashable, Sendable {
        var position: Microframe
        var count: Int
    }

    enum Reply: Sendable {
        case bytes([UInt8])
        case fault(BusFault)
    }

    let model: PeripheralModel
    private(set) var received: [Packet] = []
    private let answer: @Sendable (Microframe) -> Reply

    init(_ layout: Layout, answer: @escaping @Sendable (Microframe) -> Reply) {
        self.answer = answer
        func endpoint(_ address: UInt8, _ type: TransferType) -> EndpointLayout {
            let bulkSize = layout.speed == .full ? 64 : 512
            return EndpointLayout(
                EndpointDescriptor(
                    address: EndpointAddress(rawValue: address), transferType: type,
                    maximumPacketSize: type == .isochronous ? layout.packetSize : bulkSize,
                    additionalTransactions: 0, interval: type == .isochronous ? layout.bInterval : 0))
        }
        func setting(_ number: UInt8, _ endpoints: [EndpointLayout]) -> AlternateSetting {
            AlternateSetting(
                descriptor: InterfaceDescriptor(number: 0, alternateSetting: number, interfaceClass: .vendorSpecific),
                endpoints: endpoints)
        }
        model = PeripheralModel(
            speed: layout.speed,
            device: DeviceDescriptor(vendorID: 0x1209, productID: 0x0001, configurationCount: 1),
            configurations: [
                Configuration(interfaces: [
                    InterfaceLayout(
                        number: 0,
                        alternateSettings: [
                            setting(0, []),
                            setting(
                                1,
                                [
                                    endpoint(0x01, .isochronous), endpoint(0x81, .isochronous),
                                    endpoint(0x02, .bulk), endpoint(0x82, .bulk),
                                ]),
                        ])
                ])
            ])
    }

    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        received.append(Packet(position: microframe, count: bytes.count))
        return .accept
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> VirtualUSB.Reply {
        // Nothing ever comes from the bulk endpoint.
        guard endpoint.rawValue == 0x81 else { return .nak }
        switch answer(microframe) {
        case .fault(let fault): return .fault(fault)
        case .bytes(let bytes):
            for index in 0..<min(bytes.count, buffer.count) { buffer[index] = bytes[index] }
            return .data(bytes.count)
        }
    }
}
