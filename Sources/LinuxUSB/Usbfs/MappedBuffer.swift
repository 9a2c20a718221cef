// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import USBHost

/// Memory that the kernel has mapped for a device's controller. It outlives the device's file, and a request under way
/// keeps it too.
@safe final class MappedBuffer: WireBuffer, @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    private let system: any SystemCalls

    init(_ bytes: UnsafeMutableRawBufferPointer, _ system: any SystemCalls) {
        unsafe self.bytes = bytes
        self.system = system
    }

    deinit {
        // Sound: transfers in flight keep the registered buffer that keeps this object.
        if let start = unsafe bytes.baseAddress { unsafe system.unmap(start, byteCount: bytes.count) }
    }
}
#endif
