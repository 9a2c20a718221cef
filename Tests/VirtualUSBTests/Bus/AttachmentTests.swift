// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite struct AttachmentTests {
    @Test func pathsFollowTheOrderOfAttachment() throws {
        let bus = VirtualBus(flow: .manual)
        let first = try bus.attach(TestDevice(speed: .high))
        let second = try bus.attach(TestDevice(speed: .full))
        let third = try bus.attach(TestDevice(speed: .high), path: "2-7")
        let fourth = try bus.attach(TestDevice(speed: .high))
        #expect([first.path, second.path, third.path, fourth.path] == ["2-1", "1-1", "2-7", "2-2"])
        let devices = try bus.devices()
        #expect(devices.map(\.path) == ["1-1", "2-1", "2-2", "2-7"])
        #expect(Set(devices.map(\.id)).count == 4)
        #expect(devices.allSatisfy { $0.activeConfiguration == 1 })
        #expect(throws: USBError.self) { _ = try bus.attach(TestDevice(), path: "2-7") }
        first.unplug()
        #expect(try bus.attach(TestDevice()).path == "2-1")
    }

    @Test func aBusHas127Addresses() throws {
        let bus = VirtualBus(flow: .manual)
        for _ in 0..<127 { _ = try bus.attach(TestDevice()) }
        #expect(throws: USBError.self) { _ = try bus.attach(TestDevice()) }
        // The other bus has addresses of its own.
        #expect(try bus.attach(TestDevice(speed: .full)).path == "1-1")
        #expect(try bus.attach(TestDevice(speed: .low)).path == "1-2")
        #expect(try bus.attach(TestDevice(speed: .superSpeed)).path == "3-1")
        #expect(try bus.attach(TestDevice(speed: .superSpeedPlus)).path == "3-2")
        #expect(try bus.devices().suffix(2).map(\.path) == ["3-1", "3-2"])
    }

    @Test func interfacesAreClaimedOnce() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let (one, two) = (try bus.open(attachment), try bus.open(attachment))
            let interface = try one.claim(0)
            do {
                _ = try two.claim(0)
                Issue.record("claimed twice")
            } catch let error as USBError {
                #expect(error.kind == .busy)
            }
            #expect(try two.claim(1).number == 1)
            #expect(throws: USBError.self) { _ = try one.claim(9) }
            await interface.release()
            #expect(try two.claim(0).number == 0)
        }
    }

    /// Whoever claims an interface takes it to be at setting 0, and its endpoints to be those of that setting.
    @Test(arguments: [false, true]) func anInterfaceThatIsGivenBackGoesBackToSetting0(byClosing: Bool) throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(GadgetZero())
            do {
                let device = try bus.open(attachment)
                let interface = try device.claim(0)
                try await interface.selectAlternateSetting(2)
                if !byClosing { await interface.release() }
                withExtendedLifetime(device) {}
            }
            let interface = try bus.open(attachment).claim(0)
            #expect(interface.alternateSetting.descriptor.alternateSetting == 0)
            let pipe = try interface.inPipe(0x81, Bulk.self)
            #expect(try await pipe.read(upTo: 64).count == 64)
        }
    }

    @Test func closingADeviceGivesItsInterfacesBack() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            do {
                let device = try bus.open(attachment)
                let interface = try device.claim(0)
                #expect(interface.number == 0)
            }
            #expect(try bus.open(attachment).claim(0).number == 0)
        }
    }

    @Test func pipesEndWithTheirAlternateSetting() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice())
            let interface = try bus.open(attachment).claim(1)
            #expect(throws: USBError.self) { _ = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self) }
            try await interface.selectAlternateSetting(1)
            let pipe = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 8)
            try transfer.setPackets([8])
            let inFlight = try transfer.submit(.at(bus.frame().microframe + 800))
            try await interface.selectAlternateSetting(0)
            #expect(await inFlight.completion().outcome.status == .cancelled)
            var other = pipe.makeTransfer(capacity: 8)
            try other.setPackets([8])
            do throws(USBError) {
                _ = try other.submit(.asSoonAsPossible)
                Issue.record("accepted")
            } catch {
                #expect(error.kind == .closed)
            }
        }
    }

    @Test func unpluggingEndsEverything() throws {
        try VirtualBus.simulate { bus in
            let events = bus.events.stream()
            let attachment = try bus.attach(TestDevice())
            let first = attachment.id
            let device = try bus.open(attachment)
            attachment.withPeripheral {
                $0.packets[TestDevice.bulkIn] = [[UInt8](repeating: 0, count: 512)]
            }
            let interface = try device.claim(0)
            let reading = try interface.inPipe(TestDevice.bulkIn, Bulk.self).makeTransfer(capacity: 1024).submit()
            attachment.withPeripheral { $0.handshakes[TestDevice.bulkOut] = .nak }
            let writing = try interface.outPipe(TestDevice.bulkOut, Bulk.self).makeTransfer(capacity: 8).submit()
            try await bus.clock.sleep(for: .milliseconds(1))
            attachment.unplug()
            let read = await reading.completion()
            #expect(read.outcome.status == .deviceGone)
            #expect(read.outcome.byteCount == 512)
            #expect(await writing.completion().outcome.status == .deviceGone)
            #expect(device.isDetached)
            #expect(!attachment.isAttached)
            #expect(try bus.devices().isEmpty)
            await #expect(throws: USBError.self) { _ = try await device.read(.getConfiguration()) }
            attachment.unplug()

            try attachment.replug()
            try attachment.replug()
            #expect(attachment.id != first)
            #expect(attachment.path == "2-1")
            #expect(device.isDetached)
            #expect(try await bus.open(attachment).read(.getConfiguration()) == [1])

            var seen: [String] = []
            for await event in events {
                switch event {
                case .arrived(let description): seen.append("arrived \(description.id)")
                case .left(let id): seen.append("left \(id)")
                }
                if seen.count == 3 { break }
            }
            #expect(seen == ["arrived \(first)", "left \(first)", "arrived \(attachment.id)"])
        }
    }

    @Test func aDeviceThatIsGoneCannotBeOpened() throws {
        let bus = VirtualBus(flow: .manual)
        let attachment = try bus.attach(TestDevice())
        let description = try #require(try bus.devices().first)
        attachment.unplug()
        #expect(throws: USBError.self) { _ = try bus.open(description) }
        _ = try bus.attach(TestDevice())
        try #require(throws: USBError.self) { try attachment.replug() }
    }
}
