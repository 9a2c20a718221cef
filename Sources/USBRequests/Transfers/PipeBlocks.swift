// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost

extension USBTarget {
    /// Cancels what is under way on a pipe; the block ends when all of that has.
    func abortPipe(_ block: Block, _ pending: PendingBlock) -> USBD_STATUS? {
        guard let view = unsafe block.view(_URB_PIPE_REQUEST.self, byteCount: pipeRequestSize) else {
            return USBD_STATUS_INVALID_PARAMETER
        }
        guard let pipe = unsafe pipe(view.pointee.PipeHandle) else { return USBD_STATUS_INVALID_PIPE_HANDLE }
        pipe.pipe.abort { pending.end(block.finish(USBD_STATUS_SUCCESS)) }
        return nil
    }

    /// Clears a pipe's halt, at both ends: there is no way to clear one of them alone. An isochronous pipe has none; only
    /// its stream begins anew, and nothing goes to the device.
    func resetPipe(_ block: Block, _ pending: PendingBlock) -> USBD_STATUS? {
        guard let view = unsafe block.view(_URB_PIPE_REQUEST.self, byteCount: pipeRequestSize) else {
            return USBD_STATUS_INVALID_PARAMETER
        }
        guard let pipe = unsafe pipe(view.pointee.PipeHandle) else { return USBD_STATUS_INVALID_PIPE_HANDLE }
        guard !pipe.isBusy else { return USBD_STATUS_ERROR_BUSY }
        guard pipe.endpoint.type != .isochronous else {
            pipe.forgetStream()
            return USBD_STATUS_SUCCESS
        }
        pipe.pipe.clearHalt { error in
            pending.end(block.finish(error.map { BlockStatus.of($0.kind) } ?? USBD_STATUS_SUCCESS))
        }
        return nil
    }

    /// The reserved word at the end does not count: older drivers leave it out of the length.
    private var pipeRequestSize: Int {
        unsafe MemoryLayout<_URB_HEADER>.size + MemoryLayout<USBD_PIPE_HANDLE>.size
    }
}
