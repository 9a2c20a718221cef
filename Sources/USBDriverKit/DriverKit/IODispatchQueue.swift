// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import HostFiles
import USB
import USBHost

/// A serial queue with a thread of its own: what it runs, it runs in order and never two at once (DriverKit:
/// IODispatchQueue).
///
/// What runs on it may block in any call of this module, synchronous transfers included. Its thread ends with the last
/// reference to the queue, after what is on it. On a bus whose time runs free the thread is one of those that time waits
/// for.
public final class IODispatchQueue: OSObject, @unchecked Sendable {
    let core: QueueCore
    private let name: String

    /// Makes a queue for completions of the bus that the calling thread means.
    public convenience init(name: String) { self.init(name: name, on: ProcessHost.current) }

    init(name: String, on host: ProcessHost) {
        self.name = name
        core = QueueCore(name: name, on: host)
    }

    deinit { core.stop() }

    /// Makes a queue. `options` and `priority` are there for the form; both are 0.
    ///
    /// Returns kIOReturnSuccess.
    public static func Create(
        name: String, options: UInt64 = 0, priority: UInt64 = 0, queue: inout IODispatchQueue?
    ) -> kern_return_t {
        queue = IODispatchQueue(name: name)
        return kIOReturnSuccess
    }

    /// The name.
    public func GetName() -> String { name }

    /// Whether the calling thread runs something of the queue.
    public func OnQueue() -> Bool { core.isCurrent }

    /// Runs `block` on the queue, some time, behind what is there already.
    public func DispatchAsync(_ block: @escaping () -> Void) { core.enqueue(QueuedBlock(block)) }

    /// Runs `block` on the queue and returns when it has run. On the queue itself, where that would wait for ever, it runs
    /// at once.
    public func DispatchSync(_ block: () -> Void) {
        if core.isCurrent { return block() }
        withoutActuallyEscaping(block) { block in
            let work = QueuedBlock(block, on: core.host)
            core.enqueue(work)
            work.wait()
        }
    }
}

/// Something that a queue runs.
class QueuedWork {
    /// Runs on the queue's thread.
    func run() { fatalError("an override does this") }
}

/// A block of a program's.
private final class QueuedBlock: QueuedWork {
    private var block: (() -> Void)?
    private let done: WorkerSignal?

    init(_ block: @escaping () -> Void, on host: ProcessHost? = nil) {
        self.block = block
        done = host.map { WorkerSignal(on: $0) }
    }

    override func run() {
        block?()
        block = nil
        done?.set()
    }

    func wait() { done?.wait() }
}

/// The working half of a queue, which its thread keeps.
final class QueueCore: @unchecked Sendable {
    let host: ProcessHost
    private let lock = Lock()
    private let wake: WorkerSignal
    private var incoming: [QueuedWork] = []
    private var isStopped = false
    private var thread: UInt = 0

    init(name: String, on host: ProcessHost) {
        self.host = host
        wake = WorkerSignal(on: host)
        let hasStarted = Condition(lock)
        startThread(name: String(decoding: name.utf8.prefix(15), as: UTF8.self)) { [self] in
            ProcessHost.withHost(host) {
                lock.withLock {
                    thread = BusExecutor.currentThread
                    hasStarted.signal()
                }
                work()
                host.executor.removeClient()
            }
        }
        lock.withLock { while thread == 0 { hasStarted.wait() } }
        // Known before the first completion can come, so that free-running time does not pass it by.
        host.executor.addClient(thread)
    }

    var isCurrent: Bool { lock.withLock { thread } == BusExecutor.currentThread }

    /// Takes work from any thread. Does not block.
    func enqueue(_ work: QueuedWork) {
        let wasEmpty = lock.withLock {
            incoming.append(work)
            return incoming.count == 1
        }
        if wasEmpty { wake.set() }
    }

    func stop() {
        lock.withLock { isStopped = true }
        wake.set()
    }

    private func work() {
        var running: [QueuedWork] = []
        while true {
            let mustEnd = lock.withLock {
                swap(&running, &incoming)
                return running.isEmpty && isStopped
            }
            if mustEnd { return }
            if running.isEmpty {
                wake.wait()
                continue
            }
            for work in running { work.run() }
            running.removeAll(keepingCapacity: true)
        }
    }
}

/// What a thread of this module sleeps on. Where time moves only by hand, a thread that waits for work must not be one of
/// those that move it; elsewhere it delivers completions while it waits.
final class WorkerSignal: @unchecked Sendable {
    private let lock = Lock()
    private let changed: Condition
    private var isSet = false
    private let event: BusEvent?

    init(on host: ProcessHost) {
        changed = Condition(lock)
        event = host.clock.flow == .manual ? nil : BusEvent(on: host.executor, reset: .automatic)
    }

    func set() {
        lock.withLock {
            isSet = true
            changed.broadcast()
        }
        event?.set()
    }

    /// Waits until it is set, and takes that back.
    func wait() {
        if let event, event.wait() == .set(0) {
            return lock.withLock { isSet = false }
        }
        // The bus has gone, or its time stands still.
        lock.withLock {
            while !isSet { changed.wait() }
            isSet = false
        }
    }
}
