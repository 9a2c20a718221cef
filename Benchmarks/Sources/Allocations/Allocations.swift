// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB
import WDFLoad
import WinUSBLoad

/// Moves so many transfers of a kind, each memory and object that it needs made before:
///
///     allocations KIND COUNT
///
/// For what each kind is see ``Kind``. What a transfer costs is the difference between two counts. Without arguments it
/// lists the kinds, each with the packets of a transfer.
@main
enum Allocations {
    enum Kind: String, CaseIterable {
        /// One bulk IN transfer of 512 bytes at a time, awaited.
        case bulkIn = "bulk-in"
        /// One bulk OUT transfer of 512 bytes at a time, awaited.
        case bulkOut = "bulk-out"
        /// One bulk IN transfer of 64 KiB at a time, awaited.
        case bulkLarge = "bulk-in-64K"
        /// One bulk OUT transfer of 512 bytes at a time, which a handler submits again.
        case bulkCallback = "bulk-out-callback"
        /// One bulk IN transfer of 512 bytes at a time, awaited, with a timeout.
        case bulkTimeout = "bulk-in-timeout"
        /// `read(into:)`, 512 bytes at a time.
        case bulkRead = "bulk-read"
        /// Isochronous OUT transfers of eight packets, awaited.
        case isochronousOut = "isochronous-out"
        /// Isochronous IN transfers of eight packets, awaited.
        case isochronousIn = "isochronous-in"
        /// Isochronous OUT transfers of 1,024 packets, awaited.
        case isochronousLong = "isochronous-out-long"
        /// Batches of an isochronous OUT stream.
        case streamOut = "stream-out"
        /// Batches of an isochronous IN stream.
        case streamIn = "stream-in"
        /// Isochronous writes of 1 ms at named frames through WinUSB, four in flight, each waited for.
        case winUSBWrite = "winusb-write-isoch"
        /// Synchronous writes of 512 bytes through WDF.
        case wdfWrite = "wdf-write"
        /// The same with a timeout.
        case wdfTimeout = "wdf-write-timeout"
        /// Writes of 512 bytes by one request of WDF's, formatted, sent and used again.
        case wdfSend = "wdf-send"
        /// Control requests whose answers are arrays. They allocate, which shows that the counter counts.
        case controlRead = "control-read"

        /// The packets of a transfer or batch.
        var packets: Int {
            switch self {
            case .bulkIn, .bulkOut, .bulkRead, .bulkCallback, .bulkTimeout, .streamOut, .streamIn, .controlRead,
                .wdfWrite, .wdfTimeout, .wdfSend:
                1
            case .isochronousOut, .isochronousIn: 8
            case .winUSBWrite: 8
            case .bulkLarge: 128
            case .isochronousLong: 1_024
            }
        }
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let kind = Kind(rawValue: arguments[1]), let count = Int(arguments[2]), count > 0
        else {
            for kind in Kind.allCases { print(kind.rawValue, kind.packets) }
            return
        }
        switch kind {
        case .winUSBWrite: try WinUSBWriter.run { $0.write(count) }
        case .wdfWrite: try WDFWriter.run { $0.write(count) }
        case .wdfTimeout: try WDFWriter.run { $0.write(count, .withTimeout) }
        case .wdfSend: try WDFWriter.run { $0.write(count, .sending) }
        default: try transfer(kind, count)
        }
    }

    /// Moves transfers of the library's own.
    private static func transfer(_ kind: Kind, _ count: Int) throws {
        try VirtualBus.simulate { bus in
            _ = try bus.attach(GadgetZero(options: .init(isochronousPacketSize: 192)))
            let device = try bus.open(vendorID: 0x0525, productID: 0xA4A0)
            let interface = try device.claim(0)
            try await interface.selectAlternateSetting(1)
            switch kind {
            case .bulkIn: try await read(interface, 512, count)
            case .bulkTimeout: try await read(interface, 512, count, timeout: .seconds(1))
            case .bulkCallback: try await Repeater(count).run(try interface.outPipe(0x01, Bulk.self))
            case .bulkLarge: try await read(interface, 65_536, count)
            case .bulkOut: try await write(interface, count)
            case .bulkRead: try await readInto(interface, count)
            case .isochronousOut: try await play(interface, 8, count)
            case .isochronousLong: try await play(interface, 1_024, count)
            case .isochronousIn: try await record(interface, count)
            case .streamOut: try await stream(to: interface, count)
            case .streamIn: try await stream(from: interface, count)
            case .controlRead: for _ in 0..<count { _ = try await device.read(.getStatus(of: .device)) }
            case .winUSBWrite, .wdfWrite, .wdfTimeout, .wdfSend: break
            }
        }
    }

    private static func read(
        _ interface: Interface, _ size: Int, _ count: Int, timeout: Duration? = nil
    ) async throws {
        var transfer = try interface.inPipe(0x81, Bulk.self).makeTransfer(capacity: size)
        for _ in 0..<count {
            let completed = try await transfer.submit(timeout: timeout).completion()
            precondition(completed.outcome.byteCount == completed.transfer.byteCount, "bytes were left behind")
            transfer = completed.transfer
        }
    }

    private static func write(_ interface: Interface, _ count: Int) async throws {
        var transfer = try interface.outPipe(0x01, Bulk.self).makeTransfer(capacity: 512)
        for _ in 0..<count {
            let completed = try await transfer.submit().completion()
            precondition(completed.outcome.byteCount == completed.transfer.byteCount, "bytes were left behind")
            transfer = completed.transfer
        }
    }

    private static func readInto(_ interface: Interface, _ count: Int) async throws {
        let pipe = try interface.inPipe(0x81, Bulk.self)
        var buffer = [UInt8](repeating: 0, count: 512)
        for _ in 0..<count {
            var span = buffer.mutableSpan
            _ = try await pipe.read(into: &span)
        }
    }

    private static func play(_ interface: Interface, _ packets: Int, _ count: Int) async throws {
        var transfer = try interface.outPipe(0x02, Isochronous.self).makeTransfer(capacity: packets * 192)
        try transfer.setPackets(repeatElement(192, count: packets))
        for _ in 0..<count {
            let completed = try await transfer.submit(.asSoonAsPossible).completion()
            precondition(completed.outcome.byteCount == completed.transfer.byteCount, "bytes were left behind")
            transfer = completed.transfer
        }
    }

    private static func record(_ interface: Interface, _ count: Int) async throws {
        var transfer = try interface.inPipe(0x82, Isochronous.self).makeTransfer(capacity: 8 * 192)
        try transfer.setPackets(repeatElement(192, count: 8))
        for _ in 0..<count {
            let completed = try await transfer.submit(.asSoonAsPossible).completion()
            precondition(completed.outcome.byteCount == completed.transfer.byteCount, "bytes were left behind")
            transfer = completed.transfer
        }
    }

    private static func stream(to interface: Interface, _ count: Int) async throws {
        var stream = try interface.outPipe(0x02, Isochronous.self).stream(.filling)
        var left = count
        _ = try await stream.run { _ in
            left -= 1
            return left > 0 ? .next : .stop
        }
    }

    private static func stream(from interface: Interface, _ count: Int) async throws {
        var stream = try interface.inPipe(0x82, Isochronous.self).stream()
        var left = count
        _ = try await stream.run { _ in
            left -= 1
            return left > 0 ? .next : .stop
        }
    }
}

/// Submits a transfer again in its own completion, until it has been submitted so often.
///
/// Sound: used on the bus's executor only, where completions run one at a time.
private final class Repeater: @unchecked Sendable {
    private var left: Int
    private var handler: @Sendable (consuming Completed<Bulk>) -> Void = { _ in }
    private var waiter: CheckedContinuation<Void, Never>?

    init(_ count: Int) { left = count }

    func run(_ pipe: OutPipe<Bulk>) async throws {
        handler = { [self] completed in
            precondition(completed.outcome.byteCount == 512, "bytes were left behind")
            do { try submit(completed.transfer) } catch { fatalError("\(error)") }
        }
        try submit(pipe.makeTransfer(capacity: 512))
        await withCheckedContinuation { waiter = $0 }
        handler = { _ in }
    }

    private func submit(_ transfer: consuming Transfer<Bulk>) throws(USBError) {
        guard left > 0 else { return waiter?.resume() ?? () }
        left -= 1
        try transfer.submit(completion: handler)
    }
}
