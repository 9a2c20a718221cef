// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import Win32

/// Memory that a driver has a WDFMEMORY for.
///
/// A request that is formatted with it keeps a reference, so that the bytes are there until the request's end though the
/// handle is deleted.
@safe public final class MemoryObject: FrameworkObject, @unchecked Sendable {
    // Sound: whoever made the object says who keeps the bytes, and how long.
    private var storage: UnsafeMutableRawBufferPointer
    private let free: ((UnsafeMutableRawBufferPointer) -> Void)?
    /// Whether the driver may exchange the bytes: they are its own.
    let isPreallocated: Bool
    /// The request whose buffer this is, if it was presented with one: it must not complete while the memory is used.
    final weak var presentedBy: RequestObject?

    /// Makes an object of bytes that `free` is called with at the end; nil for bytes that are another's.
    init(
        _ bytes: UnsafeMutableRawBufferPointer, host: ProcessHost = .current, isPreallocated: Bool = false,
        free: ((UnsafeMutableRawBufferPointer) -> Void)? = nil
    ) {
        unsafe storage = unsafe bytes
        unsafe self.free = unsafe free
        self.isPreallocated = isPreallocated
        super.init(.memory, host: host)
    }

    /// Makes an object of bytes of a pool, which hold anything.
    ///
    /// STATUS_INSUFFICIENT_RESOURCES: there are not so many.
    convenience init(pool tag: UInt32, _ byteCount: Int, host: ProcessHost) throws(Refusal) {
        // As of the kernel's pools: what is as large as a page begins at one.
        let alignment = byteCount >= 4096 ? 4096 : 16
        guard let start = unsafe Pool.shared.allocate(byteCount, tag: tag, zeroed: false, alignment: alignment) else {
            throw Refusal(.insufficientResources)
        }
        unsafe self.init(UnsafeMutableRawBufferPointer(start: start, count: byteCount), host: host) { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe Pool.shared.free(start, tag: tag, in: "WdfObjectDelete")
        }
    }

    /// What a request was presented with is not the driver's to delete: it goes with the request.
    override var isDeletable: Bool { presentedBy == nil }

    /// The bytes.
    var bytes: UnsafeMutableRawBufferPointer { unsafe lock.withLock { unsafe storage } }

    /// Makes the object stand for other bytes.
    func assign(_ bytes: UnsafeMutableRawBufferPointer) { lock.withLock { unsafe storage = unsafe bytes } }

    override func destroyed() { unsafe free?(storage) }
}
