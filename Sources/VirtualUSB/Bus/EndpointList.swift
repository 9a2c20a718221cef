// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The endpoints of one type that have requests on one bus, in the order of devices and addresses.
///
/// The list is looked at several times in every microframe, where the run-time checks for exclusive access would cost
/// more than all the rest. Going without them is sound: the list is used under the bus's lock only, each access ends
/// within a method here, and nothing that these methods call or release can reach the list.
final class EndpointList {
    @exclusivity(unchecked)
    private var endpoints: ContiguousArray<BusEndpoint> = []
    /// How many there are.
    private(set) var count = 0

    @inline(__always)
    var isEmpty: Bool { count == 0 }

    /// The endpoint at a place below ``count``.
    @inline(__always)
    subscript(index: Int) -> BusEndpoint { unsafe endpoints[index] }

    /// Adds an endpoint in its place.
    func insert(_ endpoint: BusEndpoint) {
        let order = endpoint.order
        var index = count
        while index > 0, unsafe endpoints[index - 1].order > order { index -= 1 }
        unsafe endpoints.insert(endpoint, at: index)
        count += 1
    }

    /// Takes out the endpoints that have no requests.
    func dropIdle() {
        var kept = 0
        for index in 0..<count {
            let endpoint = unsafe endpoints[index]
            if endpoint.queue.isEmpty {
                endpoint.isActive = false
            } else {
                if kept != index { unsafe endpoints[kept] = endpoint }
                kept += 1
            }
        }
        guard kept < count else { return }
        unsafe endpoints.removeLast(count - kept)
        count = kept
    }
}
