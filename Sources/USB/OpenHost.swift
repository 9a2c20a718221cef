// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import LinuxUSB
public import USBHost
import USBSpecification
public import VirtualUSB

/// A bus that was opened by its address, for as long as this value is kept.
public struct OpenHost: Sendable {
    /// The address.
    public let address: HostAddress
    /// The bus, to list and open devices on.
    public let controller: any HostController
    /// The bus again and the devices on it, when it is one in memory.
    public let virtual: OpenVirtualHost?
}

/// A bus in memory, with the devices that its address names.
public struct OpenVirtualHost: Sendable {
    /// A loudspeaker, with the file that what it heard is to be saved in.
    public struct AttachedSpeaker: Sendable {
        /// The loudspeaker at its place on the bus.
        public let attachment: Attachment<Speaker>
        /// The WAV file of the address. Writing it is left to the program.
        public let file: String?
    }

    /// The bus.
    public let bus: VirtualBus
    /// The Gadget Zeros, in the order of the address.
    public let zeros: [Attachment<GadgetZero>]
    /// The loudspeakers, in the order of the address.
    public let speakers: [AttachedSpeaker]
    /// The microphones, in the order of the address.
    public let microphones: [Attachment<Microphone>]
    /// The disks, in the order of the address.
    public let disks: [Attachment<Disk>]
    /// The keyboards, in the order of the address.
    public let keyboards: [Attachment<Keyboard>]

    /// The blocks of a disk in memory: 1 MiB.
    private static let memoryBlocks = 2048

    init(_ address: VirtualHostAddress, openDisk: HostAddress.DiskOpener?) throws(USBError) {
        bus = VirtualBus(flow: address.clock, seed: address.seed)
        var zeros: [Attachment<GadgetZero>] = []
        var speakers: [AttachedSpeaker] = []
        var microphones: [Attachment<Microphone>] = []
        var disks: [Attachment<Disk>] = []
        var keyboards: [Attachment<Keyboard>] = []
        for device in address.devices {
            switch device {
            case .zero(let speed):
                // The sink takes any bytes, as Linux's does with pattern 2, so that one can write a file to it.
                let zero = GadgetZero(speed: speed, options: GadgetZero.Options(checksReceived: false))
                zeros.append(try bus.attach(zero))
            case .speaker(let file):
                let speaker = Speaker(serialNumber: OpenVirtualHost.serialNumber("VS", speakers.count + 1))
                speakers.append(AttachedSpeaker(attachment: try bus.attach(speaker), file: file))
            case .microphone:
                let serialNumber = OpenVirtualHost.serialNumber("VM", microphones.count + 1)
                microphones.append(try bus.attach(Microphone(serialNumber: serialNumber)))
            case .disk(let file):
                // The class wants twelve hexadecimal digits.
                let serialNumber = OpenVirtualHost.serialNumber("00000000", disks.count + 1)
                if let file {
                    guard let openDisk else {
                        throw USBError(.unsupported, message: "this program has no disks in files, such as '\(file)'")
                    }
                    let disk = Disk(store: try openDisk(file), serialNumber: serialNumber)
                    disks.append(try bus.attach(disk))
                } else {
                    let store = MemoryBlockStore(blockCount: OpenVirtualHost.memoryBlocks)
                    disks.append(try bus.attach(Disk(store: store, serialNumber: serialNumber)))
                }
            case .keyboard(let text):
                let serialNumber = OpenVirtualHost.serialNumber("VK", keyboards.count + 1)
                keyboards.append(try bus.attach(Keyboard(typing: text ?? "", serialNumber: serialNumber)))
            }
        }
        self.zeros = zeros
        self.speakers = speakers
        self.microphones = microphones
        self.disks = disks
        self.keyboards = keyboards
    }

    /// Tells the devices of a kind apart: "VS0001" and so on.
    private static func serialNumber(_ prefix: String, _ index: Int) -> String {
        let digits = String(index)
        return prefix + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension HostAddress {
    /// Opens the file of a virtual disk.
    public typealias DiskOpener = (_ file: String) throws(USBError) -> sending any BlockStore

    /// Opens the bus.
    ///
    /// - Parameter openDisk: opens the files that an address names for its disks. This library touches no files itself;
    ///   without it, such an address is not supported.
    ///
    /// Throws `.unsupported` for an address whose wire this version does not have, and what attaching the devices of a
    /// virtual bus throws.
    public func open(openDisk: DiskOpener? = nil) throws(USBError) -> OpenHost {
        switch self {
        case .local:
            #if os(Linux)
            return OpenHost(address: self, controller: try LinuxBus(), virtual: nil)
            #else
            throw USBError(
                .unsupported, message: "there is no wire to the buses of this system; try the address 'virtual'")
            #endif
        case .usbip:
            throw USBError(.unsupported, message: "this version has no wire for USB/IP yet; try the address 'virtual'")
        case .virtual(let address):
            let virtual = try OpenVirtualHost(address, openDisk: openDisk)
            return OpenHost(address: self, controller: virtual.bus, virtual: virtual)
        }
    }
}
