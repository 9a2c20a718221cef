// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Isochronous starts and the frame count")
struct IsochronousTimeTests {
    @Test("Nothing can be continued when nothing is queued")
    func nothingToContinue() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x05] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let early = await failure { _ = try pipe.makeTransfer(capacity: 192).submit(.continuing).cancel() }
            #expect(early?.kind == .discontinuous)
            let done = try await pipe.makeTransfer(capacity: 192).submit(.asSoonAsPossible).completion()
            #expect(done.outcome.status == .completed)
            let late = await failure { _ = try pipe.makeTransfer(capacity: 192).submit(.continuing).cancel() }
            #expect(late?.kind == .discontinuous)
            #expect(kernel.atOnce { _ in device.submissions.count } == 1)
        }
    }

    @Test(
        "A transfer that follows one which should have ended may follow a gap, and says so", arguments: [true, false])
    func mayFollowGap(isLate: Bool) async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x86, Isochronous.self)
            // A packet takes 125 us: 1 ms, or 4 s.
            let first = try pipe.makeTransfer(capacity: (isLate ? 8 : 32_000) * 192).submit(.asSoonAsPossible)
            let controller = interface.device.controller
            if isLate { try await controller.clock.sleep(for: .milliseconds(20)) }
            let second = try pipe.makeTransfer(capacity: 8 * 192).submit(.continuing)
            let count = kernel.atOnce { $0.pending(device, 0x86).count }
            kernel.end(device, 0x86, Array(repeating: .all, count: count))
            let before = await first.completion()
            let after = await second.completion()
            #expect(!before.outcome.mayFollowGap)
            #expect(after.outcome.mayFollowGap == isLate)
            #expect(after.outcome.status == .completed)
        }
    }

    @Test("A named frame is refused with the reason, before the kernel hears of it")
    func exactStart() async throws {
        try await withDevice { kernel, device, interface in
            let controller = interface.device.controller
            #expect(!controller.capabilities.exactStartFrame)
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let target = controller.frame().microframe + 800
            let error = await failure { _ = try pipe.makeTransfer(capacity: 192).submit(.at(target)).cancel() }
            #expect(error?.kind == .unsupported)
            #expect(error?.message.contains("best effort") == true)
            #expect(kernel.atOnce { _ in device.submissions.isEmpty })
        }
    }

    @Test("With best effort a transfer is held until its frame is near, and the estimate is named as one")
    func bestEffort() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x05] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let controller = interface.device.controller
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let target = controller.frame().microframe + 400
            let flight = try pipe.makeTransfer(capacity: 192).submit(
                .at(target), policy: StartPolicy(accuracy: .bestEffort))
            await kernel.until { _ in device.submissions.count == 1 }
            let given = controller.frame().microframe
            #expect(given >= target - controller.capabilities.leadMicroframes)
            #expect(kernel.atOnce { _ in device.submissions.first?.has(.asSoonAsPossible) } == true)
            let done = await flight.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.firstPosition == target)
            #expect(done.outcome.positionQuality < .reference)
        }
    }

    @Test("The frame count is not available before the first completion, then an estimate, and never runs back")
    func quality() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x05] = { _ in .end(.all) }
        }) { _, _, interface in
            let controller = interface.device.controller
            var last = controller.frame()
            #expect(last.quality == .unavailable)
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            for round in 0..<200 {
                let done = try await pipe.makeTransfer(capacity: 8 * 192).submit(.asSoonAsPossible).completion()
                #expect(done.outcome.status == .completed)
                let reading = controller.frame()
                #expect(reading.quality == .estimated)
                #expect(reading.microframe >= last.microframe)
                #expect(reading.time >= last.time)
                if round > 0 { #expect(reading.epoch == last.epoch) }
                last = reading
            }
        }
    }

    @Test("A stream keeps its chain: each batch once, in order, without a gap, and the first alone begins anew")
    func stream() async throws {
        try await withDevice(driver: "ehci-pci") { kernel, device, interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            // Far deeper than any pause of this machine.
            let options = StreamOptions(depth: .seconds(4), batch: .milliseconds(500))
            let rounds = 16
            async let controller: Void = {
                for _ in 0..<rounds {
                    for _ in 0..<32 {
                        await kernel.until { !$0.pending(device, 0x05).isEmpty }
                        kernel.end(device, 0x05, [.all])
                    }
                }
            }()
            var stream = try pipe.stream(.filling, options: options)
            var round = 0
            let statistics = try await stream.run { batch in
                batch.withMutableBytes { bytes in
                    for index in bytes.indices { bytes[index] = UInt8(round) }
                }
                round += 1
                return round == rounds ? .stop : .next
            }
            await controller
            #expect(statistics.packetsCompleted == rounds * 4000)
            #expect(statistics.packetsMissed == 0)
            #expect(statistics.transferCount == rounds)
            let sent = kernel.atOnce { _ in device.submissions }
            #expect(sent.map { Int($0.sent[0]) } == (0..<rounds).flatMap { Array(repeating: $0, count: 32) })
            // Each beginning is one request for as soon as possible.
            #expect(sent.count { $0.has(.asSoonAsPossible) } == statistics.gapCount + 1)
        }
    }
}
#endif
