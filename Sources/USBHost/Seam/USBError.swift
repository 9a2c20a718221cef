// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// Why a call failed, with what a program needs to go on and what a person needs to mend it.
public struct USBError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// The device, interface, alternate setting or endpoint does not exist.
        case notFound
        /// The caller may not open the device.
        case accessDenied
        /// Somebody else uses the device or the interface.
        case busy
        /// An argument is wrong; the message says which.
        case invalidArgument
        /// The wire or the device cannot do this; the message says what.
        case unsupported
        /// The device or its pipe was closed, released, or replaced by another alternate setting.
        case closed
        /// The device has been unplugged.
        case deviceGone
        /// The device answered with STALL: a bulk or interrupt pipe is halted until it is cleared.
        case stalled
        /// The time allowed has run out.
        case timedOut
        /// The caller cancelled.
        case cancelled
        /// The device sent more than was asked.
        case overflow
        /// The bus reported an error.
        case bus(BusFault)
        /// The bus has not the time that the alternate setting needs.
        case noBandwidth
        /// The wire's memory for transfers is used up.
        case outOfMemory
        /// The start frame lies behind the window.
        case tooLate
        /// The start frame lies ahead of the window.
        case tooEarly
        /// The transfer cannot directly follow the one before it.
        case discontinuous
        /// The pipe is stopped or being aborted and takes no transfers.
        case notAccepting
        /// Nothing will ever complete the call, and time moves only by hand.
        case neverCompletes
        /// The wire reported something that has no name here; see the detail.
        case other
    }

    /// What happened.
    public var kind: Kind
    /// The endpoint concerned, where there is one.
    public var endpoint: EndpointAddress?
    /// Bytes that had been moved before the call failed.
    public var byteCount: Int
    /// What a person can do about it, or what exactly was wrong.
    public var message: String
    /// The wire's own code and hint.
    public var detail: WireDetail?

    /// Makes an error.
    public init(
        _ kind: Kind, endpoint: EndpointAddress? = nil, byteCount: Int = 0, message: String = "",
        detail: WireDetail? = nil
    ) {
        self.kind = kind
        self.endpoint = endpoint
        self.byteCount = byteCount
        self.message = message
        self.detail = detail
    }

    /// One line for a person.
    public var description: String {
        var text = message.isEmpty ? kind.summary : "\(kind.summary): \(message)"
        if let endpoint, endpoint != .control { text = "endpoint \(endpoint): \(text)" }
        if byteCount > 0 { text += " (\(byteCount) bytes had been moved)" }
        if let detail { text += " [\(detail)]" }
        return text
    }
}

/// What a wire itself said of a failure: its code, by number and name, and a hint.
public struct WireDetail: Sendable, Hashable, CustomStringConvertible {
    /// The wire's number, such as an errno.
    public var code: Int
    /// The name of that number.
    public var name: String
    /// What a person can do about it.
    public var hint: String

    /// Makes a detail.
    public init(code: Int, name: String, hint: String = "") {
        self.code = code
        self.name = name
        self.hint = hint
    }

    /// Name, number and hint.
    public var description: String {
        hint.isEmpty ? "\(name) \(code)" : "\(name) \(code); \(hint)"
    }
}

extension USBError.Kind {
    /// What happened, in a few words.
    var summary: String {
        switch self {
        case .notFound: "not found"
        case .accessDenied: "access denied"
        case .busy: "in use"
        case .invalidArgument: "invalid argument"
        case .unsupported: "not supported"
        case .closed: "closed"
        case .deviceGone: "the device has gone"
        case .stalled: "the device stalled the pipe"
        case .timedOut: "timed out"
        case .cancelled: "cancelled"
        case .overflow: "the device sent more than was asked"
        case .bus(let fault): "\(fault)"
        case .noBandwidth: "no bandwidth"
        case .outOfMemory: "out of transfer memory"
        case .tooLate: "the start frame is too late"
        case .tooEarly: "the start frame is too far ahead"
        case .discontinuous: "the transfer cannot follow without a gap"
        case .notAccepting: "the pipe takes no transfers"
        case .neverCompletes: "nothing will ever complete this"
        case .other: "the wire failed"
        }
    }
}
