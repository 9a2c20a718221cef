// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import Win32

/// Who is told that a queue has come to a state.
@safe enum QueueNotice: @unchecked Sendable {
    // Sound: a function of the driver's, and a pointer that only it looks behind.
    case call(PFN_WDF_IO_QUEUE_STATE, WDFCONTEXT?)
    case set(BusEvent)
}

/// What a queue does next.
@safe enum QueueAction: @unchecked Sendable {
    /// Tells the driver that a request which it made cancelable is cancelled.
    case cancel(QueuedRequest, PFN_WDF_REQUEST_CANCEL)
    /// Hands a request, which had been in the driver's hands before it waited, back as cancelled.
    case returnCancelled(QueuedRequest)
    /// Completes a request that the driver does not see as cancelled.
    case endCancelled(QueuedRequest)
    /// Asks the driver what is to become of a request while the queue is purged.
    case stop(QueuedRequest, isCancelable: Bool)
    /// Tells of a state.
    case notify(QueueNotice)
    /// Presents a request.
    case present(QueuedRequest)
    /// There is nothing to do now.
    case rest

    /// Takes a reference on the framework's object of a request that the driver is told of, and may complete on another
    /// thread meanwhile. The lock is held, with which a request that is in the driver's hands does not end.
    func keptRequest() -> RequestObject? {
        switch self {
        case .cancel(let request, _), .stop(let request, _):
            request.object?.reference()
            return request.object
        default: return nil
        }
    }
}

/// The life of a queue, as a value: which requests wait, which the driver has, and what comes next.
///
/// Nothing is called from here. Guarded by the lock of the device's queues, as are the places of requests.
@safe struct QueueLife {
    /// How requests get to the driver.
    enum Dispatch: Hashable, Sendable {
        /// One at a time.
        case sequential
        /// So many at a time.
        case parallel(limit: Int)
        /// The driver takes them.
        case manual
    }

    let dispatch: Dispatch
    /// Whether a request that the driver had in its hands is handed back to it when it is cancelled in the queue.
    let returnsCancelled: Bool
    /// Whether the driver is asked about the requests in its hands while the queue is purged.
    let asksAtStop: Bool

    private(set) var accepts = true
    private(set) var dispatches = true
    /// From a purge until the next start: what the driver gives back is cancelled.
    private(set) var cancelsReturned = false
    private(set) var waiting: [QueuedRequest] = []
    private(set) var held: [QueuedRequest] = []
    private var cancelling: [(QueuedRequest, PFN_WDF_REQUEST_CANCEL)] = unsafe []
    private var returning: [QueuedRequest] = []
    private var ending: [QueuedRequest] = []
    private var stopping: [QueuedRequest] = []
    /// The queue has got a request since it last told so.
    private var hasBecomeReady = false
    var stopNotice: QueueNotice?
    var purgeNotice: QueueNotice?
    var readyNotice: QueueNotice?
    /// Of those who wait for the queue to be purged without a call of the driver's.
    var emptyNotices: [QueueNotice] = []
    /// The threads that run the queue, each as often as it has entered.
    private(set) var runners: [UInt64] = []

    init(_ dispatch: Dispatch, returnsCancelled: Bool, asksAtStop: Bool) {
        self.dispatch = dispatch
        self.returnsCancelled = returnsCancelled
        self.asksAtStop = asksAtStop
    }

    // MARK: Requests come

    /// A request comes from the program, or from another queue.
    mutating func add(_ request: QueuedRequest, to queue: QueueObject) {
        request.queue = queue
        guard !request.isCancelled else { return cancelWaiting(request) }
        request.place = .waiting
        waiting.append(request)
        if waiting.count == 1 { hasBecomeReady = true }
    }

    /// The driver gives a request back, which is then the next.
    mutating func putBack(_ request: QueuedRequest) {
        release(request)
        guard !request.isCancelled, !cancelsReturned else { return cancelWaiting(request) }
        request.place = .waiting
        waiting.insert(request, at: 0)
        if waiting.count == 1 { hasBecomeReady = true }
    }

    /// The next request goes into the driver's hands; nil when none waits.
    mutating func take() -> QueuedRequest? {
        guard !waiting.isEmpty else { return nil }
        let request = waiting.removeFirst()
        hold(request)
        return request
    }

    private mutating func hold(_ request: QueuedRequest) {
        request.place = .held
        held.append(request)
    }

    /// The request is no longer in the driver's hands.
    mutating func release(_ request: QueuedRequest) {
        held.removeAll { $0 === request }
        stopping.removeAll { $0 === request }
    }

    // MARK: Cancelling

    /// The program wants an early end of a request that waits, or is in the driver's hands.
    mutating func cancel(_ request: QueuedRequest) {
        request.isCancelled = true
        switch request.place {
        case .waiting:
            waiting.removeAll { $0 === request }
            cancelWaiting(request)
        case .held:
            guard let routine = unsafe request.cancelRoutine else { return }
            unsafe request.cancelRoutine = nil
            unsafe cancelling.append((request, routine))
        case .ended: break
        }
    }

    /// The driver makes a request cancelable, which is cancelled already, or must be: its routine is called all the
    /// same.
    mutating func cancelAtOnce(_ request: QueuedRequest, _ routine: PFN_WDF_REQUEST_CANCEL) {
        request.isCancelled = true
        unsafe cancelling.append((request, routine))
    }

    private mutating func cancelWaiting(_ request: QueuedRequest) {
        request.isCancelled = true
        if returnsCancelled, request.wasPresented {
            hold(request)
            returning.append(request)
        } else {
            request.place = .ended
            ending.append(request)
        }
    }

    // MARK: States

    mutating func start() {
        accepts = true
        dispatches = true
        cancelsReturned = false
        if !waiting.isEmpty { hasBecomeReady = true }
    }

    mutating func stop() { dispatches = false }

    mutating func purge() {
        accepts = false
        cancelsReturned = true
        let all = waiting
        waiting = []
        for request in all { cancelWaiting(request) }
        for request in held where unsafe request.cancelRoutine != nil { cancel(request) }
        // One that is just being completed is in its hands no longer.
        if asksAtStop { stopping = held.filter { $0.place == .held && !$0.isCancelled && !$0.isAskedAboutStop } }
    }

    /// WDF_IO_QUEUE_STATE
    var state: WDF_IO_QUEUE_STATE {
        var bits: UInt32 = 0
        if accepts { bits |= WdfIoQueueAcceptRequests.rawValue }
        if dispatches { bits |= WdfIoQueueDispatchRequests.rawValue }
        if waiting.isEmpty { bits |= WdfIoQueueNoRequests.rawValue }
        if held.isEmpty { bits |= WdfIoQueueDriverNoRequests.rawValue }
        return WDF_IO_QUEUE_STATE(bits)
    }

    // MARK: Running

    /// Whether the thread runs the queue already.
    func isRun(by thread: UInt64) -> Bool { runners.contains(thread) }

    mutating func enter(_ thread: UInt64) { runners.append(thread) }

    mutating func leave(_ thread: UInt64) {
        if let index = runners.lastIndex(of: thread) { runners.remove(at: index) }
    }

    /// What a thread that runs the queue does next.
    mutating func next(presents: Bool) -> QueueAction {
        while unsafe !cancelling.isEmpty {
            let (request, routine) = unsafe cancelling.removeFirst()
            if request.place == .held { return unsafe .cancel(request, routine) }
        }
        if !returning.isEmpty { return .returnCancelled(returning.removeFirst()) }
        if !ending.isEmpty { return .endCancelled(ending.removeFirst()) }
        while !stopping.isEmpty {
            let request = stopping.removeFirst()
            guard request.place == .held else { continue }
            request.isAskedAboutStop = true
            return .stop(request, isCancelable: unsafe request.cancelRoutine != nil)
        }
        if runners.count == 1, held.isEmpty {
            if let notice = stopNotice {
                stopNotice = nil
                return .notify(notice)
            }
            if let notice = purgeNotice, waiting.isEmpty {
                purgeNotice = nil
                return .notify(notice)
            }
            if waiting.isEmpty, let notice = emptyNotices.popLast() { return .notify(notice) }
        }
        guard dispatches else { return .rest }
        switch dispatch {
        case .manual:
            guard hasBecomeReady, let notice = readyNotice else { return .rest }
            hasBecomeReady = false
            return .notify(notice)
        case .sequential: guard presents, held.isEmpty else { return .rest }
        case .parallel(let limit): guard presents, held.count < limit else { return .rest }
        }
        guard let request = take() else { return .rest }
        return .present(request)
    }
}
