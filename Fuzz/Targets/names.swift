// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

@testable import usbpipe

/// Lists of names (`usb.ids`): four bytes to look up, then the list.
func fuzz(_ input: [UInt8]) {
    var input = InputBytes(input)
    let (first, second) = (input.word(), input.word())
    let names = USBNames(input.remainder())
    // The input rarely has the number that it asks for, so that a few likely ones are tried too.
    for vendor in [first, 0, 0x0525, 0x1D6B] {
        check(names.vendor(vendor))
        for product in [second, 0, 2, 0xA4A0] { check(names.product(vendor: vendor, product: product)) }
    }
    for code in [UInt8(truncatingIfNeeded: first), 0x00, 0x01, 0x03, 0x08] {
        check(names.deviceClass(code))
        for subclass in [UInt8(truncatingIfNeeded: second), 0x01, 0x02, 0x06] {
            check(names.subclass(subclass, of: code))
            for number in [UInt8(truncatingIfNeeded: second >> 8), 0x01, 0x50] {
                check(names.protocol(number, of: subclass, of: code))
            }
        }
    }
}

/// Nothing that moves a terminal's cursor.
private func check(_ name: String?) {
    guard let name else { return }
    for scalar in name.unicodeScalars {
        require(scalar.properties.generalCategory != .control, "a name has a control character")
    }
}
