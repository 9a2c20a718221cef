// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import VirtualUSB

/// A bus that nobody watches serves the packets of a lone isochronous request in one go. Nobody must notice.
@Suite struct IsochronousRunTests {
    @Test(arguments: sparing(1...40 as ClosedRange<UInt64>))
    func whatIsWatchedRunsTheSame(seed: UInt64) throws {
        let watched = try Self.log(seed: seed, isWatched: true)
        let unwatched = try Self.log(seed: seed, isWatched: false)
        #expect(watched == unwatched)
        #expect(watched.count > 20)
    }

    /// Random isochronous requests in a queue, disturbed at random times by another task, on a random kind of device;
    /// returns what both tasks and the device saw.
    private static func log(seed: UInt64, isWatched: Bool) throws -> [String] {
        try VirtualBus.simulate(seed: seed) { bus in
            if isWatched { bus.setTrace { _ in } }
            bus.setAdmission(false)
            var generator = bus.makeGenerator()
            let speed: Speed = Bool.random(using: &generator) ? .high : .full
            let attachment = try bus.attach(
                TestDevice(
                    speed: speed, isochronousBytes: 100,
                    isochronousInterval: UInt8.random(in: 1...4, using: &generator)))
            let device = try bus.open(attachment)
            let data = try device.claim(0)
            let interface = try device.claim(1)
            try await interface.selectAlternateSetting(1)
            let out = try interface.outPipe(TestDevice.isochronousOut, Isochronous.self)
            let bulk = try data.outPipe(TestDevice.bulkOut, Bulk.self)
            let (first, second) = (generator.split(), generator.split())
            async let played = play(on: out, bus, first)
            async let disturbed = disturb(attachment, bulk, bus, second)
            let lines = try await played + disturbed
            return lines + attachment.withPeripheral { $0.events.map { "\($0)" } }
        }
    }

    private static func play(
        on pipe: OutPipe<Isochronous>, _ bus: VirtualBus, _ generator: SeededGenerator
    ) async throws -> [String] {
        var generator = generator
        var lines: [String] = []
        for _ in 0..<30 {
            var transfer = pipe.makeTransfer(capacity: 20_000)
            let count = Int.random(in: 1...200, using: &generator)
            try transfer.setPackets((0..<count).map { _ in Int.random(in: 0...100, using: &generator) })
            let delay = Int64.random(in: 0...300, using: &generator)
            let timeout =
                Bool.random(using: &generator)
                ? Duration.microseconds(Int64.random(in: 1...40_000, using: &generator)) : nil
            // At full speed a transfer starts with a frame.
            let now = bus.frame().microframe
            let start = Microframe((now.count + 16 + delay) & ~7)
            let isNamed = Bool.random(using: &generator)
            let done = try await transfer.submit(isNamed ? .at(start) : .asSoonAsPossible, timeout: timeout)
                .completion()
            lines.append("\(done.outcome) \(bus.clock.presentInstant)")
            lines += (0..<count).map { "\(done.transfer.packet($0))" }
        }
        return lines
    }

    private static func disturb(
        _ attachment: AttachedPeripheral<TestDevice>, _ pipe: OutPipe<Bulk>, _ bus: VirtualBus,
        _ generator: SeededGenerator
    ) async throws -> [String] {
        var generator = generator
        var lines: [String] = []
        for _ in 0..<20 {
            try await bus.clock.sleep(for: .microseconds(Int64.random(in: 1...30_000, using: &generator)))
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: try await pipe.write([UInt8](repeating: 1, count: 700))
            case 1: attachment.withPeripheral { $0.wantsFrames.toggle() }
            default: break
            }
            lines.append("\(bus.clock.presentInstant)")
        }
        return lines
    }
}
