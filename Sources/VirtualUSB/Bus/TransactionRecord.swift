// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost
public import USBSpecification

/// One transaction on a virtual bus, as a trace shows it.
public struct TransactionRecord: Sendable, Hashable, CustomStringConvertible {
    /// What was sent or asked for.
    public enum Kind: Sendable, Hashable {
        /// A control transfer, begun by this setup packet; the count is that of its data stage.
        case control(SetupPacket)
        /// A packet to the device.
        case out
        /// A packet from the device.
        case `in`
        /// A reset of the device's port.
        case portReset
    }

    /// What came of it.
    public enum Result: Sendable, Hashable, CustomStringConvertible {
        /// Moved.
        case done
        /// The device was not ready.
        case nak
        /// The device refused, or the endpoint is halted.
        case stall
        /// The (micro)frame had no time left for an isochronous packet.
        case noTime
        /// The bus had an error.
        case fault(BusFault)

        /// A word or two.
        public var description: String {
            switch self {
            case .done: "done"
            case .nak: "NAK"
            case .stall: "STALL"
            case .noTime: "no bus time"
            case .fault(let fault): "\(fault)"
            }
        }
    }

    /// The microframe.
    public var microframe: Microframe
    /// The path of the device.
    public var path: String
    /// The endpoint.
    public var endpoint: EndpointAddress
    /// The endpoint's type.
    public var type: TransferType
    /// What was sent or asked for.
    public var kind: Kind
    /// The bytes moved.
    public var byteCount: Int
    /// What came of it.
    public var result: Result

    /// One line, for example "1000000.3 2-1 0x81 bulk IN 512 done".
    public var description: String {
        let what: String =
            switch kind {
            case .control(let setup): "control \(setup)"
            case .out: "\(type) OUT"
            case .in: "\(type) IN"
            case .portReset: "port reset"
            }
        return "\(microframe) \(path) \(endpoint) \(what) \(byteCount) \(result)"
    }
}
