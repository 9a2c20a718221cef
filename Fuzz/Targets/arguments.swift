// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

@testable import usbpipe

/// Everything that is typed in a command line: the input is the text.
func fuzz(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    if let address = read({ try HostAddress(parsing: text) }) {
        require(read { try HostAddress(parsing: address.description) } == address, "\(address) is read otherwise")
    }
    if let name = read({ try DeviceName(parsing: text) }) {
        require(!name.description.isEmpty, "a device has no name")
        if case .path = name {
            require(read { try DeviceName(parsing: name.description) } == name, "\(name) is read otherwise")
            require(name.matches(vendor: 0, product: 0, serial: nil, path: text), "a path is not its own")
        }
        _ = name.matches(vendor: 0x0525, product: 0xA4A0, serial: text, path: "1-1")
    }
    if let name = read({ try EndpointName(parsing: text) }) {
        require(name.address & 0x0F != 0 && name.address & 0x70 == 0, "an endpoint cannot be")
        require(read { try EndpointName(parsing: name.description) } == name, "\(name) is read otherwise")
    }
    if let time = read({ try StartTime(parsing: text) }) {
        require(read { try StartTime(parsing: time.description) } == time, "\(time) is read otherwise")
    }
    if let count = read({ try Quantities.byteCount(text) }) {
        require(count >= 0, "a count is negative")
        _ = Readable.bytes(count)
    }
    if let limit = read({ try Quantities.timeLimit(text) }), let limit {
        require(limit >= .zero, "a time is negative")
        _ = (Readable.duration(limit), Readable.clock(limit))
    }
    if let bytes = read({ try HexDump.parse(text) }) {
        require(read { try HexDump.parse(HexDump.digits(bytes)) } == bytes, "bytes are read otherwise")
    }
    _ = HexDump.lines(input)
    require(text.printable.printable == text.printable, "a printable text is not printable")
}

/// The value, or nil after looking at the error's text.
private func read<Value>(_ body: () throws -> Value) -> Value? {
    do {
        return try body()
    } catch {
        require(!"\(error)".isEmpty, "an error has no text")
        return nil
    }
}
