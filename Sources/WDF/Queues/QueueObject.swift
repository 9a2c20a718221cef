// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import Win32

/// A queue (WDFQUEUE): through it requests are presented to the driver.
///
/// There is no thread behind it. It is run by whoever gives it something to do: the thread that presents a request, the
/// one that completes or cancels one, or that changes the queue's state. Whoever does so from within one of the queue's
/// callbacks only leaves it to do; it is done when the callback has returned, so that no chain of requests is too long
/// for the stack.
@safe public final class QueueObject: FrameworkObject, @unchecked Sendable {
    /// The queues of the device.
    let queues: DeviceQueues
    /// The device.
    final weak var device: DriverDevice?
    let configuration: QueueConfiguration
    /// Of the device's scope, and of the queue's.
    private let deviceGate: PresentationGate
    private let ownGate = PresentationGate()
    /// Guarded by the lock of the device's queues.
    var life: QueueLife
    /// Somebody of the library's is on the way to run the queue. Guarded as well.
    private var isAwaited = false

    init(_ configuration: QueueConfiguration, of device: DriverDevice) {
        self.device = device
        self.configuration = configuration
        queues = device.queues
        deviceGate = device.gate
        life = QueueLife(
            configuration.dispatch, returnsCancelled: unsafe configuration.callbacks.EvtIoCanceledOnQueue != nil,
            asksAtStop: unsafe configuration.callbacks.EvtIoStop != nil)
        super.init(.queue, host: device.host)
    }

    /// The driver's name for it.
    var queueHandle: WDFQUEUE? { unsafe WDFQUEUE(bitPattern: UInt(bitPattern: handle)) }

    /// A queue that requests come to by themselves is not the driver's to delete.
    override var isDeletable: Bool { !queues.isBound(self) }

    override func willDelete() {
        purge(nil)
        waitUntilEmpty()
        queues.remove(self)
    }

    // MARK: Running

    /// Does what there is to do.
    ///
    /// - Parameters:
    ///   - nests: also from within one of the queue's callbacks: the caller goes on only when a request has ended.
    ///   - presents: presents requests although another thread is running the queue.
    func run(nests: Bool = false, presents: Bool = true) {
        if constraints?.isPassive == true, InterruptLevel.current > InterruptLevel.passive { return runLater() }
        let thread = CurrentThread.id
        let mayPresent: Bool? = queues.lock.withLock {
            guard nests || !life.isRun(by: thread) else { return nil }
            defer { life.enter(thread) }
            // Of a queue that is not parallel, what a completion makes room for is left to whoever is in a callback.
            if case .parallel = life.dispatch { return true }
            return presents || life.runners.isEmpty
        }
        guard let mayPresent else { return }
        while step(by: thread, presents: mayPresent) {}
    }

    /// Does one thing. Returns false when there is nothing to do, or others do it: the thread has left the queue then.
    private func step(by thread: UInt64, presents: Bool) -> Bool {
        let lock = constraints.flatMap { $0.isAutomatic ? $0.lock : nil }
        let gate = constraints?.scope == WdfSynchronizationScopeDevice ? deviceGate : ownGate
        if let lock {
            guard gate.tryEnter(orLater: self) else {
                queues.lock.withLock { life.leave(thread) }
                return false
            }
            // Where the driver's own code has the lock, it is no place for callbacks.
            guard lock.acquire() else {
                queues.lock.withLock { life.leave(thread) }
                gate.leave()
                runLater()
                return false
            }
        }
        let (action, kept) = queues.lock.withLock {
            let action = life.next(presents: presents)
            if case .rest = action { life.leave(thread) }
            return (action, action.keptRequest())
        }
        let (isCall, isOver) =
            switch action {
            case .rest: (false, true)
            case .endCancelled: (false, false)
            case .present(let request): (prepare(request), false)
            default: (true, false)
            }
        if isCall { ProcessHost.withHost(host) { call(action) } }
        kept?.dereference()
        if let lock {
            _ = lock.release()
            gate.leave()
        }
        if !isCall { end(action) }
        return !isOver
    }

    /// Has a thread at PASSIVE_LEVEL run the queue.
    private func runLater() {
        let isFirst = queues.lock.withLock {
            defer { isAwaited = true }
            return !isAwaited
        }
        guard isFirst else { return }
        Workers.shared.run(on: host) { [self] in
            queues.lock.withLock { isAwaited = false }
            run()
        }
    }

    /// Completes a request that the driver does not see.
    private func end(_ action: QueueAction) {
        switch action {
        case .endCancelled(let request): request.finish(NTStatus.cancelled.rawValue, information: 0)
        case .present(let request): request.complete(refusal(of: request), information: 0)
        default: break
        }
    }

    /// Makes a request ready for the driver. Returns false when the driver is not to see it.
    private func prepare(_ request: QueuedRequest) -> Bool {
        guard configuration.takes(request.type), !isCompletedHere(request) else { return false }
        return request.willBePresented(on: host)
    }

    /// What a request is completed with instead of being presented.
    private func refusal(of request: QueuedRequest) -> NTSTATUS {
        guard configuration.takes(request.type) else { return NTStatus.invalidDeviceRequest.rawValue }
        return (isCompletedHere(request) ? NTStatus.success : .insufficientResources).rawValue
    }

    /// Whether a request is one without bytes, which the driver does not want to see.
    func isCompletedHere(_ request: QueuedRequest) -> Bool {
        unsafe configuration.callbacks.AllowZeroLengthRequests == 0 && request.isEmptyTransfer
    }

    private func call(_ action: QueueAction) {
        let callbacks = unsafe configuration.callbacks
        switch action {
        case .cancel(let request, let routine): unsafe routine(request.handle)
        case .returnCancelled(let request):
            unsafe callbacks.EvtIoCanceledOnQueue?(queueHandle, request.handle)
        case .stop(let request, let isCancelable):
            let flags =
                WdfRequestStopActionPurge.rawValue
                | (isCancelable ? WdfRequestStopRequestCancelable.rawValue : 0)
            unsafe callbacks.EvtIoStop?(queueHandle, request.handle, ULONG(flags))
        case .notify(.call(let function, let context)): unsafe function(queueHandle, context)
        case .notify(.set(let event)): event.set()
        case .present(let request): present(request)
        case .endCancelled, .rest: break
        }
    }

    private func present(_ request: QueuedRequest) {
        let callbacks = unsafe configuration.callbacks
        let handle = unsafe request.handle
        let description = request.description
        switch description.type {
        case WdfRequestTypeRead:
            if let function = unsafe callbacks.EvtIoRead {
                return unsafe function(queueHandle, handle, description.output.count)
            }
        case WdfRequestTypeWrite:
            if let function = unsafe callbacks.EvtIoWrite {
                return unsafe function(queueHandle, handle, description.input.count)
            }
        case WdfRequestTypeDeviceControl:
            if let function = unsafe callbacks.EvtIoDeviceControl {
                return unsafe function(
                    queueHandle, handle, description.output.count, description.input.count, description.code)
            }
        default:
            if let function = unsafe callbacks.EvtIoInternalDeviceControl {
                return unsafe function(
                    queueHandle, handle, description.output.count, description.input.count, description.code)
            }
        }
        unsafe callbacks.EvtIoDefault?(queueHandle, handle)
    }

    // MARK: States

    /// Takes and presents requests again.
    func start() {
        queues.lock.withLock { life.start() }
        run()
    }

    /// Presents no more requests. Returns false when somebody waits for that already, and `notice` is not told.
    func stop(_ notice: QueueNotice?) -> Bool {
        let isDone = queues.lock.withLock {
            if let notice {
                guard life.stopNotice == nil else { return false }
                life.stopNotice = notice
            }
            life.stop()
            return true
        }
        if isDone { run() }
        return isDone
    }

    /// Takes no more requests, and cancels those that there are. Returns false when somebody waits for that already.
    @discardableResult
    func purge(_ notice: QueueNotice?) -> Bool {
        let isDone = queues.lock.withLock {
            if let notice {
                guard life.purgeNotice == nil else { return false }
                life.purgeNotice = notice
            }
            life.purge()
            return true
        }
        if isDone { run() }
        return isDone
    }

    /// Waits until the queue, which takes no more requests, has none, and the driver none of it.
    func waitUntilEmpty() {
        let event = BusEvent(on: host.executor)
        queues.lock.withLock { life.emptyNotices.append(.set(event)) }
        run(nests: true)
        _ = event.wait()
    }

    /// Whether the calling thread is in one of the queue's callbacks, and cannot wait for those to end.
    var isRunningHere: Bool { queues.lock.withLock { life.isRun(by: CurrentThread.id) } }

    // MARK: Requests

    /// Whether the queue takes requests now.
    var takesRequests: Bool { queues.lock.withLock { life.accepts } }

    /// Takes a request. Returns false when the queue takes none now.
    func add(_ request: QueuedRequest) -> Bool {
        queues.lock.withLock {
            guard life.accepts else { return false }
            life.add(request, to: self)
            return true
        }
    }
}
