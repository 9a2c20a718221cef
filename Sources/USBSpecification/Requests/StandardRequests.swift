// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension SetupPacket {
    /// A standard request.
    private init(
        _ direction: Direction, _ request: StandardRequest, of target: RequestTarget = .device, value: UInt16 = 0,
        index: UInt16? = nil, length: UInt16 = 0
    ) {
        self.init(
            requestType: RequestType(direction: direction, kind: .standard, recipient: target.recipient),
            request: request.rawValue, value: value, index: index ?? target.index, length: length)
    }

    /// Asks for a descriptor (USB 2.0 section 9.4.3).
    ///
    /// - Parameters:
    ///   - type: which descriptor.
    ///   - index: which of several, for configurations and strings; otherwise 0.
    ///   - language: the language of a string, nil for everything else.
    ///   - length: the most bytes to send; the device sends fewer if it has fewer.
    public static func getDescriptor(
        type: DescriptorType, index: UInt8 = 0, language: LanguageID? = nil, length: UInt16
    ) -> SetupPacket {
        SetupPacket(
            .in, .getDescriptor, value: UInt16(type.rawValue) << 8 | UInt16(index), index: language?.rawValue ?? 0,
            length: length)
    }

    /// Asks an interface for a descriptor of its class, such as a HID report descriptor (HID 1.11 section 7.1.1).
    public static func getDescriptor(
        type: DescriptorType, index: UInt8 = 0, ofInterface interface: UInt8, length: UInt16
    ) -> SetupPacket {
        SetupPacket(
            .in, .getDescriptor, of: .interface(interface), value: UInt16(type.rawValue) << 8 | UInt16(index),
            length: length)
    }

    /// Changes a descriptor, which few devices allow (USB 2.0 section 9.4.8). Parameters as for reading one.
    public static func setDescriptor(
        type: DescriptorType, index: UInt8 = 0, language: LanguageID? = nil, length: UInt16
    ) -> SetupPacket {
        SetupPacket(
            .out, .setDescriptor, value: UInt16(type.rawValue) << 8 | UInt16(index), index: language?.rawValue ?? 0,
            length: length)
    }

    /// Gives the device its address, 0 to 127 (USB 2.0 section 9.4.6).
    public static func setAddress(_ address: UInt8) -> SetupPacket {
        SetupPacket(.out, .setAddress, value: UInt16(address))
    }

    /// Selects a configuration by its value, 0 for none (USB 2.0 section 9.4.7).
    public static func setConfiguration(_ value: UInt8) -> SetupPacket {
        SetupPacket(.out, .setConfiguration, value: UInt16(value))
    }

    /// Asks which configuration is selected: one byte, 0 for none (USB 2.0 section 9.4.2).
    public static func getConfiguration() -> SetupPacket { SetupPacket(.in, .getConfiguration, length: 1) }

    /// Selects an alternate setting (USB 2.0 section 9.4.10).
    public static func setInterface(_ interface: UInt8, alternateSetting: UInt8) -> SetupPacket {
        SetupPacket(.out, .setInterface, of: .interface(interface), value: UInt16(alternateSetting))
    }

    /// Asks which alternate setting is selected: one byte (USB 2.0 section 9.4.4).
    public static func getInterface(_ interface: UInt8) -> SetupPacket {
        SetupPacket(.in, .getInterface, of: .interface(interface), length: 1)
    }

    /// Asks for the status of a part of the device: two bytes (USB 2.0 section 9.4.5).
    ///
    /// Of a device, bit 0 says self-powered and bit 1 remote wake-up enabled; of an endpoint, bit 0 says halted.
    public static func getStatus(of target: RequestTarget) -> SetupPacket {
        SetupPacket(.in, .getStatus, of: target, length: 2)
    }

    /// Turns a feature on (USB 2.0 section 9.4.9).
    ///
    /// - Parameters:
    ///   - feature: which feature.
    ///   - target: whose.
    ///   - option: the high byte of the index: a test selector, or the suspend options of a function.
    public static func setFeature(
        _ feature: FeatureSelector, of target: RequestTarget, option: UInt8 = 0
    ) -> SetupPacket {
        SetupPacket(
            .out, .setFeature, of: target, value: feature.rawValue, index: target.index | UInt16(option) << 8)
    }

    /// Turns a feature off (USB 2.0 section 9.4.1).
    public static func clearFeature(_ feature: FeatureSelector, of target: RequestTarget) -> SetupPacket {
        SetupPacket(.out, .clearFeature, of: target, value: feature.rawValue)
    }

    /// Lets a halted endpoint move data again, and sets its data toggle back (USB 2.0 section 9.4.5).
    public static func clearHalt(_ endpoint: EndpointAddress) -> SetupPacket {
        clearFeature(.endpointHalt, of: .endpoint(endpoint))
    }

    /// Asks for the frame in which an isochronous endpoint's pattern begins: two bytes (USB 2.0 section 9.4.11).
    public static func synchFrame(_ endpoint: EndpointAddress) -> SetupPacket {
        SetupPacket(.in, .synchFrame, of: .endpoint(endpoint), length: 2)
    }

    /// Tells the device how long the links take to wake up (USB 3.2 section 9.4.12). Six bytes follow, all in
    /// microseconds: U1 latency of system and path, one byte each, then the same for U2, two bytes each.
    public static func setSEL() -> SetupPacket { SetupPacket(.out, .setSEL, length: 6) }

    /// Tells the device how long packets take to reach it, in nanoseconds (USB 3.2 section 9.4.11).
    public static func setIsochronousDelay(nanoseconds: UInt16) -> SetupPacket {
        SetupPacket(.out, .setIsochronousDelay, value: nanoseconds)
    }

    /// Which standard request this is; nil for the others.
    public var standardRequest: StandardRequest? {
        requestType.kind == .standard ? StandardRequest(rawValue: request) : nil
    }
}

extension SetupPacket: CustomStringConvertible {
    /// For example "GET_DESCRIPTOR device 0, length 18", or "IN vendor device request 0x51, value 0x0000, index 0x0001,
    /// length 4".
    public var description: String {
        guard let standardRequest else {
            return "\(requestType) request \(hexadecimal(request)), value \(hexadecimal(value)), "
                + "index \(hexadecimal(index)), length \(length)"
        }
        let low = UInt8(truncatingIfNeeded: index)
        let target =
            switch requestType.recipient {
            case .device: "device"
            case .interface: "interface \(low)"
            case .endpoint: "endpoint \(EndpointAddress(rawValue: low))"
            case .other, .reserved: "\(requestType.recipient) \(low)"
            }
        switch standardRequest {
        case .getDescriptor, .setDescriptor:
            let type = DescriptorType(rawValue: UInt8(truncatingIfNeeded: value >> 8))
            let of = requestType.recipient == .device ? "" : " of \(target)"
            return "\(standardRequest) \(type) \(value & 0xFF)\(of), length \(length)"
        case .setInterface:
            return "\(standardRequest) \(target), alternate setting \(value)"
        case .setFeature, .clearFeature:
            return "\(standardRequest) \(value) of \(target)"
        case .setAddress, .setConfiguration, .setIsochronousDelay:
            return "\(standardRequest) \(value)"
        case .getStatus, .getInterface, .synchFrame, .getConfiguration, .setSEL:
            return "\(standardRequest) \(target)"
        }
    }
}
