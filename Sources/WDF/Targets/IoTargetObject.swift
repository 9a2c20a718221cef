// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import USBRequests
import Win32

/// Where requests are sent: the device as its driver stack sees it, a USB device, or one of its pipes.
@safe public class IoTargetObject: FrameworkObject, @unchecked Sendable {
    /// The bus's end of the device.
    final let usb: USBTarget
    /// The device that the driver is for.
    final weak var device: DriverDevice?

    // Guarded by the object's lock, under which no request's is taken.
    private final var currentState = WdfIoTargetStarted
    private final var held = RequestList()
    private final var sent = RequestList()
    private final var ignoringState = RequestList()
    /// Requests that have left their list while their senders are just being told.
    private final var telling = 0
    private final var tellingIgnoring = 0
    private final var drains: [Drain] = []
    /// Requests for calls that come without one.
    private final var idleRequests: [RequestObject] = []

    /// Somebody who waits until nothing is under way.
    private struct Drain {
        var event: BusEvent
        /// Waits for what was sent without regard to the state, too.
        var isForAll: Bool
    }

    init(_ kind: ObjectKind, _ usb: USBTarget, of device: DriverDevice) {
        self.usb = usb
        self.device = device
        super.init(kind, host: usb.host)
    }

    /// The driver's name for it.
    final var targetHandle: WDFIOTARGET? { unsafe handle?.assumingMemoryBound(to: WDFIOTARGET__.self) }

    /// The stack locations that a packet needs for the target.
    final var stackSize: CCHAR { unsafe usb.pointer.pointee.StackSize }

    /// WDF_IO_TARGET_STATE
    final var state: WDF_IO_TARGET_STATE { lock.withLock { currentState } }

    /// Whether the target can take requests at all, perhaps only in another state.
    final var isOpen: Bool { lock.withLock { isOpenLocked } }

    private final var isOpenLocked: Bool {
        switch currentState {
        case WdfIoTargetStarted, WdfIoTargetStopped, WdfIoTargetPurged: true
        default: false
        }
    }

    // MARK: Requests on their way

    /// Takes a request up. Returns whether it is held; a failure when it is not taken: for the target's state, or because
    /// it is cancelled already.
    final func admit(
        _ request: RequestObject, ignoringState ignores: Bool, _ isCancelled: Bool
    ) -> Result<Bool, Refusal> {
        lock.withLock {
            guard isOpenLocked, ignores || currentState != WdfIoTargetPurged else {
                return .failure(Refusal(.invalidDeviceState))
            }
            guard !isCancelled else { return .failure(Refusal(.cancelled)) }
            if ignores {
                request.place = .ignoringState
                ignoringState.append(request)
            } else if currentState == WdfIoTargetStopped {
                request.place = .held
                held.append(request)
                return .success(true)
            } else {
                request.place = .sent
                sent.append(request)
            }
            return .success(false)
        }
    }

    /// Takes a request back out of those that are held. Returns false when it is not among them.
    final func takeHeld(_ request: RequestObject) -> Bool {
        lock.withLock {
            guard request.place == .held else { return false }
            held.remove(request)
            // It counts among those under way until it has completed.
            request.place = .sent
            sent.append(request)
            return true
        }
    }

    /// A request has ended; its sender is told before ``removalIsTold(_:)``.
    final func remove(_ request: RequestObject) -> RequestPlace {
        lock.withLock {
            let place = request.place
            request.place = .none
            switch place {
            case .none: break
            case .held: held.remove(request)
            case .sent:
                sent.remove(request)
                telling += 1
            case .ignoringState:
                ignoringState.remove(request)
                tellingIgnoring += 1
            }
            return place
        }
    }

    /// The sender of a request that was at that place knows of its end.
    final func removalIsTold(_ place: RequestPlace) {
        lock.lock()
        switch place {
        case .none, .held: break
        case .sent: telling -= 1
        case .ignoringState: tellingIgnoring -= 1
        }
        guard !drains.isEmpty else { return lock.unlock() }
        let over = drains.filter { isDrained($0.isForAll) }
        drains.removeAll { isDrained($0.isForAll) }
        lock.unlock()
        for drain in over { drain.event.set() }
    }

    private final func isDrained(_ isForAll: Bool) -> Bool {
        sent.isEmpty && telling == 0 && (!isForAll || ignoringState.isEmpty && tellingIgnoring == 0)
    }

    /// A request for a call that comes without one.
    final func takeIdleRequest() -> RequestObject {
        lock.withLock { idleRequests.popLast() } ?? RequestObject(host: host)
    }

    /// Nobody looks at the request any more.
    final func putBack(_ request: RequestObject) {
        request.lock.withLock { request.isCancelMarked = false }
        lock.withLock { idleRequests.append(request) }
    }

    // MARK: States

    /// Takes requests again; those that were held are sent.
    ///
    /// STATUS_INVALID_DEVICE_STATE: the pipe or the device is no more.
    func start() -> NTSTATUS {
        var released: [RequestObject] = []
        let isStarted = lock.withLock {
            guard isOpenLocked else { return false }
            currentState = WdfIoTargetStarted
            while let request = held.first {
                held.remove(request)
                request.place = .sent
                sent.append(request)
                released.append(request)
            }
            return true
        }
        guard isStarted else { return STATUS_INVALID_DEVICE_STATE }
        for request in released { request.submitHeld(to: self) }
        return NTStatus.success.rawValue
    }

    /// Holds requests from now on.
    ///
    /// Bug check 0xA: what is under way is to be awaited, at DISPATCH_LEVEL.
    func stop(_ action: WDF_IO_TARGET_SENT_IO_ACTION) {
        let numbered = lock.withLock {
            if isOpenLocked { currentState = WdfIoTargetStopped }
            return action == WdfIoTargetCancelSentIo ? allSent() : []
        }
        for (request, number) in numbered { request.cancel(sending: number) }
        if action != WdfIoTargetLeaveSentIoPending { drain(isForAll: false, in: "WdfIoTargetStop") }
    }

    /// Refuses requests from now on, and cancels what is held and sent.
    ///
    /// Bug check 0xA: what is under way is to be awaited, at DISPATCH_LEVEL.
    func purge(waits: Bool) {
        let numbered = lock.withLock {
            if isOpenLocked { currentState = WdfIoTargetPurged }
            return allSent()
        }
        refuseHeld()
        for (request, number) in numbered { request.cancel(sending: number) }
        if waits { drain(isForAll: false, in: "WdfIoTargetPurge") }
    }

    /// Refuses requests for ever: the pipe or the device is no more. What is held and sent is cancelled and waited for.
    func close() {
        let numbered: [(RequestObject, UInt64)] = lock.withLock {
            currentState = WdfIoTargetDeleted
            var all = allSent()
            ignoringState.forEach { all.append(($0, $0.sendCount)) }
            return all
        }
        refuseHeld()
        for (request, number) in numbered { request.cancel(sending: number) }
        drain(isForAll: true, in: "WdfObjectDelete")
    }

    /// Cancels what has been sent, without a change of state, and waits for its end.
    func cancelSent() {
        let numbered = lock.withLock { allSent() }
        for (request, number) in numbered { request.cancel(sending: number) }
        drain(isForAll: false, in: "WdfUsbTargetPipeResetSynchronously")
    }

    /// What has been sent, with the numbers of the sendings. The lock is held.
    private final func allSent() -> [(RequestObject, UInt64)] {
        var all: [(RequestObject, UInt64)] = []
        // A request that is in the list is not sent anew.
        sent.forEach { all.append(($0, $0.sendCount)) }
        return all
    }

    /// Ends what is held.
    private final func refuseHeld() {
        while let request = lock.withLock({ held.first }) {
            if takeHeld(request) { request.ended(STATUS_WDF_DEVICE_REMOVED_NOT_SENT) }
        }
    }

    /// Blocks until nothing is under way.
    private final func drain(isForAll: Bool, in function: String) {
        let event = BusEvent(on: host.executor)
        let mustWait = lock.withLock {
            guard !isDrained(isForAll) else { return false }
            drains.append(Drain(event: event, isForAll: isForAll))
            return true
        }
        guard mustWait else { return }
        if InterruptLevel.isAtMost(InterruptLevel.apc, in: function, UInt(bitPattern: unsafe handle)),
            event.wait() != .neverSet
        {
            return
        }
        lock.withLock { drains.removeAll { $0.event === event } }
    }

    override func willDelete() {
        close()
        let requests = lock.withLock {
            defer { idleRequests = [] }
            return idleRequests
        }
        withExtendedLifetime(requests) {}
    }
}
