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

@Suite("Isochronous transfers")
struct IsochronousTests {
    @Test("300 packets go as 128, 128 and 44, and end as one")
    func split() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 300 * 192)
            transfer.withMutableBytes { bytes in
                for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index / 192) }
            }
            let flight = try transfer.submit(.asSoonAsPossible)
            let sent = kernel.atOnce { _ in device.submissions }
            #expect(sent.map(\.packets.count) == [128, 128, 44])
            #expect(sent.allSatisfy { $0.type == USBDEVFS_URB_TYPE_ISO })
            #expect(sent.flatMap(\.sent) == (0..<300 * 192).map { UInt8(truncatingIfNeeded: $0 / 192) })
            kernel.end(device, 0x05, [.all, .all])
            #expect(flight.outcomeIfComplete == nil)
            kernel.end(device, 0x05, [.all])
            let done = await flight.completion()
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == 300 * 192)
            for index in 0..<300 { #expect(done.transfer.packet(index).status == .completed) }
        }
    }

    @Test("When a later part is refused, the rest is cancelled and the transfer ends once", arguments: [2, 3])
    func refusedPart(failing: Int) async throws {
        try await withDevice(prepare: { state, device in
            state.tree.write("/sys/module/usbcore/parameters/usbfs_memory_mb", "16")
            device.scripts[0x05] = { [unowned device] _ in device.submissions.count == failing ? .refuse(ENOMEM) : .keep
            }
        }) { kernel, device, interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let flight = try pipe.makeTransfer(capacity: 300 * 192).submit(.asSoonAsPossible)
            let done = await flight.completion()
            #expect(done.outcome.status == .failed(.outOfMemory))
            #expect(done.outcome.message.contains("16 MB"))
            #expect(done.outcome.detail?.name == "ENOMEM")
            #expect(done.outcome.byteCount == 0)
            for index in 0..<300 { #expect(done.transfer.packet(index).status == .notAttempted) }
            #expect(kernel.atOnce { $0.pending(device, 0x05).count } == 0)
            #expect(kernel.atOnce { _ in device.submissions.count } == failing)
        }
    }

    @Test(
        "The first request is for as soon as possible; what continues it is so only where there is nothing better",
        arguments: [
            ("xhci_hcd", true), ("vhci_hcd", true), ("ehci-pci", false), ("ohci-pci", false), ("uhci_hcd", false),
        ])
    func flags(driver: String, isAsSoonAsPossible: Bool) async throws {
        try await withDevice(driver: driver) { kernel, device, interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            let first = try pipe.makeTransfer(capacity: 200 * 192).submit(.asSoonAsPossible)
            let second = try pipe.makeTransfer(capacity: 8 * 192).submit(.continuing)
            let marks = kernel.atOnce { _ in device.submissions.map { $0.has(.asSoonAsPossible) } }
            #expect(marks == [true, isAsSoonAsPossible, isAsSoonAsPossible])
            kernel.end(device, 0x05, [.all, .all, .all])
            let outcomes = (await first.completion().outcome, await second.completion().outcome)
            #expect(outcomes.0.nextPosition == outcomes.1.firstPosition)
        }
    }

    @Test(
        "What became of each packet",
        arguments: [
            ("xhci_hcd", EXDEV, PacketStatus.missed), ("ehci-pci", EXDEV, .notServiced),
            ("uhci_hcd", EXDEV, .notServiced), ("vhci_hcd", EXDEV, .notServiced),
            ("xhci_hcd", EPROTO, .failed(.transaction)), ("xhci_hcd", EILSEQ, .failed(.cyclicRedundancyCheck)),
            ("xhci_hcd", ETIME, .failed(.noResponse)), ("xhci_hcd", EOVERFLOW, .failed(.babble)),
            ("xhci_hcd", ECOMM, .failed(.hostMemory)), ("ehci-pci", ENOSR, .failed(.hostMemory)),
            ("xhci_hcd", 1, .failed(.transaction)),
        ])
    func statuses(driver: String, code: Int32, status: PacketStatus) async throws {
        try await withDevice(driver: driver) { kernel, device, interface in
            let pipe = try interface.inPipe(0x86, Isochronous.self)
            let flight = try pipe.makeTransfer(capacity: 4 * 192).submit(.asSoonAsPossible)
            kernel.end(device, 0x86, [.packets([(192, 0), (0, code), (0, 0), (7, 0)])])
            let done = await flight.completion()
            // Single packets do not make the transfer a failure.
            #expect(done.outcome.status == .completed)
            #expect(done.outcome.byteCount == 199)
            let statuses = (0..<4).map { done.transfer.packet($0).status }
            #expect(statuses == [.completed, status, .completed, .completed])
        }
    }

    @Test("Of a transfer that was cancelled, what was served is told from what was never tried")
    func cancelled() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x86, Isochronous.self)
            let flight = try pipe.makeTransfer(capacity: 8 * 192).submit(.asSoonAsPossible)
            kernel.atOnce { $0.pending(device, 0x86).first?.progress = 3 }
            flight.cancel()
            let done = await flight.completion()
            #expect(done.outcome.status == .cancelled)
            #expect(done.outcome.byteCount == 3 * 192)
            let statuses = (0..<8).map { done.transfer.packet($0).status }
            #expect(statuses == (0..<8).map { $0 < 3 ? .completed : .notAttempted })
        }
    }

    @Test("Packets keep their places behind short ones, and only what came is given out")
    func gaps() async throws {
        try await withDevice { kernel, device, interface in
            let pipe = try interface.inPipe(0x86, Isochronous.self)
            let flight = try pipe.makeTransfer(capacity: 4 * 192).submit(.asSoonAsPossible)
            kernel.end(device, 0x86, [.packets([(10, 0), (0, 0), (192, 0), (1, 0)])])
            let done = await flight.completion()
            let counts = (0..<4).map { done.transfer.packet($0).actualLength }
            #expect(counts == [10, 0, 192, 1])
            for index in 0..<4 {
                #expect(done.transfer.packet(index).offset == index * 192)
                done.transfer.withPacket(index) { bytes in
                    #expect(bytes.count == counts[index])
                    for byte in bytes.indices { #expect(bytes[byte] == UInt8(index + 1)) }
                }
            }
        }
    }

    @Test("Packets may differ in size; each goes as it is")
    func sizes() async throws {
        try await withDevice(prepare: { _, device in
            device.scripts[0x05] = { _ in .end(.all) }
        }) { kernel, device, interface in
            let pipe = try interface.outPipe(0x05, Isochronous.self)
            var transfer = pipe.makeTransfer(capacity: 4 * 192)
            try transfer.setPackets([176, 0, 180, 192])
            let done = try await transfer.submit(.asSoonAsPossible).completion()
            #expect(done.outcome.byteCount == 548)
            #expect(kernel.atOnce { _ in device.submissions.first?.packets } == [176, 0, 180, 192])
        }
    }

    @Test(
        "A request that the kernel does not take is refused with its reason",
        arguments: [
            (ENOSPC, USBError.Kind.noBandwidth), (EMSGSIZE, .invalidArgument), (EFBIG, .tooEarly),
            (ENOMEM, .outOfMemory),
        ])
    func refusals(code: Int32, kind: USBError.Kind) async throws {
        try await withDevice(
            driver: "ehci-pci",
            prepare: { _, device in
                device.scripts[0x86] = { _ in .refuse(code) }
            }
        ) { _, _, interface in
            let pipe = try interface.inPipe(0x86, Isochronous.self)
            let error = try #require(
                await failure { _ = try pipe.makeTransfer(capacity: 192).submit(.asSoonAsPossible).cancel() })
            #expect(error.kind == kind)
            #expect(error.endpoint == 0x86)
            if code == ENOSPC { #expect(error.message.contains("alternate setting 0 needs")) }
            if code == EMSGSIZE { #expect(error.detail?.hint.contains("service interval") == true) }
        }
    }
}
#endif
