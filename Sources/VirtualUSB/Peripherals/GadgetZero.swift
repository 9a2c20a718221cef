// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A device to try a host with: it sends and checks a known pattern, or sends back what it is sent.
///
/// It has the identity (0525:a4a0), the configurations and the vendor requests of Linux's Gadget Zero, so that programs
/// made for that work with it, the kernel's `usbtest` among them.
///
/// Configuration 3, *source and sink*, has one vendor-specific interface:
///
/// | setting | endpoints |
/// | --- | --- |
/// | 0 | bulk IN 0x81 and OUT 0x01, 512 bytes at high speed, 64 at full speed |
/// | 1 | the same, and isochronous IN 0x82 and OUT 0x02, by default 1024 bytes (1023 at full speed) |
/// | 2 | interrupt IN 0x83 and OUT 0x03, 1024 bytes at high speed, 64 at full speed, every millisecond |
///
/// Every IN endpoint always has as many bytes as it is asked for. What arrives at an OUT endpoint is compared with the
/// pattern; at a difference a bulk or interrupt endpoint halts, an isochronous one only counts it. The pattern starts
/// anew with each packet (on a high-bandwidth endpoint: with each microframe).
///
/// The vendor requests 0x5b and 0x5c write and read back up to 4096 bytes; value and index must be 0.
///
/// Configuration 2, *loopback*, has the two bulk endpoints. Each packet written to one comes back from the other, in
/// order and with its boundaries. When the queue is full OUT answers NAK, when it is empty IN does. A host that asks for
/// fewer bytes than the next packet has gets a babble, and may ask again.
public final class GadgetZero: Peripheral {
    /// What the device sends and expects; the numbers are those of the Linux driver.
    public enum Pattern: UInt8, Sendable, Hashable, CaseIterable {
        /// All bytes are 0.
        case zeros = 0
        /// Byte j of each packet is j modulo 63.
        case modulo63 = 1
    }

    /// How the device is to be.
    public struct Options: Sendable, Hashable {
        /// What it sends and expects.
        public var pattern: Pattern
        /// Whether it compares what it is sent with the pattern.
        public var checksReceived: Bool
        /// Whether the loopback configuration comes first, so that a host selects it.
        public var loopbackFirst: Bool
        /// bInterval of the isochronous endpoints, 1 to 16: 2^(n - 1) microframes, at full speed frames.
        public var isochronousInterval: UInt8
        /// The largest isochronous packet, 0 to 1024 bytes; at full speed no more than 1023.
        public var isochronousPacketSize: Int
        /// How many more isochronous packets a microframe has at high speed, 0 to 2.
        public var additionalTransactions: Int

        /// Names the options. Numbers outside their range are taken as the nearest one inside.
        public init(
            pattern: Pattern = .zeros, checksReceived: Bool = true, loopbackFirst: Bool = false,
            isochronousInterval: UInt8 = 4, isochronousPacketSize: Int = 1024, additionalTransactions: Int = 0
        ) {
            self.pattern = pattern
            self.checksReceived = checksReceived
            self.loopbackFirst = loopbackFirst
            self.isochronousInterval = isochronousInterval
            self.isochronousPacketSize = isochronousPacketSize
            self.additionalTransactions = additionalTransactions
        }
    }

    /// A packet that differed from the pattern.
    public struct Mismatch: Sendable, Hashable {
        /// Where it arrived.
        public var endpoint: EndpointAddress
        /// When it arrived.
        public var microframe: Microframe
        /// The first byte that differed, counted from the start of the packet.
        public var offset: Int
        /// What was due there.
        public var expected: UInt8
        /// What came.
        public var found: UInt8
    }

    /// What is counted of each packet: one value, so that a packet means one access.
    private struct Counts {
        var packetsReceived = 0
        var bytesReceived = 0
        var packetsSent = 0
        var bytesSent = 0
        var mismatches = 0

        mutating func addReceived(_ count: Int) {
            packetsReceived &+= 1
            bytesReceived &+= count
        }

        mutating func addSent(_ count: Int) {
            packetsSent &+= 1
            bytesSent &+= count
        }
    }

    /// The loopback configuration's number.
    public static let loopbackConfiguration: UInt8 = 2
    /// The source-and-sink configuration's number.
    public static let sourceSinkConfiguration: UInt8 = 3

    /// What the device is.
    public let model: PeripheralModel
    /// How it was made.
    public let options: Options

    /// OUT packets taken, those that differed from the pattern included. Counters outlive bus resets; see
    /// ``clearCounters()``.
    public var packetsReceived: Int { counts.packetsReceived }
    /// Bytes in the OUT packets taken.
    public var bytesReceived: Int { counts.bytesReceived }
    /// IN packets sent.
    public var packetsSent: Int { counts.packetsSent }
    /// Bytes in the IN packets sent.
    public var bytesSent: Int { counts.bytesSent }
    /// OUT packets that differed from the pattern.
    public var mismatches: Int { counts.mismatches }
    /// The last OUT packet that differed from the pattern.
    public private(set) var lastMismatch: Mismatch?
    /// The selected configuration: 0, 2 or 3.
    public private(set) var configuration: UInt8 = 0

    private var counts = Counts()
    private let pattern: TestPattern
    private var queue: PacketQueue
    private var controlBuffer = [UInt8](repeating: 0, count: 4096)

    /// Makes a device.
    ///
    /// - Parameters:
    ///   - speed: `.high`, or `.full` for a high-speed device on a full-speed port. Another speed is taken as the nearer
    ///     of the two.
    ///   - options: see ``Options``.
    public init(speed: Speed = .high, options: Options = Options()) {
        let speed = min(max(speed, .full), .high)
        self.options = options
        model = GadgetZeroDescriptors(options).model(speed: speed)
        pattern = TestPattern(options.pattern)
        queue = PacketQueue(depth: 32, packetSize: GadgetZeroDescriptors.bulkPacketSize(speed))
    }

    /// Sets the counters to 0 and forgets the last mismatch.
    public func clearCounters() {
        counts = Counts()
        lastMismatch = nil
    }

    /// Packets that wait in the loopback queue, at most 32.
    public var queuedPackets: Int { queue.count }

    /// Leaves the configuration and empties the loopback queue. Counters stay.
    public func reset() { configurationSelected(0) }

    /// Empties the loopback queue.
    public func configurationSelected(_ value: UInt8) {
        configuration = value
        queue.removeAll()
    }

    /// Empties the loopback queue.
    public func alternateSettingSelected(_ alternate: UInt8, interface: UInt8) { queue.removeAll() }

    /// Takes the bytes of vendor request 0x5b.
    public func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        guard isTestRequest(setup, 0x5B, .out), received.count <= controlBuffer.count else { return .stall }
        controlBuffer.replace(from: 0, with: received)
        return .accepted
    }

    /// Gives back the bytes for vendor request 0x5c.
    public func control(_ setup: SetupPacket) -> ControlReply {
        if isTestRequest(setup, 0x5B, .out), setup.length == 0 { return .accepted }
        guard isTestRequest(setup, 0x5C, .in), Int(setup.length) <= controlBuffer.count else { return .stall }
        return .data(Array(controlBuffer.prefix(Int(setup.length))))
    }

    private func isTestRequest(_ setup: SetupPacket, _ request: UInt8, _ direction: Direction) -> Bool {
        configuration == GadgetZero.sourceSinkConfiguration && setup.request == request && setup.value == 0
            && setup.index == 0
            && setup.requestType == RequestType(direction: direction, kind: .vendor, recipient: .device)
    }

    /// Checks the packet or, in the loopback configuration, queues it.
    public func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        if configuration == GadgetZero.loopbackConfiguration {
            guard bytes.count <= queue.packetSize else { return .stall }
            guard queue.append(bytes) else { return .nak }
        }
        counts.addReceived(bytes.count)
        guard configuration == GadgetZero.sourceSinkConfiguration, options.checksReceived,
            !pattern.matches(bytes)
        else { return .accept }
        noteMismatch(bytes, at: endpoint, in: microframe)
        return endpoint == GadgetZeroDescriptors.isochronousOut ? .accept : .stall
    }

    private func noteMismatch(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) {
        counts.mismatches &+= 1
        guard let (offset, expected) = pattern.firstDifference(in: bytes) else { return }
        lastMismatch = Mismatch(
            endpoint: endpoint, microframe: microframe, offset: offset, expected: expected, found: bytes[offset])
    }

    /// Sends as much of the pattern as is asked for or, in the loopback configuration, the next packet of the queue.
    public func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        let count: Int
        if configuration == GadgetZero.loopbackConfiguration {
            guard let next = queue.nextCount else { return .nak }
            // More than was asked for: the host sees a babble, and the packet stays.
            guard next <= buffer.count else { return .data(next) }
            queue.removeFirst(into: &buffer)
            count = next
        } else {
            count = pattern.fill(&buffer)
        }
        counts.addSent(count)
        return .data(count)
    }
}
