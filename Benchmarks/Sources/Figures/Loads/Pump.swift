// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost

/// Keeps transfers going, each submitted again in its own completion, until a number of them has ended.
///
/// Sound: used on the executor of one bus only, where completions run one at a time.
final class Pump<Kind: PipeKind>: @unchecked Sendable {
    typealias Handler = @Sendable (consuming Completed<Kind>) -> Void

    private let submit: (consuming Transfer<Kind>, @escaping Handler) throws(USBError) -> Void
    private var handler: Handler = { _ in }
    private var left: Int
    private var underWay = 0
    private var waiter: CheckedContinuation<Void, Never>?

    init(
        count: Int, submit: @escaping (consuming Transfer<Kind>, @escaping Handler) throws(USBError) -> Void
    ) {
        left = count
        self.submit = submit
    }

    /// Starts what `start` adds, and waits for the end.
    func run(_ start: (Pump) throws -> Void) async throws {
        handler = { [self] in goOn($0) }
        try start(self)
        if underWay > 0 { await withCheckedContinuation { waiter = $0 } }
        handler = { _ in }
    }

    /// Adds a transfer to those that are kept going.
    func add(_ transfer: consuming Transfer<Kind>) throws(USBError) {
        guard left > 0 else { return }
        left -= 1
        underWay += 1
        try submit(transfer, handler)
    }

    private func goOn(_ completed: consuming Completed<Kind>) {
        precondition(completed.outcome.status == .completed, "a transfer failed")
        underWay -= 1
        do { try add(completed.transfer) } catch { fatalError("\(error)") }
        if underWay == 0 { waiter?.resume() }
    }
}

extension Pump where Kind: DataKind {
    /// Bulk or interrupt transfers.
    convenience init(count: Int) {
        self.init(count: count) { (transfer, handler) throws(USBError) in try transfer.submit(completion: handler) }
    }
}

extension Pump where Kind == Isochronous {
    /// Isochronous transfers, each as soon as possible.
    convenience init(count: Int) {
        self.init(count: count) { (transfer, handler) throws(USBError) in
            try transfer.submit(.asSoonAsPossible, completion: handler)
        }
    }
}
