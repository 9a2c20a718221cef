// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// The bus of one speed class: its devices, the endpoints that have requests, and the byte times left in the
/// (micro)frame that is being served.
final class RootBus {
    /// The number that begins the paths of its devices.
    let number: Int
    /// Microframes between two services: 8 for a bus that keeps time in frames, else 1.
    let period: Int64
    /// Byte times in one service (USB 2.0 tables 5-1 to 5-10).
    let capacity: Int

    /// The devices that are attached, in the order of their attachment.
    var devices: [BusDevice] = []

    // Endpoints that have requests.
    private(set) var isochronous: ContiguousArray<BusEndpoint> = []
    private(set) var interrupt: ContiguousArray<BusEndpoint> = []
    private(set) var control: ContiguousArray<BusEndpoint> = []
    private(set) var bulk: ContiguousArray<BusEndpoint> = []

    /// Byte times left in the service that is under way.
    var budget = 0
    /// Which bulk endpoint begins the next service.
    var bulkRotation = 0
    /// An endpoint's queue has become empty in the service that is under way.
    var hasIdleEndpoint = false
    /// Requests that were served in the frame under way and complete at its end.
    var deferred = RecordList()
    /// The last microframe of that frame.
    var deferredUntil: Int64 = 0

    /// The most devices that a bus has addresses for (USB 2.0 section 4.1.1).
    static let deviceLimit = 127

    init(number: Int, period: Int64, capacity: Int) {
        self.number = number
        self.period = period
        self.capacity = capacity
    }

    /// The bus that devices of a speed share.
    static func make(number: Int, speed: Speed) -> RootBus {
        RootBus(
            number: number, period: speed >= .high ? 1 : Frame.microframes,
            capacity: TransferLimits.byteTimes(at: speed) ?? 0)
    }

    /// Whether no request waits for service.
    @inline(__always)
    var isIdle: Bool { isochronous.isEmpty && bulk.isEmpty && interrupt.isEmpty && control.isEmpty }

    /// Lists an endpoint that has got its first request.
    func activate(_ endpoint: BusEndpoint) {
        guard !endpoint.isActive else { return }
        endpoint.isActive = true
        switch endpoint.type {
        case .isochronous: RootBus.insert(endpoint, into: &isochronous)
        case .interrupt: RootBus.insert(endpoint, into: &interrupt)
        case .control: RootBus.insert(endpoint, into: &control)
        case .bulk: RootBus.insert(endpoint, into: &bulk)
        }
    }

    private static func insert(_ endpoint: BusEndpoint, into list: inout ContiguousArray<BusEndpoint>) {
        let order = endpoint.order
        var index = list.count
        while index > 0, list[index - 1].order > order { index -= 1 }
        list.insert(endpoint, at: index)
    }

    /// Takes endpoints without requests off the lists.
    func dropIdleEndpoints() {
        hasIdleEndpoint = false
        RootBus.dropIdle(&isochronous)
        RootBus.dropIdle(&interrupt)
        RootBus.dropIdle(&control)
        RootBus.dropIdle(&bulk)
    }

    private static func dropIdle(_ list: inout ContiguousArray<BusEndpoint>) {
        var kept = 0
        for index in list.indices {
            if list[index].queue.isEmpty {
                list[index].isActive = false
            } else {
                if kept != index { list[kept] = list[index] }
                kept += 1
            }
        }
        if kept < list.count { list.removeLast(list.count - kept) }
    }
}
