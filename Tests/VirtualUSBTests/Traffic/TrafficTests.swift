// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Foundation
import TestEffort
import Testing
import USBHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Random traffic keeps the promises of the engine and the bus, whatever is cancelled, unplugged or faulty.
///
/// A failure names its seed, and SWIFT_USB_SEED=n in the environment replays it. SWIFT_USB_EXPLORE=s tries new seeds for
/// so many seconds; `Scripts/explore-seeds` sets it.
@Suite struct TrafficTests {
    @Test func promisesHold() {
        let seeds = number("SWIFT_USB_SEED").map { [$0] } ?? sparing(1...200)
        for seed in seeds { check(seed) }
    }

    @Test(arguments: [1, 42, 4711] as [UInt64])
    func theSameSeedGivesTheSameTrace(seed: UInt64) {
        let first = Traffic(seed: seed).run()
        let second = Traffic(seed: seed).run()
        #expect(first.trace == second.trace)
        #expect(first.problems == second.problems)
        #expect(first.transfers == second.transfers && first.transfers > 0)
    }

    /// Writes the traces of some seeds into a file; `Scripts/check-replay` compares those of two processes.
    @Test(.enabled(if: text("SWIFT_USB_TRACE") != nil))
    func tracesAreWritten() throws {
        var trace = ""
        for seed in 1...max(1, number("SWIFT_USB_SEEDS") ?? 1) {
            var traffic = Traffic(seed: seed)
            traffic.keepsTransactions = true
            let result = traffic.run()
            let lines =
                result.transactions.map { "seed \(seed): \($0)\n" }
                + (result.outcomes + result.problems).map { "seed \(seed): \($0)\n" }
            trace += lines.joined()
        }
        try Data(trace.utf8).write(to: URL(fileURLWithPath: try #require(text("SWIFT_USB_TRACE"))))
    }

    @Test(.enabled(if: number("SWIFT_USB_EXPLORE") != nil))
    func newSeedsHold() {
        let end = MonotonicTime.nanoseconds + Int64(clamping: number("SWIFT_USB_EXPLORE") ?? 0) * 1_000_000_000
        var (seeds, transfers, faults) = (0, 0, 0)
        while MonotonicTime.nanoseconds < end {
            let result = check(UInt64.random(in: 0 ... .max))
            seeds += 1
            transfers += result.transfers
            faults += result.faults
        }
        print("explored \(seeds) seeds: \(transfers) transfers, \(faults) faults")
    }

    @discardableResult
    private func check(_ seed: UInt64) -> Traffic.Result {
        let result = Traffic(seed: seed).run()
        #expect(result.problems.isEmpty, "SWIFT_USB_SEED=\(seed)")
        return result
    }
}

/// A number from the environment.
private func number(_ name: String) -> UInt64? { text(name).flatMap { UInt64($0) } }

/// A text from the environment.
private func text(_ name: String) -> String? {
    guard let text = unsafe getenv(name) else { return nil }
    return unsafe String(cString: text)
}
