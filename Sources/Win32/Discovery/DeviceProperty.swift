// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

internal import CMicrosoftUSB
internal import USBSpecification

/// The value of a device's property.
enum PropertyValue {
    case text(String)
    case texts([String])
    case number(DWORD)
    case guid(GUID)

    /// How the registry calls its kind (REG_...).
    var registryType: DWORD {
        switch self {
        case .text, .guid: REG_SZ
        case .texts: REG_MULTI_SZ
        case .number: REG_DWORD
        }
    }

    /// How properties by key call its kind (DEVPROP_TYPE_...).
    var propertyType: DEVPROPTYPE {
        switch self {
        case .text: DEVPROPTYPE(DEVPROP_TYPE_STRING)
        case .texts: DEVPROPTYPE(DEVPROP_TYPE_STRING | DEVPROP_TYPEMOD_LIST)
        case .number: DEVPROPTYPE(DEVPROP_TYPE_UINT32)
        case .guid: DEVPROPTYPE(DEVPROP_TYPE_GUID)
        }
    }

    /// The bytes, with a GUID as text, as the registry has it.
    func registryBytes(isWide: Bool) -> [UInt8] {
        if case .guid(let guid) = self { return PropertyValue.text(guid.text).bytes(isWide: isWide) }
        return bytes(isWide: isWide)
    }

    /// The bytes, with the zeros that end texts and lists.
    func bytes(isWide: Bool) -> [UInt8] {
        func encode(_ text: String) -> [UInt8] {
            guard isWide else { return [UInt8](text.utf8) + [0] }
            return (Text.wide(text) + [0]).flatMap { unsafe withUnsafeBytes(of: $0) { unsafe [UInt8]($0) } }
        }
        switch self {
        case .text(let text): return encode(text)
        case .texts(let texts): return texts.flatMap(encode) + encode("")
        case .number(let number): return unsafe withUnsafeBytes(of: number) { unsafe [UInt8]($0) }
        case .guid(let guid): return unsafe withUnsafeBytes(of: guid) { unsafe [UInt8]($0) }
        }
    }
}

/// The properties that devices have; what a device itself does not tell is missing.
enum DeviceProperty: CaseIterable {
    case name, description, hardwareIDs, compatibleIDs, service, className, classGUID, manufacturer, friendlyName
    case location, busNumber, enumerator, address, locationPaths, reportedDescription, parent, instanceID

    /// The property of a number of setupapi.h (SPDRP_...).
    init?(registry number: DWORD) {
        switch number {
        case DWORD(SPDRP_DEVICEDESC): self = .description
        case DWORD(SPDRP_HARDWAREID): self = .hardwareIDs
        case DWORD(SPDRP_COMPATIBLEIDS): self = .compatibleIDs
        case DWORD(SPDRP_SERVICE): self = .service
        case DWORD(SPDRP_CLASS): self = .className
        case DWORD(SPDRP_CLASSGUID): self = .classGUID
        case DWORD(SPDRP_MFG): self = .manufacturer
        case DWORD(SPDRP_FRIENDLYNAME): self = .friendlyName
        case DWORD(SPDRP_LOCATION_INFORMATION): self = .location
        case DWORD(SPDRP_BUSNUMBER): self = .busNumber
        case DWORD(SPDRP_ENUMERATOR_NAME): self = .enumerator
        case DWORD(SPDRP_ADDRESS): self = .address
        case DWORD(SPDRP_LOCATION_PATHS): self = .locationPaths
        default: return nil
        }
    }

    /// The property of a key of devpkey.h.
    init?(key: DEVPROPKEY) {
        let known = DeviceProperty.allCases.first { $0.key.pid == key.pid && $0.key.fmtid.isEqual(to: key.fmtid) }
        guard let known else { return nil }
        self = known
    }

    /// The key of devpkey.h.
    private var key: DEVPROPKEY {
        switch self {
        case .name: DEVPKEY_NAME
        case .description: DEVPKEY_Device_DeviceDesc
        case .hardwareIDs: DEVPKEY_Device_HardwareIds
        case .compatibleIDs: DEVPKEY_Device_CompatibleIds
        case .service: DEVPKEY_Device_Service
        case .className: DEVPKEY_Device_Class
        case .classGUID: DEVPKEY_Device_ClassGuid
        case .manufacturer: DEVPKEY_Device_Manufacturer
        case .friendlyName: DEVPKEY_Device_FriendlyName
        case .location: DEVPKEY_Device_LocationInfo
        case .busNumber: DEVPKEY_Device_BusNumber
        case .enumerator: DEVPKEY_Device_EnumeratorName
        case .address: DEVPKEY_Device_Address
        case .locationPaths: DEVPKEY_Device_LocationPaths
        case .reportedDescription: DEVPKEY_Device_BusReportedDeviceDesc
        case .parent: DEVPKEY_Device_Parent
        case .instanceID: DEVPKEY_Device_InstanceId
        }
    }

    /// The value for a device; nil when it has none.
    func value(of device: FoundDevice) -> PropertyValue? {
        let description = device.description
        let parts = description.path.split { $0 == "-" || $0 == "." }.compactMap { DWORD($0) }
        switch self {
        case .name, .description: return .text(description.product ?? "USB device")
        case .friendlyName, .reportedDescription: return description.product.map { .text($0) }
        case .manufacturer: return description.manufacturer.map { .text($0) }
        case .hardwareIDs: return .texts(hardwareIDs(of: device))
        case .compatibleIDs: return .texts(compatibleIDs(of: device))
        case .service: return .text("WinUSB")
        case .className: return .text("USBDevice")
        case .classGUID: return .guid(Discovery.setupClass)
        case .location: return .text(description.path)
        case .busNumber: return parts.first.map { .number($0) }
        case .address: return parts.last.map { .number($0) }
        case .enumerator: return .text("USB")
        case .locationPaths:
            guard let bus = parts.first else { return nil }
            return .texts(["USBROOT(\(bus))" + parts.dropFirst().map { "#USB(\($0))" }.joined()])
        case .parent: return .text(DeviceNodes.rootID)
        case .instanceID: return .text(device.instanceID)
        }
    }

    private func hardwareIDs(of device: FoundDevice) -> [String] {
        let names = device.path.kind.split(separator: "&")
        let revision = hexadecimal(device.description.descriptor.deviceRelease.rawValue, 4)
        let product = names[..<2].joined(separator: "&")
        let interface = names.count > 2 ? "&" + names[2] : ""
        return ["USB\\\(product)&REV_\(revision)\(interface)", "USB\\\(product)\(interface)"]
    }

    private func compatibleIDs(of device: FoundDevice) -> [String] {
        var code = device.description.descriptor.deviceClass
        let configuration = device.description.configurations.first {
            $0.value == device.description.activeConfiguration
        }
        let interfaces = configuration?.interfaces ?? []
        let interface =
            device.path.interface.map { number in interfaces.first { $0.number == number } } ?? interfaces.first
        if code.base == 0, let setting = interface?.alternateSettings.first { code = setting.descriptor.interfaceClass }
        func digits(_ code: UInt8) -> String { hexadecimal(code, 2).uppercased() }
        let whole = "USB\\Class_\(digits(code.base))"
        return [
            "\(whole)&SubClass_\(digits(code.subclass))&Prot_\(digits(code.protocol))",
            "\(whole)&SubClass_\(digits(code.subclass))", whole,
        ]
    }
}
