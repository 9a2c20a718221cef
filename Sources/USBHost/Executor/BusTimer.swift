// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Calls a function when a time of the bus's clock has come. It is made once and started again and again without an
/// allocation.
public final class BusTimer: @unchecked Sendable {
    private let node: Node

    /// Makes a timer that is not running.
    ///
    /// - Parameters:
    ///   - executor: of the bus by whose clock it runs.
    ///   - isAwaited: whether a thread blocks in a wait of this bus for as long as the timer runs. That thread serves it, so
    ///     that the event loop is not woken for it.
    ///   - reached: called each time that a deadline has come, by the thread that finds it so: the event loop, or one
    ///     that blocks in a wait of this bus. It must not block. It may come while the timer is being stopped or started
    ///     anew, and has to find out whether it is still wanted.
    public init(on executor: BusExecutor, isAwaited: Bool = false, reached: @escaping @Sendable () -> Void) {
        node = Node(executor, isAwaited, reached)
    }

    deinit { stop() }

    /// Starts the timer; one that is running gets the new deadline. A deadline that has passed is served at once.
    public func start(at deadline: BusInstant) {
        stop()
        node.executor.arm(node, at: deadline, withInterest: !node.isAwaited)
    }

    /// Stops the timer. A call that has begun goes on.
    public func stop() { node.executor.disarm(node, withInterest: !node.isAwaited) }

    private final class Node: DeadlineNode {
        let executor: BusExecutor
        let isAwaited: Bool
        private let reached: @Sendable () -> Void

        init(_ executor: BusExecutor, _ isAwaited: Bool, _ reached: @escaping @Sendable () -> Void) {
            self.executor = executor
            self.isAwaited = isAwaited
            self.reached = reached
        }

        override func deadlineReached() {
            if !isAwaited { executor.removeInterest() }
            reached()
        }
    }
}
