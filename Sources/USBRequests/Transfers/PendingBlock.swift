// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSBDrivers
import USBHost

/// A USB request block on its way: who is told of its end, and the way to end it early.
///
/// It serves one block at a time. A subclass that is told by ``ended(_:)`` serves again and again, with a ``reset()`` in
/// between, and needs no allocation for that.
open class PendingBlock: @unchecked Sendable {
    private final let completion: (@Sendable (NTSTATUS) -> Void)?
    private final let lock = Lock()
    private final var canceller: Canceller?
    private final var isSubmitted = false
    private final var isCancelled = false
    /// Whether the submitter waits for the end by an event of this bus: it then looks for the end itself, and no other
    /// thread is woken for that. Set before the submit.
    public final var isAwaited = false

    /// Makes one whose end `completion` is told of, with the request's status: once, by any thread, perhaps before the
    /// submit has returned. It must not block.
    public init(completion: @escaping @Sendable (NTSTATUS) -> Void) {
        self.completion = completion
    }

    /// Makes one whose end a subclass is told of.
    public init() {
        completion = nil
    }

    /// The block has ended with this status of the request: called once, by any thread, perhaps before the submit has
    /// returned. It must not block.
    open func ended(_ status: NTSTATUS) { completion?(status) }

    /// Makes it as new, for the next block. The one before has ended, and its submit has returned.
    public final func reset() {
        lock.withLock {
            canceller = nil
            isSubmitted = false
            isCancelled = false
        }
    }

    /// Asks for an early end, which comes as ever. Before the block is submitted, it is to end early once it is; after
    /// the end, nothing happens.
    public final func cancel() {
        let canceller: Canceller? = lock.withLock {
            isCancelled = true
            return isSubmitted ? self.canceller : nil
        }
        canceller?.cancel()
    }

    /// Where the end of a transfer is told.
    final var handlerPlace: HandlerPlace { isAwaited ? .waitingThread : .anyThread }

    /// A transfer is about to be submitted for the block.
    final func willSubmit(_ canceller: Canceller) { lock.withLock { self.canceller = canceller } }

    /// The transfer has been submitted; it may have ended.
    final func didSubmit() {
        let canceller: Canceller? = lock.withLock {
            isSubmitted = true
            return isCancelled ? self.canceller : nil
        }
        canceller?.cancel()
    }

    /// The block has ended.
    final func end(_ status: NTSTATUS) { ended(status) }
}
