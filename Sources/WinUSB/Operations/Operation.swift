// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import Win32

/// Something that a program began on a pipe and that ends later: with an OVERLAPPED block it goes on beside the program,
/// without one the call waits for it.
///
/// An operation belongs to one ``OperationList`` all its life and goes through the same steps again and again:
/// ``OperationList/begin(_:_:)``, ``finish(_:byteCount:)``, ``recycle()``. A subclass keeps the transfers that it needs,
/// so that steady traffic allocates nothing.
@safe class Operation: @unchecked Sendable {
    /// How an operation ended.
    struct Result {
        var status: NTStatus
        var byteCount: Int
        /// The call can never end: nothing is scheduled on a clock that moves by hand.
        var isDeadlock = false

        /// The code for GetLastError; 0 for success.
        var systemError: UInt32 { isDeadlock ? SystemError.possibleDeadlock : status.systemError }
    }

    /// The operations of the same pipe.
    let list: OperationList

    // Guarded by the list's lock.
    fileprivate(set) var next: Operation?
    fileprivate(set) unowned(unsafe) var previous: Operation?
    fileprivate(set) var isOutstanding = false
    /// The place in the order in which the list's operations began: it tells one use of the operation from the next.
    fileprivate(set) var number: UInt64 = 0
    /// The thread that began it.
    fileprivate(set) var thread: UInt64 = 0
    fileprivate var block: OverlappedBlock?

    // For calls that wait.
    private var ended: BusEvent?
    private var result = Result(status: .success, byteCount: 0)

    init(in list: OperationList) {
        self.list = list
    }

    /// Asks for the early end of the use with this number; if that has ended, nothing happens. Called with no lock held,
    /// by any thread.
    func cancel(_ number: UInt64) { fatalError("an override does this") }

    /// Nobody looks at the operation any more: it can be used again. Called with no lock held.
    func recycle() {}

    /// Ends the operation: the block is marked and its event set, or the thread that waits goes on. Called once for each
    /// beginning, with no lock held.
    final func finish(_ status: NTStatus, byteCount: Int) {
        let list = list
        let block = list.remove(self)
        if let block {
            recycle()
            block.finish(status, byteCount: byteCount)
        } else {
            result = Result(status: status, byteCount: byteCount)
            ended?.set()
        }
        list.removalIsTold()
    }

    /// Blocks the thread that began the operation without a block, until its end. The operation can be used again then.
    final func wait() -> Result {
        guard let ended else { fatalError("the operation was begun with a block") }
        var isDeadlock = false
        if BusEvent.wait(for: [ended], on: ended.executor) == .neverSet {
            isDeadlock = true
            cancel(number)
            _ = BusEvent.wait(for: [ended], on: ended.executor)
        }
        var result = result
        if isDeadlock, result.status == .cancelled { result.isDeadlock = true }
        recycle()
        return result
    }

    /// The list takes the operation up.
    fileprivate func prepare(_ block: OverlappedBlock?) {
        self.block = block
        thread = CurrentThread.id
        guard block == nil else { return }
        if let ended { ended.clear() } else { ended = BusEvent(on: list.executor) }
    }
}

/// What has begun on a pipe and not ended, in the order in which it began.
@safe final class OperationList: @unchecked Sendable {
    let executor: BusExecutor

    private let lock = Lock()
    private var head: Operation?
    private unowned(unsafe) var tail: Operation?
    private var count: UInt64 = 0
    /// Operations that have left the list while their owners are just being told.
    private var telling = 0
    private var drains: [(last: UInt64, event: BusEvent)] = []
    private var isClosed = false

    init(executor: BusExecutor) {
        self.executor = executor
    }

    /// Whether nothing is under way.
    var isEmpty: Bool { lock.withLock { head == nil } }

    /// Takes an operation up. Returns false, and does nothing, when the list is closed.
    func begin(_ operation: Operation, _ block: OverlappedBlock?) -> Bool {
        lock.withLock {
            guard !isClosed else { return false }
            operation.prepare(block)
            count += 1
            operation.number = count
            operation.isOutstanding = true
            unsafe operation.previous = unsafe tail
            if let last = unsafe tail { last.next = operation } else { head = operation }
            unsafe tail = operation
            return true
        }
    }

    /// Takes an operation out and returns its block. What waits for the list goes on with ``removalIsTold()``.
    fileprivate func remove(_ operation: Operation) -> OverlappedBlock? {
        lock.withLock {
            precondition(operation.isOutstanding, "an operation ends once")
            operation.isOutstanding = false
            let next = operation.next
            operation.next = nil
            if let previous = unsafe operation.previous { previous.next = next } else { head = next }
            if let next {
                unsafe next.previous = unsafe operation.previous
            } else {
                unsafe tail = unsafe operation.previous
            }
            unsafe operation.previous = nil
            telling += 1
            defer { operation.block = nil }
            return operation.block
        }
    }

    /// The owner of an operation that was taken out knows of its end.
    fileprivate func removalIsTold() {
        lock.lock()
        telling -= 1
        guard !drains.isEmpty else { return lock.unlock() }
        let over = drains.filter { isDrained(upTo: $0.last) }
        drains.removeAll { isDrained(upTo: $0.last) }
        lock.unlock()
        for drain in over { drain.event.set() }
    }

    private func isDrained(upTo last: UInt64) -> Bool {
        telling == 0 && (head.map { $0.number > last } ?? true)
    }

    /// Cancels the operation of this block, or every operation where it is nil; with a thread only those that it began.
    /// Returns whether there was any.
    @discardableResult
    func cancel(of overlapped: LPOVERLAPPED? = nil, begunBy thread: UInt64? = nil) -> Bool {
        var found: [(operation: Operation, number: UInt64)] = []
        lock.withLock {
            var next = head
            while let operation = next {
                next = operation.next
                if let thread, operation.thread != thread { continue }
                if let overlapped = unsafe overlapped, unsafe operation.block?.pointer != overlapped { continue }
                found.append((operation, operation.number))
            }
        }
        // From the back, so that nothing begins that is to be cancelled.
        for (operation, number) in found.reversed() { operation.cancel(number) }
        return !found.isEmpty
    }

    /// Cancels everything, and blocks until all of it has ended and its owners know.
    func abort() {
        let last = lock.withLock { count }
        unsafe cancel()
        drain(upTo: last)
    }

    /// Lets nothing begin any more, and ends what is under way as ``abort()`` does.
    func close() {
        lock.withLock { isClosed = true }
        abort()
    }

    /// Lets nothing begin any more.
    func refuseFromNowOn() {
        lock.withLock { isClosed = true }
    }

    /// Blocks until everything has ended that had begun up to the operation with this number.
    func drain(upTo last: UInt64 = .max) {
        let event = BusEvent(on: executor)
        let mustWait = lock.withLock {
            guard !isDrained(upTo: last) else { return false }
            drains.append((last, event))
            return true
        }
        if mustWait { _ = BusEvent.wait(for: [event], on: executor) }
    }
}
