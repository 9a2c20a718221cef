// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import USBRequests
import Win32

/// A request that a driver made, or that was presented to one.
///
/// It goes round: formatted, sent, ended. While it is sent, the target and the request keep each other; memory that it was
/// formatted with is kept until it is formatted anew, used anew, deleted, or, when it was presented, completed.
@safe public final class RequestObject: FrameworkObject, @unchecked Sendable {
    /// What was asked of the driver, when the request was presented to it. Set before anybody else knows the request.
    final var presented: PresentedRequest?

    // Guarded by the object's lock but where the request is sent: then nobody looks at them before its end.
    final var operation = Operation.none
    /// Formatted, and not sent since.
    final var isFormatted = false
    final var packet: RequestPacket?
    /// How many stack locations the packet is to have, as the target says that the request was made for; nil if it was
    /// made for none.
    final var stackSize: CCHAR?

    /// The structures that the request has at one place.
    let memory = RequestMemory()
    /// The way to and from the bus.
    private(set) lazy final var block = RequestBlock(self)

    // Guarded by the object's lock: of the present sending.
    final var sending = Sending()
    /// Tells one sending from the next.
    final var sendCount: UInt64 = 0
    /// Somebody has asked for an early end since the request was made or last used anew.
    final var isCancelMarked = false
    final var completionRoutine: CompletionRoutine?
    /// The status of the last end, refusal, or reuse.
    final var lastStatus: NTSTATUS = NTStatus.success.rawValue
    final var lastResult = SentResult(status: 0, usbdStatus: 0, byteCount: 0)
    final var lastInformation: UInt = 0
    /// Set at the end of a sending that somebody waits for.
    private(set) lazy final var ended = BusEvent(on: host.executor)
    private(set) final var timer: BusTimer?
    /// That of sends whose sender waits.
    private(set) final var waitingTimer: BusTimer?

    // Guarded by the target's lock: the place among what was sent there.
    final var next: RequestObject?
    // Sound: who is in front takes itself out before it goes.
    final unowned(unsafe) var previous: RequestObject?
    final var place = RequestPlace.none

    /// Makes a request of a driver's own, unpublished. Internal requests of synchronous calls stay unpublished.
    init(host: ProcessHost) {
        super.init(.request, host: host)
    }

    /// The driver's name for it.
    final var requestHandle: WDFREQUEST? { unsafe handle?.assumingMemoryBound(to: WDFREQUEST__.self) }

    // MARK: Formatting

    /// Makes the request ready for `operation` on `target`, and takes references on its memory. What it was formatted for
    /// before is given up.
    ///
    /// Bug check 0x10D, 6, 3: it has been sent and has not ended (as documented: STATUS_INVALID_DEVICE_REQUEST).
    /// STATUS_REQUEST_NOT_ACCEPTED: it has no stack location left. STATUS_INVALID_DEVICE_STATE: the target is closed.
    final func format(_ operation: Operation, on target: IoTargetObject, in function: String) throws(Refusal) {
        try changeTarget(target, in: function)
        operation.forEachMemory { $0.reference() }
        if operation.goesByPacket {
            do throws(Refusal) {
                try ownPacket(for: target).write(operation)
            } catch {
                operation.forEachMemory { $0.dereference() }
                throw error
            }
        } else {
            _ = memory.build(operation)
        }
        lock.withLock {
            self.operation = operation
            isFormatted = true
        }
    }

    /// Makes sure that the request can be sent to a target, and gives up what it was formatted for.
    final func changeTarget(_ target: IoTargetObject, in function: String) throws(Refusal) {
        try requireUnsent(in: function)
        releaseFormat()
        guard target.isOpen else { throw Refusal(.invalidDeviceState) }
        guard hasStackLocation(for: target) else { throw Refusal(.requestNotAccepted) }
    }

    /// Gives up what the request was formatted for: memory is released.
    final func releaseFormat() {
        let operation = lock.withLock {
            let before = self.operation
            self.operation = .none
            isFormatted = false
            return before
        }
        operation.forEachMemory { $0.dereference() }
    }

    /// Refuses a request that has been sent and has not ended.
    final func requireUnsent(in function: String) throws(Refusal) {
        if lock.withLock({ sending.isActive }) { throw alreadySent(in: function) }
    }

    final func alreadySent(in function: String) -> Refusal {
        guard Profile.current == .framework else { return Refusal(.invalidDeviceRequest) }
        return Violation.request(3, self, in: function, "the request has been sent, and has not ended")
    }

    // MARK: The packet

    private final func hasStackLocation(for target: IoTargetObject) -> Bool {
        if let presented { return presented.stackLocations > 0 }
        guard let packet, !packet.isReplaceable else { return true }
        return packet.hasRoom(for: target.stackSize)
    }

    /// The request's packet (IRP), made when it is first needed.
    final func ownPacket(for target: IoTargetObject?) throws(Refusal) -> RequestPacket {
        let stackSize = target?.stackSize ?? stackSize ?? 1
        if let packet, !packet.isReplaceable || packet.hasRoom(for: stackSize) { return packet }
        guard let made = RequestPacket(stackSize: stackSize, for: presented) else {
            throw Refusal(.insufficientResources)
        }
        packet = made
        return made
    }

    // MARK: Completion routine and timer

    /// What a driver is told by.
    @safe struct CompletionRoutine: @unchecked Sendable {
        // Sound: the driver says that they are there until the routine has been called.
        var function: PFN_WDF_REQUEST_COMPLETION_ROUTINE
        var context: WDFCONTEXT?
    }

    /// The timer, made when it is first needed: one for sends whose sender waits, or one for the others.
    final func ownTimer(isAwaited: Bool = false) -> BusTimer {
        if let timer = isAwaited ? waitingTimer : timer { return timer }
        let made = BusTimer(on: host.executor, isAwaited: isAwaited) { [weak self] in self?.deadlineReached() }
        if isAwaited { waitingTimer = made } else { timer = made }
        return made
    }

    // MARK: Deletion

    /// What was presented is not the driver's to delete: it completes it.
    override var isDeletable: Bool { presented == nil }

    override func willDelete() {
        // What has been sent keeps its memory until it has ended.
        if !lock.withLock({ sending.isActive }) { releaseFormat() }
    }

    override func destroyed() {
        releaseFormat()
        packet = nil
    }
}

/// A request's block on its way.
final class RequestBlock: PendingBlock, @unchecked Sendable {
    // The target keeps the request while the block is under way.
    private unowned let request: RequestObject

    init(_ request: RequestObject) {
        self.request = request
        super.init()
    }

    override func ended(_ status: NTSTATUS) { request.ended(status) }
}
