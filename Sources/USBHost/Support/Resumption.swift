// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A suspended task, to be resumed exactly once.
///
/// Sound: every resumption stands in one place, guarded by a lock, from which it is taken when it is used.
@safe struct Resumption: @unchecked Sendable {
    private let continuation: UnsafeContinuation<Void, Never>

    fileprivate init(_ continuation: UnsafeContinuation<Void, Never>) {
        unsafe self.continuation = continuation
    }

    func resume() {
        unsafe continuation.resume()
    }
}

/// Suspends the task; `body` stores the resumption or uses it at once.
@inline(__always)
func withResumption(_ body: (Resumption) -> Void) async {
    unsafe await withUnsafeContinuation { body(unsafe Resumption($0)) }
}
