// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// A device while it is attached: what the host has selected on it, and who has opened it.
///
/// A device that is plugged in again is a new object with a new identity.
final class BusDevice {
    let peripheral: any Peripheral
    let model: PeripheralModel
    let id: DeviceID
    let path: String
    let port: Int
    let bus: RootBus
    let overheads: Overheads

    /// The value of the selected configuration; 0 for none.
    private(set) var configurationValue: UInt8 = 0
    private(set) var configuration: Configuration?
    /// The alternate settings that are not 0.
    private(set) var alternates: [UInt8: UInt8] = [:]
    private(set) var hasRemoteWakeup = false
    /// Halted endpoints, by their addresses.
    private(set) var halted: Set<EndpointAddress> = []
    var isGone = false
    /// What the peripheral last said about ``Peripheral/wantsFrames``.
    var wantsFrames = false

    /// The bus time that the periodic endpoints of the selected settings have been promised.
    var promises: [BusTimePromise] = []
    /// The endpoints that a pipe was opened to, in the settings that are selected now.
    private(set) var endpoints: [BusEndpoint] = []
    /// Endpoints that a change of settings has removed while they may have had requests.
    var retired: [BusEndpoint] = []
    /// Who has claimed which interface.
    var claims: [UInt8: ObjectIdentifier] = [:]
    /// Who is told when the device goes, in the order of opening.
    var sinks: [(handle: ObjectIdentifier, sink: any DeviceSink)] = []

    init(peripheral: any Peripheral, model: PeripheralModel, id: DeviceID, path: String, port: Int, bus: RootBus) {
        self.peripheral = peripheral
        self.model = model
        self.id = id
        self.path = path
        self.port = port
        self.bus = bus
        overheads = Overheads(speed: model.speed)
    }

    var description: DeviceDescription {
        DeviceDescription(
            id: id, path: path, speed: model.speed, descriptor: model.device, configurations: model.configurations,
            activeConfiguration: configurationValue, manufacturer: model.strings[model.device.manufacturerString],
            product: model.strings[model.device.productString],
            serialNumber: model.strings[model.device.serialNumberString])
    }

    // MARK: Plugging in

    /// Brings the device into the state in which a host leaves it after enumeration: the first configuration selected,
    /// or none when the bus has no time for its periodic endpoints.
    func enumerate(isAdmissionEnforced: Bool) {
        peripheral.reset()
        guard let first = model.configurations.first else { return }
        if isAdmissionEnforced, shortage(selecting: first.value) != nil { return }
        selectConfiguration(first.value)
    }

    /// Resets the port; the host selects again what was selected before.
    func resetPort() {
        peripheral.reset()
        clearHalts()
        hasRemoteWakeup = false
        guard configurationValue != 0 else { return }
        peripheral.configurationSelected(configurationValue)
        for (interface, alternate) in alternates.sorted(by: { $0.key < $1.key }) {
            peripheral.alternateSettingSelected(alternate, interface: interface)
        }
    }

    // MARK: Settings

    func alternateSetting(of interface: UInt8) -> UInt8 { alternates[interface] ?? 0 }

    /// Selects a configuration of the model, or none with 0.
    func selectConfiguration(_ value: UInt8) {
        retireEndpoints { $0.interface != nil }
        promiseBusTime(toConfiguration: value)
        configurationValue = value
        configuration = value == 0 ? nil : model.configuration(value)
        alternates = [:]
        clearHalts()
        peripheral.configurationSelected(value)
    }

    /// Selects an alternate setting that exists. Selecting the same again keeps its endpoints and clears their halts.
    func selectAlternateSetting(_ alternate: UInt8, of interface: UInt8) {
        let isNew = alternateSetting(of: interface) != alternate
        if isNew {
            retireEndpoints { $0.interface == interface }
            promiseBusTime(toSetting: alternate, of: interface)
        }
        alternates[interface] = alternate == 0 ? nil : alternate
        let setting = configuration?.alternateSetting(alternate, of: interface)
        for endpoint in setting?.endpoints ?? [] { setHalted(endpoint.descriptor.address, false) }
        peripheral.alternateSettingSelected(alternate, interface: interface)
    }

    /// Nobody has an interface any more. Its setting is 0 again, as on a system whose host sees to that.
    func giveBack(_ interface: UInt8) {
        claims[interface] = nil
        if !isGone, alternateSetting(of: interface) != 0 { selectAlternateSetting(0, of: interface) }
    }

    func setRemoteWakeup(_ isOn: Bool) { hasRemoteWakeup = isOn }

    /// The endpoint with an address in the settings that are selected now.
    func layout(of address: EndpointAddress) -> (interface: UInt8, endpoint: EndpointLayout)? {
        for interface in configuration?.interfaces ?? [] {
            let setting = interface.alternateSetting(alternateSetting(of: interface.number))
            if let endpoint = setting?.endpoint(address) { return (interface.number, endpoint) }
        }
        return nil
    }

    // MARK: Halts

    func isHalted(_ address: EndpointAddress) -> Bool { halted.contains(address) }

    func setHalted(_ address: EndpointAddress, _ isHalted: Bool) {
        if isHalted { halted.insert(address) } else { halted.remove(address) }
        for endpoint in endpoints where endpoint.address == address && endpoint.type != .control {
            endpoint.isHalted = isHalted
        }
    }

    private func clearHalts() {
        halted = []
        for endpoint in endpoints { endpoint.isHalted = false }
    }

    // MARK: Endpoints

    /// The object for an endpoint to which a pipe is opened.
    func openEndpoint(_ info: EndpointInfo) -> BusEndpoint {
        if let known = endpoints.first(where: { $0.address == info.address && $0.interface == info.interface }) {
            return known
        }
        let endpoint = BusEndpoint(
            device: self, info: info, overheads: overheads,
            packetsPerBurst: layout(of: info.address)?.endpoint.companion?.packetsPerBurst ?? 1,
            phase: promises.first { $0.endpoint == info.address }.map {
                Int64($0.placement.phase) * bus.promised.microframesPerSlot
            } ?? 0)
        endpoint.isHalted = info.type != .control && halted.contains(info.address)
        endpoints.append(endpoint)
        return endpoint
    }

    /// Removes endpoints; whoever serves the bus then completes what was queued on them.
    func retireEndpoints(where matches: (BusEndpoint) -> Bool) {
        for endpoint in endpoints where matches(endpoint) {
            endpoint.isRetired = true
            retired.append(endpoint)
        }
        endpoints.removeAll(where: { $0.isRetired })
    }
}
