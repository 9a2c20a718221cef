// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import USBSpecification

extension USBTarget {
    /// Moves the bytes of a block on a bulk or interrupt pipe. The pipe says in which direction.
    func moveData(_ block: Block, _ pending: PendingBlock) -> USBD_STATUS? {
        guard let view = unsafe block.view(_URB_BULK_OR_INTERRUPT_TRANSFER.self), unsafe view.pointee.UrbLink == nil
        else { return USBD_STATUS_INVALID_PARAMETER }
        guard let pipe = unsafe pipe(view.pointee.PipeHandle) else { return USBD_STATUS_INVALID_PIPE_HANDLE }
        guard let bytes = unsafe block.memory() else { return USBD_STATUS_INVALID_PARAMETER }
        guard !pipe.pipe.isHalted else { return USBD_STATUS_ENDPOINT_HALTED }
        switch pipe.transfers {
        case .bulk(let pool): unsafe send(block, pending, bytes, pool, on: pipe)
        case .interrupt(let pool): unsafe send(block, pending, bytes, pool, on: pipe)
        case .isochronous, .control: return USBD_STATUS_INVALID_PIPE_HANDLE
        }
        return nil
    }

    private func send<Kind: DataKind>(
        _ block: Block, _ pending: PendingBlock, _ bytes: UnsafeMutableRawBufferPointer, _ pool: TransferPool<Kind>,
        on pipe: TargetPipe
    ) {
        let place = pool.take()
        guard var transfer = place.transfer.take() else { fatalError("an idle transfer is in its place") }
        unsafe transfer.borrow(bytes)
        pending.willSubmit(transfer.canceller)
        pipe.blockBegins()
        place.use = TransferPool<Kind>.Use(block: block, pending: pending, pipe: pipe)
        do throws(USBError) {
            try transfer.submit(
                deliveringRefusal: true, at: pending.handlerPlace, completion: USBTarget.completion(of: place, in: pool)
            )
        } catch {
            fatalError("a refusal is delivered: \(error)")
        }
        pending.didSubmit()
    }

    /// What ends the blocks that a transfer is submitted for. The pool keeps the place, and the pipe the pool.
    private static func completion<Kind: DataKind>(
        of place: TransferPool<Kind>.Place, in pool: TransferPool<Kind>
    ) -> @Sendable (consuming Completed<Kind>) -> Void {
        // Stored once: a closure that is taken out of a generic place and stored anew has grown by a layer.
        if let made = place.completion { return made }
        let made: @Sendable (consuming Completed<Kind>) -> Void = { [unowned place, unowned pool] done in
            guard let use = place.use.take() else { return }
            let outcome = done.outcome
            let idle = done.transfer
            place.transfer = .some(idle)
            pool.putBack(place)
            use.pipe.blockEnded()
            use.pending.end(use.block.finish(USBTarget.report(outcome, to: use.block, from: use.pipe)))
        }
        place.completion = made
        return made
    }

    /// Writes the bytes that moved into the block, and returns its status.
    private static func report(_ outcome: TransferOutcome, to block: Block, from pipe: TargetPipe) -> USBD_STATUS {
        unsafe block.data.pointee.TransferBufferLength = ULONG(outcome.byteCount)
        let flags = Int32(bitPattern: unsafe block.data.pointee.TransferFlags)
        if outcome.isShort, pipe.endpoint.address.direction == .in, flags & USBD_SHORT_TRANSFER_OK == 0 {
            return USBD_STATUS_ERROR_SHORT_TRANSFER
        }
        return BlockStatus.of(outcome.status)
    }
}
