// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Sends bytes to Gadget Zero's loopback configuration and checks that the same bytes come back.
//
//     swift run BulkEcho [ADDRESS]

import USB

let address = CommandLine.arguments.dropFirst().first ?? "virtual:zero?clock=free"
let host = try HostAddress(parsing: address).open()
let device = try host.controller.open(vendorID: 0x0525, productID: 0xA4A0)

// Configuration 2 echoes. No interface may be claimed while the configuration changes.
try await device.selectConfiguration(2)
let interface = try device.claim(0)
let out = try interface.outPipe(0x01, Bulk.self)
let input = try interface.inPipe(0x81, Bulk.self)

// 100,000 bytes are no whole number of packets: the last one is short, and ends the read.
let packet = input.endpoint.maximumPacketSize
let sent = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
let room = (sent.count / packet + 1) * packet

// The device keeps a few packets only, so that it must be read while it is written to. Both tasks run on the bus's
// executor: that is fast, and the clock of a bus in memory then waits for them before it jumps ahead.
let (count, received) = try await host.controller.run {
    async let written = out.write(sent, timeout: .seconds(10))
    let received = try await input.read(upTo: room, timeout: .seconds(10))
    return (try await written, received)
}

guard count == sent.count, received == sent else {
    fatalError("sent \(sent.count) bytes, \(count) were taken, and \(received.count) others came back")
}
print("\(received.count) bytes came back as they were sent")

// A device with nothing to say answers NAK for ever. A timeout ends that, and says what had moved.
do {
    _ = try await input.read(upTo: packet, timeout: .milliseconds(5))
    fatalError("there was more to read than was written")
} catch {
    guard error.kind == .timedOut, error.byteCount == 0 else { throw error }
    print("then nothing: \(error)")
}
