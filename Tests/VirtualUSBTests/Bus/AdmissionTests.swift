// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// What periodic endpoints may take of a bus, and what happens when they want more.
@Suite("Admission of periodic endpoints") struct AdmissionTests {
    /// Attaches and opens devices with these endpoints in alternate setting 1.
    private static func interfaces(
        _ bus: VirtualBus, _ speed: Speed, _ devices: [[EndpointLayout]]
    ) throws -> [Interface] {
        try devices.map { try bus.open(try bus.attach(BandwidthDevice(speed, $0))).claim(0) }
    }

    /// The error of selecting a setting; nil when it was selected.
    private static func refusal(_ alternate: UInt8 = 1, of interface: Interface) async -> USBError? {
        do throws(USBError) {
            try await interface.selectAlternateSetting(alternate)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "Equal streams fit so many times, and the next is refused with the figures",
        arguments: [
            (.full, endpoint(0x01, .isochronous, 192), 5, "158 us of every frame, 113 of 900 us are left"),
            (.full, endpoint(0x81, .isochronous, 1_023), 1, "807 us of every frame, 93 of 900 us are left"),
            (.low, endpoint(0x81, .interrupt, 8), 7, "118 us of every frame, 74 of 900 us are left"),
            (
                .high, endpoint(0x81, .isochronous, 1_024, transactions: 3), 1,
                "61 us of every microframe, 39 of 100 us are left"
            ),
            (.high, endpoint(0x01, .isochronous, 1_024), 4, "21 us of every microframe, 17 of 100 us are left"),
            (
                .high, endpoint(0x81, .isochronous, 1_024, interval: 4), 32,
                "21 us of every 8th microframe, 17 of 100 us are left"
            ),
            (
                .superSpeed, endpoint(0x81, .isochronous, 1_024, bursts: (16, 3)), 1,
                "112 us of every microframe, 0 of 112.5 us are left"
            ),
            (
                .superSpeed, endpoint(0x01, .isochronous, 1_024, bursts: (16, 1)), 2,
                "38 us of every microframe, 36 of 112.5 us are left"
            ),
        ] as [(Speed, EndpointLayout, Int, String)])
    func equalStreams(speed: Speed, layout: EndpointLayout, count: Int, figures: String) throws {
        try VirtualBus.simulate { bus in
            let all = try Self.interfaces(bus, speed, [[EndpointLayout]](repeating: [layout], count: count + 1))
            for interface in all.dropLast() { #expect(await Self.refusal(of: interface) == nil) }
            let last = try #require(all.last)
            let refusal = try #require(await Self.refusal(of: last))
            #expect(refusal.kind == .noBandwidth)
            #expect(refusal.description == "no bandwidth: alternate setting 1 needs \(figures)")
            #expect(last.alternateSetting.descriptor.alternateSetting == 0)
            #expect(try await last.device.read(.getInterface(0)) == [0])
            // What one gives back another can have.
            try await all[0].selectAlternateSetting(0)
            #expect(await Self.refusal(of: last) == nil)
            #expect(await Self.refusal(of: all[0])?.kind == .noBandwidth)
        }
    }

    @Test("Two capture cards") func captureCards() throws {
        try VirtualBus.simulate { bus in
            let cards = try Self.interfaces(
                bus, .high,
                [
                    [endpoint(0x81, .isochronous, 896, transactions: 3)],
                    [endpoint(0x81, .isochronous, 964, transactions: 3)],
                ])
            #expect(await Self.refusal(of: cards[0]) == nil)
            let refusal = await Self.refusal(of: cards[1])
            #expect(refusal?.message == "alternate setting 1 needs 57 us of every microframe, 47 of 100 us are left")
        }
    }

    @Test("Low and full speed share a bus; high speed has its own") func sharing() throws {
        try VirtualBus.simulate { bus in
            let full = try Self.interfaces(bus, .full, [[endpoint(0x81, .isochronous, 1_023)]])
            let low = try Self.interfaces(bus, .low, [[endpoint(0x81, .interrupt, 8)]])
            let high = try Self.interfaces(bus, .high, [[endpoint(0x81, .isochronous, 1_024, transactions: 3)]])
            #expect(await Self.refusal(of: low[0]) == nil)
            #expect(await Self.refusal(of: full[0])?.kind == .noBandwidth)
            #expect(await Self.refusal(of: high[0]) == nil)
        }
    }

    @Test("The endpoints of one setting are added up, and those of its predecessor are not") func settings() throws {
        try VirtualBus.simulate { bus in
            let stream = endpoint(0x81, .isochronous, 1_024, transactions: 3)
            let small = endpoint(0x02, .isochronous, 1_024)
            let third = endpoint(0x03, .isochronous, 1_024, transactions: 2)
            let attachment = try bus.attach(
                BandwidthDevice(.high, alternates: [[], [stream], [stream, small], [stream, third]]))
            let interface = try bus.open(attachment).claim(0)
            for alternate: UInt8 in [1, 2, 1] { #expect(await Self.refusal(alternate, of: interface) == nil) }
            let refusal = await Self.refusal(3, of: interface)
            #expect(refusal?.message == "alternate setting 3 needs 101 us of every microframe, 100 of 100 us are left")
            // The device was not asked.
            #expect(attachment.withPeripheral { $0.settings } == [1, 2, 1])
        }
    }

    @Test("A device whose first setting does not fit is left without configuration") func configuration() throws {
        try VirtualBus.simulate { bus in
            let stream = [endpoint(0x81, .isochronous, 1_023)]
            let first = try bus.attach(BandwidthDevice(.full, alternates: [stream]))
            let second = try bus.attach(BandwidthDevice(.full, alternates: [stream]))
            #expect(try bus.devices().map(\.activeConfiguration) == [1, 0])
            let device = try bus.open(second)
            do throws(USBError) {
                try await device.selectConfiguration(1)
                Issue.record("selected")
            } catch {
                #expect(error.kind == .noBandwidth)
                #expect(error.message == "configuration 1 needs 807 us of every frame, 93 of 900 us are left")
            }
            // A device that goes gives its time back.
            first.unplug()
            try await device.selectConfiguration(1)
            #expect(try bus.devices().map(\.activeConfiguration) == [1])
        }
    }

    @Test("Of two requests under way at the same time, the one that comes second is refused") func race() throws {
        try VirtualBus.simulate { bus in
            let all = try Self.interfaces(
                bus, .high,
                [[EndpointLayout]](repeating: [endpoint(0x81, .isochronous, 1_024, transactions: 3)], count: 2))
            async let one = Self.refusal(of: all[0])
            async let two = Self.refusal(of: all[1])
            let kinds = await [one?.kind, two?.kind]
            #expect(kinds.count { $0 == nil } == 1)
            #expect(kinds.count { $0 == .noBandwidth } == 1)
        }
    }

    @Test("Without admission everything is selected, and what finds no room is missed") func switchedOff() throws {
        try VirtualBus.simulate { bus in
            bus.setAdmission(false)
            let all = try Self.interfaces(
                bus, .high,
                [[EndpointLayout]](repeating: [endpoint(0x81, .isochronous, 1_024, transactions: 3)], count: 3))
            for interface in all { #expect(await Self.refusal(of: interface) == nil) }
            bus.setAdmission(true)
            let start = microframe(800)
            func submit(_ interface: Interface) throws -> InFlight<Isochronous> {
                var transfer = try interface.inPipe(0x81, Isochronous.self).makeTransfer(capacity: 3_072)
                try transfer.setPackets([3_072])
                return try transfer.submit(.at(start))
            }
            let first = try submit(all[0])
            let second = try submit(all[1])
            let third = try submit(all[2])
            let one = await first.completion()
            let two = await second.completion()
            let three = await third.completion()
            let moved = [one.outcome.byteCount, two.outcome.byteCount, three.outcome.byteCount]
            let statuses = [
                one.transfer.packet(0).status, two.transfer.packet(0).status, three.transfer.packet(0).status,
            ]
            #expect(moved == [3_072, 3_072, 0])
            #expect(statuses == [.completed, .completed, .missed])
            // What is selected stays; what is new is refused.
            #expect(await Self.refusal(0, of: all[0]) == nil)
            #expect(await Self.refusal(of: all[0])?.kind == .noBandwidth)
        }
    }

    @Test("Endpoints with long intervals are served in different microframes") func phases() throws {
        try VirtualBus.simulate { bus in
            let layouts = (1...8).map { endpoint(EndpointAddress(rawValue: 0x80 | $0), .interrupt, 1_024, interval: 4) }
            let interface = try Self.interfaces(bus, .high, [layouts])[0]
            try await interface.selectAlternateSetting(1)
            let counts = TransactionCounts(on: bus)
            let start = Microframe(bus.frame().microframe.count).roundedUp(toMultipleOf: 8) + 8
            try await withThrowingTaskGroup { group in
                for layout in layouts {
                    let pipe = try interface.inPipe(layout.descriptor.address, Interrupt.self)
                    group.addTask { _ = try await pipe.read(upTo: 4 * 1_024) }
                }
                try await group.waitForAll()
            }
            #expect((0..<16).map { counts[start + $0] } == [Int](repeating: 1, count: 16))
        }
    }

    @Test("SuperSpeed isochronous moves 48 packets of 1,024 bytes in every microframe") func superSpeedStream() throws {
        try VirtualBus.simulate { bus in
            let layout = endpoint(0x81, .isochronous, 1_024, bursts: (16, 3))
            let interface = try Self.interfaces(bus, .superSpeed, [[layout]])[0]
            try await interface.selectAlternateSetting(1)
            var transfer = try interface.inPipe(0x81, Isochronous.self).makeTransfer(capacity: 8 * 49_152)
            try transfer.setPackets([Int](repeating: 49_152, count: 8))
            let done = try await transfer.submit(.asSoonAsPossible).completion()
            #expect(done.outcome.byteCount == 8 * 49_152)
            #expect((0..<8).allSatisfy { done.transfer.packet($0).status == .completed })
        }
    }
}
