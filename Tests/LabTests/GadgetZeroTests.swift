// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import LinuxUSB
import Testing
import USBHost
import USBSpecification

extension Kernel {
    @Suite("Gadget Zero", .serialized, .enabled(if: Lab.has("gadget-zero")))
    struct GadgetZeroTests {
        /// Round packets, pages and what the kernel takes at once.
        static let sizes = [
            0, 1, 2, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_535,
            65_536, 65_537, 1_048_575, 1_048_576,
        ]
        /// More than one request of the kernel.
        static let largeSizes = [1_048_577, 3_145_728 + 5]

        @Test("What the source sends has its pattern, in transfers of any number of packets")
        func source() async throws {
            try await withZero(.sourceAndSink) { zero in
                // The device never ends a transfer by itself, so that only whole packets fit.
                let counts = Set((Self.sizes + Self.largeSizes).map { $0 / zero.packet * zero.packet }).subtracting([0])
                for count in counts.sorted() {
                    let bytes = try await zero.input.read(upTo: count, timeout: .seconds(30))
                    try #require(isSame(bytes, zero.pattern(count)), "\(count) bytes")
                }
                let error = await #expect(throws: USBError.self) {
                    _ = try await zero.input.read(upTo: zero.packet - 1, timeout: .seconds(30))
                }
                #expect(error?.kind == .overflow)
            }
        }

        @Test("Memory that the controller reaches by itself has the same bytes")
        func withoutACopy() async throws {
            try await withZero(.sourceAndSink) { zero in
                let count = 64 * zero.packet
                let buffer = zero.device.makeBuffer(byteCount: 2 * count)
                Lab.tell("a buffer of \(2 * count) bytes is shared without a copy: \(buffer.isZeroCopy)")
                try buffer.store([UInt8](repeating: 0xAA, count: 2 * count).span, at: 0)
                let transfer = try zero.input.makeTransfer(using: buffer, offset: count, count: count)
                let done = await (try transfer.submit(timeout: .seconds(30))).completion()
                try #require(done.outcome.status == .completed && done.outcome.byteCount == count)
                var seen = [UInt8](repeating: 0, count: 2 * count)
                var span = seen.mutableSpan
                try buffer.load(into: &span, from: 0)
                #expect(seen[..<count].allSatisfy { $0 == 0xAA })
                #expect(isSame(Array(seen[count...]), zero.pattern(count)))
                // And back again.
                let back = try zero.output.makeTransfer(using: buffer, offset: count, count: count)
                let sent = await (try back.submit(timeout: .seconds(30))).completion()
                #expect(sent.outcome.status == .completed && sent.outcome.byteCount == count)
                try buffer.unregister()
            }
        }

        @Test("The sink takes transfers of any size, and stalls what has not its pattern until it is cleared")
        func sink() async throws {
            try await withZero(.sourceAndSink) { zero in
                for size in Self.sizes + Self.largeSizes {
                    let count = try await zero.output.write(zero.pattern(size), timeout: .seconds(30))
                    try #require(count == size)
                }
                // The device looks at what it was sent when its buffer of 4096 bytes is full, and then halts.
                let error = await #expect(throws: USBError.self) {
                    for _ in 0..<4 {
                        try await zero.output.write([UInt8](repeating: 0xAA, count: 4096), timeout: .seconds(30))
                    }
                }
                #expect(error?.kind == .stalled)
                #expect(zero.output.isHalted)
                try await zero.output.clearHalt()
                #expect(!zero.output.isHalted)
                try await zero.output.write(zero.pattern(4096), timeout: .seconds(30))
            }
        }

        @Test("A pipe that the device was told to halt stalls until it is cleared", arguments: [Direction.in, .out])
        func halt(direction: Direction) async throws {
            try await withZero(.sourceAndSink) { zero in
                let address = direction == .in ? zero.input.endpoint.address : zero.output.endpoint.address
                try await zero.device.control(.setFeature(.endpointHalt, of: .endpoint(address)))
                let status = try await zero.device.read(.getStatus(of: .endpoint(address)))
                #expect(status == [1, 0])
                for _ in 0..<2 {
                    let error = await #expect(throws: USBError.self) {
                        if direction == .in {
                            _ = try await zero.input.read(upTo: 512, timeout: .seconds(30))
                        } else {
                            try await zero.output.write(zero.pattern(512), timeout: .seconds(30))
                        }
                    }
                    #expect(error?.kind == .stalled)
                    if direction == .in {
                        try await zero.input.clearHalt()
                        _ = try await zero.input.read(upTo: 4096, timeout: .seconds(30))
                        try await zero.device.control(.setFeature(.endpointHalt, of: .endpoint(address)))
                    } else {
                        try await zero.output.clearHalt()
                        try await zero.output.write(zero.pattern(512), timeout: .seconds(30))
                        try await zero.device.control(.setFeature(.endpointHalt, of: .endpoint(address)))
                    }
                }
                if direction == .in { try await zero.input.clearHalt() } else { try await zero.output.clearHalt() }
                #expect(try await zero.device.read(.getStatus(of: .endpoint(address))) == [0, 0])
            }
        }

        @Test("What is written comes back, whatever its size")
        func loopback() async throws {
            try await withZero(.loopback) { zero in
                for size in Self.sizes + Self.largeSizes {
                    let sent = randomBytes(size, seed: UInt64(size))
                    async let written = zero.output.write(sent, timeout: .seconds(30), terminated: true)
                    // Room for the packet that ends the transfer.
                    let room = (size / zero.packet + 1) * zero.packet
                    let received = try await zero.input.read(upTo: room, timeout: .seconds(30))
                    #expect(try await written == size)
                    try #require(isSame(received, sent), "\(size) bytes")
                }
            }
        }

        @Test("Control transfers bring back what was sent, up to a page")
        func control() async throws {
            try await withZero(.sourceAndSink) { zero in
                for size: UInt16 in [1, 2, 63, 64, 65, 512, 1000, 4096] {
                    let sent = randomBytes(Int(size), seed: 2)
                    try await zero.device.control(.vendor(.out, 0x5B, length: size), sending: sent.span)
                    #expect(try await zero.device.read(.vendor(.in, 0x5C, length: size)) == sent)
                }
                let error = await #expect(throws: USBError.self) {
                    _ = try await zero.device.read(.vendor(.in, 0x77, length: 8))
                }
                #expect(error?.kind == .stalled)
                // The control pipe needs no clearing.
                #expect(try await zero.device.string(zero.device.description.descriptor.productString) == "Gadget Zero")
            }
        }

        /// Of the source, and of the sink; with those of the loopback they are 100,000. Behind USB/IP each takes longer.
        static let manyCount = (Lab.identifiers["gadget-zero"] == "usbip" ? 10_000 : 45_000) * Lab.depth

        /// The size of a transfer among many: up to two packets, and now and then any of `sizes`.
        private static func size(of number: Int, _ generator: inout SeededGenerator) -> Int {
            number % 500 == 499 ? sizes[number / 500 % sizes.count] : Int.random(in: 0...1024, using: &generator)
        }

        @Test(
            "Many transfers of many sizes in flight: each completes once with what was asked",
            arguments: [Direction.in, .out])
        func many(direction: Direction) async throws {
            let total = Self.manyCount
            let start = ContinuousClock.now
            let begun = Counter()
            let ended = Counter()
            let bytes = Counter()
            try await withZero(.sourceAndSink) { zero in
                let pattern = zero.pattern(1_048_576)
                try await zero.bus.run { () async throws in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for lane in 0..<64 {
                            group.addTask {
                                var generator = SeededGenerator(seed: UInt64(lane))
                                while true {
                                    let number = begun.next()
                                    guard number < total else { break }
                                    var size = Self.size(of: number, &generator)
                                    if direction == .in {
                                        // The source sends whole packets.
                                        size = max(1, (size + zero.packet - 1) / zero.packet) * zero.packet
                                        let got = try await zero.input.read(upTo: size, timeout: .seconds(60))
                                        try #require(
                                            got.count == size && isStart(got, of: pattern), "\(number): \(size)")
                                    } else {
                                        let part = pattern.span.extracting(0..<size)
                                        let count = try await zero.output.write(part, timeout: .seconds(60))
                                        try #require(count == size)
                                    }
                                    ended.next()
                                    bytes.add(size)
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            try #require(ended.value == total)
            let tenths = Int(start.duration(to: .now) / .milliseconds(100))
            let label = direction == .in ? "source" : "sink"
            Lab.tell("\(label): \(total) transfers, \(bytes.value) bytes, \(tenths) tenths of a second")
        }

        @Test("Many transfers come back from the loopback, in order")
        func manyBack() async throws {
            let total = Self.manyCount / 9
            let start = ContinuousClock.now
            let bytes = Counter()
            try await withZero(.loopback) { zero in
                try await zero.bus.run { () async throws in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            var generator = SeededGenerator(seed: 4)
                            for number in 0..<total {
                                let sent = randomBytes(Self.size(of: number, &generator), seed: UInt64(number))
                                let count = try await zero.output.write(sent, timeout: .seconds(60), terminated: true)
                                try #require(count == sent.count)
                            }
                        }
                        group.addTask {
                            var generator = SeededGenerator(seed: 4)
                            for number in 0..<total {
                                let size = Self.size(of: number, &generator)
                                // Room for the packet that ends the transfer.
                                let room = (size / zero.packet + 1) * zero.packet
                                let received = try await zero.input.read(upTo: room, timeout: .seconds(60))
                                try #require(
                                    isSame(received, randomBytes(size, seed: UInt64(number))), "\(number): \(size)")
                                bytes.add(size)
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            let tenths = Int(start.duration(to: .now) / .milliseconds(100))
            Lab.tell("loopback: \(2 * total) transfers, \(bytes.value) bytes each way, \(tenths) tenths of a second")
        }

        // The kernel's server for USB/IP uses memory it has freed when a cancel meets the end of what it cancels (seen
        // with usbip-host of Linux 6.1: a crash in stub_rx_loop), and everything behind it waits for ever.
        @Test(
            "Reads cut short by cancels and timeouts complete once, and no byte of the device is lost",
            .enabled(if: Lab.identifiers["gadget-zero"] != "usbip", "the kernel's USB/IP server crashes"))
        func races() async throws {
            let rounds = 100 * Lab.depth
            try await withZero(.loopback) { zero in
                let ends = Counter()
                let cut = Counter()
                let received = Collected<[UInt8]>()
                var generator = SeededGenerator(seed: 3)
                var sent: [[UInt8]] = []
                for _ in 0..<rounds {
                    let timeouts = (0..<8).map { reader in
                        reader % 3 == 0 ? Duration.microseconds(Int.random(in: 0...4000, using: &generator)) : nil
                    }
                    let writes = (0..<Int.random(in: 0...4, using: &generator)).map { part in
                        [
                            UInt8(truncatingIfNeeded: sent.count >> 8), UInt8(truncatingIfNeeded: sent.count),
                            UInt8(part),
                        ]
                    }
                    let victim = Int.random(in: 0..<8, using: &generator)
                    sent += writes
                    // Eight readers, of which some time out and one is cancelled while what they wait for comes.
                    try await zero.bus.run { () async throws in
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            let cancellers = Collected<Canceller>()
                            for timeout in timeouts {
                                group.addTask {
                                    let flight = try zero.input.makeTransfer(capacity: 512).submit(timeout: timeout)
                                    cancellers.append(flight.canceller)
                                    let done = await flight.completion()
                                    ends.next()
                                    switch done.outcome.status {
                                    case .completed: break
                                    case .cancelled, .timedOut: cut.next()
                                    default: Issue.record("\(done.outcome)")
                                    }
                                    let count = done.outcome.byteCount
                                    if count > 0 {
                                        received.append(
                                            done.transfer.withBytes { span in (0..<count).map { span[$0] } })
                                    }
                                }
                            }
                            while cancellers.values.count < timeouts.count { await Task.yield() }
                            for (index, bytes) in writes.enumerated() {
                                try await zero.output.write(bytes, timeout: .seconds(30))
                                if index == 0 { cancellers.values[victim].cancel() }
                            }
                            await zero.input.abort()
                            try await group.waitForAll()
                        }
                    }
                }
                #expect(ends.value == 8 * rounds)
                // What no reader took is still there.
                while let rest = try? await zero.input.read(upTo: 512, timeout: .milliseconds(200)) {
                    received.append(rest)
                }
                #expect(received.values == sent)
                #expect(cut.value > 0 && cut.value < ends.value)
                Lab.tell("races: \(ends.value) reads, \(cut.value) of them cut short, \(sent.count) packets kept")
                // The pipe is as good as new.
                try await zero.output.write([1, 2, 3], timeout: .seconds(30))
                #expect(try await zero.input.read(upTo: 512, timeout: .seconds(30)) == [1, 2, 3])
            }
        }

        @Test("What there is not is refused by name")
        func refusals() async throws {
            try await withZero(.sourceAndSink) { zero in
                let again = #expect(throws: USBError.self) { _ = try zero.device.claim(0) }
                #expect(again?.kind == .busy)
                let missing = #expect(throws: USBError.self) { _ = try zero.device.claim(7) }
                #expect(missing?.kind == .notFound)
                let setting = await #expect(throws: USBError.self) {
                    try await zero.interface.selectAlternateSetting(9)
                }
                #expect(setting?.kind == .notFound)
                let configuration = await #expect(throws: USBError.self) {
                    try await zero.device.selectConfiguration(2)
                }
                #expect(configuration?.kind == .busy)
                // Another program, which is another open file to the kernel.
                let other = try zero.bus.open(zero.device.description)
                // It knows what was selected before it came only from the kernel.
                let error = #expect(throws: USBError.self) { _ = try other.claim(0) }
                #expect(error?.kind == .busy)
                #expect(error?.message.contains("another program") == true, "\(String(describing: error))")
            }
        }

        @Test("Who may not open the device is told the rule that would mend it")
        func permission() async throws {
            let path = try await Lab.path(of: "gadget-zero")
            let tool = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
                .appendingPathComponent("usbpipe").path
            let ending = try await Lab.run(
                "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", tool, "read", path, "0x81",
                "--count", "1",
                "--host", "local")
            #expect(ending.status != 0)
            #expect(ending.output.contains("/dev/bus/usb/"), "\(ending.output)")
            #expect(ending.output.contains("ATTR{idProduct}==\"a4a0\""), "\(ending.output)")
        }

        @Test("Everything that waits for a device ends once when it is unplugged")
        func pending() async throws {
            let bus = try LinuxBus()
            let description = try await Lab.description(of: "gadget-zero", on: bus)
            let ends = Collected<TransferStatus>()
            do {
                let zero = try await Zero(.loopback)
                for packets in 1...64 {
                    try zero.input.makeTransfer(capacity: packets * zero.packet).submit {
                        ends.append($0.outcome.status)
                    }
                }
                try await Lab.command("lab-unplug", "gadget-zero")
                try await eventually { ends.values.count >= 64 }
                let error = await #expect(throws: USBError.self) { _ = try await zero.input.read(upTo: 512) }
                #expect(error?.kind == .deviceGone)
                await zero.input.abort()
            }
            // This device's controller fails what is under way before it tells that the device has gone.
            #expect(ends.values.count == 64)
            #expect(ends.values.allSatisfy { $0 == .deviceGone || $0 == .failed(.bus(.transaction)) })
            try await eventually { try Lab.openDeviceFiles().isEmpty }
            #expect(try bus.devices().allSatisfy { $0.id != description.id })
            try await Lab.command("lab-plug", "gadget-zero")
            _ = try await Lab.description(of: "gadget-zero", on: bus)
            Lab.tell("64 reads that waited ended with the device")
        }

        @Test("A device that is unplugged and comes back is seen, and can be used again")
        func unplug() async throws {
            try await checkUnplug(of: "gadget-zero") { device in
                let interface = try device.claim(0)
                let endpoints = interface.alternateSetting.endpoints.map(\.descriptor.address)
                let output = try #require(endpoints.first { $0.direction == .out })
                let pipe = try interface.outPipe(output, Bulk.self)
                let packet = pipe.endpoint.maximumPacketSize
                let one = (0..<packet).map { UInt8($0 % 63) }
                let pattern = [UInt8]([[UInt8]](repeating: one, count: 128).joined())
                return { try await pipe.write(pattern) }
            }
        }
    }
}
#endif
