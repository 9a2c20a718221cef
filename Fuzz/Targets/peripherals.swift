// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification
import VirtualUSB

/// The devices alone, called in any order with any packets: for each call one byte that chooses it and what it needs.
func fuzz(_ input: [UInt8]) {
    var input = InputBytes(input)
    let chosen = input.byte()
    let device: any Peripheral =
        switch (chosen >> 2) % 6 {
        case 0: GadgetZero(options: .init(pattern: chosen & 1 == 0 ? .zeros : .modulo63))
        case 1: GadgetZero(speed: .full, options: .init(pattern: .modulo63, loopbackFirst: true))
        case 2: Speaker(keeping: chosen & 2 == 0 ? .everything : .first(bytes: 100))
        case 3: Microphone()
        case 4: Keyboard(typing: "Fuzz, 3 times!")
        default: damagedDisk(isWriteProtected: chosen & 1 != 0)
        }
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
    } else if let microphone = device as? Microphone {
        require(Microphone.sampleRates.contains(microphone.sampleRate), "a rate is set that is not offered")
    } else if let keyboard = device as? Keyboard {
        require((0...28).contains(keyboard.reportsWaiting), "reports came from nowhere")
    } else if let disk = device as? Disk, let store = disk.store as? MemoryBlockStore {
        require(store.bytes.count == 4 * Disk.blockSize, "the disk has another size")
        require(!disk.isWriteProtected || store.bytes.allSatisfy { $0 == 0 }, "a protected disk was written to")
        require(
            store.bytes[Disk.blockSize..<2 * Disk.blockSize].allSatisfy { $0 == 0 }, "a damaged block was written to")
    }
}

/// Four blocks, of which one cannot be used.
private func damagedDisk(isWriteProtected: Bool) -> Disk {
    let disk = Disk(store: MemoryBlockStore(blockCount: 4), isWriteProtected: isWriteProtected)
    disk.damagedBlocks = [1]
    return disk
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
        // More than there is room for is a babble, of which nothing has been written.
        require(count <= buffer.count || buffer.allSatisfy { $0 == 0 }, "too much was written")
    }
}
