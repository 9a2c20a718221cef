// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The codes of the standard requests (USB 2.0 table 9-4, USB 3.2 table 9-5).
public enum StandardRequest: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// Asks for the status of device, interface or endpoint.
    case getStatus = 0
    /// Turns a feature off.
    case clearFeature = 1
    /// Turns a feature on.
    case setFeature = 3
    /// Gives the device its address.
    case setAddress = 5
    /// Asks for a descriptor.
    case getDescriptor = 6
    /// Changes a descriptor.
    case setDescriptor = 7
    /// Asks which configuration is selected.
    case getConfiguration = 8
    /// Selects a configuration.
    case setConfiguration = 9
    /// Asks which alternate setting is selected.
    case getInterface = 10
    /// Selects an alternate setting.
    case setInterface = 11
    /// Asks for the frame in which an isochronous pattern begins.
    case synchFrame = 12
    /// Tells the device how long the links take to wake up.
    case setSEL = 48
    /// Tells the device how long packets take to reach it.
    case setIsochronousDelay = 49

    /// The name as the specification writes it, for example "GET_DESCRIPTOR".
    public var description: String {
        switch self {
        case .getStatus: "GET_STATUS"
        case .clearFeature: "CLEAR_FEATURE"
        case .setFeature: "SET_FEATURE"
        case .setAddress: "SET_ADDRESS"
        case .getDescriptor: "GET_DESCRIPTOR"
        case .setDescriptor: "SET_DESCRIPTOR"
        case .getConfiguration: "GET_CONFIGURATION"
        case .setConfiguration: "SET_CONFIGURATION"
        case .getInterface: "GET_INTERFACE"
        case .setInterface: "SET_INTERFACE"
        case .synchFrame: "SYNCH_FRAME"
        case .setSEL: "SET_SEL"
        case .setIsochronousDelay: "SET_ISOCH_DELAY"
        }
    }
}

/// A feature that requests turn on and off (USB 2.0 table 9-6, USB 3.2 table 9-7). The same code means different things
/// for different recipients.
public struct FeatureSelector: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// The code, the value of the request.
    public var rawValue: UInt16

    /// Takes a code.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Takes a literal.
    public init(integerLiteral value: UInt16) { rawValue = value }

    /// Of an endpoint: it refuses all transfers.
    public static let endpointHalt: FeatureSelector = 0
    /// Of an interface: its function sleeps (SuperSpeed).
    public static let functionSuspend: FeatureSelector = 0
    /// Of the device: it may wake the host.
    public static let deviceRemoteWakeup: FeatureSelector = 1
    /// Of the device: it sends a test pattern.
    public static let testMode: FeatureSelector = 2
    /// Of the device: it may ask for link state U1 (SuperSpeed).
    public static let u1Enable: FeatureSelector = 48
    /// Of the device: it may ask for link state U2 (SuperSpeed).
    public static let u2Enable: FeatureSelector = 49
    /// Of the device: it sends latency tolerance messages (SuperSpeed).
    public static let latencyToleranceEnable: FeatureSelector = 50
}

/// The part of a device that a request addresses, with its number.
public enum RequestTarget: Hashable, Sendable {
    /// The whole device.
    case device
    /// The interface with this number.
    case interface(UInt8)
    /// The endpoint with this address.
    case endpoint(EndpointAddress)

    /// Which part it is.
    public var recipient: RequestType.Recipient {
        switch self {
        case .device: .device
        case .interface: .interface
        case .endpoint: .endpoint
        }
    }

    /// The part's number, as the index of the request has it.
    public var index: UInt16 {
        switch self {
        case .device: 0
        case .interface(let number): UInt16(number)
        case .endpoint(let address): UInt16(address.rawValue)
        }
    }
}
