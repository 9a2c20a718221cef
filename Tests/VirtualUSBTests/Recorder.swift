// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// A device with one isochronous endpoint in each direction, in setting 1 of its only interface. It notes what comes and
/// sends what the test says.
final class Recorder: Peripheral {
    /// A packet that came, or that was asked for.
    struct Packet: Hashable, Sendable {
        var position: Microframe
        var bytes: [UInt8]
    }

    /// How an endpoint is laid out, and how often it is served.
    struct Grid: Sendable, CustomTestStringConvertible {
        var speed: Speed
        var bInterval: UInt8
        /// Microframes between packets.
        var interval: Int64
        var testDescription: String { "\(speed), every \(interval) microframes" }

        /// Where the first packet of a transfer may lie: on any microframe, or on frames at full speed.
        var step: Int64 { speed == .full ? 8 : 1 }

        static let all = [
            Grid(speed: .high, bInterval: 1, interval: 1), Grid(speed: .high, bInterval: 2, interval: 2),
            Grid(speed: .high, bInterval: 3, interval: 4), Grid(speed: .high, bInterval: 4, interval: 8),
            Grid(speed: .high, bInterval: 5, interval: 16), Grid(speed: .full, bInterval: 1, interval: 8),
            Grid(speed: .full, bInterval: 2, interval: 16),
        ]
        static let microframes = all[0]
        static let frames = all[5]
    }

    static let out: EndpointAddress = 0x01
    static let `in`: EndpointAddress = 0x81

    let model: PeripheralModel
    private(set) var received: [Packet] = []
    private(set) var sent: [Packet] = []
    /// What is sent in a microframe; nothing by default. More than there is room for is babble.
    private let answer: @Sendable (Microframe) -> [UInt8]
    private let keepsPackets: Bool

    init(
        _ grid: Grid = .microframes, packetSize: Int = 1000, additionalTransactions: Int = 0, keepsPackets: Bool = true,
        answer: @escaping @Sendable (Microframe) -> [UInt8] = { _ in [] }
    ) {
        self.answer = answer
        self.keepsPackets = keepsPackets
        func endpoint(_ address: EndpointAddress) -> EndpointLayout {
            EndpointLayout(
                EndpointDescriptor(
                    address: address, transferType: .isochronous, maximumPacketSize: packetSize,
                    additionalTransactions: additionalTransactions, interval: grid.bInterval))
        }
        func setting(_ alternate: UInt8, _ endpoints: [EndpointLayout]) -> AlternateSetting {
            AlternateSetting(
                descriptor: InterfaceDescriptor(
                    number: 0, alternateSetting: alternate, interfaceClass: .vendorSpecific),
                endpoints: endpoints)
        }
        model = PeripheralModel(
            speed: grid.speed,
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
        if keepsPackets {
            received.append(
                Packet(position: microframe, bytes: unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }))
        }
        return .accept
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> VirtualUSB.Reply {
        let bytes = answer(microframe)
        if keepsPackets { sent.append(Packet(position: microframe, bytes: bytes)) }
        for index in 0..<min(bytes.count, buffer.count) { buffer[index] = bytes[index] }
        return .data(bytes.count)
    }
}

/// When a microframe begins, as a virtual clock shows it.
func instant(_ microframe: Microframe) -> BusInstant {
    BusInstant(nanoseconds: (microframe - firstFrame.firstMicroframe) * Microframe.nanoseconds)
}

/// A device on a virtual bus, with the interface that carries its streams.
struct Plugged<P: Peripheral>: Sendable {
    let bus: VirtualBus
    let attachment: AttachedPeripheral<P>
    let interface: Interface

    var out: OutPipe<Isochronous> {
        get throws { try interface.outPipe(interface.alternateSetting.address(.out), Isochronous.self) }
    }
    var `in`: InPipe<Isochronous> {
        get throws { try interface.inPipe(interface.alternateSetting.address(.in), Isochronous.self) }
    }
}

extension Plugged where P == Recorder {
    /// What came, when.
    var received: [Recorder.Packet] { attachment.withPeripheral { $0.received } }
}

extension AlternateSetting {
    /// The isochronous endpoint of a direction; 0 when there is none.
    fileprivate func address(_ direction: Direction) -> EndpointAddress {
        endpoints.first { $0.descriptor.transferType == .isochronous && $0.descriptor.address.direction == direction }?
            .descriptor.address ?? 0
    }
}

extension VirtualBus {
    /// Plugs a device in and selects its streaming setting, even one whose two endpoints are more than a bus admits.
    func plug<P: Peripheral>(_ peripheral: sending P, interface number: UInt8 = 0) async throws -> Plugged<P> {
        let attachment = try attach(peripheral)
        let interface = try openAttached(attachment.id).claim(number)
        setAdmission(false)
        try await interface.selectAlternateSetting(1)
        return Plugged(bus: self, attachment: attachment, interface: interface)
    }

    /// The same, from a blocking test: manual time is stepped.
    func plugBlocking<P: Peripheral>(_ peripheral: sending P, interface number: UInt8 = 0) throws -> Plugged<P> {
        let attachment = try attach(peripheral)
        let device = try openAttached(attachment.id)
        let interface = try device.claim(number)
        setAdmission(false)
        try device.blocking.selectAlternateSetting(1, of: interface)
        return Plugged(bus: self, attachment: attachment, interface: interface)
    }

    private func openAttached(_ id: DeviceID) throws -> Device {
        guard let description = try devices().first(where: { $0.id == id }) else { throw USBError(.notFound) }
        return try open(description)
    }

    /// The microframe under way, without the price of a look.
    var present: Microframe { microframe(clock.presentInstant.nanoseconds / Microframe.nanoseconds) }

    /// Waits for the beginning of a microframe.
    func wait(until position: Microframe) async throws { try await clock.sleep(until: instant(position)) }
}

extension Transfer where Kind == Isochronous {
    /// What became of each packet.
    var packets: [IsochronousPacket] { (0..<packetCount).map { packet($0) } }
}

extension OutPipe where Kind == Isochronous {
    /// A transfer of packets with these sizes. Their bytes count on from `first`.
    func makePackets(_ sizes: [Int], first: UInt8 = 0) throws -> Transfer<Isochronous> {
        var transfer = makeTransfer(capacity: sizes.reduce(0, +))
        try transfer.setPackets(sizes)
        transfer.withMutableBytes { bytes in
            for index in 0..<bytes.count { bytes[index] = first &+ UInt8(truncatingIfNeeded: index) }
        }
        return transfer
    }

    /// Submits packets of one byte each.
    func send(
        _ count: Int, _ start: IsochronousStart, policy: StartPolicy = StartPolicy(), first: UInt8 = 0
    ) throws -> InFlight<Isochronous> {
        try makePackets([Int](repeating: 1, count: count), first: first).submit(start, policy: policy)
    }
}

extension InPipe where Kind == Isochronous {
    /// A transfer with room for packets of these sizes.
    func makePackets(_ sizes: [Int]) throws -> Transfer<Isochronous> {
        var transfer = makeTransfer(capacity: sizes.reduce(0, +))
        try transfer.setPackets(sizes)
        return transfer
    }
}
