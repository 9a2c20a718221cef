// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import Win32

/// A write on a bulk or interrupt pipe: one transfer of the engine's, which keeps the order, cuts what a wire cannot take
/// at once, and adds the zero-length packet.
final class WriteOperation: Operation, DataTransferOwner, @unchecked Sendable {
    private unowned let pipe: PipeObject
    private var transfer: DataTransfer?
    private let lock = Lock()
    private var cancelling = CancelState()

    init(_ pipe: PipeObject) {
        self.pipe = pipe
        super.init(in: pipe.operations)
        transfer = DataTransfer.make(on: pipe.pipe, for: self)
    }

    /// Submits the write; the operation has begun.
    func start(_ bytes: UnsafeMutableRawBufferPointer, timeout: Duration?) {
        guard let transfer else { return finish(.invalidParameter, byteCount: 0) }
        let use = number
        lock.withLock { cancelling.begin(use) }
        let canceller = unsafe transfer.submit(bytes, timeout: timeout)
        if lock.withLock({ cancelling.submitted(canceller, for: use) }) { canceller.cancel() }
    }

    override func cancel(_ number: UInt64) {
        let canceller = lock.withLock { cancelling.cancel(number) ? cancelling.transferCanceller : nil }
        canceller?.cancel()
    }

    func transferEnded(_ outcome: TransferOutcome) {
        lock.withLock { cancelling.end() }
        finish(NTStatus(outcome.status), byteCount: outcome.byteCount)
    }

    override func recycle() { pipe.putIdle(self) }
}
