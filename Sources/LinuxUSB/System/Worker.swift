// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import USBHost

/// A thread for calls that wait for a device, one after the other. It is there only while there are any.
final class Worker: @unchecked Sendable {
    private let lock = Lock()
    private var waiting: [@Sendable () -> Void] = []
    private var isRunning = false

    func run(_ work: @escaping @Sendable () -> Void) {
        let mustStart = lock.withLock {
            waiting.append(work)
            defer { isRunning = true }
            return !isRunning
        }
        if mustStart { startThread(name: "usb-calls") { [self] in runAll() } }
    }

    private func runAll() {
        while true {
            let next: (@Sendable () -> Void)? = lock.withLock {
                guard waiting.isEmpty else { return waiting.removeFirst() }
                isRunning = false
                return nil
            }
            guard let next else { return }
            next()
        }
    }
}
#endif
