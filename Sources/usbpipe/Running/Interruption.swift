// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Ctrl-C and closed pipes, which end other programs on the spot.
enum Interruption {
    /// Lets a write to a closed pipe fail with an error instead of ending the process.
    static func ignoreClosedPipes() {
        // Sound: SIG_IGN is no function that could be called at a bad moment.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Runs `body` in a task that Ctrl-C (SIGINT) cancels. A second Ctrl-C ends the process at once.
    static func cancelling<Value: Sendable>(_ body: @Sendable @escaping () async -> Value) async -> Value {
        let task = Task { await body() }
        // The dispatch source sees the signal even though the process ignores it.
        _ = signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            task.cancel()
            _ = signal(SIGINT, SIG_DFL)
        }
        source.resume()
        let value = await task.value
        source.cancel()
        return value
    }

    /// Runs `body` to its end even if the task around it has been cancelled, to leave things in order.
    static func shielding(_ body: @Sendable @escaping () async -> Void) async {
        await Task { await body() }.value
    }
}
