// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import Win32

/// What a request asks of a target.
@safe enum Operation: @unchecked Sendable {
    /// Nothing yet, or no longer.
    case none
    /// Bytes from or to a bulk or interrupt pipe.
    case pipe(UsbPipeObject, MemoryPart, isRead: Bool)
    /// A control transfer.
    case control(WDF_USB_CONTROL_SETUP_PACKET, MemoryPart)
    /// A string descriptor, without its two bytes of header.
    case string(index: UInt8, language: UInt16, MemoryPart)
    /// A block of the driver's; the memory object that holds it, if it is in one.
    case block(PURB, MemoryObject?)
    /// Ends what is under way on a pipe.
    case abort(UsbPipeObject)
    /// Clears a pipe's halt.
    case reset(UsbPipeObject)
    /// Takes the device off the bus and back.
    case cyclePort
    /// An internal control code with three pointers.
    case others(
        code: UInt32, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, [MemoryObject])
    /// What the driver wrote into the request's next stack location.
    case stackLocation

    /// The memory object that the operation uses, where it can use one at most.
    var memory: MemoryObject? {
        switch self {
        case .pipe(_, let part, _), .control(_, let part), .string(_, _, let part): part.object
        case .block(_, let object): object
        default: nil
        }
    }

    /// Calls `body` with each memory object that the operation uses.
    func forEachMemory(_ body: (MemoryObject) -> Void) {
        if case .others(_, _, _, _, let objects) = self {
            for object in objects { body(object) }
        } else if let memory {
            body(memory)
        }
    }

    /// Whether it was made by a function for a purpose, and not by what stands in a stack location.
    var isOwnFormat: Bool {
        switch self {
        case .none, .stackLocation: false
        default: true
        }
    }

    /// Whether it goes to the target by the request's packet (IRP).
    var goesByPacket: Bool {
        switch self {
        case .stackLocation: true
        case .others(let code, _, _, _, _): code != IOCTL_INTERNAL_USB_SUBMIT_URB
        default: false
        }
    }
}

/// How a request is to be sent (WDF_REQUEST_SEND_OPTIONS), checked.
struct SendOptions {
    var flags: UInt32 = 0
    /// In units of 100 ns, negative from now, positive since 1601; nil for none.
    var timeout: Int64?

    /// No options.
    static var none: SendOptions { SendOptions() }

    private init() {}

    /// STATUS_INFO_LENGTH_MISMATCH: another size. STATUS_INVALID_PARAMETER: flags that are unknown or exclude each
    /// other.
    init(_ options: PWDF_REQUEST_SEND_OPTIONS?) throws(Refusal) {
        guard let options = unsafe options else { return }
        let given = unsafe options.pointee
        guard given.Size == ULONG(MemoryLayout<WDF_REQUEST_SEND_OPTIONS>.size) else {
            throw Refusal(.infoLengthMismatch)
        }
        guard given.Flags & ~SendOptions.known == 0 else { throw Refusal(.invalidParameter) }
        if given.Flags & SendOptions.forget != 0, given.Flags != SendOptions.forget {
            throw Refusal(.invalidParameter)
        }
        flags = given.Flags
        if flags & SendOptions.timed != 0, given.Timeout != 0 { timeout = given.Timeout }
    }

    private static let timed = WDF_REQUEST_SEND_OPTION_TIMEOUT.rawValue
    private static let synchronous = WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue
    private static let anyState = WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE.rawValue
    private static let forget = WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET.rawValue
    private static let known = timed | synchronous | anyState | forget

    /// Whether the call waits for the end.
    var isSynchronous: Bool { flags & SendOptions.synchronous != 0 }
    /// Whether nobody but the request's maker is to be told of the end.
    var forgets: Bool { flags & SendOptions.forget != 0 }
    /// Whether the request is sent though the target is stopped or purged.
    var ignoresState: Bool {
        get { flags & SendOptions.anyState != 0 }
        set { flags = newValue ? flags | SendOptions.anyState : flags & ~SendOptions.anyState }
    }
}

/// What became of a request that was sent.
struct SentResult {
    var status: NTSTATUS
    var usbdStatus: USBD_STATUS
    /// The bytes that moved.
    var byteCount: Int
}
