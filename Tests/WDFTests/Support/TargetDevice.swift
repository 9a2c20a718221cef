// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification
import VirtualUSB

/// A high-speed device that takes what a test lets it take, and has what a test gives it.
final class TargetDevice: Peripheral {
    static let bulkOut: UInt8 = 0x01
    static let bulkIn: UInt8 = 0x81
    static let interruptIn: UInt8 = 0x82

    let model: PeripheralModel
    /// Packets for the host, by endpoint.
    var packets: [UInt8: [[UInt8]]] = [:]
    /// Endpoints that answer STALL until they are cleared.
    var stalled: Set<UInt8> = []
    /// How many packets each OUT endpoint takes yet, where that is limited: then it answers NAK.
    var room: [UInt8: Int] = [:]
    /// What came, packet by packet.
    private(set) var received: [[UInt8]] = []
    /// The bytes of the last vendor request, and what the next one gets.
    private(set) var memory: [UInt8] = []
    /// String descriptors that the model does not have, as they are answered.
    var strings: [UInt8: [UInt8]] = [:]

    init() {
        func endpoint(_ address: UInt8, _ type: TransferType, _ size: Int, _ interval: UInt8 = 0) -> EndpointLayout {
            EndpointLayout(
                EndpointDescriptor(
                    address: EndpointAddress(rawValue: address), transferType: type, maximumPacketSize: size,
                    interval: interval))
        }
        let setting = AlternateSetting(
            descriptor: InterfaceDescriptor(
                number: 0, alternateSetting: 0, interfaceClass: ClassCode(base: 0xFF, subclass: 0, protocol: 0)),
            endpoints: [
                endpoint(Self.bulkOut, .bulk, 512), endpoint(Self.bulkIn, .bulk, 512),
                endpoint(Self.interruptIn, .interrupt, 16, 4),
            ])
        model = PeripheralModel(
            speed: .high,
            device: DeviceDescriptor(
                maximumPacketSize0: 64, vendorID: 0x1209, productID: 0x0003, productString: 2, configurationCount: 1),
            configurations: [
                Configuration(interfaces: [InterfaceLayout(number: 0, alternateSettings: [setting])])
            ],
            strings: [2: "Target"])
    }

    func haltCleared(_ endpoint: EndpointAddress) { stalled.remove(endpoint.rawValue) }

    func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        memory = received.indices.map { received[$0] }
        return .accepted
    }

    func control(_ setup: SetupPacket) -> ControlReply {
        guard setup.requestType.rawValue == 0x80, setup.request == 6 else { return .data(memory) }
        return strings[UInt8(truncatingIfNeeded: setup.value)].map { .data($0) } ?? .stall
    }

    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        if stalled.contains(endpoint.rawValue) { return .stall }
        if let left = room[endpoint.rawValue] {
            guard left > 0 else { return .nak }
            room[endpoint.rawValue] = left - 1
        }
        received.append(bytes.indices.map { bytes[$0] })
        return .accept
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        if stalled.contains(endpoint.rawValue) { return .stall }
        guard let packet = packets[endpoint.rawValue]?.first else { return .nak }
        packets[endpoint.rawValue]?.removeFirst()
        for index in 0..<min(packet.count, buffer.count) { buffer[index] = packet[index] }
        return .data(packet.count)
    }
}
