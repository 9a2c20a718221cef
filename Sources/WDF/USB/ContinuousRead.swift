// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBRequests
import Win32

/// One of the reads that a continuous reader has under way.
///
/// The reader's lock guards the state; the rest is the reader's while the read is idle or has ended.
@safe final class ContinuousRead: PendingBlock, @unchecked Sendable {
    enum State {
        /// To be submitted.
        case idle
        /// The bus has it.
        case underWay
        /// Ended, and to be looked at.
        case done
        /// Ended badly; not to be submitted for now.
        case ended
    }

    var state = State.idle
    /// The place in the order of the reads.
    var number: UInt64 = 0
    /// What the request would have ended with.
    var status: NTSTATUS = 0
    /// Who is told of the end, while the read is under way.
    var reader: ContinuousReader?
    /// The buffer.
    private(set) var memory: MemoryObject?
    // Sound: allocated once, never moved, freed with the read, which the reader keeps while it is under way.
    let block: PURB

    override init() {
        unsafe block = .allocate(capacity: 1)
        unsafe UnsafeMutableRawPointer(block).initializeMemory(
            as: UInt8.self, repeating: 0, count: MemoryLayout<URB>.size)
        super.init()
    }

    deinit { unsafe block.deallocate() }

    override func ended(_ status: NTSTATUS) { reader?.ended(self, status) }

    /// The bytes that came.
    var byteCount: Int { Int(unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBufferLength) }

    /// Makes a buffer, all zero, and the block that fills it.
    ///
    /// STATUS_INSUFFICIENT_RESOURCES: there are too many handles. STATUS_DELETE_PENDING: the pipe ends.
    func prepare(_ configuration: ContinuousReader.Configuration, on pipe: UsbPipeObject) throws(Refusal) {
        let memory: MemoryObject
        if let kept = self.memory {
            memory = kept
        } else {
            memory = try ContinuousRead.makeMemory(configuration, on: pipe)
            self.memory = memory
        }
        let bytes = unsafe memory.bytes
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe block.header.pointee.Length = USHORT(MemoryLayout<_URB_BULK_OR_INTERRUPT_TRANSFER>.size)
        unsafe block.header.pointee.Function = USHORT(URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER)
        unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.PipeHandle = unsafe pipe.pipe.handle
        unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferFlags = ULONG(
            USBD_TRANSFER_DIRECTION_IN | USBD_SHORT_TRANSFER_OK)
        unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBuffer = unsafe bytes.baseAddress
            .map {
                unsafe $0 + configuration.headerLength
            }
        unsafe block.body(as: _URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBufferLength = ULONG(
            configuration.transferLength)
    }

    private static func makeMemory(
        _ configuration: ContinuousReader.Configuration, on pipe: UsbPipeObject
    ) throws(Refusal) -> MemoryObject {
        guard let start = unsafe Pool.shared.allocate(configuration.byteCount, tag: tag, zeroed: true) else {
            throw Refusal(.insufficientResources)
        }
        // Sound: as many bytes as were allocated, freed by the object with its last reference.
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: start, count: configuration.byteCount)
        let free: (UnsafeMutableRawBufferPointer) -> Void = { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe Pool.shared.free(start, tag: tag, in: "WdfObjectDereference")
        }
        let memory = unsafe MemoryObject(bytes, host: pipe.host, free: free)
        do throws(Refusal) {
            try memory.publish(configuration.attributes, parent: pipe)
        } catch {
            unsafe free(bytes)
            throw error
        }
        return memory
    }

    /// The tag of buffers in the pool.
    private static let tag: UInt32 = 0x7246_4457

    /// Gives the buffer up for good.
    func forget() {
        memory?.delete()
        memory = nil
    }

    /// Gives the buffer up, which lives on while the driver has a reference; one that nobody has noticed is kept for the
    /// next read.
    func release() {
        guard let memory, !memory.isUntouched else { return }
        self.memory = nil
        memory.delete()
    }
}
