// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// A device with an isochronous endpoint in each direction in setting 1 of its only interface. It notes what comes; what
/// it sends, and where a packet is spoilt, depends on the microframe alone.
final class StreamingDevice: Peripheral {
    static let name = "1209:0001"
    static let out: UInt8 = 0x01
    static let `in`: UInt8 = 0x81

    /// How the endpoints are laid out.
    struct Layout: Hashable, Sendable, CustomStringConvertible {
        var speed: Speed
        var bInterval: UInt8 = 1
        var packetSize: Int

        var description: String { "\(speed), bInterval \(bInterval), \(packetSize) bytes" }
        /// Packets of a frame.
        var packetsPerFrame: Int { speed == .full ? 1 : 8 >> (Int(bInterval) - 1) }
        /// Microframes from one packet to the next.
        var interval: Int64 { Int64(8 / packetsPerFrame) }

        static let all = [
            Layout(speed: .high, packetSize: 1024), Layout(speed: .high, bInterval: 2, packetSize: 512),
            Layout(speed: .high, bInterval: 3, packetSize: 200), Layout(speed: .high, bInterval: 4, packetSize: 192),
            Layout(speed: .full, packetSize: 192), Layout(speed: .superSpeed, packetSize: 1024),
        ]
    }

    /// A packet as the device saw it.
    struct Packet: Hashable, Sendable {
        var position: Microframe
        var bytes: [UInt8]
    }

    let model: PeripheralModel
    private let layout: Layout
    private(set) var received: [Packet] = []

    init(_ layout: Layout) {
        self.layout = layout
        func endpoint(_ address: UInt8) -> EndpointLayout {
            EndpointLayout(
                EndpointDescriptor(
                    address: EndpointAddress(rawValue: address), transferType: .isochronous,
                    maximumPacketSize: layout.packetSize, interval: layout.bInterval),
                companion: layout.speed < .superSpeed
                    ? nil : SuperSpeedEndpointCompanionDescriptor(bytesPerInterval: UInt16(layout.packetSize)))
        }
        func setting(_ alternate: UInt8, _ endpoints: [EndpointLayout]) -> AlternateSetting {
            AlternateSetting(
                descriptor: InterfaceDescriptor(
                    number: 0, alternateSetting: alternate, interfaceClass: .vendorSpecific),
                endpoints: endpoints)
        }
        model = PeripheralModel(
            speed: layout.speed,
            device: DeviceDescriptor(vendorID: 0x1209, productID: 0x0001, configurationCount: 1),
            configurations: [
                Configuration(interfaces: [
                    InterfaceLayout(
                        number: 0,
                        alternateSettings: [setting(0, []), setting(1, [endpoint(Self.out), endpoint(Self.in)])])
                ])
            ])
    }

    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        received.append(Packet(position: microframe, bytes: bytes.indices.map { bytes[$0] }))
        return .accept
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> VirtualUSB.Reply {
        guard let bytes = Self.packet(microframe, layout) else { return .fault(.cyclicRedundancyCheck) }
        for index in 0..<min(bytes.count, buffer.count) { buffer[index] = bytes[index] }
        return .data(bytes.count)
    }

    /// What the device sends in a microframe: packets of any size from nothing to full; nil for one that is spoilt.
    static func packet(_ microframe: Microframe, _ layout: Layout) -> [UInt8]? {
        let number = microframe.count / layout.interval
        if number % 29 == 7 { return nil }
        let count = number % 5 == 0 ? layout.packetSize : Int(number * 37 % Int64(layout.packetSize + 1))
        return (0..<count).map { UInt8(truncatingIfNeeded: Int(truncatingIfNeeded: number) * 3 + $0) }
    }
}
