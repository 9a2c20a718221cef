// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

internal import CMicrosoftUSB
internal import USB
internal import USBHost
internal import USBSpecification

/// A device as discovery shows it.
struct FoundDevice: Sendable {
    /// What is known of it without opening it.
    var description: DeviceDescription
    /// The path that opens it.
    var path: DevicePath
    /// Its number (DEVINST).
    var node: DWORD

    /// The name of this device among all, such as `USB\VID_1209&PID_0001\0&2-1`.
    var instanceID: String { "USB\\\(path.kind)\\\(path.instance)" }

    /// The path with the interface class that was looked for.
    func interfacePath(_ guid: GUID) -> String { path.discovered(guid: guid.text) }
}

/// What devices there are, as the functions of setupapi.h and cfgmgr32.h see it.
enum Discovery {
    /// The devices of a bus, without those that `USB_DEVICE` in the environment excludes. A bus that cannot be read has
    /// none.
    static func devices(on host: ProcessHost) -> [FoundDevice] {
        if host.failure != nil { tellFailure() }
        guard host.failure == nil, let devices = try? host.controller.devices() else { return [] }
        return devices.compactMap { found($0, among: devices, on: host) }
    }

    /// The device, unless it is excluded.
    static func found(
        _ device: DeviceDescription, among devices: [DeviceDescription], on host: ProcessHost
    ) -> FoundDevice? {
        let only = environmentVariable("USB_DEVICE").flatMap { $0.isEmpty ? nil : $0 }
        return found(device, among: devices, on: host, only: only)
    }

    /// The device, unless an address `VID:PID[:SERIAL][/INTERFACE]` excludes it; its interface is then the one that the
    /// path names.
    static func found(
        _ device: DeviceDescription, among devices: [DeviceDescription], on host: ProcessHost, only: String?
    ) -> FoundDevice? {
        var interface: UInt8?
        if let only {
            guard let wanted = DevicePath(parsing: "usb:" + only), wanted.names(device) else { return nil }
            interface = wanted.interface
        }
        var path = DevicePath(device, interface: interface)
        if path.serialNumber != nil, devices.contains(where: { $0.id < device.id && path.names($0) }) {
            // Serial numbers ought to differ. The device that came first keeps the name that has it.
            path.serialNumber = nil
            path.location = device.path
        }
        return FoundDevice(
            description: device, path: path,
            node: DeviceNodes.shared.number(of: device.id, on: host))
    }

    /// The setup class of devices that WinUSB drives, {88bae032-5a81-49f0-bc3d-a4ff138216d6}.
    static let setupClass = GUID(0x88BA_E032, 0x5A81, 0x49F0, 0xBC, 0x3D, 0xA4, 0xFF, 0x13, 0x82, 0x16, 0xD6)
    /// The interface class of all USB devices (GUID_DEVINTERFACE_USB_DEVICE).
    static let deviceInterface = GUID(0xA5DC_BF10, 0x6530, 0x11D2, 0x90, 0x1F, 0x00, 0xC0, 0x4F, 0xB9, 0x51, 0xED)
    /// The interface classes of hubs and host controllers, which no device belongs to.
    private static let foreignInterfaces = [
        GUID(0xF18A_0E88, 0xC30C, 0x11D0, 0x88, 0x15, 0x00, 0xA0, 0xC9, 0x06, 0xBE, 0xD8),
        GUID(0x3ABF_6F2D, 0x71C4, 0x462A, 0x8A, 0x92, 0x1E, 0x68, 0x61, 0xE6, 0xAF, 0x27),
    ]

    /// Whether devices are listed under an interface class: under every one, but for those of hubs and host controllers.
    static func lists(_ guid: GUID) -> Bool { !foreignInterfaces.contains { $0.isEqual(to: guid) } }
}

/// The numbers of devices (DEVINST). A device keeps its number after it has gone, and what is plugged in again has a new
/// one.
final class DeviceNodes: @unchecked Sendable {
    static let shared = DeviceNodes()
    /// The number of what all devices hang from.
    static let root: DWORD = 1
    /// Its name.
    static let rootID = "HTREE\\ROOT\\0"

    private struct Key: Hashable {
        var bus: ObjectIdentifier
        var device: DeviceID
    }

    private let lock = Lock()
    private var numbers: [Key: DWORD] = [:]
    private var next = DeviceNodes.root + 1

    func number(of device: DeviceID, on host: ProcessHost) -> DWORD {
        let key = Key(bus: ObjectIdentifier(host.executor), device: device)
        return lock.withLock {
            if let number = numbers[key] { return number }
            defer { next += 1 }
            numbers[key] = next
            return next
        }
    }
}

extension GUID {
    /// Makes a GUID of its parts.
    init(
        _ data1: UInt32, _ data2: UInt16, _ data3: UInt16, _ b0: UInt8, _ b1: UInt8, _ b2: UInt8, _ b3: UInt8,
        _ b4: UInt8, _ b5: UInt8, _ b6: UInt8, _ b7: UInt8
    ) {
        self.init(Data1: data1, Data2: data2, Data3: data3, Data4: (b0, b1, b2, b3, b4, b5, b6, b7))
    }

    private var bytes: [UInt8] {
        [Data4.0, Data4.1, Data4.2, Data4.3, Data4.4, Data4.5, Data4.6, Data4.7]
    }

    func isEqual(to other: GUID) -> Bool {
        Data1 == other.Data1 && Data2 == other.Data2 && Data3 == other.Data3 && bytes == other.bytes
    }

    /// Such as "{88bae032-5a81-49f0-bc3d-a4ff138216d6}".
    var text: String {
        let last = bytes.map { hexadecimal($0, 2) }
        return "{\(hexadecimal(Data1, 8))-\(hexadecimal(Data2, 4))-\(hexadecimal(Data3, 4))-"
            + "\(last[0...1].joined())-\(last[2...].joined())}"
    }
}

/// A number in lower-case hexadecimal digits.
func hexadecimal(_ value: some UnsignedInteger, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
