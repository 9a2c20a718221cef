// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CUSBDriverKit
import HostFiles
import USB
import USBHost

/// The objects of the devices that are in use, so that who asks twice for a device gets the same object, and a session
/// with it is one for all.
final class DeviceRegistry: @unchecked Sendable {
    /// The process's.
    static let shared = DeviceRegistry()

    private struct Key: Hashable {
        var controller: ObjectIdentifier
        var device: DeviceID
    }

    private struct Entry { weak var device: IOUSBHostDevice? }

    private let lock = Lock()
    private var entries: [Key: Entry] = [:]

    /// The object of a device, made when there is none.
    func device(_ description: DeviceDescription, on host: ProcessHost) throws(USBError) -> IOUSBHostDevice {
        lock.lock()
        defer { lock.unlock() }
        entries = entries.filter { $0.value.device != nil }
        let key = Key(controller: ObjectIdentifier(host.controller), device: description.id)
        if let device = entries[key]?.device { return device }
        let device = IOUSBHostDevice(try host.controller.open(description), on: host)
        entries[key] = Entry(device: device)
        return device
    }

    /// A device has come anew: whoever asks for it from now on gets another object.
    func forget(_ device: IOUSBHostDevice) {
        lock.withLock { entries = entries.filter { $0.value.device !== device } }
    }

    /// Says once why the process's bus could not be opened.
    private static let tellFailure: Void = {
        guard let failure = ProcessHost.current.failure else { return }
        try? DataFile.standardError.write("swift-usb: \(failure)\n")
    }()

    /// The device that a name means: `VID:PID` or `VID:PID:SERIAL`, the numbers in hexadecimal.
    static func find(_ name: String) throws(USBError) -> IOUSBHostDevice {
        let parts = name.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let vendor = number(parts[0]), let product = number(parts[1]),
            parts.count == 2 || !parts[2].isEmpty
        else { throw USBError(.invalidArgument, message: "'\(name)' is not VID:PID or VID:PID:SERIAL") }
        let host = ProcessHost.current
        if let failure = host.failure {
            tellFailure
            throw USBError(.notFound, message: failure.message)
        }
        let found = try host.controller.devices().first {
            $0.descriptor.vendorID == vendor && $0.descriptor.productID == product
                && (parts.count == 2 || $0.serialNumber == String(parts[2]))
        }
        guard let found else { throw USBError(.notFound, message: "there is no device \(name)") }
        return try shared.device(found, on: host)
    }

    private static func number(_ text: Substring) -> UInt16? {
        guard !text.isEmpty, text.utf8.count <= 4, text.utf8.first != 0x2B else { return nil }
        return UInt16(text, radix: 16)
    }
}
