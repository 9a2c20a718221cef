// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

@testable import USBHost

/// A high-speed device with one endpoint of every kind. Alternate setting 1 has the bulk IN endpoint alone.
func scriptedDescription(_ id: DeviceID) -> DeviceDescription {
    func endpoint(_ address: EndpointAddress, _ type: TransferType, _ size: Int, _ interval: UInt8) -> EndpointLayout {
        EndpointLayout(
            EndpointDescriptor(address: address, transferType: type, maximumPacketSize: size, interval: interval))
    }
    let vendor = ClassCode(base: 0xFF)
    let first = InterfaceLayout(
        number: 0,
        alternateSettings: [
            AlternateSetting(
                descriptor: InterfaceDescriptor(number: 0, interfaceClass: vendor),
                endpoints: [
                    endpoint(0x81, .bulk, 512, 0), endpoint(0x02, .bulk, 512, 0), endpoint(0x83, .interrupt, 64, 4),
                    endpoint(0x04, .interrupt, 64, 4), endpoint(0x05, .isochronous, 192, 1),
                    endpoint(0x86, .isochronous, 192, 1),
                ]),
            AlternateSetting(
                descriptor: InterfaceDescriptor(number: 0, alternateSetting: 1, interfaceClass: vendor),
                endpoints: [endpoint(0x81, .bulk, 512, 0)]),
        ])
    let second = InterfaceLayout(
        number: 1,
        alternateSettings: [
            AlternateSetting(
                descriptor: InterfaceDescriptor(number: 1, interfaceClass: vendor),
                endpoints: [endpoint(0x07, .bulk, 512, 0)])
        ])
    return DeviceDescription(
        id: id, path: "1-1", speed: .high, descriptor: DeviceDescriptor(vendorID: 0x1209, productID: 0x0001),
        configurations: [Configuration(interfaces: [first, second])], activeConfiguration: 1)
}

/// Counts, from any thread.
final class Counter: @unchecked Sendable {
    private let lock = Lock()
    private var count = 0

    /// The numbers from 0 on.
    @discardableResult
    func next() -> Int {
        lock.withLock {
            defer { count += 1 }
            return count
        }
    }

    var value: Int { lock.withLock { count } }
}

/// Keeps what several threads report.
final class Log<Element: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var list: [Element] = []

    func add(_ element: Element) { lock.withLock { list.append(element) } }
    var elements: [Element] { lock.withLock { list } }
}

/// A generator whose runs repeat (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension ScriptedWire {
    /// The device, open, and its first interface, claimed.
    func openFirstInterface() throws(USBError) -> (device: Device, interface: Interface) {
        let device = try open(vendorID: 0x1209, productID: 0x0001)
        return (device, try device.claim(0))
    }

    /// Runs `body` with the first interface claimed, and checks that it leaves nothing behind at the wire.
    func simulate<Value: Sendable>(
        _ body: @Sendable @escaping (Interface) async throws -> Value
    ) throws -> Value {
        let value = try executor.simulate {
            let (_, interface) = try self.openFirstInterface()
            return try await body(interface)
        }
        try expectClean()
        return value
    }

    func expectClean() throws {
        let left = violations
        guard left.isEmpty else { throw USBError(.other, message: "broken rules: \(left)") }
        guard outstanding == 0 else { throw USBError(.other, message: "\(outstanding) requests are outstanding") }
        guard openPipes == 0, openDevices == 0, claims.isEmpty else {
            throw USBError(.other, message: "\(openPipes) pipes, \(openDevices) devices, claims \(claims) are left")
        }
    }
}

/// Runs blocking code from inside a task.
func blocking<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value { try body() }

/// The error that `body` throws.
func failure(_ body: () async throws -> Void) async -> USBError? {
    do { try await body() } catch { return error as? USBError }
    return nil
}

/// The error that `body` throws.
func failure(_ body: () throws -> Void) -> USBError? {
    do { try body() } catch { return error as? USBError }
    return nil
}

/// Several transfers in flight, to be awaited in the order in which they were added.
final class Flights<Kind: PipeKind>: @unchecked Sendable {
    private final class Box {
        var flight: InFlight<Kind>?
        init(_ flight: consuming InFlight<Kind>) { self.flight = consume flight }
        func take() -> InFlight<Kind>? { flight.take() }
    }

    private var boxes: [Box] = []

    func add(_ flight: consuming InFlight<Kind>) { boxes.append(Box(flight)) }

    func outcomes(look: () -> Void = {}) async -> [TransferOutcome] {
        let all = boxes
        boxes = []
        var outcomes: [TransferOutcome] = []
        for box in all {
            guard let flight = box.take() else { continue }
            outcomes.append(await flight.completion().outcome)
            look()
        }
        return outcomes
    }

    func statuses(look: () -> Void = {}) async -> [TransferStatus] { await outcomes(look: look).map(\.status) }
}

/// Watches an object without keeping it.
final class Weak<Object: AnyObject>: @unchecked Sendable {
    weak var object: Object?
}

extension Transfer where Kind: DataKind {
    /// Submits, and gives the error that is thrown or with which the transfer ends.
    consuming func submitError() async -> USBError? {
        do throws(USBError) {
            let flight = try submit()
            return await flight.completion().outcome.error
        } catch {
            return error
        }
    }
}

extension Transfer where Kind == Isochronous {
    /// Submits, and gives the error that is thrown or with which the transfer ends.
    consuming func submitError(_ start: IsochronousStart, policy: StartPolicy = StartPolicy()) async -> USBError? {
        do throws(USBError) {
            let flight = try submit(start, policy: policy)
            return await flight.completion().outcome.error
        } catch {
            return error
        }
    }
}

/// Runs blocking code on a thread of its own, so that no thread which runs tasks is blocked.
func onThread<Value: Sendable>(_ body: @Sendable @escaping () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        startThread(name: "test") { continuation.resume(returning: body()) }
    }
}
