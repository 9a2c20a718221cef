// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// A device whose packets and answers a test sets, and which notes what it was sent.
///
/// Interface 0 has bulk and interrupt endpoints. Interface 1 has an empty setting 0, isochronous endpoints in setting 1,
/// and in setting 2 an isochronous endpoint that needs more time than a bus has where the layout says so.
final class DextDevice: Peripheral {
    static let name = "1209:0001"
    static let bulkOut: UInt8 = 0x01
    static let bulkIn: UInt8 = 0x81
    static let interruptIn: UInt8 = 0x82
    static let interruptOut: UInt8 = 0x02
    static let isochronousOut: UInt8 = 0x03
    static let isochronousIn: UInt8 = 0x83

    /// How the isochronous endpoints are laid out.
    struct Layout: Hashable, Sendable, CustomStringConvertible {
        var speed = Speed.high
        var bInterval: UInt8 = 1
        var packetSize = 1024
        var additionalTransactions = 0

        var description: String { "\(speed), bInterval \(bInterval), \(packetSize) bytes" }

        static let high = Layout()
        static let full = Layout(speed: .full, packetSize: 192)
        static let all = [
            high, Layout(bInterval: 2, packetSize: 512), Layout(bInterval: 3, packetSize: 200),
            Layout(bInterval: 4, packetSize: 192), Layout(bInterval: 5, packetSize: 192),
            Layout(packetSize: 1024, additionalTransactions: 1), full,
            Layout(speed: .full, bInterval: 2, packetSize: 64), Layout(speed: .superSpeed),
        ]
        /// The most bytes of one entry.
        var maximumBytes: Int { packetSize * (1 + additionalTransactions) }
        /// Microframes from one entry to the next.
        var interval: Int64 { (speed == .full ? 8 : 1) << Int64(bInterval - 1) }
        /// The fewest entries that fill whole frames.
        var entriesPerStep: Int { max(1, Int(8 / interval)) }
        /// A number of frames of which every start must be a multiple.
        var framesPerEntry: Int64 { max(1, interval / 8) }
    }

    struct Packet: Hashable, Sendable {
        var endpoint: UInt8
        var position: Microframe
        var bytes: [UInt8]
    }

    let model: PeripheralModel
    /// Packets for the host, by endpoint; an isochronous endpoint without one sends an empty packet.
    var packets: [UInt8: [Reply]] = [:]
    /// Endpoints that answer STALL until they are cleared.
    var stalled: Set<UInt8> = []
    /// Endpoints that answer NAK to what they are sent.
    var busy: Set<UInt8> = []
    /// The answer to vendor requests.
    var answer = ControlReply.stall
    private(set) var received: [Packet] = []
    private(set) var requests: [(setup: SetupPacket, bytes: [UInt8])] = []
    private(set) var cleared: [UInt8] = []

    enum Reply: Hashable, Sendable {
        case bytes([UInt8])
        case fault(BusFault)
    }

    init(_ layout: Layout = .high) {
        let bulkSize = layout.speed == .full ? 64 : layout.speed == .high ? 512 : 1024
        func endpoint(_ address: UInt8, _ type: TransferType, _ size: Int, _ interval: UInt8 = 0, more: Int = 0)
            -> EndpointLayout
        {
            EndpointLayout(
                EndpointDescriptor(
                    address: EndpointAddress(rawValue: address), transferType: type, maximumPacketSize: size,
                    additionalTransactions: more, interval: interval),
                companion: layout.speed < .superSpeed
                    ? nil
                    : SuperSpeedEndpointCompanionDescriptor(bytesPerInterval: type.isPeriodic ? UInt16(size) : 0))
        }
        func setting(_ number: UInt8, _ alternate: UInt8, _ endpoints: [EndpointLayout]) -> AlternateSetting {
            AlternateSetting(
                descriptor: InterfaceDescriptor(
                    number: number, alternateSetting: alternate, interfaceClass: .vendorSpecific),
                endpoints: endpoints)
        }
        let data = InterfaceLayout(
            number: 0,
            alternateSettings: [
                setting(
                    0, 0,
                    [
                        endpoint(Self.bulkOut, .bulk, bulkSize), endpoint(Self.bulkIn, .bulk, bulkSize),
                        endpoint(Self.interruptIn, .interrupt, 16, 1), endpoint(Self.interruptOut, .interrupt, 16, 1),
                    ])
            ])
        let stream = InterfaceLayout(
            number: 1,
            alternateSettings: [
                setting(1, 0, []),
                setting(
                    1, 1,
                    [
                        endpoint(
                            Self.isochronousOut, .isochronous, layout.packetSize, layout.bInterval,
                            more: layout.additionalTransactions),
                        endpoint(
                            Self.isochronousIn, .isochronous, layout.packetSize, layout.bInterval,
                            more: layout.additionalTransactions),
                    ]),
                // Three of these need more than 80 % of a microframe.
                setting(
                    1, 2,
                    (4...6).map { endpoint(UInt8($0), .isochronous, 1024, 1, more: layout.speed == .high ? 2 : 0) }),
            ])
        model = PeripheralModel(
            speed: layout.speed,
            device: DeviceDescriptor(
                usbRelease: layout.speed == .superSpeed ? 0x0300 : .usb20,
                maximumPacketSize0: layout.speed >= .superSpeed ? 9 : 64, vendorID: 0x1209, productID: 0x0001,
                productString: 2, configurationCount: 1),
            configurations: [Configuration(interfaces: [data, stream])], strings: [2: "Dext"])
    }

    /// What came at an endpoint.
    func packetsReceived(_ endpoint: UInt8) -> [Packet] { received.filter { $0.endpoint == endpoint } }

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
        received.append(
            Packet(endpoint: endpoint.rawValue, position: microframe, bytes: bytes.indices.map { bytes[$0] }))
        return .accept
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> VirtualUSB.Reply {
        if stalled.contains(endpoint.rawValue) { return .stall }
        guard let packet = packets[endpoint.rawValue]?.first else {
            return endpoint.rawValue == Self.isochronousIn ? .data(0) : .nak
        }
        packets[endpoint.rawValue]?.removeFirst()
        switch packet {
        case .fault(let fault): return .fault(fault)
        case .bytes(let bytes):
            for index in 0..<min(bytes.count, buffer.count) { buffer[index] = bytes[index] }
            return .data(bytes.count)
        }
    }
}

/// Bytes that count up from `first`.
func counting(_ count: Int, from first: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: first + $0) }
}
