// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CUSBDriverKit
import USBHost
import USBSpecification

/// One transfer of a pipe on its way, with what it must keep: the buffer, the action and, by the pipe, the device. It
/// belongs to the pipe and is used again and again.
class PipeRequest: QueuedWork, @unchecked Sendable {
    /// The pipe, while the request is in use.
    private(set) var pipe: IOUSBHostPipe?
    private var queue: QueueCore?
    private(set) var action: OSAction?
    /// What the request ended with.
    fileprivate(set) var status = kIOReturnSuccess
    /// Whether an abort ended it: what is submitted from its completion goes through that abort.
    fileprivate var wasAborted = false

    /// Takes the request into use; without an action somebody waits for it.
    final func begin(on pipe: IOUSBHostPipe, _ action: OSAction?) {
        self.pipe = pipe
        self.action = action
        queue = action.map { ($0.queue ?? pipe.device.queue(kIOServiceDefaultQueueName)).core }
    }

    /// The engine has handed the transfer back. Called on any thread; must not block.
    final func ended(_ status: kern_return_t, aborted: Bool) {
        self.status = status
        wasAborted = aborted
        deliver()
    }

    /// Hands the request to its queue.
    func deliver() { queue?.enqueue(self) }

    override final func run() {
        guard let pipe, let action else { return }
        let isAborted = wasAborted
        if isAborted { pipe.abortedCompletionBegins() }
        call(action)
        if isAborted { pipe.abortedCompletionEnds() }
        finish()
    }

    /// Calls the action's method.
    func call(_ action: OSAction) { fatalError("an override does this") }

    /// Lets go of what the request kept, and gives it back to its pipe.
    func finish() {
        pipe = nil
        action = nil
        queue = nil
    }
}

/// A transfer on a bulk or interrupt pipe.
class DataRequest: PipeRequest, @unchecked Sendable {
    /// The place in the pipe's ring that the transfer stands for; nil for one by itself.
    var place: Int?
    private var buffer: IOMemoryDescriptor?
    fileprivate(set) var byteCount: UInt32 = 0
    fileprivate var time: UInt64 = 0

    /// What is asked.
    struct Call {
        var buffer: IOMemoryDescriptor?
        var length: UInt32
        var timeout: UInt32
        /// Whether the transfer waits out an abort that would otherwise refuse it.
        var passesAbort = false

        var duration: Duration? { timeout == 0 ? nil : .milliseconds(Int64(timeout)) }
    }

    /// A request of this pipe; nil when the pipe is neither bulk nor interrupt.
    static func make(on pipe: AnyPipe) -> DataRequest? {
        let none = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        // Sound: each use gives the transfer the memory that it is to use.
        if let pipe = pipe.inPipe(Bulk.self) { return TypedRequest { unsafe pipe.makeTransfer(borrowing: none) } }
        if let pipe = pipe.outPipe(Bulk.self) { return TypedRequest { unsafe pipe.makeTransfer(borrowing: none) } }
        if let pipe = pipe.inPipe(Interrupt.self) { return TypedRequest { unsafe pipe.makeTransfer(borrowing: none) } }
        if let pipe = pipe.outPipe(Interrupt.self) { return TypedRequest { unsafe pipe.makeTransfer(borrowing: none) } }
        return nil
    }

    /// The memory that a call moves. It stays until ``finish()``.
    fileprivate final func keep(_ call: Call) -> UnsafeMutableRawBufferPointer {
        buffer = call.buffer
        guard let buffer else { return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes.prefix(Int(call.length)))
    }

    fileprivate final func note(_ outcome: TransferOutcome) {
        byteCount = UInt32(clamping: outcome.byteCount)
        time = outcome.time.machTime
    }

    /// Submits the transfer; the action is called when it ends.
    func submit(_ call: Call) throws(USBError) { fatalError("an override does this") }

    /// Submits the transfer and waits for its end.
    func submitAndWait(_ call: Call) throws(USBError) -> kern_return_t { fatalError("an override does this") }

    override func deliver() {
        if let place, let pipe, let action {
            pipe.noteEnded(
                DescriptorRing.Ended(
                    index: place, byteCount: byteCount, status: status, action: action, wasAborted: wasAborted))
        }
        super.deliver()
    }

    override func call(_ action: OSAction) {
        if let place {
            pipe?.deliverBundle(from: place)
        } else if case .io(let method) = action.method {
            method(action, status, byteCount, time)
        }
    }

    override func finish() {
        let pipe = pipe
        buffer = nil
        place = nil
        super.finish()
        pipe?.putBack(self)
    }
}

private final class TypedRequest<Kind: DataKind>: DataRequest, @unchecked Sendable {
    private let make: () -> Transfer<Kind>
    /// There while the transfer is idle.
    private var transfer: Transfer<Kind>?
    /// Made once. It keeps the request, which has none while the transfer is idle.
    private lazy var handler: @Sendable (consuming Completed<Kind>) -> Void = { [unowned self] done in ended(done) }
    /// Keeps the request while its transfer is under way.
    private var keeper: TypedRequest?

    init(_ make: @escaping () -> Transfer<Kind>) { self.make = make }

    private func prepare(_ call: Call) -> Transfer<Kind> {
        // One whose submission was refused has gone.
        var idle = transfer.take() ?? make()
        // Sound: the buffer is kept until the transfer has ended.
        unsafe idle.borrow(keep(call))
        idle.ignoresPipeState = call.passesAbort
        return idle
    }

    override func submit(_ call: Call) throws(USBError) {
        let idle = prepare(call)
        keeper = self
        do throws(USBError) {
            try idle.submit(timeout: call.duration, at: .anyThread, completion: handler)
        } catch {
            keeper = nil
            throw error
        }
    }

    override func submitAndWait(_ call: Call) throws(USBError) -> kern_return_t {
        let done = try prepare(call).submit(timeout: call.duration).blockingCompletion()
        let outcome = done.outcome
        let idle = done.transfer
        transfer = .some(idle)
        note(outcome)
        return ReturnCode.of(outcome.status, aborted: pipe?.abortStatus ?? kIOReturnAborted)
    }

    private func ended(_ done: consuming Completed<Kind>) {
        let outcome = done.outcome
        let idle = done.transfer
        transfer = .some(idle)
        note(outcome)
        let keeper = keeper
        self.keeper = nil
        ended(
            ReturnCode.of(outcome.status, aborted: pipe?.abortStatus ?? kIOReturnAborted),
            aborted: outcome.status == .cancelled)
        withExtendedLifetime(keeper) {}
    }
}
