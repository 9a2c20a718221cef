// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

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
    func submit(handler: @escaping @Sendable (consuming Completed<Kind>) -> Void) throws(USBError) {
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
        do throws(USBError) {
            try core.pipe.submit(core, asynchronous: true)
        } catch {
            slot.body = nil
            core.hasHandler = false
            throw error
        }
    }
}
