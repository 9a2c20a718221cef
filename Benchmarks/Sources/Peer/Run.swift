// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import Glibc
import USBHost
import USBSpecification

/// Keeps transfers in flight, each submitted again from its own completion, or makes one after the other by calls that
/// block, and measures from the first submission to the last completion.
final class Run: @unchecked Sendable {
    private let job: Job
    // Used on the bus's executor only, or by the one thread that blocks.
    private var submitted = 0
    private var completed = 0
    private var failed = 0
    private var packetErrors = 0
    private var stamps: [UInt64] = []
    private var begin = UInt64(0)
    private var end = UInt64(0)
    private var before = rusage()
    private var after = rusage()
    private var waiter: CheckedContinuation<Void, Never>?
    private static let ownUsage = __rusage_who_t(RUSAGE_SELF.rawValue)

    init(_ job: Job) {
        self.job = job
        if job.stamps != nil { stamps.reserveCapacity(job.transfers) }
    }

    /// The clock by which all peers are measured.
    private static var now: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private func open() {
        _ = unsafe getrusage(Run.ownUsage, &before)
        job.gate?.write(Data("1".utf8))
        begin = Run.now
    }

    private func close() {
        end = Run.now
        job.gate?.write(Data("0".utf8))
        _ = unsafe getrusage(Run.ownUsage, &after)
        waiter?.resume()
        waiter = nil
    }

    // MARK: Bulk

    func bulk(_ make: () -> Transfer<Bulk>) throws {
        try loop(make) { [self] transfer in try submit(transfer) }
    }

    private func submit(_ transfer: consuming Transfer<Bulk>) throws(USBError) {
        try transfer.submit { [self] done in
            if job.stamps != nil { stamps.append(Run.now) }
            completed += 1
            if done.outcome.status != .completed || done.outcome.byteCount != job.bytes { failed += 1 }
            goOn(done.transfer) { [self] transfer throws(USBError) in try submit(transfer) }
        }
    }

    // MARK: Isochronous

    func isochronous(_ make: () -> Transfer<Isochronous>) throws {
        let sizes = [Int](repeating: job.bytes, count: job.packets)
        try loop({
            var transfer = make()
            try transfer.setPackets(sizes)
            return transfer
        }) { [self] transfer in try submit(transfer) }
    }

    private func submit(_ transfer: consuming Transfer<Isochronous>) throws(USBError) {
        try transfer.submit(.asSoonAsPossible) { [self] done in
            if job.stamps != nil { stamps.append(Run.now) }
            completed += 1
            if done.outcome.status != .completed { failed += 1 }
            for index in 0..<job.packets {
                let packet = done.transfer.packet(index)
                let isWhole = job.endpoint.direction == .in || packet.actualLength == packet.length
                if packet.status != .completed || !isWhole { packetErrors += 1 }
            }
            goOn(done.transfer) { [self] transfer throws(USBError) in try submit(transfer) }
        }
    }

    // MARK: Synchronous

    /// One transfer after the other by the calling thread.
    func synchronous(_ interface: Interface) throws {
        var bytes = [UInt8](repeating: 0, count: job.bytes)
        switch job.endpoint.direction {
        case .out:
            let pipe = try interface.outPipe(job.endpoint, Bulk.self).blocking
            open()
            while completed < job.transfers {
                count((try? pipe.write(bytes.span)) == job.bytes)
            }
        case .in:
            let pipe = try interface.inPipe(job.endpoint, Bulk.self).blocking
            var span = bytes.mutableSpan
            open()
            while completed < job.transfers {
                count((try? pipe.read(into: &span)) == job.bytes)
            }
        }
        close()
    }

    private func count(_ isWhole: Bool) {
        completed += 1
        if !isWhole { failed += 1 }
    }

    // MARK: The loop

    private func loop<Kind>(
        _ make: () throws -> Transfer<Kind>, _ submit: (consuming Transfer<Kind>) throws -> Void
    ) throws {
        open()
        for _ in 0..<job.depth {
            submitted += 1
            try submit(try make())
        }
    }

    /// Waits for the last completion.
    func finish() async {
        await withCheckedContinuation { continuation in
            if completed == job.transfers { continuation.resume() } else { waiter = continuation }
        }
    }

    private func goOn<Kind>(
        _ transfer: consuming Transfer<Kind>, _ submit: (consuming Transfer<Kind>) throws(USBError) -> Void
    ) {
        if submitted < job.transfers {
            submitted += 1
            do throws(USBError) {
                return try submit(transfer)
            } catch {
                // As one that has failed at once.
                completed += 1
                failed += 1
            }
        }
        if completed == job.transfers { close() }
    }

    // MARK: The line

    func report() throws -> Bool {
        let seconds = Double(end - begin) / 1e9
        let each = Double(completed)
        func between(_ from: timeval, _ to: timeval) -> Double {
            Double(to.tv_sec - from.tv_sec) * 1e6 + Double(to.tv_usec - from.tv_usec)
        }
        let user = between(before.ru_utime, after.ru_utime) / each
        let system = between(before.ru_stime, after.ru_stime) / each
        func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
        print(
            "peer=swift-usb kind=\(job.kind.rawValue) endpoint=\(job.endpoint)",
            "bytes=\(job.bytes) packets=\(job.kind == .isochronous ? job.packets : 0) depth=\(job.depth)",
            "transfers=\(completed) seconds=\(text(seconds, 3)) per_second=\(text(each / seconds, 0))",
            "cpu_us=\(text(user + system, 2)) user_us=\(text(user, 2)) system_us=\(text(system, 2))",
            "failed=\(failed) packet_errors=\(packetErrors)")
        if let file = job.stamps {
            try Data(stamps.map { "\($0)\n" }.joined().utf8).write(to: URL(fileURLWithPath: file))
        }
        return failed == 0
    }
}
#endif
