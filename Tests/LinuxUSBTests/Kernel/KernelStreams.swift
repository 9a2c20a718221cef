// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The kernel's side of bulk streams, with the rules of `usb_alloc_streams` and of the xHCI driver.
extension UsbfsFile {
    /// Returns how many streams each endpoint has got: no more than the controller has.
    func allocateStreams(_ count: Int, on endpoints: [UInt8]) -> Int32 {
        guard (2...65_535).contains(count), areClaimedTogether(endpoints) else { return -EINVAL }
        guard device.streamLimit > 0, endpoints.allSatisfy({ device.streams[$0] == nil }) else { return -EINVAL }
        let granted = min(count, device.streamLimit)
        for endpoint in endpoints { device.streams[endpoint] = granted }
        return Int32(granted)
    }

    func freeStreams(on endpoints: [UInt8]) -> Int32 {
        guard areClaimedTogether(endpoints), endpoints.allSatisfy({ device.streams[$0] != nil }) else { return -EINVAL }
        for endpoint in endpoints { device.streams[endpoint] = nil }
        return 0
    }

    /// Another alternate setting has no streams to begin with, nor has the next owner of an interface.
    func dropStreams(of interface: UInt8) {
        device.streams = device.streams.filter { device.endpoints[$0.key] != interface }
    }

    /// Whether endpoints are all of one interface that this file has claimed.
    private func areClaimedTogether(_ endpoints: [UInt8]) -> Bool {
        let interfaces = Set(endpoints.map { device.endpoints[$0] })
        guard interfaces.count == 1, case let interface?? = interfaces.first else { return false }
        return claims.contains(interface)
    }
}
#endif
