// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A status of the kernel's (ntstatus.h), and the system error code (winerror.h) that a program sees for it.
public struct NTStatus: RawRepresentable, Hashable, Sendable {
    /// The code.
    public let rawValue: Int32

    /// Makes a status of a code.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    private init(_ code: UInt32) { rawValue = Int32(bitPattern: code) }

    /// Whether it stands for an end that is not an error (NT_SUCCESS).
    public var isSuccess: Bool { rawValue >= 0 }

    /// STATUS_SUCCESS
    public static let success = NTStatus(0x0000_0000)
    /// STATUS_TIMEOUT
    public static let timeout = NTStatus(0x0000_0102)
    /// STATUS_PENDING
    public static let pending = NTStatus(0x0000_0103)
    /// STATUS_BUFFER_OVERFLOW
    public static let bufferOverflow = NTStatus(0x8000_0005)
    /// STATUS_UNSUCCESSFUL
    public static let unsuccessful = NTStatus(0xC000_0001)
    /// STATUS_NOT_IMPLEMENTED
    public static let notImplemented = NTStatus(0xC000_0002)
    /// STATUS_INFO_LENGTH_MISMATCH
    public static let infoLengthMismatch = NTStatus(0xC000_0004)
    /// STATUS_INVALID_HANDLE
    public static let invalidHandle = NTStatus(0xC000_0008)
    /// STATUS_INVALID_PARAMETER
    public static let invalidParameter = NTStatus(0xC000_000D)
    /// STATUS_NO_SUCH_DEVICE
    public static let noSuchDevice = NTStatus(0xC000_000E)
    /// STATUS_INVALID_DEVICE_REQUEST
    public static let invalidDeviceRequest = NTStatus(0xC000_0010)
    /// STATUS_ACCESS_DENIED
    public static let accessDenied = NTStatus(0xC000_0022)
    /// STATUS_BUFFER_TOO_SMALL
    public static let bufferTooSmall = NTStatus(0xC000_0023)
    /// STATUS_DELETE_PENDING
    public static let deletePending = NTStatus(0xC000_0056)
    /// STATUS_INTEGER_OVERFLOW
    public static let integerOverflow = NTStatus(0xC000_0095)
    /// STATUS_INSUFFICIENT_RESOURCES
    public static let insufficientResources = NTStatus(0xC000_009A)
    /// STATUS_DEVICE_DATA_ERROR
    public static let deviceDataError = NTStatus(0xC000_009C)
    /// STATUS_DEVICE_NOT_CONNECTED
    public static let deviceNotConnected = NTStatus(0xC000_009D)
    /// STATUS_IO_TIMEOUT
    public static let ioTimeout = NTStatus(0xC000_00B5)
    /// STATUS_NOT_SUPPORTED
    public static let notSupported = NTStatus(0xC000_00BB)
    /// STATUS_DEVICE_DOES_NOT_EXIST
    public static let deviceDoesNotExist = NTStatus(0xC000_00C0)
    /// STATUS_REQUEST_NOT_ACCEPTED
    public static let requestNotAccepted = NTStatus(0xC000_00D0)
    /// STATUS_CANCELLED
    public static let cancelled = NTStatus(0xC000_0120)
    /// STATUS_INVALID_LEVEL
    public static let invalidLevel = NTStatus(0xC000_0148)
    /// STATUS_INVALID_DEVICE_STATE
    public static let invalidDeviceState = NTStatus(0xC000_0184)
    /// STATUS_INVALID_BUFFER_SIZE
    public static let invalidBufferSize = NTStatus(0xC000_0206)

    /// The system error code that Windows makes of the status (RtlNtStatusToDosError); 317, "no message", for one that it
    /// does not know.
    public var systemError: UInt32 {
        switch self {
        case .success: 0
        case .timeout: 258
        case .pending: 997
        case .bufferOverflow: 234
        case .unsuccessful: 31
        case .notImplemented, .invalidDeviceRequest: 1
        case .infoLengthMismatch: 24
        case .invalidHandle: 6
        case .invalidParameter: 87
        case .noSuchDevice: 433
        case .accessDenied, .deletePending: 5
        case .bufferTooSmall: 122
        case .integerOverflow: 534
        case .insufficientResources: 1450
        case .deviceDataError: 23
        case .deviceNotConnected: 1167
        case .ioTimeout: 121
        case .notSupported: 50
        case .deviceDoesNotExist: 55
        case .requestNotAccepted: 71
        case .cancelled: 995
        case .invalidLevel: 124
        case .invalidDeviceState: 22
        case .invalidBufferSize: 1784
        default: 317
        }
    }
}
