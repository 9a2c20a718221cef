// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// Behaviour 23: another alternate setting, and the bandwidth that it may not get.
@Suite("Alternate settings")
struct AlternateSettingTests {
    @Test(
        "Another setting hands everything back as cancelled and closes the old pipes for good",
        arguments: [false, true])
    func change(blocks: Bool) throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(isochronousBytes: 64))
            let device = try bus.open(attachment)
            let interface = try device.claim(1)
            try await interface.selectAlternateSetting(1)
            let out = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            let back = try interface.inPipe(TestDevice.isochronousIn, Isochronous.self)
            let ends = Log<TransferStatus>()
            let start = bus.frame().frame + 10
            for number in 0..<4 as Range<Int64> {
                try out.makePackets([64]).submit(.at(start + number)) { ends.add($0.outcome.status) }
                try back.makePackets([64]).submit(.at(start + number)) { ends.add($0.outcome.status) }
            }
            out.hold()
            try out.makePackets([64]).submit(.continuing) { ends.add($0.outcome.status) }
            try await bus.wait(until: (start + 1).firstMicroframe + 4)
            #expect(ends.elements == [.completed, .completed, .completed, .completed])
            // Even the same setting begins anew.
            if blocks {
                try blocking { try device.blocking.selectAlternateSetting(1, of: interface) }
            } else {
                try await interface.selectAlternateSetting(1)
            }
            try await bus.clock.sleep(for: .seconds(1))
            #expect(ends.elements.dropFirst(4).allSatisfy { $0 == .cancelled })
            #expect(ends.count == 9)
            #expect(failure { _ = try out.send(1, .asSoonAsPossible) }?.kind == .closed)
            let anew = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            let outcome = try await anew.send(1, .asSoonAsPossible).completion().outcome
            #expect(outcome.status == .completed)
            #expect(failure { _ = try out.send(1, .asSoonAsPossible) }?.kind == .closed, "the old one stays closed")
        }
    }

    @Test("A setting for which the bus has no time is refused as such, with the figures, and the old one stays")
    func noBandwidthAtTheSetting() throws {
        try VirtualBus.simulate { bus in
            let wide = endpoint(0x81, .isochronous, 1_024, transactions: 3)
            let attachment = try bus.attach(
                BandwidthDevice(
                    .high, alternates: [[], [wide], [wide, endpoint(0x82, .isochronous, 1_024, transactions: 3)]]))
            let interface = try bus.open(attachment).claim(0)
            try await interface.selectAlternateSetting(1)
            let old = try interface.inPipe(0x81, Isochronous.self)
            let error = await failure { try await interface.selectAlternateSetting(2) }
            #expect(error?.kind == .noBandwidth)
            #expect(error?.message.contains("us") == true)
            #expect(interface.alternateSetting.descriptor.alternateSetting == 1)
            #expect(failure { _ = try old.makeTransfer(capacity: 8).submit(.asSoonAsPossible) }?.kind == .closed)
            let anew = try interface.inPipe(0x81, Isochronous.self)
            let outcome = try await anew.makeTransfer(capacity: 3_072).submit(.asSoonAsPossible).completion().outcome
            #expect(outcome.byteCount == 3_072)
            #expect(attachment.withPeripheral { $0.settings } == [1])
        }
    }

    @Test("A controller that finds no time only at the first submit says the same")
    func noBandwidthAtSubmit() throws {
        try VirtualBus.simulate { bus in
            _ = try bus.attach(TestDevice(isochronousBytes: 64))
            let plan = FaultPlan([
                FaultRule(ControllerFault.refuse(.noBandwidth), .packet(0), endpoint: TestDevice.isochronousIn)
            ])
            let faults = FaultInjector(bus, plan: plan)
            let interface = try faults.open(try faults.devices()[0]).claim(1)
            try await interface.selectAlternateSetting(1)
            let pipe = try interface.inPipe(TestDevice.isochronousIn, Isochronous.self)
            #expect(await pipe.makeTransfer(capacity: 64).submitError(.asSoonAsPossible)?.kind == .noBandwidth)
            #expect(await pipe.makeTransfer(capacity: 64).submitError(.asSoonAsPossible) == nil)
        }
    }
}
