// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Writes to Gadget Zero's control buffer by one vendor request, reads it back by another, and looks at refusals.
//
//     swift run ControlRequest [ADDRESS]

import USB

let address = CommandLine.arguments.dropFirst().first ?? "virtual:zero?clock=free"
let host = try HostAddress(parsing: address).open()
let device = try host.controller.open(vendorID: 0x0525, productID: 0xA4A0)

/// A request that the maker of the device has defined, to the whole device.
func vendorRequest(_ direction: Direction, _ request: UInt8, length: Int) -> SetupPacket {
    SetupPacket(
        requestType: RequestType(direction: direction, kind: .vendor, recipient: .device), request: request, value: 0,
        index: 0, length: UInt16(length))
}

let text = "as the device heard it".utf8.map { $0 }
_ = try await device.control(vendorRequest(.out, 0x5B, length: text.count), sending: text.span)
let answer = try await device.read(vendorRequest(.in, 0x5C, length: text.count))
guard answer == text else { fatalError("the device gave back \(answer)") }
print(String(decoding: answer, as: UTF8.self))

// Standard requests are values too, and print themselves.
let request = SetupPacket.getStatus(of: .device)
let status = try await device.read(request)
guard status.count == 2 else { fatalError("\(request): \(status)") }
print("\(request): \(status[0] & 1 == 0 ? "powered by the bus" : "powered by itself")")

// A request that the device does not know ends with STALL. The control pipe works on.
do {
    try await device.control(vendorRequest(.out, 0x7F, length: 0))
    fatalError("the device knows a request that does not exist")
} catch {
    guard error.kind == .stalled else { throw error }
    print("request 0x7f: \(error)")
}

// What would change the host's own view of the device is refused before it is sent.
do {
    try await device.control(.setConfiguration(1))
    fatalError("SET_CONFIGURATION was sent behind the host's back")
} catch {
    guard error.kind == .invalidArgument else { throw error }
    print("SET_CONFIGURATION: \(error)")
}
