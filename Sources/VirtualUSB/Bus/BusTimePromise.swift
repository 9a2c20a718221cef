// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// The bus time that a periodic endpoint of a selected setting has been promised.
struct BusTimePromise {
    let interface: UInt8
    let endpoint: EndpointAddress
    let placement: PeriodicSchedule.Placement
}

/// Admission: what the periodic endpoints of a device's settings take of its bus, and whether they fit (USB 2.0
/// sections 5.6.4 and 5.7.4).
extension BusDevice {
    /// Why a request would ask for more bus time than there is; nil for every other request.
    func shortage(for setup: SetupPacket) -> USBError? {
        guard setup.requestType.kind == .standard, setup.requestType.direction == .out else { return nil }
        switch (StandardRequest(rawValue: setup.request), setup.requestType.recipient) {
        case (.setConfiguration, .device):
            guard let value = UInt8(exactly: setup.value), let shortage = shortage(selecting: value) else { return nil }
            return USBError(.noBandwidth, message: "configuration \(value) needs \(shortage)")
        case (.setInterface, .interface):
            guard let interface = UInt8(exactly: setup.index), let alternate = UInt8(exactly: setup.value),
                alternate != alternateSetting(of: interface),
                let needs = needs(of: alternate, interface)
            else { return nil }
            var others = bus.promised
            for promise in promises where promise.interface == interface { others.remove(promise.placement) }
            return others.shortage(placing: needs).map {
                USBError(.noBandwidth, message: "alternate setting \(alternate) needs \($0)")
            }
        default: return nil
        }
    }

    /// What is missing for a configuration with all its interfaces at alternate setting 0.
    func shortage(selecting configuration: UInt8) -> PeriodicShortage? {
        var others = bus.promised
        for promise in promises { others.remove(promise.placement) }
        return others.shortage(placing: needs(of: configuration).map(\.need))
    }

    private func needs(of value: UInt8) -> [(interface: UInt8, need: PeriodicNeed)] {
        guard value != 0, let configuration = model.configuration(value) else { return [] }
        return configuration.interfaces.flatMap { interface in
            let needs = interface.alternateSetting(0)?.periodicNeeds(at: model.speed) ?? []
            return needs.map { (interface.number, $0) }
        }
    }

    private func needs(of alternate: UInt8, _ interface: UInt8) -> [PeriodicNeed]? {
        configuration?.alternateSetting(alternate, of: interface)?.periodicNeeds(at: model.speed)
    }

    /// Promises a configuration what it needs, in place of all that was promised before.
    func promiseBusTime(toConfiguration value: UInt8) {
        giveBackBusTime()
        let needs = needs(of: value)
        let placements = bus.promised.place(needs.map(\.need))
        promises = zip(needs, placements).map {
            BusTimePromise(interface: $0.interface, endpoint: $0.need.endpoint, placement: $1)
        }
    }

    /// Promises an alternate setting what it needs, in place of what its predecessor was promised.
    func promiseBusTime(toSetting alternate: UInt8, of interface: UInt8) {
        for promise in promises where promise.interface == interface { bus.promised.remove(promise.placement) }
        promises.removeAll { $0.interface == interface }
        let needs = needs(of: alternate, interface) ?? []
        promises += zip(needs, bus.promised.place(needs)).map {
            BusTimePromise(interface: interface, endpoint: $0.endpoint, placement: $1)
        }
    }

    /// Leaves the time of all endpoints to others.
    func giveBackBusTime() {
        for promise in promises { bus.promised.remove(promise.placement) }
        promises = []
    }
}
