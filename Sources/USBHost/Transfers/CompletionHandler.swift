// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where the handler of a completion runs.
public enum HandlerPlace: Sendable, Hashable {
    /// On the bus's executor, one handler at a time. It may take its time, and may block.
    case executor
    /// On the very thread that finds the transfer's end, without a change of threads: the event loop, a thread that
    /// blocks in a wait of this bus, or one that cancels or is refused. Handlers of different transfers can run at the
    /// same time. It may submit and cancel transfers and set events, and must neither block nor hold a lock while it is
    /// submitting that it takes itself.
    case anyThread
    /// As ``anyThread``, for a submitter that goes on to wait for the end, by a ``BusEvent`` which the handler sets: it
    /// delivers completions while it waits, so that the event loop is not woken for this one.
    case waitingThread
}

/// Where a transfer keeps the handler of its completion. It is made when the transfer first gets a handler and used
/// again from then on, so that a transfer which goes round and round allocates nothing.
class CompletionHandler {
    /// Takes the outcome, and hands the transfer back; called on the executor.
    func run(for transfer: TransferCore) { fatalError("an override does this") }
}

/// The handler of a transfer of one kind. Nobody looks at it between submission and completion, after which the executor
/// has the transfer for itself.
private final class TypedCompletionHandler<Kind: PipeKind>: CompletionHandler {
    var body: (@Sendable (consuming Completed<Kind>) -> Void)?

    override func run(for transfer: TransferCore) {
        let body = self.body
        self.body = nil
        transfer.hasHandler = false
        body?(Completed(core: transfer))
    }
}

extension Transfer {
    /// Submits the transfer with a handler, which is let go of when the transfer is refused.
    func submit(
        at place: HandlerPlace, handler: @escaping @Sendable (consuming Completed<Kind>) -> Void
    ) throws(USBError) {
        let slot: TypedCompletionHandler<Kind>
        if let made = core.handler {
            // Sound: made below, and a transfer is of the same kind all its life. A cast would look the type up.
            slot = unsafe unsafeDowncast(made, to: TypedCompletionHandler<Kind>.self)
        } else {
            slot = TypedCompletionHandler<Kind>()
            core.handler = slot
        }
        slot.body = handler
        core.hasHandler = true
        core.handlerPlace = place
        do throws(USBError) {
            try core.pipe.submit(core, asynchronous: true)
        } catch {
            slot.body = nil
            core.hasHandler = false
            throw error
        }
    }
}
