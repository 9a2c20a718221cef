// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The names behind the codes of ``ClassCode``: the USB-IF's list of defined class codes, and the class documents for
/// subclasses and protocols. Only what a reader of a device list is likely to meet.
enum ClassNames {
    static func base(_ code: UInt8) -> String? {
        switch code {
        case 0x00: "Per Interface"
        case 0x01: "Audio"
        case 0x02: "Communications"
        case 0x03: "HID"
        case 0x05: "Physical"
        case 0x06: "Still Image"
        case 0x07: "Printer"
        case 0x08: "Mass Storage"
        case 0x09: "Hub"
        case 0x0A: "Communications Data"
        case 0x0B: "Smart Card"
        case 0x0D: "Content Security"
        case 0x0E: "Video"
        case 0x0F: "Personal Healthcare"
        case 0x10: "Audio/Video"
        case 0x11: "Billboard"
        case 0x12: "Type-C Bridge"
        case 0x13: "Bulk Display"
        case 0x14: "MCTP"
        case 0x3C: "I3C"
        case 0xDC: "Diagnostic"
        case 0xE0: "Wireless"
        case 0xEF: "Miscellaneous"
        case 0xFE: "Application Specific"
        case 0xFF: "Vendor Specific"
        default: nil
        }
    }

    static func subclass(_ base: UInt8, _ code: UInt8) -> String? {
        switch (base, code) {
        case (0x01, 0x01): "Control"
        case (0x01, 0x02): "Streaming"
        case (0x01, 0x03): "MIDI Streaming"
        case (0x02, 0x01): "Direct Line"
        case (0x02, 0x02): "Abstract Modem"
        case (0x02, 0x03): "Telephone"
        case (0x02, 0x06): "Ethernet"
        case (0x02, 0x08): "Wireless Handset"
        case (0x02, 0x09): "Device Management"
        case (0x02, 0x0A): "Mobile Direct Line"
        case (0x02, 0x0B): "OBEX"
        case (0x02, 0x0C): "Ethernet Emulation"
        case (0x02, 0x0D): "Network Control"
        case (0x02, 0x0E): "Mobile Broadband"
        case (0x03, 0x00): "Report"
        case (0x03, 0x01): "Boot"
        case (0x06, 0x01): "Image Capture"
        case (0x07, 0x01): "Printer"
        case (0x08, 0x01): "Reduced Block Commands"
        case (0x08, 0x02): "ATAPI"
        case (0x08, 0x04): "Floppy"
        case (0x08, 0x06): "SCSI"
        case (0x0E, 0x01): "Control"
        case (0x0E, 0x02): "Streaming"
        case (0x0E, 0x03): "Interface Collection"
        case (0x10, 0x01): "Control"
        case (0x10, 0x02): "Video Streaming"
        case (0x10, 0x03): "Audio Streaming"
        case (0xE0, 0x01): "Radio Frequency"
        case (0xE0, 0x02): "Wireless Adapter"
        case (0xEF, 0x01): "Sync"
        case (0xEF, 0x02): "Common"
        case (0xEF, 0x04): "RNDIS"
        case (0xEF, 0x05): "USB3 Vision"
        case (0xFE, 0x01): "Firmware Upgrade"
        case (0xFE, 0x02): "IrDA Bridge"
        case (0xFE, 0x03): "Test and Measurement"
        default: nil
        }
    }

    static func `protocol`(_ base: UInt8, _ subclass: UInt8, _ code: UInt8) -> String? {
        switch (base, subclass, code) {
        case (0x01, _, 0x20): "Version 2"
        case (0x01, _, 0x30): "Version 3"
        case (0x02, 0x02, 0x01): "V.25ter"
        case (0x0A, 0x00, 0x01): "Network Transfer Blocks"
        case (0x0A, 0x00, 0x02): "Mobile Broadband"
        case (0x03, 0x01, 0x01): "Keyboard"
        case (0x03, 0x01, 0x02): "Mouse"
        case (0x06, 0x01, 0x01): "Picture Transfer"
        case (0x07, 0x01, 0x01): "Unidirectional"
        case (0x07, 0x01, 0x02): "Bidirectional"
        case (0x07, 0x01, 0x03): "IEEE 1284.4"
        case (0x07, 0x01, 0x04): "Internet Printing"
        case (0x08, _, 0x00): "Control/Bulk/Interrupt"
        case (0x08, _, 0x01): "Control/Bulk"
        case (0x08, _, 0x50): "Bulk-Only"
        case (0x08, _, 0x62): "USB Attached SCSI"
        case (0x09, 0x00, 0x00): "Full Speed"
        case (0x09, 0x00, 0x01): "Single Translator"
        case (0x09, 0x00, 0x02): "Multiple Translators"
        case (0x09, 0x00, 0x03): "SuperSpeed"
        case (0x0E, _, 0x01): "Version 1.5"
        case (0xE0, 0x01, 0x01): "Bluetooth"
        case (0xE0, 0x01, 0x03): "RNDIS"
        case (0xE0, 0x01, 0x04): "Bluetooth AMP"
        case (0xEF, 0x02, 0x01): "Interface Association"
        case (0xFE, 0x01, 0x01): "Runtime"
        case (0xFE, 0x01, 0x02): "DFU Mode"
        case (0xFE, 0x03, 0x01): "USB488"
        default: nil
        }
    }
}
