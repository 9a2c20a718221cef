// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Bulk streams")
struct StreamTests {
    /// All that have streams: more than fit in one word of the kernel's list with its counts.
    private static let endpoints: [EndpointAddress] = [0x81, 0x02, 0x83, 0x04]

    /// A device whose endpoints offer 32 streams each, on a controller that has `limit`.
    private func withStreams(
        limit: Int = 16, prepare: (ScriptedDevice) -> Void = { _ in },
        _ body: @Sendable (ScriptedKernel, ScriptedDevice, Interface) async throws -> Void
    ) async throws {
        try await withDevice(
            .withStreams(),
            prepare: { _, device in
                device.streamLimit = limit
                prepare(device)
            }, body)
    }

    // MARK: Having them

    struct Grant: CustomTestStringConvertible, Sendable {
        /// What the program asks for, the kernel is asked for, the controller has, and the program gets.
        var wanted: Int
        var asked: Int
        var limit: Int
        var granted: Int
        var testDescription: String { "\(wanted) wanted, \(limit) there" }
    }

    @Test(
        "An endpoint gets as many streams as asked, offered by its descriptor, and there in the controller",
        arguments: [
            Grant(wanted: 8, asked: 8, limit: 16, granted: 8), Grant(wanted: 16, asked: 16, limit: 4, granted: 4),
            Grant(wanted: 1000, asked: 32, limit: 255, granted: 32),
            // The kernel gives two at least.
            Grant(wanted: 1, asked: 2, limit: 16, granted: 1), Grant(wanted: 2, asked: 2, limit: 16, granted: 2),
        ])
    func granted(_ grant: Grant) async throws {
        try await withStreams(limit: grant.limit) { kernel, device, interface in
            let count = try interface.enableStreams(grant.wanted, on: StreamTests.endpoints)
            #expect(count == grant.granted)
            let action = DeviceAction.allocateStreams(grant.asked, StreamTests.endpoints.map(\.rawValue))
            let actions = kernel.atOnce { _ in device.actions }
            #expect(actions.last == action)
        }
    }

    @Test("One endpoint alone can have them, and others another number later")
    func oneByOne() async throws {
        try await withStreams { kernel, device, interface in
            let granted = try interface.enableStreams(4, on: [0x81])
            #expect(granted == 4)
            let others = try interface.enableStreams(6, on: [0x02, 0x83])
            #expect(others == 6)
            let streams = kernel.atOnce { _ in device.streams }
            #expect(streams == [0x81: 4, 0x02: 6, 0x83: 6])
        }
    }

    @Test("Streams that are given back are gone, and the endpoint is an ordinary one again")
    func givenBack() async throws {
        try await withStreams(prepare: { $0.scripts[0x81] = { _ in .end(.all) } }) { kernel, device, interface in
            _ = try interface.enableStreams(4, on: StreamTests.endpoints)
            try interface.disableStreams(on: StreamTests.endpoints)
            let actions = kernel.atOnce { _ in device.actions }
            #expect(actions.last == .freeStreams(StreamTests.endpoints.map(\.rawValue)))
            let bytes = try await interface.inPipe(0x81, Bulk.self).read(upTo: 100)
            #expect(bytes.count == 100)
            let granted = try interface.enableStreams(4, on: [0x81])
            #expect(granted == 4)
        }
    }

    @Test("Another alternate setting takes the streams back")
    func alternateSetting() async throws {
        try await withStreams(prepare: { $0.scripts[0x81] = { _ in .end(.all) } }) { _, _, interface in
            _ = try interface.enableStreams(4, on: [0x81])
            try await interface.selectAlternateSetting(1)
            let bytes = try await interface.inPipe(0x81, Bulk.self).read(upTo: 100)
            #expect(bytes.count == 100)
            let granted = try interface.enableStreams(4, on: [0x81])
            #expect(granted == 4)
        }
    }

    @Test("Neither is done while transfers are queued")
    func busy() async throws {
        try await withStreams { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let first = try pipe.makeTransfer(capacity: 512).submit()
            let enabling = await failure { _ = try interface.enableStreams(4, on: StreamTests.endpoints) }
            #expect(enabling?.kind == .busy)
            #expect(enabling?.endpoint == 0x81)
            kernel.end(device, 0x81, [.all])
            _ = await first.completion()
            _ = try interface.enableStreams(4, on: StreamTests.endpoints)
            var transfer = pipe.makeTransfer(capacity: 512)
            transfer.streamID = 3
            let second = try transfer.submit()
            let disabling = await failure { try interface.disableStreams(on: StreamTests.endpoints) }
            #expect(disabling?.kind == .busy)
            second.cancel()
            let outcome = await second.completion().outcome
            #expect(outcome.error?.kind == .cancelled)
            try interface.disableStreams(on: StreamTests.endpoints)
            let calls = kernel.atOnce { _ in device.actions }.suffix(2)
            #expect(calls.first == .allocateStreams(4, StreamTests.endpoints.map(\.rawValue)))
        }
    }

    // MARK: Transfers

    @Test("A request names the stream of its transfer, and a transfer may change it from use to use")
    func named() async throws {
        try await withStreams(prepare: { $0.scripts[0x02] = { _ in .end(.all) } }) { kernel, device, interface in
            _ = try interface.enableStreams(8, on: StreamTests.endpoints)
            var transfer = try interface.outPipe(0x02, Bulk.self).makeTransfer(capacity: 16)
            for stream: UInt16 in [1, 8, 2, 2, 7] {
                transfer.streamID = stream
                let inFlight = try transfer.submit()
                let completed = await inFlight.completion()
                transfer = completed.transfer
                let kept = transfer.streamID
                #expect(kept == stream)
            }
            let submissions = kernel.atOnce { _ in device.submissions(to: 0x02) }
            #expect(submissions.map(\.stream) == [1, 8, 2, 2, 7])
        }
    }

    @Test("Every part of a long transfer names its stream")
    func parts() async throws {
        try await withStreams(prepare: { $0.scripts[0x81] = { _ in .end(.all) } }) { kernel, device, interface in
            _ = try interface.enableStreams(8, on: [0x81])
            var transfer = try interface.inPipe(0x81, Bulk.self).makeTransfer(capacity: 3 << 20)
            transfer.streamID = 5
            let outcome = try await transfer.submit().completion().outcome
            #expect(outcome.byteCount == 3 << 20)
            let submissions = kernel.atOnce { _ in device.submissions(to: 0x81) }
            #expect(submissions.count > 1)
            #expect(submissions.allSatisfy { $0.stream == 5 })
        }
    }

    @Test("Transfers of different streams end as the device serves them, each with its own bytes")
    func order() async throws {
        try await withStreams { kernel, device, interface in
            _ = try interface.enableStreams(8, on: [0x81])
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let order = Log<UInt16>()
            for stream: UInt16 in 1...4 {
                var transfer = pipe.makeTransfer(capacity: 64)
                transfer.streamID = stream
                try transfer.submit { completed in
                    #expect(completed.outcome.byteCount == Int(stream))
                    completed.transfer.withBytes { #expect($0[0] == UInt8(stream)) }
                    order.add(completed.transfer.streamID)
                }
            }
            let served: [UInt16] = [3, 1, 4, 2]
            for stream in served {
                kernel.atOnce { state in
                    let bytes = [UInt8](repeating: UInt8(stream), count: Int(stream))
                    _ = state.end(device, 0x81, stream: Int(stream), .data(bytes))
                }
            }
            await kernel.until { $0.deviceFiles.allSatisfy { $0.outstanding == 0 } }
            await pipe.abort()
            try await interface.device.reset()
            #expect(order.elements == served)
        }
    }

    @Test("A transfer that names a stream where there is none is an ordinary one")
    func nameWithoutStreams() async throws {
        try await withStreams(prepare: { $0.scripts[0x81] = { _ in .end(.all) } }) { _, _, interface in
            var transfer = try interface.inPipe(0x81, Bulk.self).makeTransfer(capacity: 64)
            transfer.streamID = 5
            let outcome = try await transfer.submit().completion().outcome
            #expect(outcome.byteCount == 64)
        }
    }

    @Test(
        "A transfer that names none of the endpoint's streams is refused, and the reason speaks of them",
        arguments: [0, 5, 65_535])
    func unnamed(stream: UInt16) async throws {
        try await withStreams { _, _, interface in
            _ = try interface.enableStreams(4, on: [0x81])
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let error = await failure {
                var transfer = pipe.makeTransfer(capacity: 64)
                transfer.streamID = stream
                _ = try transfer.submit()
            }
            #expect(error?.kind == .invalidArgument)
            #expect(error?.endpoint == 0x81)
            #expect(error?.detail?.name == "EINVAL")
            #expect(error?.description.contains("stream") == true)
        }
    }

    // MARK: Refusals

    @Test(
        "What the kernel refuses has a reason that a program can act on",
        arguments: [
            (EINVAL, "EINVAL", .unsupported), (ENOTTY, "ENOTTY", .unsupported), (ENOSYS, "ENOSYS", .unsupported),
            (ENOMEM, "ENOMEM", .outOfMemory), (ENOSPC, "ENOSPC", .noBandwidth), (ENODEV, "ENODEV", .deviceGone),
        ] as [(Int32, String, USBError.Kind)])
    func refused(code: Int32, name: String, kind: USBError.Kind) async throws {
        try await withStreams(prepare: { $0.refusals[.allocateStreams(8, [0x81])] = code }) { _, _, interface in
            let error = await failure { _ = try interface.enableStreams(8, on: [0x81]) }
            #expect(error?.kind == kind)
            #expect(error?.detail?.code == Int(code))
            #expect(error?.detail?.name == name)
            #expect(error?.message.contains("streams") == true)
            // The refusal is not for ever.
            let granted = try interface.enableStreams(4, on: [0x81])
            #expect(granted == 4)
        }
    }

    @Test("Streams that were never had cannot be given back")
    func neverHad() async throws {
        try await withStreams { _, _, interface in
            let error = await failure { try interface.disableStreams(on: [0x81]) }
            #expect(error?.detail?.name == "EINVAL")
            #expect(error?.message.contains("streams") == true)
        }
    }

    @Test("A controller without streams refuses them")
    func controllerWithout() async throws {
        try await withStreams(limit: 0) { _, _, interface in
            let error = await failure { _ = try interface.enableStreams(8, on: StreamTests.endpoints) }
            #expect(error?.kind == .unsupported)
        }
    }

    @Test(
        "What can have no streams is refused before the kernel is asked",
        arguments: [(0x05, .unsupported), (0x86, .notFound)] as [(EndpointAddress, USBError.Kind)])
    func endpointWithout(address: EndpointAddress, kind: USBError.Kind) async throws {
        try await withStreams { kernel, device, interface in
            let error = await failure { _ = try interface.enableStreams(8, on: [0x81, address]) }
            #expect(error?.kind == kind)
            #expect(error?.endpoint == address)
            let streams = kernel.atOnce { _ in device.streams }
            #expect(streams.isEmpty)
        }
    }

    @Test("Below SuperSpeed there are none")
    func highSpeed() async throws {
        try await withDevice(prepare: { $1.streamLimit = 16 }) { kernel, device, interface in
            let error = await failure { _ = try interface.enableStreams(8, on: [0x81]) }
            #expect(error?.kind == .unsupported)
            let actions = kernel.atOnce { _ in device.actions }
            #expect(actions == [.claim(0)])
        }
    }
}
#endif
