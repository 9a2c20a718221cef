// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Dispatch

/// A short queue of pieces of bytes between a thread that may block and a task that may not.
///
/// A thread that reads puts pieces in with `put` and a task takes them with `next`; or a task puts them in with `add`
/// and a thread that writes takes them with `take`. There is one thread and one task.
final class ByteQueue: Sendable {
    private struct State {
        var pieces: [[UInt8]] = []
        /// No more pieces will come.
        var isFinished = false
        /// No more pieces will be taken.
        var isClosed = false
        var task: CheckedContinuation<Void, Never>?
        var threadWaits = false
    }

    private let limit: Int
    private let state = Locked(State())
    private let threadSignal = DispatchSemaphore(value: 0)

    /// - Parameter limit: how many pieces may wait.
    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Says that no more pieces will come. Those that wait can still be taken.
    func finish() { change { $0.isFinished = true } }

    /// Says that no more pieces will be taken. Those that wait are forgotten.
    func close() {
        change {
            $0.isClosed = true
            $0.pieces = []
        }
    }

    // MARK: The thread's side

    /// Waits for room and puts a piece in. False if nobody will take it.
    func put(_ piece: [UInt8]) -> Bool {
        while true {
            let done = attemptOnThread { state -> Bool? in
                if state.isClosed { return false }
                guard state.pieces.count < limit else { return nil }
                state.pieces.append(piece)
                return true
            }
            if let done { return done }
        }
    }

    /// Waits for a piece and takes it; nil after the last.
    func take() -> [UInt8]? {
        while true {
            let done = attemptOnThread { state -> [UInt8]?? in
                if !state.pieces.isEmpty { return state.pieces.removeFirst() }
                return state.isFinished || state.isClosed ? .some(nil) : nil
            }
            if let done { return done }
        }
    }

    /// Tries something, or else blocks until another side has changed something.
    private func attemptOnThread<Value>(_ body: (inout State) -> Value?) -> Value? {
        let value = change { state -> Value? in
            let value = body(&state)
            if value == nil { state.threadWaits = true }
            return value
        }
        if value == nil { threadSignal.wait() }
        return value
    }

    // MARK: The task's side

    /// Waits for a piece and takes it; nil after the last. If the task is cancelled the queue is closed, which also
    /// gives nil.
    func next() async -> [UInt8]? {
        await withTaskCancellationHandler {
            while true {
                let done = change { state -> [UInt8]?? in
                    if !state.pieces.isEmpty { return state.pieces.removeFirst() }
                    return state.isFinished || state.isClosed ? .some(nil) : nil
                }
                if let done { return done }
                await wait { $0.pieces.isEmpty && !$0.isFinished && !$0.isClosed }
            }
        } onCancel: {
            close()
        }
    }

    /// Waits for room and puts a piece in. False if nobody will take it.
    func add(_ piece: [UInt8]) async -> Bool {
        while true {
            let done = change { state -> Bool? in
                if state.isClosed { return false }
                guard state.pieces.count < limit else { return nil }
                state.pieces.append(piece)
                return true
            }
            if let done { return done }
            await wait { $0.pieces.count >= limit && !$0.isClosed }
        }
    }

    /// Waits until the other side has closed the queue.
    func closed() async {
        await wait { !$0.isClosed }
    }

    /// Suspends the task until something changes, unless `mustWait` no longer holds; in the case of `closed` until it
    /// holds no longer.
    private func wait(while mustWait: @Sendable (State) -> Bool) async {
        while state.withLock({ mustWait($0) }) {
            await withCheckedContinuation { continuation in
                let resumesNow = state.withLock { state in
                    guard mustWait(state) else { return true }
                    state.task = continuation
                    return false
                }
                if resumesNow { continuation.resume() }
            }
        }
    }

    /// Changes the state and wakes whoever waits for a change.
    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, task, thread) = state.withLock { state in
            // Who waits is noted before, so that a side that begins to wait inside `body` is not woken by itself.
            let task = state.task
            let threadWaited = state.threadWaits
            state.task = nil
            state.threadWaits = false
            return (body(&state), task, threadWaited)
        }
        task?.resume()
        if thread { threadSignal.signal() }
        return value
    }
}
