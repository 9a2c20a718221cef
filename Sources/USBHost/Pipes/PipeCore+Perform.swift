// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension PipeCore {
    /// Submits a transfer on loan, waits for it, and takes it back. Throws what it failed with, with the bytes moved.
    func perform(_ transfer: TransferCore) async throws(USBError) -> Int {
        do throws(USBError) {
            try submit(transfer, asynchronous: true)
        } catch {
            putIdle(transfer)
            throw error
        }
        await transfer.wait()
        return try conclude(transfer)
    }

    /// Like ``perform(_:)``, for a blocking caller.
    func performBlocking(_ transfer: TransferCore) throws(USBError) -> Int {
        do throws(USBError) {
            try submit(transfer, asynchronous: false)
        } catch {
            putIdle(transfer)
            throw error
        }
        transfer.waitBlocking()
        return try conclude(transfer)
    }

    private func conclude(_ transfer: TransferCore) throws(USBError) -> Int {
        collect(transfer)
        let count = transfer.byteCount
        let error = transfer.status == .completed ? nil : transfer.outcome.error
        putIdle(transfer)
        if let error { throw error }
        return count
    }

    /// A transfer on loan that moves `count` bytes of memory that the caller lends until completion.
    func loan(_ memory: UnsafeMutableRawBufferPointer, timeout: Duration?, terminated: Bool = false) -> TransferCore {
        let transfer = takeIdle()
        unsafe transfer.memory = .borrowed(memory)
        transfer.length = memory.count
        transfer.timeout = timeout
        transfer.isRefusalDelivered = false
        transfer.endsWithZeroLengthPacket = terminated
        return transfer
    }
}
