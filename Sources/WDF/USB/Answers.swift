// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// What a function answers: the status of its body, or of the refusal that stopped it.
func answer(_ body: () throws(Refusal) -> NTSTATUS) -> NTSTATUS {
    do throws(Refusal) { return try body() } catch { return error.status }
}

/// What a function without a status answers: the value of its body, or `otherwise` after a refusal.
func answer<Value>(or otherwise: Value, _ body: () throws(Refusal) -> Value) -> Value {
    do throws(Refusal) { return try body() } catch { return otherwise }
}

/// The memory of an out parameter, or whatever else has to be there; NULL is a bug check of `function`.
func required<Pointee>(
    _ pointer: UnsafeMutablePointer<Pointee>?, _ name: String, in function: String
) throws(Refusal) -> UnsafeMutablePointer<Pointee> {
    guard let pointer = unsafe pointer else { throw Violation.missingParameter(name, in: function) }
    return unsafe pointer
}

extension FrameworkObject {
    /// The handle as the type that the driver's functions give handles of this kind.
    final func handle<Token>(as type: UnsafeMutablePointer<Token>.Type) -> UnsafeMutablePointer<Token>? {
        // Never looked behind: it only has the type that drivers know.
        unsafe handle?.assumingMemoryBound(to: Token.self)
    }
}
