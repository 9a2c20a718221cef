// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification

/// Plays the plan with the Swift API.
func playInSwift(_ stage: borrowing Stage) throws -> Report {
    let plan = stage.plan
    let device = try stage.bus.open(try #require(stage.bus.devices().first))
    let interface = try device.claim(0)
    try device.blocking.selectAlternateSetting(1, of: interface)
    let out = try interface.outPipe(EndpointAddress(rawValue: StreamingDevice.out), Isochronous.self)
    let `in` = try interface.inPipe(EndpointAddress(rawValue: StreamingDevice.in), Isochronous.self)
    try stage.approach()

    let sent = Log<Int>()
    let came = Log<[[UInt8]?]>()
    for index in plan.out.indices {
        let written = plan.out[index]
        var write = out.makeTransfer(capacity: written.byteCount)
        try write.setPackets(written.sizes)
        let bytes = plan.bytes(of: index)
        write.withMutableBytes { memory in
            for place in memory.indices { memory[place] = bytes[place] }
        }
        try write.submit(.at(Frame(Int64(written.frame)).firstMicroframe)) { done in
            sent.append(done.outcome.byteCount)
        }

        let asked = plan.in[index]
        var read = `in`.makeTransfer(capacity: asked.byteCount)
        try read.setPackets(asked.sizes)
        try read.submit(.at(Frame(Int64(asked.frame)).firstMicroframe)) { done in
            came.append(
                (0..<done.transfer.packetCount).map { place in
                    guard done.transfer.packet(place).status == .completed else { return nil }
                    return done.transfer.withPacket(place) { bytes in bytes.indices.map { bytes[$0] } }
                })
        }
    }
    stage.run()
    return Report(sent: sent.elements, came: came.elements)
}
