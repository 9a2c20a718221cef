// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Two threads that run no tasks: one writes to Gadget Zero's loopback configuration, the other reads what comes back.
//
//     swift run BlockingThreads [ADDRESS]
//
// The clock is the wall's. A free-running one knows a thread from its first blocking call on, and would run into the
// reader's timeout if the writer came later.

import Dispatch
import Synchronization
import USB

let address = CommandLine.arguments.dropFirst().first ?? "virtual:zero"
let host = try HostAddress(parsing: address).open()
let device = try host.controller.open(vendorID: 0x0525, productID: 0xA4A0)
try device.blocking.selectConfiguration(2)
let interface = try device.claim(0)
let out = try interface.outPipe(0x01, Bulk.self)
let input = try interface.inPipe(0x81, Bulk.self)

/// Message number `index`; each has another length, and none fills its last packet.
func message(_ index: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(index), count: 700 + index)
}
let messageCount = 200

let failure = Mutex<USBError?>(nil)
let writer = DispatchGroup()
DispatchQueue(label: "writer").async(group: writer) {
    do throws(USBError) {
        for index in 0..<messageCount { try out.blocking.write(message(index).span, timeout: .seconds(10)) }
    } catch {
        failure.withLock { $0 = error }
    }
}

// The thread that waits delivers what arrives, for itself and for the other: neither is woken by a third.
var byteCount = 0
for index in 0..<messageCount {
    let received = try input.blocking.read(upTo: 1024, timeout: .seconds(10))
    guard received == message(index) else { fatalError("message \(index) came back with \(received.count) bytes") }
    byteCount += received.count
}
writer.wait()
if let error = failure.withLock({ $0 }) { fatalError("the writer failed: \(error)") }
print("\(messageCount) messages, \(byteCount) bytes, came back as they were sent")
