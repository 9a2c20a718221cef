// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// A device that sends, takes and refuses what a test says.
///
/// Interface 0 has bulk and interrupt endpoints in setting 0 and isochronous ones in setting 1; each further interface
/// has nothing in setting 0 and a bulk IN endpoint in setting 1.
final class ScriptedDevice: Peripheral {
    /// How the device is made.
    struct Options: Hashable, Sendable {
        var speed = Speed.high
        var interfaceCount = 1
        var isSelfPowered = false
        var canWake = false
    }

    static let bulkOut: UInt8 = 0x01
    static let bulkIn: UInt8 = 0x81
    static let interruptOut: UInt8 = 0x02
    static let interruptIn: UInt8 = 0x82
    static let isochronousOut: UInt8 = 0x03
    static let isochronousIn: UInt8 = 0x83
    static let isochronousSize = 64

    let model: PeripheralModel
    /// What each IN endpoint sends, packet by packet; then it has nothing.
    var packets: [UInt8: [[UInt8]]] = [:]
    /// Endpoints that halt as soon as they are asked, until the host clears that.
    var stalled: Set<UInt8> = []
    /// How many packets the OUT endpoints still take; nil for any number.
    var room: Int?
    /// Which of the packets of the isochronous IN endpoint, counted from its first, have a fault.
    var isochronousFaults: Set<Int> = []
    /// String descriptors that are sent as they are.
    let strings: [UInt8: [UInt8]] = [4: [3, 3, 0x41], 5: [0, 3], 6: []]
    private(set) var received: [[UInt8]] = []
    private(set) var controls: [SetupPacket] = []
    private(set) var controlData: [UInt8] = []
    private(set) var selectedSettings: [UInt8] = []
    private(set) var clearedHalts: [UInt8] = []
    private var isochronousCount = 0

    init(_ options: Options = Options()) {
        let bulkSize = options.speed == .full ? 64 : 512
        func endpoint(_ address: UInt8, _ type: TransferType, _ size: Int, _ interval: UInt8 = 0) -> EndpointLayout {
            EndpointLayout(
                EndpointDescriptor(
                    address: EndpointAddress(rawValue: address), transferType: type, maximumPacketSize: size,
                    interval: interval))
        }
        func setting(_ interface: UInt8, _ number: UInt8, _ endpoints: [EndpointLayout]) -> AlternateSetting {
            AlternateSetting(
                descriptor: InterfaceDescriptor(
                    number: interface, alternateSetting: number, interfaceClass: .vendorSpecific),
                endpoints: endpoints)
        }
        let data = setting(
            0, 0,
            [
                endpoint(Self.bulkOut, .bulk, bulkSize), endpoint(Self.bulkIn, .bulk, bulkSize),
                endpoint(Self.interruptOut, .interrupt, 16, 4), endpoint(Self.interruptIn, .interrupt, 16, 4),
            ])
        let isochronous = setting(
            0, 1,
            [
                endpoint(Self.isochronousOut, .isochronous, Self.isochronousSize, 1),
                endpoint(Self.isochronousIn, .isochronous, Self.isochronousSize, 1),
            ])
        var interfaces = [InterfaceLayout(number: 0, alternateSettings: [data, isochronous])]
        for number in 1..<max(1, UInt8(options.interfaceCount)) {
            interfaces.append(
                InterfaceLayout(
                    number: number,
                    alternateSettings: [
                        setting(number, 0, []), setting(number, 1, [endpoint(0x84 + number, .bulk, bulkSize)]),
                    ]))
        }
        var configuration = Configuration(interfaces: interfaces)
        if options.isSelfPowered { configuration.descriptor.attributes.insert(.selfPowered) }
        if options.canWake { configuration.descriptor.attributes.insert(.remoteWakeup) }
        model = PeripheralModel(
            speed: options.speed,
            device: DeviceDescriptor(
                maximumPacketSize0: 64, vendorID: 0x1209, productID: 0x0004, productString: 2, configurationCount: 1),
            configurations: [configuration], strings: [2: "Scripted", 3: ""])
    }

    func alternateSettingSelected(_ alternate: UInt8, interface: UInt8) { selectedSettings.append(alternate) }

    func haltCleared(_ endpoint: EndpointAddress) {
        stalled.remove(endpoint.rawValue)
        clearedHalts.append(endpoint.rawValue)
    }

    func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        controls.append(setup)
        controlData = received.indices.map { received[$0] }
        return setup.request == 0xEE ? .stall : .accepted
    }

    func control(_ setup: SetupPacket) -> ControlReply {
        // A string that is not among the model's.
        if setup.requestType.rawValue == 0x80, setup.request == 6 {
            return strings[UInt8(truncatingIfNeeded: setup.value)].map { .data($0) } ?? .stall
        }
        controls.append(setup)
        if setup.request == 0xEE { return .stall }
        return setup.length == 0 ? .accepted : .data(controlData)
    }

    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        if stalled.contains(endpoint.rawValue) { return .stall }
        if let room {
            guard room > 0 else { return .nak }
            self.room = room - 1
        }
        received.append(bytes.indices.map { bytes[$0] })
        return .accept
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        if stalled.contains(endpoint.rawValue) { return .stall }
        if endpoint.rawValue == Self.isochronousIn {
            defer { isochronousCount += 1 }
            return isochronousFaults.contains(isochronousCount) ? .fault(.cyclicRedundancyCheck) : .data(buffer.count)
        }
        guard let packet = packets[endpoint.rawValue]?.first else { return .nak }
        packets[endpoint.rawValue]?.removeFirst()
        for index in 0..<min(packet.count, buffer.count) { buffer[index] = packet[index] }
        return .data(packet.count)
    }
}
