// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost

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

/// Runs blocking code from inside a task.
func blocking<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value { try body() }

/// Keeps what several tasks report.
final class Log<Element: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var list: [Element] = []

    func add(_ element: Element) { lock.withLock { list.append(element) } }
    var elements: [Element] { lock.withLock { list } }
    var count: Int { lock.withLock { list.count } }
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

    /// Awaits all of them.
    func outcomes() async -> [TransferOutcome] {
        let all = boxes
        boxes = []
        var outcomes: [TransferOutcome] = []
        for box in all {
            guard let flight = box.take() else { continue }
            outcomes.append(await flight.completion().outcome)
        }
        return outcomes
    }

    func statuses() async -> [TransferStatus] { await outcomes().map(\.status) }
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
