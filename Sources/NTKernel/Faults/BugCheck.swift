// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What stops a Windows kernel: a mistake of a driver that no status can answer.
///
/// Here it is a diagnosis. It is printed, and the process ends; or a handler takes it, and the call that found the
/// mistake returns without having done anything.
public struct BugCheck: Hashable, Sendable {
    /// The code, such as 0x10D (WDF_VIOLATION).
    public var code: UInt32
    /// The four parameters, whose meaning the code determines.
    public var parameters: [UInt]
    /// The function of the driver's interface that found the mistake.
    public var function: String
    /// What was wrong.
    public var reason: String

    /// Makes a diagnosis; parameters that are not given are 0.
    public init(_ code: UInt32, _ parameters: [UInt] = [], in function: String, _ reason: String) {
        self.code = code
        self.parameters = Array((parameters + [0, 0, 0, 0]).prefix(4))
        self.function = function
        self.reason = reason
    }

    /// Hands the diagnosis to whoever takes it: the calling thread's ``intercepting(_:)``, else the process's handler.
    /// Where there is neither, it is printed and the process ends.
    public func report() {
        if let collector = Collector.current {
            collector.found.append(self)
            return
        }
        if let (handler, context) = unsafe Handlers.shared.current {
            unsafe call(handler, context)
            return
        }
        try? print()
        abort()
    }

    /// Runs `body` and returns the bug checks of the calling thread meanwhile, none of which ends the process.
    public static func intercepting<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> [BugCheck] {
        let collector = Collector()
        try collector.during(body)
        return collector.found
    }

    /// The diagnosis as it is printed.
    public var text: String {
        let numbers = parameters.map { "0x" + String($0, radix: 16, uppercase: true) }.joined(separator: ", ")
        return "bug check 0x" + String(code, radix: 16, uppercase: true)
            + " (\(numbers)) in \(function): \(reason)"
    }

    private func print() throws {
        let line = "swift-usb: \(text)\n"
        var bytes = Array(line.utf8)
        // Sound: the array is there for the length of the call.
        _ = unsafe bytes.withUnsafeMutableBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }

    private func call(_ handler: Handlers.Function, _ context: UnsafeMutableRawPointer?) {
        // Sound: the texts are lent for the length of the call.
        unsafe function.withCString { function in
            unsafe reason.withCString { reason in
                var diagnosis = unsafe SwiftUsbBugCheck(
                    Code: code, Parameters: (parameters[0], parameters[1], parameters[2], parameters[3]),
                    Function: function, Reason: reason)
                unsafe handler(&diagnosis, context)
            }
        }
    }
}

/// The process's handler.
@safe final class Handlers: @unchecked Sendable {
    typealias Function = @convention(c) (UnsafePointer<SwiftUsbBugCheck>?, UnsafeMutableRawPointer?) -> Void

    static let shared = Handlers()
    private let lock = Lock()
    private var handler: Function?
    private var context: UnsafeMutableRawPointer?

    var current: (Function, UnsafeMutableRawPointer?)? {
        unsafe lock.withLock { unsafe self.handler.map { unsafe ($0, self.context) } }
    }

    func set(_ handler: Function?, _ context: UnsafeMutableRawPointer?) {
        lock.withLock {
            unsafe self.handler = unsafe handler
            unsafe self.context = unsafe context
        }
    }
}

/// Takes the bug checks of one thread.
private final class Collector {
    var found: [BugCheck] = []

    private static let key = ThreadKey()

    static var current: Collector? {
        // Sound: the frame that set the value keeps the collector until it takes the value back.
        unsafe UnsafeRawPointer(bitPattern: key.value).map {
            unsafe Unmanaged<Collector>.fromOpaque($0).takeUnretainedValue()
        }
    }

    func during<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        let before = Collector.key.value
        Collector.key.value = unsafe UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())
        defer {
            Collector.key.value = before
            withExtendedLifetime(self) {}
        }
        try body()
    }
}

/// A number that each thread has of its own; 0 at first.
@safe package struct ThreadKey: Sendable {
    private let key: pthread_key_t

    /// Makes a value of each thread's.
    package init() {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "no keys for values of threads are left")
        self.key = key
    }

    /// The calling thread's number.
    // The pointer itself is the value, so that no thread needs memory for it.
    package var value: UInt {
        get { unsafe UInt(bitPattern: pthread_getspecific(key)) }
        nonmutating set { unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: newValue)) }
    }
}
