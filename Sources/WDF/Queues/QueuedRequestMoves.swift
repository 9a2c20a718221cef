// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import Win32

extension QueueObject {
    /// Takes the next request for the driver. Those without bytes are completed, unless the driver wants to see them.
    ///
    /// STATUS_INVALID_DEVICE_STATE, STATUS_WDF_PAUSED, STATUS_NO_MORE_ENTRIES.
    func take() throws(Refusal) -> QueuedRequest {
        if case .parallel = configuration.dispatch { throw Refusal(.invalidDeviceState) }
        while true {
            let request = try queues.lock.withLock { () throws(Refusal) in
                guard life.dispatches else { throw Refusal(STATUS_WDF_PAUSED) }
                guard let request = life.take() else { throw Refusal(STATUS_NO_MORE_ENTRIES) }
                return request
            }
            if isCompletedHere(request) {
                request.complete(NTStatus.success.rawValue, information: 0)
                continue
            }
            if request.willBePresented(on: host) { return request }
            request.complete(NTStatus.insufficientResources.rawValue, information: 0)
            throw Refusal(.insufficientResources)
        }
    }

    /// Has somebody told when a manual queue has got a request; nil takes that back.
    func notifyWhenReady(_ notice: QueueNotice?) throws(Refusal) {
        guard configuration.dispatch == .manual else { throw Refusal(.invalidDeviceRequest) }
        try queues.lock.withLock { () throws(Refusal) in
            if notice == nil, life.dispatches { throw Refusal(.invalidDeviceRequest) }
            guard (notice == nil) != (life.readyNotice == nil) else { throw Refusal(.invalidDeviceRequest) }
            life.readyNotice = notice
        }
        run(nests: true)
    }
}

extension QueuedRequest {
    /// Throws unless the request is in the driver's hands, and not cancelable. The lock is held.
    private func requireHeld() throws(Refusal) -> QueueObject {
        guard place == .held, unsafe cancelRoutine == nil, let queue = self.queue else {
            throw Refusal(.invalidDeviceRequest)
        }
        return queue
    }

    /// Goes to another queue.
    func forward(to destination: QueueObject) throws(Refusal) {
        let source = try queues.lock.withLock { () throws(Refusal) in
            let source = try requireHeld()
            guard destination !== source, destination.queues === queues else { throw Refusal(.invalidDeviceRequest) }
            guard destination.life.accepts else { throw Refusal(STATUS_WDF_BUSY) }
            source.life.release(self)
            destination.life.add(self, to: destination)
            return source
        }
        destination.run()
        source.run(presents: false)
    }

    /// Goes back to the head of its queue.
    func requeue() throws(Refusal) {
        let queue = try queues.lock.withLock { () throws(Refusal) in
            let queue = try requireHeld()
            guard queue.life.dispatch == .manual else { throw Refusal(.invalidDeviceRequest) }
            queue.life.putBack(self)
            return queue
        }
        queue.run()
    }

    /// The driver has answered what is to become of the request.
    func acknowledgeStop(requeues: Bool) {
        let queue: QueueObject? = queues.lock.withLock {
            guard isAskedAboutStop, place == .held, let queue = self.queue else { return nil }
            isAskedAboutStop = false
            guard requeues, unsafe cancelRoutine == nil else { return nil }
            queue.life.putBack(self)
            return queue
        }
        queue?.run()
    }

    /// Becomes cancelable.
    ///
    /// - Parameter callsAtOnce: calls the routine of a request that is cancelled already, instead of refusing.
    func mark(_ routine: PFN_WDF_REQUEST_CANCEL, callsAtOnce: Bool) throws(Refusal) {
        let cancelling: QueueObject? = try queues.lock.withLock { () throws(Refusal) in
            let queue = try requireHeld()
            guard isCancelled || queue.life.cancelsReturned else {
                unsafe cancelRoutine = unsafe routine
                return nil
            }
            guard callsAtOnce else { throw Refusal(.cancelled) }
            unsafe queue.life.cancelAtOnce(self, routine)
            return queue
        }
        cancelling?.run(presents: false)
    }

    /// Is no longer cancelable.
    func unmark() throws(Refusal) {
        try queues.lock.withLock { () throws(Refusal) in
            guard unsafe cancelRoutine == nil else {
                unsafe cancelRoutine = nil
                return
            }
            throw Refusal(isCancelled ? .cancelled : .invalidDeviceRequest)
        }
    }
}
