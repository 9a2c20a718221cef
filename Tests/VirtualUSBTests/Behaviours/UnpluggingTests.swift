// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 24: a device goes, and devices come.
@Suite("Unplugging and plugging in")
struct UnpluggingTests {
    @Test("Every outstanding request completes once with device gone, and later calls fail at once")
    func outstanding() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(isochronousBytes: 64))
            let device = try bus.open(attachment)
            let (data, streaming) = (try device.claim(0), try device.claim(1))
            try await streaming.selectAlternateSetting(1)
            attachment.withPeripheral {
                $0.packets[TestDevice.bulkIn] = [[UInt8](repeating: 1, count: 512)]
                $0.handshakes[TestDevice.bulkOut] = .nak
                $0.controlReply = .nak
            }
            let bulk = try data.inPipe(TestDevice.bulkIn, Bulk.self)
            let out = try data.outPipe(TestDevice.bulkOut, Bulk.self)
            let interrupt = try data.inPipe(TestDevice.interruptIn, Interrupt.self)
            let stream = try streaming.outPipe(TestDevice.isochronousOut, Isochronous.self)
            let ends = Log<(name: String, outcome: TransferOutcome)>()
            for number in 0..<3 {
                try bulk.makeTransfer(capacity: 1_024).submit { ends.add(("bulk \(number)", $0.outcome)) }
                try out.makeTransfer(capacity: 10).submit { ends.add(("out \(number)", $0.outcome)) }
                try interrupt.makeTransfer(capacity: 64).submit { ends.add(("interrupt \(number)", $0.outcome)) }
                try stream.makePackets([64, 64]).submit(.at(bus.frame().frame + 10 + Int64(number))) {
                    ends.add(("stream \(number)", $0.outcome))
                }
            }
            out.hold()
            try out.makeTransfer(capacity: 10).submit { ends.add(("held", $0.outcome)) }
            let vendor = SetupPacket(
                requestType: RequestType(direction: .in, kind: .vendor, recipient: .device), request: 1, value: 0,
                index: 0, length: 4)
            async let control = failure { _ = try await device.read(vendor) }
            try await bus.clock.sleep(for: .milliseconds(2))
            #expect(ends.elements.isEmpty)
            attachment.unplug()
            attachment.unplug()
            #expect(await control?.kind == .deviceGone)
            try await bus.clock.sleep(for: .seconds(10))
            #expect(ends.count == 13)
            #expect(Set(ends.elements.map(\.name)).count == 13, "each once")
            #expect(ends.elements.allSatisfy { $0.outcome.status == .deviceGone })
            // What had come before is not lost.
            #expect(ends.elements.filter { $0.outcome.byteCount > 0 }.map(\.name) == ["bulk 0"])
            let begin = bus.clock.presentInstant
            #expect(await failure { _ = try await bulk.read(upTo: 8) }?.kind == .deviceGone)
            #expect(await failure { try await out.write([1]) }?.kind == .deviceGone)
            #expect(failure { _ = try stream.send(1, .asSoonAsPossible) }?.kind == .deviceGone)
            #expect(await failure { _ = try await device.read(vendor) }?.kind == .deviceGone)
            #expect(await failure { try await bulk.clearHalt() }?.kind == .deviceGone)
            #expect(await failure { try await streaming.selectAlternateSetting(0) }?.kind == .deviceGone)
            #expect(failure { _ = try device.claim(0) }?.kind == .deviceGone)
            #expect(bus.clock.presentInstant == begin)
            #expect(device.isDetached)
        }
    }

    @Test("Bursts of errors just before a device goes are reported one by one, and nothing hangs")
    func errorBurst() throws {
        try VirtualBus.simulate { bus in
            _ = try bus.attach(GadgetZero())
            let plan = FaultPlan([
                FaultRule(ControllerFault.complete(.failed(.transaction)), .packet(5), endpoint: 0x81, limit: 6),
                FaultRule(.unplug, .packet(12), endpoint: 0x81),
            ])
            let faults = FaultInjector(bus, plan: plan)
            let device = try faults.open(try faults.devices()[0])
            let pipe = try device.claim(0).inPipe(0x81, Bulk.self)
            var seen: [TransferStatus] = []
            var transfer = pipe.makeTransfer(capacity: 512)
            while seen.last != .deviceGone, seen.count < 100 {
                let done = try await transfer.submit(deliveringRefusal: true).completion()
                seen.append(done.outcome.status)
                transfer = done.transfer
            }
            let errors = [TransferStatus](repeating: .failed(.bus(.transaction)), count: 6)
            #expect(seen.prefix(5) == [.completed, .completed, .completed, .completed, .completed])
            #expect(seen.dropFirst(5).prefix(6) == errors[...])
            #expect(seen.last == .deviceGone)
            #expect(seen.count < 20)
            #expect(device.isDetached)
            await #expect(throws: USBError.self) { _ = try await pipe.read(upTo: 1) }
        }
    }

    @Test("Whoever subscribes first and lists second sees each device once, and each removal once")
    func events() throws {
        try VirtualBus.simulate { bus in
            let early = try bus.attach(GadgetZero())
            let events = bus.events.stream()
            // Comes between subscribing and listing, and so shows in both, as the same device.
            let between = try bus.attach(Keyboard())
            var known = Set(try bus.devices().map(\.id))
            #expect(known == [early.id, between.id])
            let late = try bus.attach(TestDevice())
            let goers = [late.id, early.id]
            late.unplug()
            late.unplug()
            early.unplug()
            try early.replug()
            var (arrivals, removals): ([DeviceID], [DeviceID]) = ([], [])
            for await event in events {
                switch event {
                case .arrived(let description):
                    if known.insert(description.id).inserted { arrivals.append(description.id) }
                    #expect(throws: Never.self) {
                        if description.id == early.id { _ = try bus.open(description) }
                    }
                case .left(let id): removals.append(id)
                }
                if arrivals.last == early.id { break }
            }
            #expect(arrivals == [goers[0], early.id])
            #expect(removals == goers)
            #expect(Set(try bus.devices().map(\.id)) == [early.id, between.id])
        }
    }
}
