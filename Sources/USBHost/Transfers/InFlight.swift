// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A transfer on its way. Letting go of it cancels the transfer; its memory stays until the wire is done with it.
public struct InFlight<Kind: PipeKind>: ~Copyable, Sendable {
    private var core: TransferCore?

    init(core: TransferCore) {
        self.core = core
    }

    deinit {
        if let core { core.pipe.abandon(core) }
    }

    /// Asks for an early end. The completion still comes, once; if the transfer ends by itself first, it keeps its own
    /// status.
    public func cancel() {
        if let core { core.pipe.cancel(core, .requested) }
    }

    /// A handle that can cancel the transfer from elsewhere, while the completion is awaited.
    public var canceller: Canceller { Canceller(core: core) }

    /// Waits for the end. Cancelling the task cancels the transfer, and the outcome then says so.
    public consuming func completion() async -> Completed<Kind> {
        guard let core else { fatalError("a transfer completes once") }
        self.core = nil
        await core.wait()
        core.pipe.collect(core)
        return Completed(core: core)
    }

    /// Blocks the calling thread until the end, delivering completions meanwhile.
    @available(*, noasync, message: "use completion(), which suspends the task instead of blocking its thread")
    public consuming func blockingCompletion() -> Completed<Kind> {
        guard let core else { fatalError("a transfer completes once") }
        self.core = nil
        core.waitBlocking()
        core.pipe.collect(core)
        return Completed(core: core)
    }

    /// The outcome if the transfer has ended. It stays to be collected by ``completion()``.
    public var outcomeIfComplete: TransferOutcome? {
        guard let core else { return nil }
        return core.pipe.lock.withLock { core.life.state == .complete ? core.outcome : nil }
    }
}

/// Cancels one transfer. It can be kept and sent anywhere; after the transfer has ended it does nothing.
public struct Canceller: Sendable {
    private let core: TransferCore?
    private let use: UInt64

    init(core: TransferCore?) {
        self.core = core
        use = core?.use ?? 0
    }

    /// Cancels the next use of an idle transfer.
    init(nextUseOf core: TransferCore) {
        self.core = core
        use = core.use &+ 1
    }

    /// Asks for an early end.
    public func cancel() {
        guard let core, let pipe = core.livePipe else { return }
        pipe.cancel(core, .requested, use: use)
    }
}

// Frozen, so that a client can take the transfer out of it.
/// A transfer that has ended: the outcome, and the transfer to use again.
@frozen public struct Completed<Kind: PipeKind>: ~Copyable, Sendable {
    /// The transfer, idle again.
    public var transfer: Transfer<Kind>
    /// What became of it.
    public let outcome: TransferOutcome

    init(core: TransferCore) {
        transfer = Transfer(core: core)
        outcome = core.outcome
    }
}

extension TransferCore {
    /// Suspends until the transfer has ended. Cancelling the task cancels the transfer.
    func wait() async {
        await withTaskCancellationHandler {
            await withResumption { resumption in
                let pipe = self.pipe
                pipe.lock.lock()
                if life.state == .complete {
                    pipe.lock.unlock()
                    resumption.resume()
                } else {
                    waiter = .task(resumption)
                    pipe.takeInterest(for: self)
                    pipe.lock.unlock()
                }
            }
        } onCancel: {
            pipe.cancel(self, .requested)
        }
    }

    /// Blocks until the transfer has ended.
    func waitBlocking() {
        let mustWait = pipe.lock.withLock {
            guard life.state != .complete else { return false }
            waiter = .thread
            return true
        }
        guard mustWait else { return pipe.executor.noteClient() }
        if pipe.executor.block(until: { blockingIsDone }) == .neverCompletes {
            pipe.cancel(self, .neverCompletes)
            _ = pipe.executor.block { blockingIsDone }
        }
    }
}

extension PipeCore {
    /// The owner lets go of a transfer in flight.
    func abandon(_ transfer: TransferCore) {
        lock.lock()
        if transfer.life.state == .complete {
            transfer.life.collect()
            return lock.unlock()
        }
        transfer.waiter = .abandoned
        lock.unlock()
        cancel(transfer, .requested)
    }
}
