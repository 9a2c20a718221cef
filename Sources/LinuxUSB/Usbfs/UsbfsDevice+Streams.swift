// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import USBHost
import USBSpecification

/// Bulk streams.
extension UsbfsDevice {
    func allocateStreams(_ count: Int, on endpoints: [EndpointAddress]) throws(USBError) -> Int {
        // The kernel wants two at least, and grants what the controller has.
        let result = streamCall(CLINUXUSB_ALLOC_STREAMS, max(2, count), endpoints)
        guard result >= 0 else {
            let code = ErrorCode(result: result)
            let isRefusal = code.number == EINVAL || code.number == ENOTTY
            throw code.error("cannot have streams", kind: isRefusal ? .unsupported : nil)
        }
        return min(count, Int(result))
    }

    func freeStreams(on endpoints: [EndpointAddress]) throws(USBError) {
        let result = streamCall(CLINUXUSB_FREE_STREAMS, 0, endpoints)
        guard result >= 0 else { throw ErrorCode(result: result).error("cannot give streams back") }
    }

    /// A count of streams and of endpoints, and then the addresses.
    private func streamCall(_ request: UInt, _ count: Int, _ endpoints: [EndpointAddress]) -> Int32 {
        var words = [UInt32](repeating: 0, count: 2 + (endpoints.count + 3) / 4)
        words[0] = UInt32(clamping: count)
        words[1] = UInt32(endpoints.count)
        return unsafe words.withUnsafeMutableBytes { bytes in
            for (index, address) in endpoints.enumerated() { unsafe bytes[8 + index] = address.rawValue }
            return unsafe system.control(file, request, bytes.baseAddress)
        }
    }
}
#endif
