// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import Win32

/// A request of a program's, on its way through a driver's queues to its completion.
@safe final class QueuedRequest: PresentedRequest, @unchecked Sendable {
    /// Where it is.
    enum Place: Hashable, Sendable {
        /// In its queue.
        case waiting
        /// In the driver's hands.
        case held
        /// Completed, or about to be.
        case ended
    }

    let description: RequestDescription
    let buffers: RequestBuffers
    let queues: DeviceQueues
    /// The framework's object; the table of handles keeps it.
    private(set) weak var object: RequestObject?
    /// The driver's name for it, from ``willBePresented(on:)`` on.
    // Sound: a token that nothing is looked for behind.
    private(set) var handle: WDFREQUEST?
    /// The program's name for it.
    private(set) var token: UnsafeMutableRawPointer?
    private let attributes: ObjectAttributes
    private let completed: (NTSTATUS, UInt) -> Void

    // Guarded by the lock of the device's queues.

    var place = Place.waiting
    /// The queue that it is in, or came to the driver from; nil when it has ended.
    var queue: QueueObject?
    /// The program wants an early end, or the queue is purged.
    var isCancelled = false
    /// What tells the driver of that; nil unless it has made the request cancelable.
    var cancelRoutine: PFN_WDF_REQUEST_CANCEL?
    /// The driver has seen it.
    var wasPresented = false
    /// The driver has been asked what is to become of it, and may say so.
    var isAskedAboutStop = false
    /// The count that it is to be completed with.
    var information: UInt = 0

    /// Makes a request whose completion `completed` is told of, once.
    ///
    /// - Parameter attributes: of the framework's object, when the driver sees it.
    init(
        _ description: RequestDescription, on queues: DeviceQueues, stackLocations: Int, _ attributes: ObjectAttributes,
        completed: @escaping (NTSTATUS, UInt) -> Void
    ) throws(Refusal) {
        self.description = description
        buffers = try RequestBuffers(description)
        self.queues = queues
        self.attributes = attributes
        self.completed = completed
        super.init(stackLocations: stackLocations)
    }

    /// Gives the request the program's name for it.
    func publish() throws(Refusal) {
        unsafe token = unsafe HandleTable.shared.insert(self)
        guard unsafe token != nil else { throw Refusal(.insufficientResources) }
        description.file?.reference()
    }

    /// Makes the framework's object, before the driver first sees the request. Returns false when there is no memory.
    func willBePresented(on host: ProcessHost) -> Bool {
        if queues.lock.withLock({ wasPresented }) { return true }
        let object = RequestObject(host: host)
        object.presented = self
        guard (try? object.publish(attributes, parent: nil)) != nil else { return false }
        queues.lock.withLock {
            self.object = object
            unsafe handle = unsafe object.requestHandle
            wasPresented = true
        }
        return true
    }

    /// Gives up a request that no queue has taken; nobody is told.
    func withdraw() {
        queues.lock.withLock { place = .ended }
        unsafe HandleTable.shared.remove(token, as: QueuedRequest.self)
        description.file?.dereference()
    }

    /// Read, write, control code, or internal control code.
    var type: WDF_REQUEST_TYPE { description.type }

    /// Whether it is a read or write without bytes.
    var isEmptyTransfer: Bool {
        unsafe !description.isControl && (description.input.count + description.output.count) == 0
    }

    // MARK: As the target sees it

    override func fill(_ packet: PIRP, _ location: PIO_STACK_LOCATION) {
        unsafe description.fill(location)
        unsafe packet.pointee.RequestorMode = requestorMode
    }

    override func forwardedEnded(_ status: NTSTATUS, information: UInt) { complete(status, information: information) }

    /// KernelMode for an internal control code, else UserMode.
    var requestorMode: KPROCESSOR_MODE { KPROCESSOR_MODE(description.isFromProgram ? 1 : 0) }

    // MARK: Cancelling

    /// The program wants an early end. Returns false when the request has ended.
    func cancel() -> Bool {
        let (queue, isHeld): (QueueObject?, Bool) = queues.lock.withLock {
            guard place != .ended, let queue = self.queue else { return (nil, false) }
            let isHeld = unsafe place == .held && cancelRoutine == nil
            queue.life.cancel(self)
            return (queue, isHeld)
        }
        guard let queue else { return false }
        // Where the driver has sent it on, or does so now, the target ends it early.
        if isHeld { object?.cancel() }
        queue.run(presents: false)
        return true
    }

    // MARK: The end

    /// Completes a request that is in the driver's hands; what is wrong with that has been looked at.
    func complete(_ status: NTSTATUS, information: UInt) {
        let isMine = queues.lock.withLock {
            guard place == .held else { return false }
            place = .ended
            return true
        }
        if isMine { finish(status, information: information) }
    }

    /// Tells the program, and gives up the framework's object. Called once, with the place being that of the end.
    func finish(_ status: NTSTATUS, information: UInt) {
        let object = self.object
        object?.reference()
        object?.delete()
        buffers.finish(status, information: information)
        unsafe HandleTable.shared.remove(token, as: QueuedRequest.self)
        completed(status, information)
        description.file?.dereference()
        let queue = queues.lock.withLock {
            let queue = self.queue
            queue?.life.release(self)
            self.queue = nil
            return queue
        }
        object?.dereference()
        queue?.run(presents: false)
    }
}
