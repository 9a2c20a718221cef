// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification
import VirtualUSB

/// The devices alone, called in any order with any packets: for each call one byte that chooses it and what it needs.
func fuzz(_ input: [UInt8]) {
    var input = InputBytes(input)
    let chosen = input.byte()
    let devices: [any Peripheral] = [
        GadgetZero(options: .init(pattern: chosen & 1 == 0 ? .zeros : .modulo63)),
        GadgetZero(speed: .full, options: .init(pattern: .modulo63, loopbackFirst: true)),
        Speaker(keeping: chosen & 2 == 0 ? .everything : .first(bytes: 100)),
    ]
    let device = devices[Int(chosen >> 2) % devices.count]
    var microframe: Int64 = 0
    while !input.isEmpty {
        switch input.byte() % 8 {
        case 0: device.reset()
        case 1: device.configurationSelected(input.byte())
        case 2: device.alternateSettingSelected(input.byte(), interface: input.byte())
        case 3: answer(device, &input)
        case 4: receive(device, &input, microframe)
        case 5: transmit(device, &input, microframe)
        case 6: device.haltCleared(EndpointAddress(rawValue: input.byte()))
        default:
            // Forwards and backwards, far and near.
            microframe = Int64(truncatingIfNeeded: Int(input.word())) << Int64(input.byte() % 64)
            device.frameStarted(Frame(microframe >> 3))
        }
        _ = device.wantsFrames
    }
    if let speaker = device as? Speaker {
        require(speaker.heard.count == speaker.heardCount, "bytes are counted that are not there")
        require(speaker.sections.reduce(0) { $0 + $1.bytes.count } == speaker.heardCount, "sections leave bytes out")
        _ = speaker.packetSizes
        speaker.clear()
    } else if let zero = device as? GadgetZero {
        require((0...32).contains(zero.queuedPackets), "the queue is too long")
        zero.clearCounters()
    }
}

private func answer(_ device: any Peripheral, _ input: inout InputBytes) {
    guard let setup = SetupPacket(input.padded(SetupPacket.byteCount)) else { return }
    let reply: ControlReply
    if setup.direction == .out, setup.length > 0 {
        // The bus promises exactly the length of the setup packet; a bus of the user's own may not.
        let received = input.bytes(Int(setup.length % 5000))
        reply = device.control(setup, received: received.span)
    } else {
        reply = device.control(setup)
    }
    if case .data(let bytes) = reply { require(bytes.count <= 0xFFFF, "an answer is too long") }
}

private func receive(_ device: any Peripheral, _ input: inout InputBytes, _ microframe: Int64) {
    let endpoint = EndpointAddress(rawValue: input.byte())
    let bytes = input.bytes(Int(input.word() % 3100))
    _ = device.receive(bytes.span, at: endpoint, in: Microframe(microframe))
}

private func transmit(_ device: any Peripheral, _ input: inout InputBytes, _ microframe: Int64) {
    let endpoint = EndpointAddress(rawValue: input.byte())
    var buffer = [UInt8](repeating: 0, count: Int(input.word() % 3100))
    var span = buffer.mutableSpan
    if case .data(let count) = device.transmit(into: &span, at: endpoint, in: Microframe(microframe)) {
        require(count >= 0, "less than nothing was sent")
    }
}
