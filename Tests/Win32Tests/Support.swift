// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBSpecification
import VirtualUSB

@testable import USBHost
@testable import Win32

/// Runs `body` with a bus of its own that calls on this thread mean.
func onABus<Value>(_ flow: TimeFlow = .free, _ body: (VirtualBus) throws -> Value) rethrows -> Value {
    let bus = VirtualBus(flow: flow)
    // Every thread of these tests waits sooner or later; a busy machine must not make one of them be given up.
    bus.executor.patience = 30_000_000_000
    return try ProcessHost.withHost(bus) { try body(bus) }
}

/// What a function returned, with the last error that it set.
struct Answer<Value: Equatable>: Equatable {
    var value: Value
    var error: DWORD

    init(_ value: Value, _ error: some BinaryInteger) {
        self.value = value
        self.error = DWORD(truncatingIfNeeded: error)
    }

    init(_ value: Value) { self.init(value, 0) }
}

extension Answer: Sendable where Value: Sendable {}

/// Calls a function with the last error cleared.
func answer<Value: Equatable>(_ call: () -> Value) -> Answer<Value> {
    SetLastError(0)
    let value = call()
    return Answer(value, GetLastError())
}

/// Runs `body` on a thread of CreateThread, and gives its handle.
func start(flags: DWORD = 0, _ body: @escaping @Sendable () -> DWORD) -> HANDLE? {
    final class Box {
        let body: @Sendable () -> DWORD
        init(_ body: @escaping @Sendable () -> DWORD) { self.body = body }
    }
    // Sound: the thread takes the one reference.
    return unsafe CreateThread(
        nil, 0,
        { parameter in
            guard let parameter = unsafe parameter else { return 0 }
            return unsafe Unmanaged<Box>.fromOpaque(parameter).takeRetainedValue().body()
        }, Unmanaged.passRetained(Box(body)).toOpaque(), flags, nil)
}

/// A handle that can be carried into a thread.
@safe struct Carried: @unchecked Sendable {
    let handle: HANDLE?
    init(_ handle: HANDLE?) { unsafe self.handle = unsafe handle }
}

/// Keeps what several threads report.
final class Log<Element: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var list: [Element] = []

    func add(_ element: Element) { lock.withLock { list.append(element) } }
    var elements: [Element] { lock.withLock { list } }
}

/// Milliseconds on the bus.
func milliseconds(_ bus: VirtualBus) -> Int64 { bus.clock.presentInstant.nanoseconds / 1_000_000 }

/// The text of a wide buffer up to its zero.
func text(_ units: some Sequence<WCHAR>) -> String {
    String(String.UnicodeScalarView(units.prefix { $0 != 0 }.compactMap { Unicode.Scalar(UInt32(bitPattern: $0)) }))
}

/// The text of a buffer of bytes up to its zero.
func text(_ units: some Sequence<CChar>) -> String {
    String(decoding: units.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The texts of a list that ends with an empty one.
func texts<Unit: FixedWidthInteger>(_ units: [Unit], _ read: (ArraySlice<Unit>) -> String) -> [String] {
    units.split(separator: 0, omittingEmptySubsequences: true).map(read)
}

/// The wide characters of a text, with a zero.
func wide(_ text: String) -> [WCHAR] { text.unicodeScalars.map { WCHAR(bitPattern: $0.value) } + [0] }

/// Closes handles, all of which are to be valid.
func close(_ handles: [HANDLE?]) {
    for index in unsafe handles.indices { #expect(unsafe CloseHandle(handles[index]) == TRUE) }
}
