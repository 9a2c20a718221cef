// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The seconds by which a load is measured.
enum Seconds {
    /// Those of the processor, over all threads: what else the machine does counts little. A load that keeps one thread
    /// busy takes as long by the wall on a machine that is otherwise idle.
    case processor
    /// Those of the wall, for loads whose threads wait for each other.
    case wall

    /// The reading now.
    var now: Double {
        var time = timespec()
        unsafe clock_gettime(self == .wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Starts with the work itself: what a load needs is made ready before.
struct Stopwatch: Sendable {
    private let seconds: Seconds
    private let start: Double

    init(_ seconds: Seconds = .processor) {
        self.seconds = seconds
        start = seconds.now
    }

    /// So much was done since the start: how much that is in a second.
    func rate(of amount: Double) -> Double { amount / (seconds.now - start) }
}

/// Runs something once and tells how much it did in a second: seconds simulated, bytes, or transfers.
typealias Load = () async throws -> Double

/// How much a load did in a second, over several repetitions.
struct Rate {
    /// In order of size.
    private let samples: [Double]

    init(_ samples: [Double]) { self.samples = samples.sorted() }

    var median: Double {
        let middle = samples.count / 2
        return samples.count % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2
    }

    /// Half of the way from the lowest to the highest, as a part of the median.
    var spread: Double { (samples[samples.count - 1] - samples[0]) / 2 / median }

    /// Nanoseconds for one.
    var nanoseconds: Double { 1e9 / median }
}

/// Measures loads side by side: each repetition runs all of them, so that whatever slows the machine for a while slows
/// all of them. The first is for warming up.
func measure(_ loads: [Load], _ effort: Effort) async throws -> [Rate] {
    var samples = [[Double]](repeating: [], count: loads.count)
    for repetition in 0...effort.repetitions {
        for (index, load) in loads.enumerated() {
            let rate = try await load()
            if repetition > 0 { samples[index].append(rate) }
        }
    }
    return samples.map { Rate($0) }
}
