// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Control transfers")
struct ControlTests {
    static func vendor(_ direction: Direction, length: UInt16) -> SetupPacket {
        SetupPacket(
            requestType: RequestType(direction: direction, kind: .vendor, recipient: .device), request: 7,
            value: 0x1234,
            index: 0x5678, length: length)
    }

    @Test("Data come from the device behind the setup packet that was sent")
    func reading() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0] = { _ in .end(.data([1, 2, 3, 4, 5])) }
        }) { kernel, device, interface in
            let setup = ControlTests.vendor(.in, length: 5)
            let bytes = try await interface.device.read(setup)
            #expect(bytes == [1, 2, 3, 4, 5])
            let sent = try #require(kernel.atOnce { _ in device.submissions.first })
            #expect(sent.type == USBDEVFS_URB_TYPE_CONTROL)
            #expect(sent.setup == setup)
            #expect(sent.length == 13)
        }
    }

    @Test("A device may send less than asked, and more than fits is not taken", arguments: [0, 3, 64, 200])
    func lengths(count: Int) async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0] = { _ in .end(.short(count)) }
        }) { _, _, interface in
            let bytes = try await interface.device.read(ControlTests.vendor(.in, length: 64))
            #expect(bytes == (0..<min(count, 64)).map { UInt8($0) })
        }
    }

    @Test("Data go to the device byte for byte", arguments: [0, 1, 64, 4096])
    func writing(count: Int) async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let moved = try await interface.device.control(
                ControlTests.vendor(.out, length: UInt16(count)), sending: bytes.span)
            #expect(moved == count)
            #expect(kernel.atOnce { _ in device.submissions.first?.sent } == bytes)
        }
    }

    @Test(
        "What went wrong is told as what it is",
        arguments: [
            (EPIPE, USBError.Kind.stalled), (EPROTO, .bus(.transaction)), (EILSEQ, .bus(.cyclicRedundancyCheck)),
            (ETIME, .bus(.noResponse)), (EOVERFLOW, .overflow), (ECOMM, .bus(.hostMemory)), (ENOSR, .bus(.hostMemory)),
            (ESHUTDOWN, .deviceGone),
        ])
    func failures(code: Int32, kind: USBError.Kind) async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0] = { _ in .end(.failed(code, after: 2)) }
        }) { _, _, interface in
            let error = await failure { _ = try await interface.device.read(ControlTests.vendor(.in, length: 8)) }
            #expect(error?.kind == kind)
            #expect(error?.byteCount == 2)
            #expect(error?.detail?.code == Int(code))
        }
    }

    @Test("A stall of the control pipe does not halt it")
    func stallPasses() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0] = { $0.setup?.request == 7 ? .end(.failed(EPIPE)) : .end(.all) }
        }) { _, _, interface in
            let error = await failure { try await interface.device.control(ControlTests.vendor(.out, length: 0)) }
            #expect(error?.kind == .stalled)
            let descriptor = try await interface.device.read(.getDescriptor(type: .device, length: 18))
            #expect(descriptor.count == 18)
        }
    }

    @Test("A device that does not answer in time is timed out, and the next request passes")
    func timesOut() async throws {
        try await withDevice { kernel, device, interface in
            let error = await failure {
                _ = try await interface.device.read(ControlTests.vendor(.in, length: 8), timeout: .milliseconds(5))
            }
            #expect(error?.kind == .timedOut)
            #expect(kernel.atOnce { $0.discards } == 1)
            kernel.atOnce { _ in device.scripts[0] = { _ in .end(.all) } }
            let bytes = try await interface.device.read(ControlTests.vendor(.in, length: 8))
            #expect(bytes.count == 8)
        }
    }

    @Test("A blocking caller is served without any task", arguments: [true, false])
    func blockingCalls(stalls: Bool) async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0] = { _ in stalls ? .end(.failed(EPIPE)) : .end(.data([9, 8])) }
        }) { _, _, interface in
            let error = await failure {
                let bytes = try blocking { () throws(USBError) in
                    try interface.device.blocking.read(ControlTests.vendor(.in, length: 2))
                }
                #expect(bytes == [9, 8])
            }
            #expect(error?.kind == (stalls ? .stalled : nil))
        }
    }

    // MARK: What the kernel must know of

    @Test("What changes the kernel's view of a device goes by its own calls, and not as a transfer")
    func ownCalls() async throws {
        try await withDevice { kernel, device, interface in
            try await interface.selectAlternateSetting(1)
            let pipe = try interface.inPipe(0x81, Bulk.self)
            try await pipe.clearHalt()
            try await interface.device.reset()
            await interface.release()
            try await interface.device.selectConfiguration(1)
            let actions = kernel.atOnce { _ in device.actions }
            #expect(
                actions == [
                    .claim(0), .setInterface(0, 1), .clearHalt(0x81), .reset, .release(0), .setConfiguration(1),
                ])
            #expect(kernel.atOnce { _ in device.submissions }.isEmpty)
        }
    }

    @Test("A bus that has not the time for a setting is no bandwidth, with what the setting needs")
    func noBandwidth() async throws {
        try await withDevice(prepare: { _, device in
            device.refusals[.setInterface(0, 1)] = ENOSPC
        }) { _, _, interface in
            let error = try #require(await failure { try await interface.selectAlternateSetting(1) })
            #expect(error.kind == .noBandwidth)
            #expect(error.detail?.name == "ENOSPC")
            let text = "\(error)"
            #expect(text.contains("alternate setting 1 needs"))
            #expect(text.contains("us every 125 us"))
            #expect(text.contains("86"))
            #expect(interface.alternateSetting.descriptor.alternateSetting == 0)
            // The setting that was there can be used again.
            _ = try interface.outPipe(0x02, Bulk.self)
        }
    }

    @Test("The configuration cannot be changed while somebody has an interface, and the reason is told")
    func busyConfiguration() async throws {
        try await withDevice(prepare: { _, device in
            device.drivers[1] = "usb-storage"
        }) { _, _, interface in
            let own = await failure { try await interface.device.selectConfiguration(1) }
            #expect(own?.kind == .busy)
            await interface.release()
            let error = try #require(await failure { try await interface.device.selectConfiguration(1) })
            #expect(error.kind == .busy)
            #expect(error.detail?.name == "EBUSY")
            #expect("\(error)".contains("driver or program"))
        }
    }

    @Test(
        "Calls of their own that fail say why",
        arguments: [
            (ENODEV, USBError.Kind.deviceGone), (EPIPE, .stalled), (EPROTO, .bus(.transaction)),
            (EINVAL, .invalidArgument),
            (EACCES, .accessDenied),
        ])
    func refusedCalls(code: Int32, kind: USBError.Kind) async throws {
        try await withDevice(prepare: { _, device in
            device.refusals[.reset] = code
            device.refusals[.clearHalt(0x81)] = code
        }) { _, _, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let byClear = await failure { try await pipe.clearHalt() }
            #expect(byClear?.kind == kind)
            let byReset = await failure { try await interface.device.reset() }
            #expect(byReset?.kind == kind)
            #expect(byReset?.detail?.code == Int(code))
        }
    }

    @Test("A change of setting cancels what is in flight, each once")
    func settingCancels() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x81, Bulk.self)
            let statuses = Log<TransferStatus>()
            for _ in 0..<4 {
                try pipe.makeTransfer(capacity: 512).submit { statuses.add($0.outcome.status) }
            }
            try await interface.selectAlternateSetting(1)
            await pipe.abort()
            try await interface.device.reset()
            #expect(statuses.elements.map { $0 == .cancelled } == [true, true, true, true])
            let late = await failure { _ = try await pipe.read(upTo: 512) }
            #expect(late?.kind == .closed)
        }
    }
}
#endif
