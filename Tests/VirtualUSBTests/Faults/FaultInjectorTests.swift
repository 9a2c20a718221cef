// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite struct FaultInjectorTests {
    /// A bus with a device that always has data, behind planned faults.
    private static func run(
        _ rules: [FaultRule<ControllerFault>],
        _ body: @Sendable @escaping (FaultInjector<VirtualBus>, Device, InPipe<Bulk>) async throws -> Void
    ) throws {
        try VirtualBus.simulate { bus in
            _ = try bus.attach(GadgetZero())
            let faults = FaultInjector(bus, plan: FaultPlan(rules))
            let device = try faults.open(try faults.devices()[0])
            try await body(faults, device, device.claim(0).inPipe(0x81, Bulk.self))
        }
    }

    @Test(arguments: [
        (WireCompletion.Status.failed(.noResponse), TransferStatus.failed(.bus(.noResponse))), (.stalled, .stalled),
        (.refused(.outOfMemory), .failed(.outOfMemory)), (.deviceGone, .deviceGone),
    ])
    func aCompletionIsReplaced(status: WireCompletion.Status, seen: TransferStatus) throws {
        try Self.run([FaultRule(.complete(status), .packet(1), endpoint: 0x81)]) { faults, _, pipe in
            #expect(try await pipe.read(upTo: 512).count == 512)
            let completed = try await pipe.makeTransfer(capacity: 512).submit().completion()
            #expect(completed.outcome.status == seen)
            #expect(completed.outcome.byteCount == 512)
            #expect(faults.injected.count == 1)
        }
    }

    @Test func aDelayKeepsTheOrder() throws {
        try Self.run([FaultRule(.delay(.milliseconds(5)), .packet(0), endpoint: 0x81)]) { _, _, pipe in
            let first = try pipe.makeTransfer(capacity: 512).submit()
            let second = try pipe.makeTransfer(capacity: 512).submit()
            let later = await second.completion()
            #expect(first.outcomeIfComplete?.status == .completed)
            #expect(later.outcome.time.nanoseconds == 5_125_000)
        }
    }

    @Test func aSubmissionIsRefused() throws {
        try Self.run([FaultRule(.refuse(.outOfMemory), .packet(0), endpoint: 0x81)]) { _, _, pipe in
            let refused = try await pipe.makeTransfer(capacity: 512).submit(deliveringRefusal: true).completion()
            #expect(refused.outcome.status == .failed(.outOfMemory))
            #expect(try await pipe.read(upTo: 512).count == 512)
        }
    }

    @Test func unplugAndReplugGiveANewIdentity() throws {
        try Self.run([FaultRule(.unplug, .packet(1), endpoint: 0x81)]) { faults, device, pipe in
            _ = try await pipe.read(upTo: 512)
            let completed = try await pipe.makeTransfer(capacity: 1 << 20).submit().completion()
            #expect(completed.outcome.status == .deviceGone)
            #expect(device.isDetached)
            #expect(try faults.devices().isEmpty)
            #expect(throws: USBError.self) { try faults.open(device.description) }
            try faults.replug()
            let again = try faults.devices()[0]
            #expect(again.id != device.description.id)
            let opened = try faults.open(again)
            #expect(try await opened.claim(0).inPipe(0x81, Bulk.self).read(upTo: 512).count == 512)
        }
    }

    @Test(arguments: [Int64(1000), -1000])
    func aJumpOfTheClockBeginsAnEpoch(frames: Int64) throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(TestDevice(isochronousBytes: 64))
            attachment.withPeripheral {
                $0.packets[TestDevice.isochronousIn] = [[7]]
                $0.repeats = [TestDevice.isochronousIn]
                $0.notesTokens = true
            }
            let faults = FaultInjector(bus)
            let interface = try faults.open(try faults.devices()[0]).claim(1)
            try await interface.selectAlternateSetting(1)
            let before = faults.frame()
            faults.jumpClock(frames: frames)
            let after = faults.frame()
            #expect(after.epoch == before.epoch + 1)
            #expect(after.frame.count - before.frame.count == frames)
            var transfer = try interface.inPipe(TestDevice.isochronousIn, Isochronous.self).makeTransfer(capacity: 128)
            try transfer.setPackets([64, 64])
            let start = Frame(after.frame.count + 3)
            let completed = try await transfer.submit(.at(start)).completion()
            #expect(completed.outcome.firstPosition == start.firstMicroframe)
            #expect(completed.outcome.nextPosition == start.firstMicroframe + 2)
            #expect(
                attachment.withPeripheral { $0.events.compactMap(\.microframe) }.first
                    == start.firstMicroframe - frames * Frame.microframes)
            faults.wakeClock(at: Frame(5000))
            #expect(faults.frame().frame.count >= 5000 && faults.frame().frame.count < 5002)
        }
    }
}
