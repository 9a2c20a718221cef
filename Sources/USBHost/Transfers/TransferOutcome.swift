// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// How a transfer ended.
public enum TransferStatus: Sendable, Hashable, CustomStringConvertible {
    /// Done. An IN transfer may have brought fewer bytes than there was room for.
    case completed
    /// Cancelled by its owner, or with its whole pipe.
    case cancelled
    /// Its time ran out.
    case timedOut
    /// The device answered with STALL.
    case stalled
    /// An isochronous transfer came too late: none of its packets was sent.
    case expired
    /// The device has gone.
    case deviceGone
    /// It failed; the kind is that of the matching ``USBError``.
    case failed(USBError.Kind)

    /// The kind of error that stands for this end; nil when the transfer is done.
    public var errorKind: USBError.Kind? {
        switch self {
        case .completed: nil
        case .cancelled: .cancelled
        case .timedOut: .timedOut
        case .stalled: .stalled
        case .expired: .tooLate
        case .deviceGone: .deviceGone
        case .failed(let kind): kind
        }
    }

    /// Whether the bus, or what the device sent, made the transfer fail.
    var isBusFailure: Bool {
        switch self {
        case .failed(.bus), .failed(.overflow): true
        default: false
        }
    }

    /// A few words for a person.
    public var description: String {
        errorKind.map { self == .expired ? "expired" : $0.summary } ?? "completed"
    }
}

/// What became of a transfer. A value, whatever happened: the bytes that moved are reported in every case.
public struct TransferOutcome: Sendable, Hashable {
    /// How it ended.
    public var status: TransferStatus
    /// The bytes that moved. Of an isochronous transfer the sum over its packets.
    public var byteCount: Int
    /// The bytes that were asked for.
    public var requestedByteCount: Int
    /// When it ended, as the bus's clock counts.
    public var time: BusInstant
    /// The position of the first packet of an isochronous transfer.
    public var firstPosition: Microframe?
    /// The position that follows the last packet's service interval.
    public var nextPosition: Microframe?
    /// How far the positions can be trusted.
    public var positionQuality: FrameReading.Quality
    /// Whether a gap may lie before an isochronous transfer that was to continue the one before it: the wire only infers
    /// that it did, and when it was submitted the controller may have run dry already.
    public var mayFollowGap = false
    /// The endpoint.
    public var endpoint: EndpointAddress
    /// The wire's own code and hint, if it failed.
    public var detail: WireDetail?
    /// What exactly was wrong, if it failed.
    public var message: String

    /// Whether it ended well with fewer bytes than asked.
    public var isShort: Bool { status == .completed && byteCount < requestedByteCount }

    /// The error that stands for this end; nil when the transfer is done.
    public var error: USBError? {
        status.errorKind.map {
            USBError($0, endpoint: endpoint, byteCount: byteCount, message: message, detail: detail)
        }
    }
}
