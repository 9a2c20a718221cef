// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import USBHost

/// An errno, positive, with what it means on a USB device (Linux `Documentation/driver-api/usb/error-codes.rst`).
struct ErrorCode: Hashable, Sendable {
    let number: Int32

    /// From the result of a call, where a negative number is an errno with its sign changed.
    init(result: Int32) { number = result == .min ? .max : abs(result) }

    var name: String {
        switch number {
        case EPERM: "EPERM"
        case ENOENT: "ENOENT"
        case EIO: "EIO"
        case ENOMEM: "ENOMEM"
        case EACCES: "EACCES"
        case EBUSY: "EBUSY"
        case EXDEV: "EXDEV"
        case ENODEV: "ENODEV"
        case EINVAL: "EINVAL"
        case EMFILE: "EMFILE"
        case ENFILE: "ENFILE"
        case ENOTTY: "ENOTTY"
        case EFBIG: "EFBIG"
        case ENOSPC: "ENOSPC"
        case EROFS: "EROFS"
        case EPIPE: "EPIPE"
        case ENOSYS: "ENOSYS"
        case ENODATA: "ENODATA"
        case ETIME: "ETIME"
        case ENOSR: "ENOSR"
        case ECOMM: "ECOMM"
        case EPROTO: "EPROTO"
        case EOVERFLOW: "EOVERFLOW"
        case EILSEQ: "EILSEQ"
        case EMSGSIZE: "EMSGSIZE"
        case ECONNRESET: "ECONNRESET"
        case ESHUTDOWN: "ESHUTDOWN"
        case ETIMEDOUT: "ETIMEDOUT"
        case EHOSTUNREACH: "EHOSTUNREACH"
        case EINPROGRESS: "EINPROGRESS"
        case EREMOTEIO: "EREMOTEIO"
        default: "errno"
        }
    }

    /// The kind of error when a call is refused.
    var kind: USBError.Kind {
        switch number {
        case ENOENT, ENODATA: .notFound
        case ENODEV, ESHUTDOWN, ENXIO: .deviceGone
        case EACCES, EPERM, EROFS: .accessDenied
        case EBUSY: .busy
        case EINVAL, EMSGSIZE: .invalidArgument
        case ENOSPC: .noBandwidth
        case ENOMEM: .outOfMemory
        case EFBIG: .tooEarly
        case EXDEV: .tooLate
        case EPIPE: .stalled
        case ETIMEDOUT: .timedOut
        case EOVERFLOW: .overflow
        case EPROTO: .bus(.transaction)
        case EILSEQ: .bus(.cyclicRedundancyCheck)
        case ETIME: .bus(.noResponse)
        case ECOMM, ENOSR: .bus(.hostMemory)
        case ENOTTY, ENOSYS: .unsupported
        default: .other
        }
    }

    /// What went wrong on the bus, where that is what the number says; nil otherwise.
    var busFault: BusFault? {
        switch number {
        case EPROTO: .transaction
        case EILSEQ: .cyclicRedundancyCheck
        case ETIME: .noResponse
        case EOVERFLOW: .babble
        case ECOMM, ENOSR: .hostMemory
        default: nil
        }
    }

    /// The number as data, with what a person can do about it.
    func detail(_ hint: String = "") -> WireDetail { WireDetail(code: Int(number), name: name, hint: hint) }

    /// What a person can do about a refusal, where the number alone tells.
    var hint: String {
        switch number {
        case EHOSTUNREACH: "the device is suspended or not configured"
        case EMFILE: "the program has too many open files; raise its limit (ulimit -n)"
        case ENFILE: "the system has too many open files"
        case EMSGSIZE: "a packet is longer than one service interval carries"
        default: ""
        }
    }

    /// The error for a refused call.
    func error(_ message: String, hint: String = "", kind: USBError.Kind? = nil) -> USBError {
        USBError(kind ?? self.kind, message: message, detail: detail(hint.isEmpty ? self.hint : hint))
    }
}
#endif
