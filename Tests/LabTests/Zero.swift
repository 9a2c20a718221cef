// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import LinuxUSB
import USBHost
import USBSpecification

/// Gadget Zero with its pattern 1: byte i of each packet is i modulo 63. Its sink stalls when it is sent anything else.
struct Zero {
    let bus: LinuxBus
    let device: Device
    let interface: Interface
    let input: InPipe<Bulk>
    let output: OutPipe<Bulk>

    enum Function: UInt8 {
        case sourceAndSink = 3
        case loopback = 2
    }

    /// Opens it in one of its configurations.
    init(_ function: Function) async throws {
        bus = try LinuxBus()
        device = try bus.open(try await Lab.description(of: "gadget-zero", on: bus))
        try await device.selectConfiguration(function.rawValue)
        interface = try device.claim(0)
        let endpoints = interface.alternateSetting.endpoints.map(\.descriptor.address)
        guard let first = endpoints.first(where: { $0.direction == .in }),
            let second = endpoints.first(where: { $0.direction == .out })
        else { throw USBError(.notFound, message: "\(endpoints)") }
        input = try interface.inPipe(first, Bulk.self)
        output = try interface.outPipe(second, Bulk.self)
    }

    var packet: Int { output.endpoint.maximumPacketSize }

    /// Ends everything, so that the next test can have it.
    func giveBack() async { await interface.release() }

    func pattern(_ count: Int) -> [UInt8] {
        let one = (0..<packet).map { UInt8($0 % 63) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + packet)
        while bytes.count < count { unsafe one.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

/// Calls `body` with Gadget Zero, and gives it back whatever happens.
func withZero<Value>(_ function: Zero.Function, _ body: (Zero) async throws -> Value) async throws -> Value {
    let zero = try await Zero(function)
    do {
        let value = try await body(zero)
        await zero.giveBack()
        return value
    } catch {
        await zero.giveBack()
        throw error
    }
}

/// Whether two arrays are equal, at the speed of the processor even in a debug build.
func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count, !left.isEmpty else { return left.count == right.count }
    return unsafe left.withUnsafeBytes { left in
        unsafe right.withUnsafeBytes { unsafe memcmp(left.baseAddress!, $0.baseAddress!, left.count) } == 0
    }
}

/// Whether `bytes` are the first of `pattern`.
func isStart(_ bytes: [UInt8], of pattern: [UInt8]) -> Bool {
    guard bytes.count <= pattern.count, !bytes.isEmpty else { return bytes.isEmpty }
    return unsafe bytes.withUnsafeBytes { bytes in
        unsafe pattern.withUnsafeBytes { unsafe memcmp(bytes.baseAddress!, $0.baseAddress!, bytes.count) } == 0
    }
}

/// The same bytes for the same seed.
func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        let word = generator.next()
        unsafe withUnsafeBytes(of: word) { unsafe bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// Counts, from any thread.
final class Counter: @unchecked Sendable {
    private let lock = Lock()
    private var count = 0

    var value: Int { lock.withLock { count } }

    /// Adds one and returns the number before.
    @discardableResult
    func next() -> Int {
        lock.withLock {
            defer { count += 1 }
            return count
        }
    }

    func add(_ more: Int) { lock.withLock { count += more } }
}

/// Values from any thread, in their order.
final class Collected<Element: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var elements: [Element] = []

    var values: [Element] { lock.withLock { elements } }

    func append(_ element: Element) { lock.withLock { elements.append(element) } }
}
#endif
