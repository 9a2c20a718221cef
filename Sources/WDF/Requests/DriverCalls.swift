// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel

/// Calls of a driver's functions at DISPATCH_LEVEL by the thread that has found the end of a request.
///
/// Nobody else may find ends meanwhile, so that a function which waits for one would wait for ever.
enum DriverCall {
    private static let key = ThreadKey()

    /// Calls `body` at DISPATCH_LEVEL.
    static func atDispatch(_ body: () -> Void) {
        let before = key.value
        key.value = before + 1
        defer { key.value = before }
        InterruptLevel.atDispatch(body)
    }

    /// Refuses to wait within such a call: bug check 0xA of `function`.
    static func requireWaiting(in function: String) throws(Refusal) {
        guard key.value > 0 else { return }
        BugCheck(
            BugCheckCode.levelNotLessOrEqual, [0, UInt(InterruptLevel.current)], in: function,
            "the thread is in a routine at DISPATCH_LEVEL, and cannot wait there"
        ).report()
        throw .bugCheck
    }
}
