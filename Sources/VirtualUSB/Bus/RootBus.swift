// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// The bus of one speed class: its devices, the endpoints that have requests, the bus time promised to periodic
/// endpoints, and the byte times left in the (micro)frame that is being served.
final class RootBus {
    /// The number that begins the paths of its devices.
    let number: Int
    /// Microframes between two services: 8 for a bus that keeps time in frames, else 1.
    let period: Int64
    /// Byte times in one service (USB 2.0 tables 5-1 to 5-10); on the SuperSpeed bus, blocks.
    let capacity: Int
    /// The time promised to the periodic endpoints of the settings that are selected.
    var promised: PeriodicSchedule

    /// The devices that are attached, in the order of their attachment.
    var devices: [BusDevice] = []

    // Endpoints that have requests.
    let isochronous = EndpointList()
    let interrupt = EndpointList()
    let control = EndpointList()
    let bulk = EndpointList()

    /// Byte times left in the service that is under way.
    var budget = 0
    /// Which bulk endpoint begins the next service.
    var bulkRotation = 0
    /// An endpoint's queue has become empty in the service that is under way.
    var hasIdleEndpoint = false
    /// Requests that were served in the frame under way and complete at its end.
    let deferred = RecordList()
    /// The last microframe of that frame.
    var deferredUntil: Int64 = 0

    /// The most devices that a bus has addresses for (USB 2.0 section 4.1.1).
    static let deviceLimit = 127

    /// The bus that devices of a speed share.
    init(number: Int, speed: Speed) {
        self.number = number
        period = speed >= .high ? 1 : Frame.microframes
        capacity = TransferLimits.byteTimes(at: speed) ?? BlockBudget(speed: speed).blocks
        promised = PeriodicSchedule(speed: speed)
    }

    /// Whether no request waits for service.
    @inline(__always)
    var isIdle: Bool { isochronous.isEmpty && bulk.isEmpty && interrupt.isEmpty && control.isEmpty }

    /// Whether only isochronous requests wait for service.
    @inline(__always)
    var hasOnlyIsochronous: Bool { !isochronous.isEmpty && bulk.isEmpty && interrupt.isEmpty && control.isEmpty }

    /// Lists an endpoint that has got its first request.
    func activate(_ endpoint: BusEndpoint) {
        guard !endpoint.isActive else { return }
        endpoint.isActive = true
        switch endpoint.type {
        case .isochronous: isochronous.insert(endpoint)
        case .interrupt: interrupt.insert(endpoint)
        case .control: control.insert(endpoint)
        case .bulk: bulk.insert(endpoint)
        }
    }

    /// Takes endpoints without requests off the lists.
    func dropIdleEndpoints() {
        hasIdleEndpoint = false
        isochronous.dropIdle()
        interrupt.dropIdle()
        control.dropIdle()
        bulk.dropIdle()
    }
}
