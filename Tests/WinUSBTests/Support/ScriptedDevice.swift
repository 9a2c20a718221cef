// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification
import VirtualUSB

/// A device whose packets and answers a test sets, and which notes what it was sent.
final class ScriptedDevice: Peripheral {
    static let vendorID: UInt16 = 0x1209
    static let productID: UInt16 = 0x0002
    static let bulkOut: UInt8 = 0x01
    static let bulkIn: UInt8 = 0x81
    static let interruptIn: UInt8 = 0x82
    static let interruptOut: UInt8 = 0x02
    /// Endpoints of interface 1 in its alternate setting 1.
    static let streamIn: UInt8 = 0x83
    static let isochronousOut: UInt8 = 0x04

    let model: PeripheralModel
    /// Packets for the host, by endpoint.
    var packets: [UInt8: [[UInt8]]] = [:]
    /// Endpoints that answer STALL until they are cleared.
    var stalled: Set<UInt8> = []
    /// Endpoints that answer NAK to what they are sent.
    var busy: Set<UInt8> = []
    /// What came, packet by packet.
    private(set) var received: [(endpoint: UInt8, bytes: [UInt8])] = []
    /// Requests that came, with their data.
    private(set) var requests: [(setup: SetupPacket, bytes: [UInt8])] = []
    /// Halts that were cleared.
    private(set) var cleared: [UInt8] = []
    /// The answer to requests that the bus does not answer itself.
    var answer = ControlReply.stall
    var wantsFrames = false

    init(speed: Speed = .full) {
        let bulkSize = speed >= .superSpeed ? 1024 : speed == .high ? 512 : 64
        let companion: SuperSpeedEndpointCompanionDescriptor? =
            speed >= .superSpeed ? SuperSpeedEndpointCompanionDescriptor(maxBurst: 0, bytesPerInterval: 0) : nil
        func periodic(_ size: Int) -> SuperSpeedEndpointCompanionDescriptor? {
            speed >= .superSpeed
                ? SuperSpeedEndpointCompanionDescriptor(maxBurst: 0, bytesPerInterval: UInt16(size)) : nil
        }
        func endpoint(_ address: UInt8, _ type: TransferType, _ size: Int, _ interval: UInt8 = 0) -> EndpointLayout {
            EndpointLayout(
                EndpointDescriptor(
                    address: EndpointAddress(rawValue: address), transferType: type, maximumPacketSize: size,
                    interval: interval), companion: type.isPeriodic ? periodic(size) : companion)
        }
        func setting(_ number: UInt8, _ alternate: UInt8, _ endpoints: [EndpointLayout]) -> AlternateSetting {
            AlternateSetting(
                descriptor: InterfaceDescriptor(
                    number: number, alternateSetting: alternate,
                    interfaceClass: ClassCode(base: 0xFF, subclass: number, protocol: alternate)),
                endpoints: endpoints)
        }
        let first = InterfaceLayout(
            number: 0,
            alternateSettings: [
                setting(
                    0, 0,
                    [
                        endpoint(Self.bulkOut, .bulk, bulkSize), endpoint(Self.bulkIn, .bulk, bulkSize),
                        endpoint(Self.interruptIn, .interrupt, 16, 1), endpoint(Self.interruptOut, .interrupt, 16, 1),
                    ])
            ])
        let second = InterfaceLayout(
            number: 1,
            alternateSettings: [
                setting(1, 0, []),
                setting(
                    1, 1,
                    [endpoint(Self.streamIn, .bulk, bulkSize), endpoint(Self.isochronousOut, .isochronous, 64, 1)]
                ),
            ])
        let third = InterfaceLayout(number: 2, alternateSettings: [setting(2, 0, [])])
        model = PeripheralModel(
            speed: speed,
            device: DeviceDescriptor(
                maximumPacketSize0: speed >= .superSpeed ? 9 : 64, vendorID: Self.vendorID, productID: Self.productID,
                productString: 2, configurationCount: 1),
            configurations: [Configuration(interfaces: [first, second, third])], strings: [2: "Scripted"])
    }

    func packetsReceived(_ endpoint: UInt8) -> [[UInt8]] { received.filter { $0.endpoint == endpoint }.map(\.bytes) }

    func haltCleared(_ endpoint: EndpointAddress) {
        cleared.append(endpoint.rawValue)
        stalled.remove(endpoint.rawValue)
    }

    func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        requests.append((setup, received.indices.map { received[$0] }))
        return answer
    }

    func control(_ setup: SetupPacket) -> ControlReply {
        requests.append((setup, []))
        return answer
    }

    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        if stalled.contains(endpoint.rawValue) { return .stall }
        if busy.contains(endpoint.rawValue) { return .nak }
        received.append((endpoint.rawValue, unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }))
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

/// Bytes that count up from `first`, put together from whole lengths, since a request may be of megabytes.
func counting(_ count: Int, from first: Int = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
        bytes += everyByte.dropFirst((first + bytes.count) & 0xFF).prefix(count - bytes.count)
    }
    return bytes
}

private let everyByte = [UInt8](0...255)
