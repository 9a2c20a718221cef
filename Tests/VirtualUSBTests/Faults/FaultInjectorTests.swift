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

    @Test func whatEndsWithItsDeviceEndsInTheOrderOfTheEndpoints() throws {
        let addresses = [TestDevice.bulkOut, TestDevice.bulkIn, TestDevice.interruptIn, TestDevice.secondBulkIn]
        let ends = try VirtualBus.simulate { bus in
            let device = TestDevice()
            device.handshakes[TestDevice.bulkOut] = .nak
            _ = try bus.attach(device)
            let faults = FaultInjector(bus)
            let opened = try faults.open(try faults.devices()[0])
            let interface = try opened.claim(0)
            let (ends, continuation) = AsyncStream.makeStream(of: EndpointAddress.self)
            for address in addresses.reversed() {
                @Sendable func note(_ status: TransferStatus) {
                    #expect(status == .deviceGone)
                    continuation.yield(address)
                }
                switch address {
                case TestDevice.bulkOut:
                    let pipe = try interface.outPipe(address, Bulk.self)
                    try pipe.makeTransfer(capacity: 64).submit { note($0.outcome.status) }
                case TestDevice.interruptIn:
                    let pipe = try interface.inPipe(address, Interrupt.self)
                    try pipe.makeTransfer(capacity: 64).submit { note($0.outcome.status) }
                default:
                    let pipe = try interface.inPipe(address, Bulk.self)
                    try pipe.makeTransfer(capacity: 64).submit { note($0.outcome.status) }
                }
            }
            try await bus.clock.sleep(for: .milliseconds(1))
            faults.unplug(opened.description.id)
            return await ends.prefix(addresses.count).reduce(into: []) { $0.append($1) }
        }
        #expect(ends == addresses.sorted())
    }

    @Test func aReplugBringsTheDeviceBackByItself() throws {
        let fault = ControllerFault.replug(after: .milliseconds(3))
        try Self.run([FaultRule(fault, .packet(1), endpoint: 0x81)]) { faults, device, pipe in
            var events = faults.events.stream().makeAsyncIterator()
            _ = try await pipe.read(upTo: 512)
            let left = faults.clock.presentInstant
            let completed = try await pipe.makeTransfer(capacity: 1 << 20).submit().completion()
            #expect(completed.outcome.status == .deviceGone)
            #expect(try faults.devices().isEmpty)
            try await faults.clock.sleep(until: left.advanced(by: .microseconds(2_999)))
            #expect(try faults.devices().isEmpty)
            try await faults.clock.sleep(until: left.advanced(by: .microseconds(3_001)))
            let again = try #require(try faults.devices().first)
            #expect(again.id != device.description.id && again.path == device.description.path)
            guard case .left(device.description.id) = await events.next(),
                case .arrived(let found) = await events.next()
            else {
                Issue.record("nobody was told")
                return
            }
            #expect(found.id == again.id)
            let opened = try faults.open(again)
            #expect(try await opened.claim(0).inPipe(0x81, Bulk.self).read(upTo: 512).count == 512)
            #expect(faults.injected.map(\.fault) == [fault])
        }
    }

    @Test(arguments: [
        ControllerFault.replug(after: .seconds(100)), .sleep(for: .seconds(100), wakingAt: Frame(0)),
    ])
    func whatIsToComeLaterKeepsNoBus(fault: ControllerFault) throws {
        let seen = SeenBus()
        try Self.run([FaultRule(fault, .packet(0), endpoint: 0x81)]) { faults, device, pipe in
            seen.bus = faults.wire
            let completed = try await pipe.makeTransfer(capacity: 1 << 20).submit().completion()
            #expect(completed.outcome.error != nil)
        }
        #expect(seen.bus == nil)
    }

    private final class SeenBus: @unchecked Sendable { weak var bus: VirtualBus? }

    @Test func asleepNothingGetsThroughAndAwakeTheCountBeginsAgain() throws {
        let fault = ControllerFault.sleep(for: .milliseconds(20), wakingAt: Frame(0))
        try Self.run([FaultRule(fault, .packet(1), endpoint: 0x81)]) { faults, device, pipe in
            _ = try await pipe.read(upTo: 512)
            let before = faults.frame()
            let start = faults.clock.presentInstant
            let completed = try await pipe.makeTransfer(capacity: 1 << 20).submit().completion()
            #expect(completed.outcome.status == .failed(.bus(.noResponse)))
            #expect(throws: USBError.self) { _ = try pipe.makeTransfer(capacity: 512).submit() }
            await #expect(throws: USBError.self) { try await device.read(.getStatus(of: .device)) }
            let asleep = faults.frame()
            #expect(asleep.epoch == before.epoch && asleep.quality == .reference)
            try await faults.clock.sleep(until: start.advanced(by: .milliseconds(19)))
            #expect(faults.frame().microframe == asleep.microframe)
            try await faults.clock.sleep(until: start.advanced(by: .microseconds(20_010)))
            let awake = faults.frame()
            #expect(awake.epoch == before.epoch + 1 && awake.quality == .exact)
            #expect(awake.frame.count >= 0 && awake.frame.count < 2)
            #expect(try faults.devices().map(\.id) == [device.description.id])
            #expect(try await pipe.read(upTo: 512).count == 512)
            #expect(faults.injected.map(\.fault) == [fault])
        }
    }

    @Test func sleepByHandEndsEverythingInFlight() throws {
        try VirtualBus.simulate { bus in
            let device = TestDevice(isochronousBytes: 64)
            let attachment = try bus.attach(device)
            let faults = FaultInjector(bus)
            let opened = try faults.open(try faults.devices()[0])
            let input = try opened.claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            let interface = try opened.claim(1)
            try await interface.selectAlternateSetting(1)
            let sound = try interface.inPipe(TestDevice.isochronousIn, Isochronous.self)
            // The device has nothing to send, and the packets lie far ahead.
            let waiting = try input.makeTransfer(capacity: 64).submit()
            var later = sound.makeTransfer(capacity: 128)
            try later.setPackets([64, 64])
            let planned = try later.submit(.at(Frame(faults.frame().frame.count + 500)))
            faults.sleep()
            faults.sleep()
            let one = await waiting.completion()
            let two = await planned.completion()
            #expect(one.outcome.status == .failed(.bus(.noResponse)) && one.outcome.byteCount == 0)
            #expect(two.outcome.status == .failed(.bus(.noResponse)) && two.outcome.byteCount == 0)
            faults.wakeClock(at: Frame(7))
            attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[1, 2, 3]] }
            #expect(try await input.read(upTo: 64) == [1, 2, 3])
            var again = two.transfer
            try again.setPackets([64, 64])
            let completed = try await again.submit(.at(Frame(10))).completion()
            #expect(completed.outcome.firstPosition == Frame(10).firstMicroframe)
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

    @Test func aGapOverAJumpOfTheClockHasNoLength() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(Microphone())
            let faults = FaultInjector(bus)
            let interface = try faults.open(try faults.devices()[0]).claim(1)
            try await interface.selectAlternateSetting(1)
            var stream = try interface.inPipe(Microphone.endpoint, Isochronous.self).stream()
            var batches = 0
            let statistics = try await stream.run { _ in
                batches += 1
                if batches == 20 { faults.jumpClock(frames: 100_000) }
                return batches < 500 ? .next : .stop
            }
            #expect(statistics.gapCount == 1)
            #expect(statistics.gapMicroframes == 0)
            #expect(attachment.withPeripheral { $0.framesLost } == 0)
        }
    }
}
