// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSBDrivers
public import USBHost
import Win32

/// What a USB request block says of its end, made of what the engine says.
public enum BlockStatus {
    /// The block's status for an error of the engine's.
    public static func of(_ kind: USBError.Kind) -> USBD_STATUS {
        switch kind {
        case .cancelled, .notAccepting, .neverCompletes: USBD_STATUS_CANCELED
        case .timedOut: USBD_STATUS_TIMEOUT
        case .deviceGone: USBD_STATUS_DEVICE_GONE
        case .closed: USBD_STATUS_INVALID_PIPE_HANDLE
        case .invalidArgument, .notFound: USBD_STATUS_INVALID_PARAMETER
        case .tooLate: USBD_STATUS_ISO_NOT_ACCESSED_LATE
        case .tooEarly: USBD_STATUS_BAD_START_FRAME
        case .discontinuous: USBD_STATUS_ISOCH_REQUEST_FAILED
        case .accessDenied, .busy: USBD_STATUS_ERROR_BUSY
        case .unsupported: USBD_STATUS_NOT_SUPPORTED
        case .noBandwidth: USBD_STATUS_NO_BANDWIDTH
        case .outOfMemory: USBD_STATUS_INSUFFICIENT_RESOURCES
        case .stalled: USBD_STATUS_STALL_PID
        case .overflow: USBD_STATUS_BUFFER_OVERRUN
        case .bus(let fault): of(fault)
        case .other: USBD_STATUS_INTERNAL_HC_ERROR
        }
    }

    /// The block's status for the end of a transfer.
    public static func of(_ status: TransferStatus) -> USBD_STATUS {
        status.errorKind.map { of($0) } ?? USBD_STATUS_SUCCESS
    }

    /// The status for a fault on the bus.
    public static func of(_ fault: BusFault) -> USBD_STATUS {
        switch fault {
        case .transaction: USBD_STATUS_XACT_ERROR
        case .cyclicRedundancyCheck: USBD_STATUS_CRC
        case .noResponse: USBD_STATUS_DEV_NOT_RESPONDING
        case .babble: USBD_STATUS_BABBLE_DETECTED
        case .hostMemory: USBD_STATUS_DATA_BUFFER_ERROR
        }
    }

    /// The status of an isochronous packet, in a transfer that ended so.
    public static func of(_ packet: PacketStatus, in transfer: TransferStatus) -> USBD_STATUS {
        switch packet {
        case .completed: USBD_STATUS_SUCCESS
        case .expired: USBD_STATUS_ISO_NOT_ACCESSED_LATE
        case .missed, .notServiced: USBD_STATUS_ISO_NOT_ACCESSED_BY_HW
        case .failed(let fault): of(fault)
        case .notAttempted:
            switch transfer {
            case .cancelled, .timedOut: USBD_STATUS_CANCELED
            case .deviceGone: USBD_STATUS_DEVICE_GONE
            default: USBD_STATUS_NOT_ACCESSED
            }
        }
    }

    /// The status that the request with a block ends with.
    public static func requestStatus(_ status: USBD_STATUS) -> NTSTATUS {
        switch status {
        case USBD_STATUS_INSUFFICIENT_RESOURCES, USBD_STATUS_NO_BANDWIDTH: STATUS_INSUFFICIENT_RESOURCES
        case USBD_STATUS_DEVICE_GONE: STATUS_DEVICE_NOT_CONNECTED
        case USBD_STATUS_CANCELED: STATUS_CANCELLED
        case USBD_STATUS_NOT_SUPPORTED: STATUS_NOT_SUPPORTED
        case USBD_STATUS_TIMEOUT: STATUS_IO_TIMEOUT
        case USBD_STATUS_INVALID_URB_FUNCTION, USBD_STATUS_INVALID_PARAMETER, USBD_STATUS_INVALID_PIPE_HANDLE,
            USBD_STATUS_BAD_START_FRAME:
            STATUS_INVALID_PARAMETER
        default: status >= 0 ? NTStatus.success.rawValue : STATUS_UNSUCCESSFUL
        }
    }
}
