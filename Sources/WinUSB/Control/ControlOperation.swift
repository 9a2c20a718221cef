// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import Win32

/// A request on the control pipe.
@safe final class ControlOperation: Operation, @unchecked Sendable {
    /// The most data that a request carries (WinUsb_ControlTransfer function, winusb.h).
    static let maximumByteCount = 4096

    private unowned let interface: InterfaceObject
    /// There while no request is under way.
    private var transfer: Transfer<Control>?
    /// Made once: it keeps nothing alive, since the operation that is under way is in its list.
    private var handler: (@Sendable (consuming Completed<Control>) -> Void)?
    private let lock = Lock()
    private var cancelling = CancelState()

    init(_ interface: InterfaceObject) {
        self.interface = interface
        super.init(in: interface.control)
        handler = { [unowned self] done in self.ended(done) }
    }

    /// Sends the request with `bytes` for its data; the operation has begun.
    func start(_ setup: SetupPacket, _ bytes: UnsafeMutableRawBufferPointer, timeout: Duration?) {
        guard let handler else { return finish(.invalidParameter, byteCount: 0) }
        let use = number
        lock.withLock { cancelling.begin(use) }
        // Sound: each use gives the transfer the memory that it is to use.
        var idle = unsafe transfer.take() ?? interface.file.device.makeControlTransfer(borrowing: bytes)
        unsafe idle.borrow(bytes)
        let canceller = idle.canceller
        do throws(USBError) {
            try idle.submit(setup, timeout: timeout, deliveringRefusal: true, at: .anyThread, completion: handler)
        } catch {
            // Not even a refusal: the engine has a call of its own for this request.
            lock.withLock { cancelling.end() }
            return finish(NTStatus(error.kind), byteCount: 0)
        }
        if lock.withLock({ cancelling.submitted(canceller, for: use) }) { canceller.cancel() }
    }

    override func cancel(_ number: UInt64) {
        let canceller = lock.withLock { cancelling.cancel(number) ? cancelling.transferCanceller : nil }
        canceller?.cancel()
    }

    private func ended(_ done: consuming Completed<Control>) {
        let outcome = done.outcome
        let idle = done.transfer
        transfer = .some(idle)
        lock.withLock { cancelling.end() }
        finish(NTStatus(outcome.status), byteCount: outcome.byteCount)
    }

    override func recycle() { interface.putIdle(self) }
}
