// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import LinuxUSB
import Testing
import USBHost
import USBSpecification

extension Kernel {
    @Suite("Audio", .serialized, .enabled(if: Lab.has("audio")))
    struct AudioTests {
        @Test(
            "A driver of several interfaces has all of them back, whichever were claimed",
            arguments: [([0], [0]), ([1], [1]), ([0, 1], [0, 1]), ([0, 1], [1, 0]), ([1, 0], [0, 1])]
                as [([UInt8], [UInt8])])
        func driver(claimed: [UInt8], released: [UInt8]) async throws {
            let bus = try LinuxBus()
            let description = try await Lab.description(of: "audio", on: bus)
            let both: [UInt8: String] = [0: "snd-usb-audio", 1: "snd-usb-audio"]
            #expect(description.drivers == both)
            let device = try bus.open(description)
            var interfaces: [UInt8: Interface] = [:]
            for number in claimed { interfaces[number] = try device.claim(number, detachingDriver: true) }
            for number in released { await interfaces[number]?.release() }
            #expect(try bus.devices().first { $0.id == description.id }?.drivers == both)
            // The sound card is there with something to play to, not just by name.
            let cards = try FileManager.default.contentsOfDirectory(atPath: "/proc/asound").filter {
                FileManager.default.fileExists(atPath: "/proc/asound/\($0)/pcm0p/info")
            }
            #expect(!cards.isEmpty)
        }

        @Test("A loudspeaker that is unplugged while it plays ends the stream, and comes back")
        func unplug() async throws {
            let statistics = Collected<StreamStatistics>()
            try await checkUnplug(of: "audio") { device in
                let interface = try device.claim(1, detachingDriver: true)
                try await interface.selectAlternateSetting(1)
                let pipe = try interface.outPipe(0x01, Isochronous.self)
                return {
                    // One stream that lasts until the device has gone.
                    var stream = try pipe.stream(.fixed(bytes: 192))
                    do {
                        for _ in 0..<100 { try await stream.next { _ in } }
                        _ = try await stream.finish()
                    } catch {
                        statistics.append(await stream.cancel())
                        throw error
                    }
                }
            }
            let last = try #require(statistics.values.last)
            #expect(last.batchesQueued == 0)
        }

        /// Sends each transfer again until it ends otherwise than well, or than too late on a busy machine.
        struct Lanes: Sendable {
            let played: Counter
            let ends: Collected<TransferStatus>

            func send(_ transfer: consuming Transfer<Isochronous>) {
                do throws(USBError) {
                    try transfer.submit(.asSoonAsPossible) { done in
                        let status = done.outcome.status
                        guard status == .completed || status == .expired else { return ends.append(status) }
                        played.next()
                        send(done.transfer)
                    }
                } catch {
                    ends.append(error.kind == .deviceGone ? .deviceGone : .failed(error.kind))
                }
            }
        }

        @Test("Every isochronous transfer ends once when the device is unplugged")
        func pending() async throws {
            let bus = try LinuxBus()
            let played = Counter()
            let ends = Collected<TransferStatus>()
            do {
                let device = try bus.open(try await Lab.description(of: "audio", on: bus))
                let interface = try device.claim(1, detachingDriver: true)
                try await interface.selectAlternateSetting(1)
                let pipe = try interface.outPipe(0x01, Isochronous.self)
                // No more than the second that UHCI can plan ahead.
                let lanes = Lanes(played: played, ends: ends)
                for _ in 0..<16 { lanes.send(pipe.makeTransfer(capacity: 50 * 192)) }
                try await eventually { played.value > 4 }
                try await Lab.command("lab-unplug", "audio")
                try await eventually { ends.values.count >= 16 }
                await pipe.abort()
            }
            #expect(ends.values == [TransferStatus](repeating: .deviceGone, count: 16))
            Lab.tell("16 transfers in flight ended with the loudspeaker, after \(played.value) had been played")
            try await eventually { try Lab.openDeviceFiles().isEmpty }
            try await Lab.command("lab-plug", "audio")
            _ = try await Lab.path(of: "audio")
        }
    }

    /// What must be asked of the loudspeaker before it plays samples as they are.
    @Suite("Volume", .serialized, .enabled(if: Lab.has("volume")))
    struct VolumeTests {
        @Test("The volume is set through the driver's interface, and stays when the driver has it back")
        func loudest() async throws {
            let bus = try LinuxBus()
            let device = try bus.open(try await Lab.description(of: "volume", on: bus))
            #expect(device.description.drivers == [0: "snd-usb-audio", 1: "snd-usb-audio"])
            let unclaimed = await #expect(throws: USBError.self) {
                _ = try await device.read(.class(.in, 0x81, of: .interface(0), value: 0x0201, index: 0x0200, length: 2))
            }
            #expect(unclaimed?.kind == .busy, "\(String(describing: unclaimed))")
            let interface = try device.claim(0, detachingDriver: true)
            // SET_CUR and GET_CUR of the volume of each channel of feature unit 2.
            for channel: UInt16 in [1, 2] {
                try await device.control(
                    .class(.out, 0x01, of: .interface(0), value: 0x0200 | channel, index: 0x0200, length: 2),
                    sending: ([0x00, 0x08] as [UInt8]).span)
            }
            await interface.release()
            let again = try device.claim(0, detachingDriver: true)
            for channel: UInt16 in [1, 2] {
                let volume = try await device.read(
                    .class(.in, 0x81, of: .interface(0), value: 0x0200 | channel, index: 0x0200, length: 2))
                #expect(volume == [0x00, 0x08])
            }
            await again.release()
            Lab.tell("volume raised to 0x0800, and kept by the driver")
        }
    }

    /// On a controller where one transfer can be taken out of the middle. QEMU's xHCI loses those behind it.
    @Suite("Isochronous cancel", .serialized, .enabled(if: Lab.has("audio") && Lab.has("isochronous-cancel")))
    struct IsochronousCancelTests {
        @Test("A transfer that is cancelled in the middle of a queue ends alone, and the others are sent")
        func middle() async throws {
            let bus = try LinuxBus()
            let device = try bus.open(try await Lab.description(of: "audio", on: bus))
            let interface = try device.claim(1, detachingDriver: true)
            try await interface.selectAlternateSetting(1)
            let pipe = try interface.outPipe(0x01, Isochronous.self)
            for _ in 0..<5 {
                let first = try pipe.makeTransfer(capacity: 64 * 192).submit(.asSoonAsPossible)
                let second = try pipe.makeTransfer(capacity: 64 * 192).submit(.continuing)
                let third = try pipe.makeTransfer(capacity: 64 * 192).submit(.continuing)
                second.cancel()
                let ends = [
                    await first.completion().outcome, await second.completion().outcome,
                    await third.completion().outcome,
                ]
                #expect(ends.map(\.status) == [.completed, .cancelled, .completed])
                // The loudspeaker takes nothing while its own buffer is full, which only some controllers tell.
                #expect(ends[0].byteCount > 0 && ends[2].byteCount > 0)
                #expect(ends[1].byteCount == 0)
            }
            await interface.release()
            Lab.tell("5 transfers cancelled between two others, which were sent")
        }
    }
}
#endif
