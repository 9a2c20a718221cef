// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

@testable import VirtualUSB

/// A device whose answers a test sets, and which notes what it was asked.
final class TestDevice: Peripheral {
    /// Something that the device noticed.
    enum Event: Hashable {
        case reset
        case configuration(UInt8)
        case alternate(UInt8, interface: UInt8)
        case out(EndpointAddress, [UInt8], Microframe)
        case asked(EndpointAddress, room: Int, Microframe)
        case control(SetupPacket, [UInt8])
        case frame(Frame)
        case haltCleared(EndpointAddress)
    }

    static let bulkOut: EndpointAddress = 0x01
    static let bulkIn: EndpointAddress = 0x81
    static let interruptIn: EndpointAddress = 0x82
    static let secondBulkIn: EndpointAddress = 0x83
    static let isochronousOut: EndpointAddress = 0x04
    static let isochronousIn: EndpointAddress = 0x84

    let model: PeripheralModel
    var wantsFrames = false
    private(set) var events: [Event] = []
    /// Whether IN tokens are noted.
    var notesTokens = false
    /// Packets for the host, by endpoint; the last one is repeated for ever where `repeats` says so.
    var packets: [EndpointAddress: [[UInt8]]] = [:]
    var repeats: Set<EndpointAddress> = []
    /// Answers in place of packets.
    var replies: [EndpointAddress: Reply] = [:]
    /// Answers to OUT packets; accept by default.
    var handshakes: [EndpointAddress: Handshake] = [:]
    var controlReply = ControlReply.stall
    /// In this frame the device finds a packet for its bulk IN endpoint.
    var dataFrame: Frame?

    init(
        speed: Speed = .high, isochronousBytes: Int = 1024, additionalTransactions: Int = 0,
        isochronousInterval: UInt8 = 1, interruptInterval: UInt8 = 1, strings: [UInt8: String] = [:]
    ) {
        let bulkSize = speed == .high ? 512 : 64
        func endpoint(
            _ address: EndpointAddress, _ type: TransferType, _ size: Int, _ interval: UInt8 = 0, _ more: Int = 0
        ) -> EndpointLayout {
            EndpointLayout(
                EndpointDescriptor(
                    address: address, transferType: type, maximumPacketSize: size, additionalTransactions: more,
                    interval: interval))
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
                        endpoint(Self.interruptIn, .interrupt, 64, interruptInterval),
                        endpoint(Self.secondBulkIn, .bulk, bulkSize),
                    ])
            ])
        let streaming = InterfaceLayout(
            number: 1,
            alternateSettings: [
                setting(1, 0, []),
                setting(
                    1, 1,
                    [
                        endpoint(
                            Self.isochronousOut, .isochronous, isochronousBytes, isochronousInterval,
                            additionalTransactions),
                        endpoint(
                            Self.isochronousIn, .isochronous, isochronousBytes, isochronousInterval,
                            additionalTransactions),
                    ]),
            ])
        var second = ConfigurationDescriptor(value: 2)
        second.attributes = [.alwaysSet, .selfPowered, .remoteWakeup]
        model = PeripheralModel(
            speed: speed,
            device: DeviceDescriptor(
                vendorID: 0x1209, productID: 0x0001, manufacturerString: strings[1] == nil ? 0 : 1,
                configurationCount: 2),
            configurations: [
                Configuration(interfaces: [data, streaming]), Configuration(descriptor: second, interfaces: [data]),
            ],
            strings: strings)
    }

    func count(_ isWanted: (Event) -> Bool) -> Int { events.count { isWanted($0) } }
    func forgetEvents() { events = [] }

    func reset() { events.append(.reset) }
    func configurationSelected(_ value: UInt8) { events.append(.configuration(value)) }
    func alternateSettingSelected(_ alternate: UInt8, interface: UInt8) {
        events.append(.alternate(alternate, interface: interface))
    }
    func haltCleared(_ endpoint: EndpointAddress) { events.append(.haltCleared(endpoint)) }

    func frameStarted(_ frame: Frame) {
        events.append(.frame(frame))
        if frame == dataFrame { packets[Self.bulkIn, default: []].append([7]) }
    }

    func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        events.append(.control(setup, received.indices.map { received[$0] }))
        return controlReply
    }

    func control(_ setup: SetupPacket) -> ControlReply {
        events.append(.control(setup, []))
        return controlReply
    }

    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        let handshake = handshakes[endpoint] ?? .accept
        if handshake == .accept { events.append(.out(endpoint, bytes.indices.map { bytes[$0] }, microframe)) }
        return handshake
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        if notesTokens { events.append(.asked(endpoint, room: buffer.count, microframe)) }
        if let reply = replies[endpoint] { return reply }
        guard let packet = packets[endpoint]?.first else { return .nak }
        if !repeats.contains(endpoint) { packets[endpoint]?.removeFirst() }
        buffer.copyPrefix(of: packet.span)
        return .data(packet.count)
    }
}

extension TestDevice.Event {
    /// The sizes of OUT packets.
    var outSize: Int? { if case .out(_, let bytes, _) = self { bytes.count } else { nil } }
    /// When something was noticed.
    var microframe: Microframe? {
        switch self {
        case .out(_, _, let microframe), .asked(_, _, let microframe): microframe
        default: nil
        }
    }
}

/// The frame in which every bus begins.
let firstFrame = Frame(1_000_000)

/// Microframes after the first one.
func microframe(_ offset: Int64) -> Microframe { firstFrame.firstMicroframe + offset }

extension VirtualBus {
    /// Opens the device of an attachment.
    func open<P>(_ attachment: AttachedPeripheral<P>) throws -> Device {
        guard let description = try devices().first(where: { $0.id == attachment.id }) else {
            throw USBError(.notFound)
        }
        return try open(description)
    }
}

/// Lines that a trace has brought.
final class TraceLog: @unchecked Sendable {
    private let lock = Lock()
    private var records: [TransactionRecord] = []

    func append(_ record: TransactionRecord) { lock.withLock { records.append(record) } }
    var all: [TransactionRecord] { lock.withLock { records } }
    var lines: [String] { all.map { "\($0)" } }
}
