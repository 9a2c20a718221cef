// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Writes a number as "0x" and as many hexadecimal digits as its type has, as data sheets do.
func hexadecimal(_ value: some FixedWidthInteger & UnsignedInteger) -> String { "0x" + hexadecimalDigits(value) }

/// Writes a number as hexadecimal digits alone, padded with zeros to the width of its type.
func hexadecimalDigits<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: Value.bitWidth / 4 - digits.utf8.count) + digits
}
