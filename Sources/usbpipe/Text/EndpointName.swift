// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How a user names an endpoint: `0x81`, `129`, `1in` or `in1`; all four are the same one.
struct EndpointName: Equatable, Sendable {
    /// The address as descriptors have it: bit 7 is the direction, 1 for IN; bits 3 to 0 are the number, 1 to 15
    /// (USB 2.0, table 9-13).
    let address: UInt8

    /// Whether data comes from the device.
    var isIn: Bool { address & 0x80 != 0 }

    /// Reads a name.
    init(parsing text: String) throws(ArgumentError) {
        let folded = text.lowercased()
        for (word, direction) in [("in", UInt64(0x80)), ("out", 0)] {
            let digits: Substring
            if folded.hasSuffix(word) {
                digits = folded.dropLast(word.count)
            } else if folded.hasPrefix(word) {
                digits = folded.dropFirst(word.count)
            } else {
                continue
            }
            guard let number = Quantities.unsigned(digits), number < 16 else { throw Self.unreadable }
            self.address = try Self.checked(number | direction)
            return
        }
        guard let number = Quantities.unsigned(folded) else {
            // "8f" has no 0x, but letters that only a hexadecimal number has.
            if let hexadecimal = UInt64(folded, radix: 16), (try? Self.checked(hexadecimal)) != nil {
                throw ArgumentError(description: "write hexadecimal numbers with 0x, as in 0x\(folded)")
            }
            throw Self.unreadable
        }
        do {
            self.address = try Self.checked(number)
        } catch {
            // "81" is decimal; most who type it mean 0x81.
            if let hexadecimal = UInt64(folded, radix: 16), (try? Self.checked(hexadecimal)) != nil {
                throw ArgumentError(description: "write hexadecimal numbers with 0x, as in 0x\(folded)")
            }
            throw error
        }
    }

    private static let unreadable = ArgumentError(description: "name an endpoint as in 0x81, 1in or 2out")

    private static func checked(_ number: UInt64) throws(ArgumentError) -> UInt8 {
        guard number & ~0x8F == 0 else {
            throw ArgumentError(description: "endpoint addresses are 0x01 to 0x0f and 0x81 to 0x8f")
        }
        guard number & 0x0F != 0 else {
            throw ArgumentError(description: "endpoint 0 is for control transfers only: see usbpipe control")
        }
        return UInt8(number)
    }
}

extension EndpointName: CustomStringConvertible {
    var description: String {
        "0x" + (address < 16 ? "0" : "") + String(address, radix: 16)
    }
}
