// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CUSBDriverKit
import USBHost
import USBSpecification

/// A request to a device on its way.
final class ControlRequest: QueuedWork, @unchecked Sendable {
    private let requests: ControlRequests
    let client: ObjectIdentifier
    private let buffer: IOMemoryDescriptor?
    private let action: OSAction?
    private let queue: QueueCore?
    private(set) var status = kIOReturnSuccess
    private(set) var byteCount: UInt32 = 0

    // Guarded by the list's lock.
    fileprivate var canceller: Canceller?
    fileprivate var abortCode = kIOReturnAborted
    fileprivate var waiters: [BusEvent] = []

    init(
        in requests: ControlRequests, of client: IOService, _ buffer: IOMemoryDescriptor?, _ action: OSAction?,
        on queue: IODispatchQueue?
    ) {
        self.requests = requests
        self.client = ObjectIdentifier(client)
        self.buffer = buffer
        self.action = action
        self.queue = queue?.core
    }

    /// The transfer, whose data lie in the buffer. Sound: the request keeps that until the transfer has ended.
    private func makeTransfer(_ device: Device) -> Transfer<Control> {
        unsafe device.makeControlTransfer(
            borrowing: buffer?.bytes ?? UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }

    /// Submits the request; the action is called when it ends.
    func submit(_ setup: SetupPacket, timeout: Duration?) throws(USBError) {
        let transfer = makeTransfer(requests.device)
        let canceller = transfer.canceller
        try transfer.submit(setup, timeout: timeout, at: .anyThread) { [self] done in
            ended(done.outcome)
            queue?.enqueue(self)
        }
        requests.add(self, canceller)
    }

    /// Submits the request and waits for its end.
    func submitAndWait(_ setup: SetupPacket, timeout: Duration?) throws(USBError) {
        let transfer = makeTransfer(requests.device)
        let canceller = transfer.canceller
        let inFlight = try transfer.submit(setup, timeout: timeout)
        requests.add(self, canceller)
        ended(inFlight.blockingCompletion().outcome)
    }

    private func ended(_ outcome: TransferOutcome) {
        byteCount = UInt32(clamping: outcome.byteCount)
        status = ReturnCode.of(outcome.status, aborted: requests.remove(self))
    }

    override func run() {
        guard let action, case .deviceRequest(let method) = action.method else { return }
        requests.completionBegins(self)
        method(action, status, byteCount)
        requests.completionEnds()
    }
}

/// The requests to a device that are on their way, each of a client.
final class ControlRequests: @unchecked Sendable {
    let device: Device
    private let lock = Lock()
    private var running: [ControlRequest] = []
    /// Requests that ended before they were put in the list.
    private var endedEarly: [ObjectIdentifier] = []
    /// Clients whose requests are being aborted, by those who wait for that.
    private var aborting: [ObjectIdentifier] = []
    /// Threads that run the completion of a request of an aborting client.
    private var completing: [(thread: UInt, client: ObjectIdentifier)] = []

    init(_ device: Device) { self.device = device }

    /// A request was submitted.
    fileprivate func add(_ request: ControlRequest, _ canceller: Canceller) {
        lock.withLock {
            if let early = endedEarly.firstIndex(of: ObjectIdentifier(request)) {
                endedEarly.remove(at: early)
                return
            }
            request.canceller = canceller
            running.append(request)
        }
    }

    /// A request has ended. Returns what stands for a cancel.
    fileprivate func remove(_ request: ControlRequest) -> kern_return_t {
        let (code, waiters) = lock.withLock {
            if let index = running.firstIndex(where: { $0 === request }) {
                running.remove(at: index)
            } else {
                endedEarly.append(ObjectIdentifier(request))
            }
            return (request.abortCode, request.waiters)
        }
        for waiter in waiters { waiter.set() }
        return code
    }

    /// Cancels the requests of one client; they end with `code`. Who waits returns when they have ended, and meanwhile new
    /// ones are refused, but for those that completions of such requests make.
    func abort(of client: IOService, with code: kern_return_t, waiting: Bool) {
        let client = ObjectIdentifier(client)
        var events: [BusEvent] = []
        let cancellers = lock.withLock {
            if waiting { aborting.append(client) }
            var cancellers: [Canceller] = []
            for request in running where request.client == client {
                request.abortCode = code
                if let canceller = request.canceller { cancellers.append(canceller) }
                guard waiting else { continue }
                let event = BusEvent(on: device.controller.executor)
                request.waiters.append(event)
                events.append(event)
            }
            return cancellers
        }
        // From the back, so that the device does not begin what is to be cancelled.
        for canceller in cancellers.reversed() { canceller.cancel() }
        for event in events { _ = event.wait() }
        guard waiting else { return }
        lock.withLock {
            if let index = aborting.firstIndex(of: client) { aborting.remove(at: index) }
        }
    }

    /// Whether a client's requests are refused now.
    func isRefusing(_ client: IOService) -> Bool {
        let client = ObjectIdentifier(client)
        return lock.withLock {
            guard aborting.contains(client) else { return false }
            let thread = BusExecutor.currentThread
            return !completing.contains { $0.thread == thread && $0.client == client }
        }
    }

    fileprivate func completionBegins(_ request: ControlRequest) {
        lock.withLock { completing.append((BusExecutor.currentThread, request.client)) }
    }

    fileprivate func completionEnds() {
        let thread = BusExecutor.currentThread
        lock.withLock {
            if let index = completing.lastIndex(where: { $0.thread == thread }) { completing.remove(at: index) }
        }
    }
}
