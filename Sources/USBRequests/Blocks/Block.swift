// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import USBHost

/// A USB request block, as the functions look at it.
@safe struct Block: @unchecked Sendable {
    /// The driver's structure.
    // Sound: the driver leaves it in place until the block has ended.
    let pointer: PURB

    init(_ pointer: PURB) { unsafe self.pointer = unsafe pointer }

    /// What it asks for.
    var function: Int32 { Int32(unsafe pointer.header.pointee.Function) }
    /// The bytes of the structure, as the driver says.
    var byteCount: Int { Int(unsafe pointer.header.pointee.Length) }

    var status: USBD_STATUS {
        get { unsafe pointer.header.pointee.Status }
        nonmutating set { unsafe pointer.header.pointee.Status = newValue }
    }

    /// The structure of the block's function, if the block is long enough for that.
    func view<Layout>(_ type: Layout.Type, byteCount: Int? = nil) -> UnsafeMutablePointer<Layout>? {
        guard self.byteCount >= byteCount ?? MemoryLayout<Layout>.size else { return nil }
        return unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Layout.self)
    }

    /// The end of the block, which the driver may have again from here on. Returns the request's status.
    func finish(_ status: USBD_STATUS) -> NTSTATUS {
        self.status = status
        unsafe BlockMemory.shared.end(pointer)
        return BlockStatus.requestStatus(status)
    }

    /// The pipe, flags and memory, which lie at the same places in every block that moves data.
    var data: UnsafeMutablePointer<_URB_BULK_OR_INTERRUPT_TRANSFER> {
        // Sound: only asked for when the block is long enough for a structure that begins so.
        unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: _URB_BULK_OR_INTERRUPT_TRANSFER.self)
    }

    /// The memory of a block that moves data; nil when there are not as many bytes as the block says.
    func memory() -> UnsafeMutableRawBufferPointer? {
        let count = Int(unsafe data.pointee.TransferBufferLength)
        if let bytes = unsafe data.pointee.TransferBuffer {
            // Sound: the driver says that so many bytes are there, and lends them to the end of the block.
            return unsafe UnsafeMutableRawBufferPointer(start: bytes, count: count)
        }
        if let list = unsafe data.pointee.TransferBufferMDL {
            let bytes = unsafe list.memory
            return unsafe count <= bytes.count ? UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]) : nil
        }
        return unsafe count == 0 ? UnsafeMutableRawBufferPointer(start: nil, count: 0) : nil
    }
}

extension PURB {
    // A block is often shorter than the union of all kinds, and Swift may read and write a union whole to get at a member:
    // so its parts are looked at by their own types.

    /// What every block begins with.
    package var header: UnsafeMutablePointer<_URB_HEADER> { unsafe body(as: _URB_HEADER.self) }

    /// The block as the structure of its function.
    package func body<Layout>(as type: Layout.Type) -> UnsafeMutablePointer<Layout> {
        // Sound: the members of a union begin where it begins; the block is as long as its function wants.
        unsafe UnsafeMutableRawPointer(self).assumingMemoryBound(to: type)
    }
}
