// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import USBRequests
import Win32

/// Reads an IN pipe again and again while the pipe is started, and hands each read that ends well to the driver.
///
/// Everything is done by one thread at a time, whichever comes along: it looks what is to be done next and does it, until
/// there is nothing. So the driver gets the reads one by one and in their order, though their ends may be found by several
/// threads at the same time.
@safe final class ContinuousReader: @unchecked Sendable {
    /// What the driver wants.
    @safe struct Configuration {
        var headerLength: Int
        var transferLength: Int
        /// The bytes of a buffer: those of header, transfer and trailer.
        var byteCount: Int
        /// How many reads are under way.
        var readCount: Int
        /// Of each buffer.
        var attributes: ObjectAttributes
        // Sound: the driver's functions and pointer, handed back to it.
        var completed: @convention(c) (WDFUSBPIPE?, WDFMEMORY?, Int, UnsafeMutableRawPointer?) -> Void
        var context: UnsafeMutableRawPointer?
        var failed: (@convention(c) (WDFUSBPIPE?, NTSTATUS, USBD_STATUS) -> BOOLEAN)?
    }

    private let configuration: Configuration
    private weak var pipe: UsbPipeObject?
    private let host: ProcessHost
    private let usb: USBTarget
    private let reads: [ContinuousRead]

    // Guarded by the lock.
    private let lock = Lock()
    /// The pipe is started.
    private var isRunning = false
    /// A failure is being dealt with.
    private var isRecovering = false
    /// The thread that deals with it.
    private var recoveringThread: UInt?
    /// The thread that looks what is to be done.
    private var workingThread: UInt?
    /// The number of the next read.
    private var nextNumber: UInt64 = 0
    /// The number of the read that ends next.
    private var nextEnd: UInt64 = 0
    /// Set when nothing is under way any more.
    private var quietWaiters: [BusEvent] = []

    /// Makes a reader that has its first buffers.
    ///
    /// STATUS_INSUFFICIENT_RESOURCES: there is no memory for them.
    init(_ configuration: Configuration, on pipe: UsbPipeObject) throws(Refusal) {
        self.configuration = configuration
        self.pipe = pipe
        host = pipe.host
        usb = pipe.usb
        reads = (0..<configuration.readCount).map { _ in ContinuousRead() }
        do throws(Refusal) {
            for read in reads { try read.prepare(configuration, on: pipe) }
        } catch {
            for read in reads { read.forget() }
            throw error
        }
    }

    /// How many reads are under way while the reader runs.
    var readCount: Int { reads.count }

    // MARK: Starting and stopping

    /// The pipe has been started: reads begin, unless they have already.
    func start() {
        lock.withLock {
            guard !isRunning else { return }
            isRunning = true
            for read in reads where read.state == .ended { read.state = .idle }
        }
        work()
    }

    /// The pipe is stopped, or ends: reads are cancelled, and awaited where the thread may wait.
    func stop() {
        lock.withLock { isRunning = false }
        cancelReads()
        guard InterruptLevel.current < InterruptLevel.dispatch else { return }
        waitUntilQuiet(withRecovery: true)
    }

    /// Cancels the reads under way. They begin anew only after the pipe has been stopped and started.
    func cancelReads() {
        let underWay = lock.withLock { reads.filter { $0.state == .underWay } }
        for read in underWay { read.cancel() }
    }

    /// Waits until no read is under way or on its way to the driver; with `withRecovery`, until no failure is being dealt
    /// with either. From within what it would wait for, it returns at once.
    private func waitUntilQuiet(withRecovery: Bool) {
        let me = BusExecutor.currentThread
        let event: BusEvent? = lock.withLock {
            guard workingThread != me, !withRecovery || recoveringThread != me else { return nil }
            guard !isQuiet(withRecovery: withRecovery) else { return nil }
            let event = BusEvent(on: host.executor)
            quietWaiters.append(event)
            return event
        }
        guard let event else { return }
        while true {
            event.waitUntilSet()
            event.clear()
            let isOver = lock.withLock {
                guard isQuiet(withRecovery: withRecovery) else { return false }
                quietWaiters.removeAll { $0 === event }
                return true
            }
            if isOver { return }
        }
    }

    /// Whether there is nothing to wait for. The lock is held.
    private func isQuiet(withRecovery: Bool) -> Bool {
        workingThread == nil && !reads.contains { $0.state == .underWay || $0.state == .done }
            && !(withRecovery && isRecovering)
    }

    private func tellWaiters() {
        let waiters = lock.withLock { quietWaiters }
        for waiter in waiters { waiter.set() }
    }

    // MARK: What is to be done

    private enum Step {
        case submit(ContinuousRead)
        case deliver(ContinuousRead)
    }

    /// Does what is to be done, unless another thread is at it.
    private func work() {
        let me = BusExecutor.currentThread
        let isMine = lock.withLock {
            guard workingThread == nil else { return false }
            workingThread = me
            return true
        }
        guard isMine else { return }
        while let step = lock.withLock({ nextStep() }) {
            switch step {
            case .submit(let read): submit(read)
            case .deliver(let read): deliver(read)
            }
        }
        tellWaiters()
    }

    /// What is to be done next; nil for nothing, and then the thread no longer does it. The lock is held.
    private func nextStep() -> Step? {
        if let read = reads.first(where: { $0.state == .done && $0.number == nextEnd }) {
            nextEnd += 1
            return .deliver(read)
        }
        if isRunning, !isRecovering, let read = reads.first(where: { $0.state == .idle }) {
            read.state = .underWay
            read.number = nextNumber
            nextNumber += 1
            read.reset()
            read.reader = self
            return .submit(read)
        }
        workingThread = nil
        return nil
    }

    private func submit(_ read: ContinuousRead) {
        guard let pipe else { return ended(read, NTStatus.cancelled.rawValue) }
        do throws(Refusal) {
            try read.prepare(configuration, on: pipe)
        } catch {
            return ended(read, error.status)
        }
        // Another's block cannot be the read's, so that there is a status.
        let status = unsafe usb.submit(read.block, as: read) ?? NTStatus.unsuccessful.rawValue
        if status != NTStatus.pending.rawValue { ended(read, status) }
    }

    /// A read has ended. Called by any thread, also from within its submission.
    func ended(_ read: ContinuousRead, _ status: NTSTATUS) {
        lock.withLock {
            read.status = status
            read.state = .done
            read.reader = nil
        }
        work()
    }

    /// Hands a read that has ended to the driver, or deals with its failure.
    private func deliver(_ read: ContinuousRead) {
        let status = read.status
        if status >= 0, let pipe, let memory = read.memory {
            let count = read.byteCount
            DriverCall.atDispatch {
                unsafe configuration.completed(
                    pipe.handle(as: WDFUSBPIPE.self), memory.handle(as: WDFMEMORY.self), count, configuration.context)
            }
        }
        let usbdStatus = unsafe read.block.header.pointee.Status
        read.release()
        let mustRecover = lock.withLock {
            // One that was cancelled stays down until the pipe has been stopped and started.
            read.state = status >= 0 ? .idle : .ended
            guard status < 0, status != NTStatus.cancelled.rawValue, isRunning, !isRecovering else { return false }
            isRecovering = true
            return true
        }
        if mustRecover { recover(from: status, usbdStatus) }
    }

    // MARK: Failures

    /// Has a thread at PASSIVE_LEVEL deal with a failure.
    private func recover(from status: NTSTATUS, _ usbdStatus: USBD_STATUS) {
        Workers.shared.run(on: host) { [self] in recoverBlocking(from: status, usbdStatus) }
    }

    private func recoverBlocking(from status: NTSTATUS, _ usbdStatus: USBD_STATUS) {
        lock.withLock { recoveringThread = BusExecutor.currentThread }
        cancelReads()
        waitUntilQuiet(withRecovery: false)
        // The pipe may be on its way out, and waits for this.
        let pipe = self.pipe
        let handle = unsafe pipe?.handle(as: WDFUSBPIPE.self)
        let mustRestart = unsafe configuration.failed.map { unsafe $0(handle, status, usbdStatus) != 0 } ?? true
        // Reads may tell that the device has gone before the device itself does.
        let isGone = usb.device.isDetached || usbdStatus == USBD_STATUS_DEVICE_GONE
        let isBack = mustRestart && !isGone
        // As in the framework, the reads begin anew though the reset may have failed; they fail again then.
        if isBack { _ = pipe?.clearHalt() }
        lock.withLock {
            // Those that were not cancelled in time count like the others.
            for read in reads where read.state == .ended || read.state == .idle {
                read.state = isBack ? .idle : .ended
            }
            recoveringThread = nil
            isRecovering = false
        }
        work()
        tellWaiters()
    }
}
