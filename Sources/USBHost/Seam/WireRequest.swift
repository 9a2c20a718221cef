// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// One request as a wire sees it: a whole transfer, or one part of a transfer that the engine has split.
///
/// The engine allocates a request once per slot and reuses it. From `submit` to completion everything here stays at its
/// address, and the wire alone may write to the buffer (IN) and to the packet table.
@safe public final class WireRequest: @unchecked Sendable {
    /// What is asked.
    public enum Operation: Sendable, Hashable {
        /// A control transfer. A wire whose system has calls of its own for SET_CONFIGURATION, SET_INTERFACE or
        /// CLEAR_FEATURE(ENDPOINT_HALT) uses those instead.
        case control(SetupPacket)
        /// A bulk or interrupt transfer.
        case data
        /// An isochronous transfer, described by the packet table.
        case isochronous
        /// A reset of the device's port.
        case portReset
    }

    /// Where an isochronous request starts.
    public enum Start: Sendable, Hashable {
        /// At exactly this position; only given to a wire that declares `exactStartFrame`.
        case at(Microframe)
        /// At the next service opportunity that the wire can reach.
        case asSoonAsPossible
        /// Directly behind the request before it. Of a wire whose continuation is inferred the engine has checked that
        /// the pipe's queue is not empty.
        case continuing
    }

    /// Which part of a split transfer this is. A whole transfer is both first and last.
    public struct Part: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt8
        /// Makes a set of its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The transfer begins here.
        public static let first = Part(rawValue: 1)
        /// The transfer ends here.
        public static let last = Part(rawValue: 2)
        /// A transfer in one piece.
        public static let whole: Part = [.first, .last]
    }

    /// What is asked.
    public var operation: Operation {
        get { fields.operation }
        set { fields.operation = newValue }
    }
    /// The memory to send from or to receive into.
    public var buffer: UnsafeMutableRawBufferPointer {
        get { unsafe fields.buffer }
        set { unsafe fields.buffer = newValue }
    }
    /// The packets of an isochronous request. Their offsets count from the start of ``buffer``.
    public var packets: UnsafeMutableBufferPointer<WirePacket> {
        get { unsafe fields.packets }
        set { unsafe fields.packets = newValue }
    }
    /// Where an isochronous request starts.
    public var start: Start {
        get { fields.start }
        set { fields.start = newValue }
    }
    /// The grid, in microframes, on which a request that starts as soon as possible begins unless it directly follows
    /// another one: 1, which leaves it to the endpoint, or 8. Only set for a wire that declares `exactStartFrame`.
    public var startGrid: Int64 {
        get { fields.startGrid }
        set { fields.startGrid = newValue }
    }
    /// The position that an isochronous request has got. A wire that declares `exactStartFrame` sets it in `submit`,
    /// where alone it is certain that the position has not passed meanwhile.
    public var placement: Microframe? {
        get { fields.placement }
        set { fields.placement = newValue }
    }
    /// Which part of its transfer the request is.
    public var part: Part {
        get { fields.part }
        set { fields.part = newValue }
    }
    /// Whether a bulk or interrupt OUT request whose length is a multiple of the packet size ends with a zero-length
    /// packet. Only set for a wire that declares `zeroLengthTermination`.
    public var endsWithZeroLengthPacket: Bool {
        get { fields.endsWithZeroLengthPacket }
        set { fields.endsWithZeroLengthPacket = newValue }
    }
    /// The bulk stream that the request belongs to; 0 where the endpoint has no streams. Only set for a wire that declares
    /// `bulkStreams`.
    public var streamID: UInt16 {
        get { fields.streamID }
        set { fields.streamID = newValue }
    }

    /// What wires see. Not public itself: the compiler then knows every access, and none is checked when it runs.
    private var fields = Fields()
    @safe private struct Fields {
        var operation = Operation.data
        var buffer = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        var packets = unsafe UnsafeMutableBufferPointer<WirePacket>(start: nil, count: 0)
        var start = Start.asSoonAsPossible
        var startGrid: Int64 = 1
        var placement: Microframe?
        var part = Part.whole
        var endsWithZeroLengthPacket = false
        var streamID: UInt16 = 0
    }

    /// The record that the pipe's outermost layer made for this slot.
    var record: AnyObject?

    /// The transfer that the request belongs to.
    unowned(unsafe) let transfer: TransferCore
    /// The position among the parts of its transfer.
    let index: Int
    /// Whether the wire holds the request.
    var isSubmitted = false

    init(transfer: TransferCore, index: Int) {
        unsafe self.transfer = transfer
        self.index = index
    }
}

/// One packet of an isochronous request, at a fixed address until completion.
public struct WirePacket: Sendable, Hashable {
    /// Where the packet's bytes begin in the request's buffer.
    public var offset: Int
    /// The bytes to send, or the room to receive into.
    public var length: Int
    /// The bytes that were moved.
    public var actualLength: Int
    /// What became of the packet.
    public var status: PacketStatus
    /// When the packet was served, as the controller's clock counts; the time of the observation where the wire cannot
    /// tell better.
    public var time: BusInstant

    /// Makes a packet that has not been attempted.
    public init(offset: Int, length: Int) {
        self.offset = offset
        self.length = length
        actualLength = 0
        status = .notAttempted
        time = BusInstant(nanoseconds: 0)
    }
}

/// What became of one isochronous packet.
public enum PacketStatus: Sendable, Hashable, CustomStringConvertible {
    /// Served. Fewer bytes than asked are no error.
    case completed
    /// Its time had passed before it reached the wire, so it was dropped.
    case expired
    /// The wire was late: the packet was given in time, but its service opportunity passed.
    case missed
    /// The transfer was cancelled first.
    case notAttempted
    /// Not served, for a reason that the wire cannot tell.
    case notServiced
    /// The bus reported an error.
    case failed(BusFault)

    /// A word or two for a person.
    public var description: String {
        switch self {
        case .completed: "completed"
        case .expired: "expired"
        case .missed: "missed"
        case .notAttempted: "not attempted"
        case .notServiced: "not serviced"
        case .failed(let fault): "failed: \(fault)"
        }
    }
}

/// An error on the bus itself, as the controller saw it.
public enum BusFault: Sendable, Hashable, CustomStringConvertible {
    /// No answer, or a damaged one: the host cannot tell which.
    case transaction
    /// A damaged packet (CRC or bit stuffing).
    case cyclicRedundancyCheck
    /// The device did not answer.
    case noResponse
    /// The device sent more than was asked.
    case babble
    /// The host's memory was too slow.
    case hostMemory

    /// A phrase for a person.
    public var description: String {
        switch self {
        case .transaction: "transaction error"
        case .cyclicRedundancyCheck: "CRC error"
        case .noResponse: "no response"
        case .babble: "babble: the device sent more than was asked"
        case .hostMemory: "host memory too slow"
        }
    }
}

/// How a request ended, as the wire reports it.
public struct WireCompletion: Sendable {
    /// The kinds of ends.
    public enum Status: Sendable, Hashable {
        /// Done; an IN request may have brought less than asked.
        case completed
        /// The device answered with STALL.
        case stalled
        /// Ended because of a cancel.
        case cancelled
        /// The device has gone.
        case deviceGone
        /// The whole isochronous request came too late for its start; nothing was sent.
        case expired
        /// The wire refused the request after accepting it.
        case refused(USBError.Kind)
        /// The bus reported an error.
        case failed(BusFault)
    }

    /// How it ended.
    public var status: Status
    /// Bytes moved; of an isochronous request the sum over its packets.
    public var byteCount: Int
    /// The position of the first packet, where the wire knows it.
    public var firstPosition: Microframe?
    /// The position that follows the last packet's interval, where the wire knows it.
    public var nextPosition: Microframe?
    /// When the request ended, as the controller's clock counts.
    public var time: BusInstant
    /// The wire's own code and hint, carried into the error as data.
    public var detail: WireDetail?

    /// Makes a completion.
    public init(
        status: Status, byteCount: Int = 0, firstPosition: Microframe? = nil, nextPosition: Microframe? = nil,
        time: BusInstant, detail: WireDetail? = nil
    ) {
        self.status = status
        self.byteCount = byteCount
        self.firstPosition = firstPosition
        self.nextPosition = nextPosition
        self.time = time
        self.detail = detail
    }
}
