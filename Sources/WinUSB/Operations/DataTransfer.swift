// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// Who is told of the end of a ``DataTransfer``.
protocol DataTransferOwner: AnyObject, Sendable {
    /// The transfer has ended, and can be used again. Called with no lock held, by any thread, perhaps before the submit
    /// has returned.
    func transferEnded(_ outcome: TransferOutcome)
}

/// A transfer of the engine's on a bulk or interrupt pipe, used again and again with the memory of each call.
@safe class DataTransfer: @unchecked Sendable {
    fileprivate unowned let owner: any DataTransferOwner

    fileprivate init(_ owner: any DataTransferOwner) {
        self.owner = owner
    }

    /// A transfer of this pipe; nil when the pipe is neither bulk nor interrupt.
    static func make(on pipe: AnyPipe, for owner: any DataTransferOwner) -> DataTransfer? {
        let none = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        // Sound: each submit gives the transfer the memory that it is to use.
        if let pipe = pipe.inPipe(Bulk.self) { return TypedTransfer(unsafe pipe.makeTransfer(borrowing: none), owner) }
        if let pipe = pipe.outPipe(Bulk.self) { return TypedTransfer(unsafe pipe.makeTransfer(borrowing: none), owner) }
        if let pipe = pipe.inPipe(Interrupt.self) {
            return TypedTransfer(unsafe pipe.makeTransfer(borrowing: none), owner)
        }
        if let pipe = pipe.outPipe(Interrupt.self) {
            return TypedTransfer(unsafe pipe.makeTransfer(borrowing: none), owner)
        }
        return nil
    }

    /// Moves these bytes, which stay where they are until the owner is told of the end. Refusals are ends too. Returns
    /// what cancels this use of the transfer and no other.
    func submit(_ bytes: UnsafeMutableRawBufferPointer, timeout: Duration?) -> Canceller {
        fatalError("an override does this")
    }
}

private final class TypedTransfer<Kind: DataKind>: DataTransfer, @unchecked Sendable {
    /// There while the transfer is idle.
    private var transfer: Transfer<Kind>?
    /// Made once: it keeps nothing alive, since the operation that is under way is in its list.
    private var handler: (@Sendable (consuming Completed<Kind>) -> Void)?

    init(_ transfer: consuming Transfer<Kind>, _ owner: any DataTransferOwner) {
        self.transfer = consume transfer
        super.init(owner)
        handler = { [unowned self] done in self.ended(done) }
    }

    override func submit(_ bytes: UnsafeMutableRawBufferPointer, timeout: Duration?) -> Canceller {
        guard var idle = transfer.take(), let handler else { fatalError("the transfer is under way") }
        unsafe idle.borrow(bytes)
        let canceller = idle.canceller
        do throws(USBError) {
            try idle.submit(timeout: timeout, deliveringRefusal: true, at: .anyThread, completion: handler)
        } catch {
            fatalError("a refusal is delivered: \(error)")
        }
        return canceller
    }

    private func ended(_ done: consuming Completed<Kind>) {
        let outcome = done.outcome
        let owner = owner
        let idle = done.transfer
        transfer = .some(idle)
        owner.transferEnded(outcome)
    }
}
