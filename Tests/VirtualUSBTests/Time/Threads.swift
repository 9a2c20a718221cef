// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

@testable import USBHost

/// Threads that are started together and waited for.
final class Threads: @unchecked Sendable {
    private let lock = Lock()
    private let condition: Condition
    private var running = 0

    init() { condition = Condition(lock) }

    func start(_ body: @escaping @Sendable () -> Void) {
        lock.withLock { running += 1 }
        startThread(name: "test") { [self] in
            body()
            lock.withLock {
                running -= 1
                condition.broadcast()
            }
        }
    }

    func join() {
        lock.withLock { while running > 0 { condition.wait() } }
    }
}

/// Lets a thread wait for something that another one does.
final class Signal: @unchecked Sendable {
    private let lock = Lock()
    private let condition: Condition
    private var isGiven = false

    init() { condition = Condition(lock) }

    func give() {
        lock.withLock {
            isGiven = true
            condition.broadcast()
        }
    }

    func wait() {
        lock.withLock { while !isGiven { condition.wait() } }
    }
}
