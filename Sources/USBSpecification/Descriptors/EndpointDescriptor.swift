// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// bmAttributes of an endpoint (USB 2.0 table 9-13, USB 3.2 table 9-26).
public struct EndpointAttributes: RawRepresentable, Hashable, Sendable {
    /// How an isochronous endpoint keeps its rate (bits 3 to 2, USB 2.0 section 5.12.4.1).
    public enum Synchronization: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// Not stated.
        case none = 0
        /// By a clock of the device's own.
        case asynchronous = 1
        /// By the rate at which data come.
        case adaptive = 2
        /// By the bus's frames.
        case synchronous = 3

        /// For example "adaptive".
        public var description: String {
            switch self {
            case .none: "no synchronisation"
            case .asynchronous: "asynchronous"
            case .adaptive: "adaptive"
            case .synchronous: "synchronous"
            }
        }
    }

    /// What an isochronous endpoint carries (bits 5 to 4).
    public enum Usage: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// Data.
        case data = 0
        /// The rate for an endpoint that goes the other way.
        case feedback = 1
        /// Data, by whose rate the other way is to be paced.
        case implicitFeedback = 2
        /// Not assigned.
        case reserved = 3

        /// For example "feedback".
        public var description: String {
            switch self {
            case .data: "data"
            case .feedback: "feedback"
            case .implicitFeedback: "implicit feedback"
            case .reserved: "reserved"
            }
        }
    }

    /// The byte as it stands in the descriptor.
    public var rawValue: UInt8

    /// Takes the byte as it stands in the descriptor.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Joins the parts; the last two have a meaning for isochronous endpoints only.
    public init(_ transferType: TransferType, synchronization: Synchronization = .none, usage: Usage = .data) {
        rawValue = transferType.rawValue | synchronization.rawValue << 2 | usage.rawValue << 4
    }

    /// How the endpoint moves data.
    public var transferType: TransferType { TransferType(rawValue: rawValue & 3) ?? .control }

    /// How an isochronous endpoint keeps its rate; meaningless for others.
    public var synchronization: Synchronization { Synchronization(rawValue: rawValue >> 2 & 3) ?? .none }

    /// What an isochronous endpoint carries; meaningless for others.
    public var usage: Usage { Usage(rawValue: rawValue >> 4 & 3) ?? .reserved }

    /// Whether this is an interrupt endpoint for rare notifications (bits 5 to 4 are 1, SuperSpeed only).
    public var isNotification: Bool { transferType == .interrupt && rawValue >> 4 & 3 == 1 }
}

/// One endpoint (USB 2.0 section 9.6.6): 7 bytes. Audio 1.0 endpoints have two more, which are in ``trailing``.
public struct EndpointDescriptor: Descriptor {
    /// The number of bytes before any ``trailing``.
    public static let fixedLength = 7

    /// Number and direction.
    public var address: EndpointAddress
    /// Transfer type and its details.
    public var attributes: EndpointAttributes
    /// wMaxPacketSize as it stands: a size in bits 10 to 0, additional transactions in bits 12 to 11.
    public var wMaxPacketSize: UInt16
    /// bInterval as it stands. Its unit depends on speed and transfer type (USB 2.0 table 9-13).
    public var interval: UInt8
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields as they stand in the descriptor.
    public init(
        address: EndpointAddress, attributes: EndpointAttributes, wMaxPacketSize: UInt16, interval: UInt8 = 0,
        trailing: [UInt8] = []
    ) {
        self.address = address
        self.attributes = attributes
        self.wMaxPacketSize = wMaxPacketSize
        self.interval = interval
        self.trailing = trailing
    }

    /// Names the fields one by one.
    ///
    /// - Parameters:
    ///   - address: number and direction.
    ///   - transferType: the transfer type.
    ///   - maximumPacketSize: the size of the largest packet in bytes; its low 11 bits are used.
    ///   - additionalTransactions: how many more packets a high-speed periodic endpoint may have in a microframe: 0 to
    ///     2; the low two bits are used.
    ///   - interval: bInterval as it stands.
    ///   - synchronization: how an isochronous endpoint keeps time.
    ///   - usage: what an isochronous endpoint is for.
    ///   - trailing: bytes behind the fields.
    public init(
        address: EndpointAddress, transferType: TransferType, maximumPacketSize: Int, additionalTransactions: Int = 0,
        interval: UInt8 = 0, synchronization: EndpointAttributes.Synchronization = .none,
        usage: EndpointAttributes.Usage = .data, trailing: [UInt8] = []
    ) {
        self.init(
            address: address,
            attributes: EndpointAttributes(transferType, synchronization: synchronization, usage: usage),
            wMaxPacketSize: UInt16(truncatingIfNeeded: maximumPacketSize & 0x7FF)
                | UInt16(truncatingIfNeeded: additionalTransactions & 3) << 11,
            interval: interval, trailing: trailing)
    }

    /// Reads an endpoint descriptor.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let length = try checkedLength(of: bytes, at: offset, type: .endpoint, minimum: Self.fixedLength)
        address = EndpointAddress(rawValue: bytes.byte(2))
        attributes = EndpointAttributes(rawValue: bytes.byte(3))
        wMaxPacketSize = bytes.word(4)
        interval = bytes.byte(6)
        trailing = bytes.copy(Self.fixedLength..<length)
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        let tail = bytes.appendHeader(.endpoint, fixed: Self.fixedLength, trailing: trailing)
        bytes.append(contentsOf: [address.rawValue, attributes.rawValue])
        bytes.append(word: wMaxPacketSize)
        bytes.append(interval)
        bytes.append(contentsOf: tail)
    }

    /// How the endpoint moves data.
    public var transferType: TransferType { attributes.transferType }

    /// The way the data go.
    public var direction: Direction { address.direction }

    /// The largest packet, in bytes: bits 10 to 0 of wMaxPacketSize.
    public var maximumPacketSize: Int { Int(wMaxPacketSize & 0x7FF) }

    /// Packets that may follow the first in one microframe, for high-speed periodic endpoints: bits 12 to 11 of
    /// wMaxPacketSize. 0 to 2; 3 is reserved.
    public var additionalTransactions: Int { Int(wMaxPacketSize >> 11 & 3) }
}
