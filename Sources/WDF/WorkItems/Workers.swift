// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import NTKernel
import USBHost

/// Threads at PASSIVE_LEVEL for what drivers, and the framework, put off until then.
///
/// There are as many as there is work at the same time: what one waits for another may do.
@safe final class Workers: @unchecked Sendable {
    /// Those of the process.
    static let shared = Workers()

    private struct Job {
        let host: ProcessHost
        /// What the bus knows the job by until it has a thread: an odd number, as no thread's is.
        let number: UInt
        let body: @Sendable () -> Void
    }

    /// How many threads are kept though there is nothing to do.
    private static let idleLimit = 4

    private let lock = Lock()
    private let wakes: Condition
    private var jobs: [Job] = []
    private var idle = 0
    private var lastNumber: UInt = 1

    private init() { wakes = Condition(lock) }

    /// Has a thread run `body`, for which calls mean the bus of `host`. At any level up to DISPATCH_LEVEL.
    func run(on host: ProcessHost, _ body: @escaping @Sendable () -> Void) {
        let number = lock.withLock {
            lastNumber &+= 2
            return lastNumber
        }
        // Counted from now on, so that the time does not pass, nor a wait end, before there is a thread.
        host.executor.addWorker(number)
        let needsThread = lock.withLock {
            jobs.append(Job(host: host, number: number, body: body))
            guard idle >= jobs.count else { return true }
            wakes.signal()
            return false
        }
        if needsThread { startThread(name: "usb work items") { [self] in work() } }
    }

    private func work() {
        while let job = next() {
            let executor = job.host.executor
            let thread = BusExecutor.currentThread
            executor.addWorker(thread)
            executor.removeWorker(job.number)
            InterruptLevel.current = InterruptLevel.passive
            ProcessHost.withHost(job.host, job.body)
            let level = InterruptLevel.current
            if level != InterruptLevel.passive {
                BugCheck(
                    BugCheckCode.workerReturnedAtLevel, [0, UInt(level)], in: "a work item",
                    "the callback returned at level \(level)"
                ).report()
            }
            executor.removeWorker(thread)
        }
    }

    /// Waits for a job; nil when enough other threads do.
    private func next() -> Job? {
        lock.withLock {
            while jobs.isEmpty {
                guard idle < Workers.idleLimit else { return nil }
                idle += 1
                wakes.wait()
                idle -= 1
            }
            return jobs.removeFirst()
        }
    }
}
