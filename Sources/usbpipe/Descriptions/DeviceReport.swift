// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// A device as `show` describes it: what its descriptors say, with the meanings at its speed worked out and the names
/// that they refer to read.
struct DeviceReport: Encodable {
    var path: String
    var vendorID: String
    var productID: String
    var speed: String
    var vendor: String?
    var product: String?
    var serialNumber: String?
    var usbRelease: String
    var deviceRelease: String
    var deviceClass: String
    var controlPacketSize: Int
    var configurations: [ConfigurationReport]

    struct ConfigurationReport: Encodable {
        var value: UInt8
        var isActive: Bool
        var name: String?
        /// The most current that the device draws from the bus.
        var milliamperes: Int
        var isSelfPowered: Bool
        var wakesHost: Bool
        var descriptors: [ClassDescriptorReport]
        var interfaces: [InterfaceReport]
    }

    struct InterfaceReport: Encodable {
        var number: UInt8
        var name: String?
        /// The driver of the system that has the interface.
        var driver: String?
        var alternateSettings: [AlternateSettingReport]
    }

    struct AlternateSettingReport: Encodable {
        var number: UInt8
        var interfaceClass: String
        var descriptors: [ClassDescriptorReport]
        var endpoints: [EndpointReport]
    }

    struct EndpointReport: Encodable {
        var address: String
        var type: String
        var direction: String
        var maximumPacketSize: Int
        /// Of a periodic endpoint: bytes in a service interval.
        var bytesPerInterval: Int?
        /// Of a periodic endpoint: the service interval.
        var intervalMicroseconds: Int?
        /// The whole in words.
        var meaning: String
        var descriptors: [ClassDescriptorReport]
    }

    /// A descriptor that a class or a vendor has defined.
    struct ClassDescriptorReport: Encodable {
        var name: String
        /// What it says, where that is known.
        var meaning: String?
        /// All its bytes.
        var bytes: String
    }
}

extension DeviceReport {
    /// Describes a device.
    ///
    /// - Parameters:
    ///   - active: the value of the selected configuration.
    ///   - string: the text with an index, if the device has told it.
    init(
        _ device: DeviceDescription, active: UInt8, names: USBNames = .system, string: (UInt8) -> String?
    ) {
        let descriptor = device.descriptor
        path = device.path
        vendorID = DeviceName.hexadecimal(descriptor.vendorID)
        productID = DeviceName.hexadecimal(descriptor.productID)
        speed = device.speed.description
        vendor = string(descriptor.manufacturerString) ?? device.vendorName(names)
        product = string(descriptor.productString) ?? device.productName(names)
        serialNumber = string(descriptor.serialNumberString) ?? device.serialNumber
        usbRelease = descriptor.usbRelease.description
        deviceRelease = descriptor.deviceRelease.description
        deviceClass = descriptor.deviceClass.description
        controlPacketSize = descriptor.controlPacketSize(at: device.speed)
        configurations = device.configurations.map {
            ConfigurationReport(
                $0, speed: device.speed, isActive: $0.value == active,
                drivers: $0.value == device.activeConfiguration ? device.drivers : [:], string: string)
        }
    }

    /// The indices of all texts that a description refers to.
    static func strings(of device: DeviceDescription) -> Set<UInt8> {
        let descriptor = device.descriptor
        var indices: Set = [descriptor.manufacturerString, descriptor.productString, descriptor.serialNumberString]
        for configuration in device.configurations {
            indices.insert(configuration.descriptor.nameString)
            for setting in configuration.interfaces.flatMap(\.alternateSettings) {
                indices.insert(setting.descriptor.nameString)
            }
        }
        indices.remove(0)
        return indices
    }
}

extension DeviceReport.ConfigurationReport {
    init(
        _ configuration: Configuration, speed: Speed, isActive: Bool, drivers: [UInt8: String],
        string: (UInt8) -> String?
    ) {
        let descriptor = configuration.descriptor
        value = configuration.value
        self.isActive = isActive
        name = string(descriptor.nameString)
        milliamperes = descriptor.maximumCurrent(at: speed)
        isSelfPowered = descriptor.attributes.contains(.selfPowered)
        wakesHost = descriptor.attributes.contains(.remoteWakeup)
        descriptors = configuration.extras.map { DeviceReport.ClassDescriptorReport($0, of: nil) }
        interfaces = configuration.interfaces.map { interface in
            DeviceReport.InterfaceReport(
                number: interface.number,
                name: interface.alternateSettings.first.flatMap { string($0.descriptor.nameString) },
                driver: drivers[interface.number],
                alternateSettings: interface.alternateSettings.map {
                    DeviceReport.AlternateSettingReport($0, speed: speed)
                })
        }
    }
}

extension DeviceReport.AlternateSettingReport {
    init(_ setting: AlternateSetting, speed: Speed) {
        let code = setting.descriptor.interfaceClass
        number = setting.descriptor.alternateSetting
        interfaceClass = code.description
        descriptors = setting.extras.map { DeviceReport.ClassDescriptorReport($0, of: code) }
        endpoints = setting.endpoints.map { DeviceReport.EndpointReport($0, of: code, speed: speed) }
    }
}

extension DeviceReport.EndpointReport {
    init(_ layout: EndpointLayout, of code: ClassCode, speed: Speed) {
        let descriptor = layout.descriptor
        address = descriptor.address.description
        type = descriptor.transferType.description
        direction = descriptor.direction.description
        maximumPacketSize = descriptor.maximumPacketSize
        descriptors = layout.extras.map { DeviceReport.ClassDescriptorReport($0, of: code) }
        meaning = "\(type) \(direction) \(address), "
        guard descriptor.transferType.isPeriodic else {
            meaning += "packets of \(Readable.count(maximumPacketSize, "byte"))"
            return
        }
        do throws(EndpointTimingError) {
            let interval = try layout.serviceInterval(at: speed)
            let bytes = try layout.maximumBytesPerInterval(at: speed)
            bytesPerInterval = bytes
            intervalMicroseconds = Int(interval.nanoseconds / 1_000)
            meaning += "\(Readable.count(bytes, "byte")) \(interval)"
            if bytes > maximumPacketSize, maximumPacketSize > 0 {
                meaning += " in packets of \(maximumPacketSize)"
            }
        } catch {
            meaning += "with a wrong descriptor: \(error)"
        }
        guard descriptor.transferType == .isochronous else { return }
        if descriptor.attributes.synchronization != .none { meaning += ", \(descriptor.attributes.synchronization)" }
        if descriptor.attributes.usage != .data { meaning += ", \(descriptor.attributes.usage)" }
    }
}

extension DeviceReport.ClassDescriptorReport {
    init(_ descriptor: RawDescriptor, of code: ClassCode?) {
        name = ClassDescriptorNames.name(descriptor, of: code) ?? "descriptor \(descriptor.type)"
        meaning = ClassDescriptorNames.meaning(descriptor, of: code)
        bytes = HexDump.digits(descriptor.bytes)
    }
}
