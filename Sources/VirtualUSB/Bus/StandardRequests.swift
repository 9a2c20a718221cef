// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// The standard requests, answered from the model (USB 2.0 section 9.4). What is not answered here goes to the
/// peripheral.
extension BusDevice {
    /// Answers a request that has no data for the device.
    func answer(_ setup: SetupPacket) -> ControlReply {
        guard setup.requestType.kind == .standard, let request = StandardRequest(rawValue: setup.request) else {
            return peripheral.control(setup)
        }
        switch (request, setup.requestType.recipient) {
        case (.getDescriptor, .device): return descriptor(setup, interface: nil)
        case (.getDescriptor, .interface): return descriptor(setup, interface: UInt8(truncatingIfNeeded: setup.index))
        case (.getConfiguration, .device): return .data([configurationValue])
        case (.setConfiguration, .device): return setConfiguration(setup)
        case (.getInterface, .interface):
            guard let number = interfaceNumber(setup) else { return .stall }
            return .data([alternateSetting(of: number)])
        case (.setInterface, .interface): return setInterface(setup)
        case (.getStatus, _): return status(setup)
        case (.clearFeature, _): return setFeature(setup, isOn: false)
        case (.setFeature, _): return setFeature(setup, isOn: true)
        case (.synchFrame, _), (.setAddress, _): return .stall
        default: return peripheral.control(setup)
        }
    }

    private func descriptor(_ setup: SetupPacket, interface: UInt8?) -> ControlReply {
        let type = DescriptorType(rawValue: UInt8(truncatingIfNeeded: setup.value >> 8))
        let index = UInt8(truncatingIfNeeded: setup.value)
        if let bytes = model.descriptors[PeripheralModel.DescriptorKey(type, index: index, interface: interface)] {
            return .data(bytes)
        }
        guard interface == nil else { return peripheral.control(setup) }
        switch type {
        case .device: return .data(model.device.bytes)
        case .configuration: return configuration(Int(index), of: model.configurations, isOtherSpeed: false)
        case .otherSpeedConfiguration:
            return configuration(Int(index), of: model.otherSpeedConfigurations, isOtherSpeed: true)
        case .deviceQualifier where !model.otherSpeedConfigurations.isEmpty:
            return .data(
                DeviceQualifierDescriptor(
                    usbRelease: model.device.usbRelease, deviceClass: model.device.deviceClass,
                    maximumPacketSize0: model.device.maximumPacketSize0,
                    configurationCount: UInt8(clamping: model.otherSpeedConfigurations.count)
                ).bytes)
        case .binaryObjectStore where !model.binaryObjectStore.isEmpty: return .data(model.binaryObjectStore)
        case .string: return string(index, setup)
        default: return peripheral.control(setup)
        }
    }

    private func configuration(_ index: Int, of list: [Configuration], isOtherSpeed: Bool) -> ControlReply {
        guard list.indices.contains(index) else { return .stall }
        var configuration = list[index]
        configuration.descriptor.isOtherSpeed = isOtherSpeed
        return .data(configuration.bytes)
    }

    /// A string of the model; one that is not in it is asked of the device.
    private func string(_ index: UInt8, _ setup: SetupPacket) -> ControlReply {
        guard !model.strings.isEmpty else { return .stall }
        if index == 0 { return .data(StringDescriptor(languages: [.englishUS]).bytes) }
        guard let text = model.strings[index] else { return peripheral.control(setup) }
        guard LanguageID(rawValue: setup.index) == .englishUS else { return .stall }
        return .data(StringDescriptor(text).bytes)
    }

    private func setConfiguration(_ setup: SetupPacket) -> ControlReply {
        guard let value = UInt8(exactly: setup.value), value == 0 || model.configuration(value) != nil else {
            return .stall
        }
        selectConfiguration(value)
        return .accepted
    }

    private func setInterface(_ setup: SetupPacket) -> ControlReply {
        guard let number = interfaceNumber(setup), let alternate = UInt8(exactly: setup.value),
            configuration?.alternateSetting(alternate, of: number) != nil
        else { return .stall }
        selectAlternateSetting(alternate, of: number)
        return .accepted
    }

    /// The interface that a request names, if the selected configuration has it.
    private func interfaceNumber(_ setup: SetupPacket) -> UInt8? {
        guard let number = UInt8(exactly: setup.index), configuration?.interface(number) != nil else { return nil }
        return number
    }

    private func status(_ setup: SetupPacket) -> ControlReply {
        switch setup.requestType.recipient {
        case .device:
            let attributes = (configuration ?? model.configurations.first)?.descriptor.attributes ?? []
            return .data([(attributes.contains(.selfPowered) ? 1 : 0) | (hasRemoteWakeup ? 2 : 0), 0])
        case .interface: return interfaceNumber(setup) == nil ? .stall : .data([0, 0])
        case .endpoint:
            guard let address = endpointAddress(setup) else { return .stall }
            return .data([isHalted(address) ? 1 : 0, 0])
        default: return peripheral.control(setup)
        }
    }

    private func setFeature(_ setup: SetupPacket, isOn: Bool) -> ControlReply {
        let feature = FeatureSelector(rawValue: setup.value)
        switch setup.requestType.recipient {
        case .device where feature == .deviceRemoteWakeup:
            guard configuration?.descriptor.attributes.contains(.remoteWakeup) == true else { return .stall }
            setRemoteWakeup(isOn)
            return .accepted
        case .endpoint where feature == .endpointHalt:
            guard let address = endpointAddress(setup) else { return .stall }
            // The control pipe has no halt that would outlast the next request.
            guard address != .control else { return .accepted }
            setHalted(address, isOn)
            if !isOn { peripheral.haltCleared(address) }
            return .accepted
        default: return peripheral.control(setup)
        }
    }

    /// The endpoint that a request names, if the selected settings have it.
    private func endpointAddress(_ setup: SetupPacket) -> EndpointAddress? {
        guard let value = UInt8(exactly: setup.index) else { return nil }
        let address = EndpointAddress(rawValue: value)
        if address.number == 0 { return .control }
        return layout(of: address) == nil ? nil : address
    }
}
