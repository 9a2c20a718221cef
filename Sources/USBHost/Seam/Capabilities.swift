// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// What a wire can do. A capability is declared, never pretended.
public struct ControllerCapabilities: Sendable, Hashable {
    /// What a wire can promise about a transfer that must directly follow the one before it.
    public enum Continuation: Sendable, Hashable {
        /// A gap is detected before anything is sent.
        case exact
        /// The wire infers from its own queue that there was no gap.
        case inferred
    }

    /// Isochronous transfers can start at a named frame.
    public var exactStartFrame: Bool
    /// How well an unbroken continuation is known.
    public var continuation: Continuation
    /// The best quality that the frame clock reaches.
    public var frameClock: FrameReading.Quality
    /// The most packets that one isochronous request may have.
    public var packetsPerRequest: Int
    /// The most bytes that one request may have.
    public var bytesPerRequest: Int
    /// A split bulk transfer can be queued ahead, because the wire drops the rest after a short packet.
    public var bulkContinuation: Bool
    /// How many requests of one split bulk transfer the wire has at a time, where they can be queued ahead: enough to
    /// keep the bus busy, and no more than its memory for transfers holds.
    public var partsInFlight: Int
    /// The wire can end a transfer with a zero-length packet by itself.
    public var zeroLengthTermination: Bool
    /// Buffers can be shared with the wire without a copy.
    public var zeroCopy: Bool
    /// Bulk streams of SuperSpeed are supported.
    public var bulkStreams: Bool
    /// How far ahead of the present an isochronous start must lie, in microframes.
    public var leadMicroframes: Int64

    /// Makes a description; the defaults are those of a wire without limits.
    public init(
        exactStartFrame: Bool, continuation: Continuation, frameClock: FrameReading.Quality,
        packetsPerRequest: Int = .max, bytesPerRequest: Int = .max, bulkContinuation: Bool = true,
        partsInFlight: Int = .max,
        zeroLengthTermination: Bool = true, zeroCopy: Bool = false, bulkStreams: Bool = false,
        leadMicroframes: Int64 = 1
    ) {
        self.exactStartFrame = exactStartFrame
        self.continuation = continuation
        self.frameClock = frameClock
        self.packetsPerRequest = max(1, packetsPerRequest)
        self.bytesPerRequest = max(1, bytesPerRequest)
        self.bulkContinuation = bulkContinuation
        self.partsInFlight = max(1, partsInFlight)
        self.zeroLengthTermination = zeroLengthTermination
        self.zeroCopy = zeroCopy
        self.bulkStreams = bulkStreams
        self.leadMicroframes = max(0, leadMicroframes)
    }
}

/// One endpoint of an open device, with what its descriptors mean at the device's speed.
public struct EndpointInfo: Sendable, Hashable {
    /// The endpoint's address; 0 is the control pipe.
    public var address: EndpointAddress
    /// The transfer type.
    public var type: TransferType
    /// The speed of the device.
    public var speed: Speed
    /// The interface that the endpoint belongs to; nil for the control pipe.
    public var interface: UInt8?
    /// The alternate setting that the endpoint belongs to.
    public var alternateSetting: UInt8
    /// The largest packet, in bytes.
    public var maximumPacketSize: Int
    /// The most bytes that one service interval moves: the packet size times the transactions of the interval.
    public var maximumBytesPerInterval: Int
    /// Microframes (125 us) between two service opportunities of a periodic endpoint; 0 for other types.
    public var intervalMicroframes: Int64

    /// The time between two service opportunities; nil where the endpoint is not periodic.
    public var serviceInterval: ServiceInterval? { ServiceInterval(microframes: intervalMicroframes) }

    /// Makes a description from its parts.
    public init(
        address: EndpointAddress, type: TransferType, speed: Speed, interface: UInt8?, alternateSetting: UInt8,
        maximumPacketSize: Int, maximumBytesPerInterval: Int, intervalMicroframes: Int64
    ) {
        self.address = address
        self.type = type
        self.speed = speed
        self.interface = interface
        self.alternateSetting = alternateSetting
        self.maximumPacketSize = maximumPacketSize
        self.maximumBytesPerInterval = maximumBytesPerInterval
        self.intervalMicroframes = intervalMicroframes
    }

    /// The control pipe of a device, whose descriptor gives the packet size of endpoint zero.
    public static func control(speed: Speed, maximumPacketSize: Int) -> EndpointInfo {
        EndpointInfo(
            address: .control, type: .control, speed: speed, interface: nil, alternateSetting: 0,
            maximumPacketSize: maximumPacketSize, maximumBytesPerInterval: maximumPacketSize, intervalMicroframes: 0)
    }
}
