// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import Win32

/// The USBD_STATUS (usb.h) of one packet.
enum PacketCode {
    static let success: USBD_STATUS = 0
    static let crc = code(0xC000_0001)
    static let deviceNotResponding = code(0xC000_0005)
    static let notAccessed = code(0xC000_000F)
    static let transactionError = code(0xC000_0011)
    static let babble = code(0xC000_0012)
    static let dataBufferError = code(0xC000_0013)
    static let badStartFrame = code(0xC000_0A00)
    static let deviceGone = code(0xC000_7000)
    static let cancelled = code(0xC001_0000)
    static let notAccessedByHardware = code(0xC002_0000)
    static let notAccessedLate = code(0xC005_0000)

    private static func code(_ bits: UInt32) -> USBD_STATUS { USBD_STATUS(bitPattern: bits) }

    /// The code of a packet, in a transfer that ended so.
    static func of(_ packet: PacketStatus, in transfer: TransferStatus) -> USBD_STATUS {
        switch packet {
        case .completed: success
        case .expired: transfer == .failed(.discontinuous) ? notAccessed : notAccessedLate
        case .missed, .notServiced: notAccessedByHardware
        case .failed(let fault): of(fault)
        case .notAttempted:
            switch transfer {
            case .cancelled, .timedOut: cancelled
            case .deviceGone: deviceGone
            default: notAccessed
            }
        }
    }

    private static func of(_ fault: BusFault) -> USBD_STATUS {
        switch fault {
        case .transaction: transactionError
        case .cyclicRedundancyCheck: crc
        case .noResponse: deviceNotResponding
        case .babble: babble
        case .hostMemory: dataBufferError
        }
    }
}
