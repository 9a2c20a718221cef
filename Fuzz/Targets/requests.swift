// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// Control requests to the devices on a bus in memory, whatever they ask: for each, one byte that chooses the device,
/// eight of setup packet, and the data.
func fuzz(_ input: [UInt8]) {
    do {
        try VirtualBus.simulate { bus in
            let zero = try bus.attach(GadgetZero())
            let loopback = try bus.attach(GadgetZero(speed: .full, options: .init(loopbackFirst: true)))
            let speaker = try bus.attach(Speaker())
            let microphone = try bus.attach(Microphone())
            let keyboard = try bus.attach(Keyboard(typing: "Fuzz"))
            let disk = try bus.attach(Disk(store: MemoryBlockStore(blockCount: 4)))
            let devices = try bus.devices().map { try bus.open($0) }
            var input = InputBytes(input)
            while !input.isEmpty {
                let device = devices[Int(input.byte()) % devices.count]
                guard let setup = SetupPacket(input.padded(SetupPacket.byteCount)) else { break }
                await send(setup, to: device, &input)
            }
            // Each is still there, and answers.
            for device in devices {
                let answer = try await device.read(.getDescriptor(type: .device, length: 18))
                require((try? DeviceDescriptor(answer)) == device.description.descriptor, "a device has changed")
            }
            _ = (zero.isAttached, loopback.isAttached, speaker.isAttached)
            _ = (microphone.isAttached, keyboard.isAttached, disk.isAttached)
        }
    } catch {
        require(false, "the bus failed: \(error)")
    }
}

private func send(_ setup: SetupPacket, to device: Device, _ input: inout InputBytes) async {
    do throws(USBError) {
        if setup.direction == .in {
            let answer = try await device.read(setup)
            require(answer.count <= Int(setup.length), "more came than was asked for")
        } else if setup.length == 0 {
            try await device.control(setup)
        } else {
            // Large ones are cut to what the devices tell apart, so that the fuzzer does not spend its time on filling.
            var setup = setup
            setup.length = setup.length % 5000
            let data = input.padded(Int(setup.length))
            require(try await device.control(setup, sending: data.span) <= data.count, "more went than there was")
        }
    } catch {
        require(!error.description.isEmpty, "an error has no text")
    }
}
