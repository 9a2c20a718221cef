// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

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

    init(_ address: VirtualHostAddress) throws(USBError) {
        bus = VirtualBus(flow: address.clock, seed: address.seed)
        var zeros: [Attachment<GadgetZero>] = []
        var speakers: [AttachedSpeaker] = []
        for device in address.devices {
            switch device {
            case .zero(let speed):
                // The sink takes any bytes, as Linux's does with pattern 2, so that one can write a file to it.
                let zero = GadgetZero(speed: speed, options: GadgetZero.Options(checksReceived: false))
                zeros.append(try bus.attach(zero))
            case .speaker(let file):
                let speaker = Speaker(serialNumber: OpenVirtualHost.serialNumber(speakers.count + 1))
                speakers.append(AttachedSpeaker(attachment: try bus.attach(speaker), file: file))
            }
        }
        self.zeros = zeros
        self.speakers = speakers
    }

    /// Tells the speakers of a bus apart: "VS0001" and so on.
    private static func serialNumber(_ index: Int) -> String {
        let digits = String(index)
        return "VS" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension HostAddress {
    /// Opens the bus.
    ///
    /// Throws `.unsupported` for an address whose wire this version does not have, and what attaching the devices of a
    /// virtual bus throws.
    public func open() throws(USBError) -> OpenHost {
        switch self {
        case .local:
            throw USBError(
                .unsupported,
                message: "this version has no wire to the machine's own bus yet; try the address 'virtual'")
        case .usbip:
            throw USBError(.unsupported, message: "this version has no wire for USB/IP yet; try the address 'virtual'")
        case .virtual(let address):
            let virtual = try OpenVirtualHost(address)
            return OpenHost(address: self, controller: virtual.bus, virtual: virtual)
        }
    }
}
