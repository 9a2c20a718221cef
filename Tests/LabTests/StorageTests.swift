// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import LinuxUSB
import Testing
import USBHost
import USBSpecification

extension Kernel {
    @Suite("Storage", .serialized, .enabled(if: Lab.has("storage")))
    struct StorageTests {
        /// The disk as the kernel's own driver shows it.
        static let block = "/dev/sda"

        @Test("A disk's driver is taken off and given back")
        func driver() async throws {
            let bus = try LinuxBus()
            let description = try await Lab.description(of: "storage", on: bus)
            #expect(description.drivers == [0: "usb-storage"])
            let device = try bus.open(description)
            let busy = #expect(throws: USBError.self) { _ = try device.claim(0) }
            #expect(busy?.kind == .busy)
            #expect(busy?.message.contains("usb-storage") == true, "\(String(describing: busy))")
            try await eventually { FileManager.default.fileExists(atPath: Self.block) }
            let interface = try device.claim(0, detachingDriver: true)
            #expect(try bus.devices().first { $0.id == description.id }?.drivers[0] == "usbfs")
            #expect(!FileManager.default.fileExists(atPath: Self.block))
            await interface.release()
            #expect(try bus.devices().first { $0.id == description.id }?.drivers[0] == "usb-storage")
            try await eventually { FileManager.default.fileExists(atPath: Self.block) }
        }

        @Test("Its sectors are those of the image; what is written is read back, by the kernel's driver too")
        func sectors() async throws {
            let image = try [UInt8](Data(contentsOf: try Lab.shared("image")))
            let bus = try LinuxBus()
            var disk = try Disk(try bus.open(try await Lab.description(of: "storage", on: bus)))
            try #require(try await disk.sectorCount() * Disk.sectorSize == image.count)
            // In pieces that do and do not fit into what the kernel takes at once.
            var sector = 0
            for piece in [1, 7, 8, 31, 32, 33, 127, 2049, Int.max] {
                let count = min(piece, image.count / Disk.sectorSize - sector)
                let bytes = try await disk.read(sector, count: count)
                let start = sector * Disk.sectorSize
                try #require(isSame(bytes, [UInt8](image[start..<start + count * Disk.sectorSize])), "sector \(sector)")
                sector += count
            }
            try #require(sector * Disk.sectorSize == image.count)

            let written = randomBytes(300 * Disk.sectorSize, seed: 4)
            try await disk.write(1001, written)
            try #require(isSame(try await disk.read(1001, count: 300), written))
            await disk.interface.release()

            var expected = image
            expected.replaceSubrange(1001 * Disk.sectorSize..<1301 * Disk.sectorSize, with: written)
            let file = try Lab.shared("image.expected")
            try Data(expected).write(to: file)
            try await eventually { FileManager.default.fileExists(atPath: Self.block) }
            let comparison = try await Lab.run("cmp", Self.block, file.path)
            #expect(comparison.status == 0, "\(comparison.output)")
            Lab.tell("storage: \(image.count) bytes read as in the image, \(written.count) written")
        }

        @Test("A disk that is unplugged while it is read ends the reading, and comes back")
        func unplug() async throws {
            try await checkUnplug(of: "storage") { device in
                let disk = try Disk(device)
                return {
                    // Each reading has its own tags, which need differ only within itself.
                    var own = disk
                    _ = try await own.read(0, count: 128)
                }
            }
        }
    }

    @Suite("Tablet", .serialized, .enabled(if: Lab.has("tablet")))
    struct TabletTests {
        @Test("What the pointer does comes through the interrupt pipe")
        func pointer() async throws {
            let bus = try LinuxBus()
            let device = try bus.open(try await Lab.description(of: "tablet", on: bus))
            let busy = #expect(throws: USBError.self) { _ = try device.claim(0) }
            #expect(busy?.message.contains("usbhid") == true, "\(String(describing: busy))")
            let interface = try device.claim(0, detachingDriver: true)
            let pipe = try interface.inPipe(0x81, Interrupt.self)
            // Nothing happens until somebody moves it.
            let silence = await #expect(throws: USBError.self) {
                _ = try await pipe.read(upTo: 8, timeout: .milliseconds(100))
            }
            #expect(silence?.kind == .timedOut)
            for (x, y) in [(1, 0x7FFF), (0x1234, 0x0567), (20_000, 400)] {
                async let report = pipe.read(upTo: 8, timeout: .seconds(30))
                let ending = try await Lab.run("lab-qmp", Self.move(x, y))
                #expect(ending.status == 0, "\(ending.output)")
                let bytes = try await report
                #expect(bytes == [0, UInt8(x & 0xFF), UInt8(x >> 8), UInt8(y & 0xFF), UInt8(y >> 8), 0])
            }
            await interface.release()
            #expect(try bus.devices().first { $0.id == device.description.id }?.drivers[0] == "usbhid")
            Lab.tell("tablet: 3 reports as sent")
        }

        @Test("Everything that waits for a pointer ends once when it is unplugged")
        func pending() async throws {
            let bus = try LinuxBus()
            let ends = Collected<TransferStatus>()
            do {
                let device = try bus.open(try await Lab.description(of: "tablet", on: bus))
                let pipe = try device.claim(0, detachingDriver: true).inPipe(0x81, Interrupt.self)
                for _ in 0..<64 { try pipe.makeTransfer(capacity: 8).submit { ends.append($0.outcome.status) } }
                try await Lab.command("lab-unplug", "tablet")
                try await eventually { ends.values.count >= 64 }
                await pipe.abort()
            }
            #expect(ends.values.count == 64)
            #expect(ends.values.allSatisfy { $0 == .deviceGone }, "\(ends.values)")
            try await eventually { try Lab.openDeviceFiles().isEmpty }
            try await Lab.command("lab-plug", "tablet")
            _ = try await Lab.path(of: "tablet")
            Lab.tell("64 reads that waited ended with the tablet")
        }

        private static func move(_ x: Int, _ y: Int) -> String {
            let axes = [("x", x), ("y", y)].map { "{\"type\":\"abs\",\"data\":{\"axis\":\"\($0)\",\"value\":\($1)}}" }
            return "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[\(axes.joined(separator: ","))]}}"
        }
    }
}
#endif
