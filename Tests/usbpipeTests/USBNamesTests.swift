// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing

@testable import usbpipe

@Suite struct USBNamesTests {
    private static let list = """
        # A comment
        0525  Netchip Technology, Inc.
        \t1080  NET1080 USB-USB Bridge
        \ta4a0  Linux-USB "Gadget Zero"
        \t\t00  An interface
        # between products

        \ta4a1  Linux-USB Ethernet Gadget
        0BDA  In capitals
        \tABCD  So is this
        0525  A second entry
        \tffff  Of the second entry
        C 01  Audio
        \t01  Control Device
        \t02  Streaming
        \t\t20  A protocol
        \t03  MIDI Streaming
        C ff  Vendor Specific Class
        AT 0100  USB Undefined
        HID 21  HID
        abcd
        abc  too short
        12345  too long
        """

    private let names = USBNames(Array(list.utf8))

    @Test("Vendors and their products are found") func products() {
        #expect(names.vendor(0x0525) == "Netchip Technology, Inc.")
        #expect(names.product(vendor: 0x0525, product: 0x1080) == "NET1080 USB-USB Bridge")
        #expect(names.product(vendor: 0x0525, product: 0xA4A0) == "Linux-USB \"Gadget Zero\"")
        #expect(names.product(vendor: 0x0525, product: 0xA4A1) == "Linux-USB Ethernet Gadget")
        #expect(names.vendor(0x0BDA) == "In capitals")
        #expect(names.product(vendor: 0x0BDA, product: 0xABCD) == "So is this")
    }

    @Test("What is not in the list has no name") func unknown() {
        #expect(names.vendor(0x1234) == nil)
        #expect(names.vendor(0xABCD) == nil)
        #expect(names.product(vendor: 0x0525, product: 0xABCD) == nil)
        #expect(names.product(vendor: 0x0525, product: 0xFFFF) == nil)
        #expect(names.product(vendor: 0x0525, product: 0x0000) == nil)
        #expect(names.product(vendor: 0x1234, product: 0x1080) == nil)
        #expect(names.deviceClass(0x21) == nil)
    }

    @Test("Classes, subclasses and protocols are found") func classes() {
        #expect(names.deviceClass(0x01) == "Audio")
        #expect(names.deviceClass(0xFF) == "Vendor Specific Class")
        #expect(names.subclass(0x02, of: 0x01) == "Streaming")
        #expect(names.subclass(0x02, of: 0xFF) == nil)
        #expect(names.protocol(0x20, of: 0x02, of: 0x01) == "A protocol")
        #expect(names.protocol(0x20, of: 0x01, of: 0x01) == nil)
        #expect(names.protocol(0x20, of: 0x03, of: 0x01) == nil)
    }

    @Test("Names in UTF-8 and in Latin-1 are both read, and control characters made harmless") func encodings() {
        let utf8 = USBNames(Array("0001  Dvořák ®\r\n".utf8))
        #expect(utf8.vendor(1) == "Dvořák ®")
        let latin1 = USBNames(Array("0001  Citro".utf8) + [0xEB, 0x6E, 0x20, 0x20, 0x0A])
        #expect(latin1.vendor(1) == "Citroën")
        let hostile = USBNames(Array("0001  \u{1B}[2Jgone".utf8))
        #expect(hostile.vendor(1) == "\u{FFFD}[2Jgone")
    }

    @Test("Any bytes whatever are a list") func anyBytes() {
        var numbers = SeededNumbers(seed: 7)
        let good = Array(Self.list.utf8)
        for _ in 0..<sparing(500) {
            var bytes = good
            for _ in 0..<20 {
                bytes[Int.random(in: 0..<bytes.count, using: &numbers)] =
                    [9, 10, 13, 32, 0x30, 0x43, 0xFF].randomElement(using: &numbers) ?? 0
            }
            let names = USBNames(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &numbers))))
            for vendor: UInt16 in [0, 0x0525, 0x0BDA] {
                if names.vendor(vendor) == nil {
                    #expect(names.product(vendor: vendor, product: 0x1080) == nil)
                }
            }
            for code: UInt8 in 0...255 where names.deviceClass(code) == nil {
                #expect(names.subclass(1, of: code) == nil)
            }
        }
    }

    @Test("The first file that can be read counts; without any there are no names") func files() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/usb.ids"
            try DataFile.create(path).write("0001  From the file\n")
            #expect(USBNames(firstOf: [directory + "/none", path]).vendor(1) == "From the file")
            #expect(USBNames(firstOf: [directory + "/none"]).vendor(1) == nil)
        }
    }

    @Test("The system's list, where one is installed, knows the well-known") func systemList() {
        guard USBNames.system.vendor(0x1D6B) != nil else { return }
        #expect(USBNames.system.vendor(0x1D6B) == "Linux Foundation")
        #expect(USBNames.system.product(vendor: 0x1D6B, product: 0x0002) == "2.0 root hub")
        #expect(USBNames.system.deviceClass(0x01) == "Audio")
        #expect(USBNames.system.subclass(0x06, of: 0x08) == "SCSI")
        #expect(USBNames.system.protocol(0x50, of: 0x06, of: 0x08) == "Bulk-Only")
    }
}
