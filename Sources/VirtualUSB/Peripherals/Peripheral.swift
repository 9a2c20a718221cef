// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost
public import USBSpecification

/// A USB device in memory.
///
/// A type that conforms says what it is in its ``model`` and answers packets; everything else (enumeration, standard
/// requests, alternate settings, halts, timing) is the business of the ``VirtualBus`` to which it is attached. Every
/// requirement but the model has a default, so a device needs only what it is about:
///
///     final class Thermometer: Peripheral {
///         let model = ...
///         func transmit(into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe)
///             -> Reply
///         {
///             guard buffer.count >= 1 else { return .data(0) }
///             buffer[0] = 21
///             return .data(1)
///         }
///     }
///
/// Calls come one at a time, under the bus's lock, from whichever thread drives the bus. They must neither block nor
/// call the bus. Whatever an answer says, it cannot harm the bus: a count that is too large reaches the host as babble.
public protocol Peripheral: AnyObject {
    /// What the device is: speed, descriptors and strings. Asked when the device is plugged in.
    var model: PeripheralModel { get }

    /// The device was plugged in or the bus was reset: it has no configuration and remembers nothing.
    func reset()

    /// SET_CONFIGURATION was accepted; the value is that of a configuration in the model, or 0. All interfaces are at
    /// their alternate setting 0.
    func configurationSelected(_ value: UInt8)

    /// SET_INTERFACE was accepted; interface and setting exist in the selected configuration.
    func alternateSettingSelected(_ alternate: UInt8, interface: UInt8)

    /// A class or vendor request, or a standard one that the bus does not answer itself, whose data go to the device.
    ///
    /// `received` holds exactly `setup.length` bytes. The reply `.data` counts as accepted.
    func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply

    /// A class or vendor request, or a standard one that the bus does not answer itself, whose data go to the host or
    /// which has none.
    func control(_ setup: SetupPacket) -> ControlReply

    /// One OUT packet arrived. On high-bandwidth isochronous endpoints it is everything of one microframe.
    ///
    /// An isochronous endpoint has no handshake: there the answer only shows in the trace.
    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake

    /// One IN token arrived: write at most `buffer.count` bytes from the start and say how many. On high-bandwidth
    /// isochronous endpoints it is everything of one microframe.
    ///
    /// `buffer.count` is the largest packet, or what is left of the host's request if that is less. On an isochronous
    /// endpoint `.nak` counts as no data.
    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply

    /// A frame begins; called while ``wantsFrames`` is true.
    func frameStarted(_ frame: Frame)

    /// The host cleared the halt of an endpoint.
    func haltCleared(_ endpoint: EndpointAddress)

    /// Whether the answers change with time alone: the device answers NAK now and data later without having been
    /// spoken to, or wants ``frameStarted(_:)``.
    ///
    /// While every pending endpoint of a bus is answered NAK and no device wants frames, nothing can change, and the
    /// bus skips the time until something from outside does.
    var wantsFrames: Bool { get }
}

extension Peripheral {
    /// Does nothing.
    public func reset() {}

    /// Does nothing.
    public func configurationSelected(_ value: UInt8) {}

    /// Does nothing.
    public func alternateSettingSelected(_ alternate: UInt8, interface: UInt8) {}

    /// Answers STALL: the request is not known.
    public func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply { .stall }

    /// Answers STALL: the request is not known.
    public func control(_ setup: SetupPacket) -> ControlReply { .stall }

    /// Takes every packet.
    public func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        .accept
    }

    /// Has nothing to send.
    public func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply { .nak }

    /// Does nothing.
    public func frameStarted(_ frame: Frame) {}

    /// Does nothing.
    public func haltCleared(_ endpoint: EndpointAddress) {}

    /// False: the device changes only when it is spoken to.
    public var wantsFrames: Bool { false }
}

/// A device's answer to a control request.
public enum ControlReply: Sendable, Hashable {
    /// Data for the host; the bus cuts them to what the request asked for.
    case data([UInt8])
    /// Done, with no data.
    case accepted
    /// Refused. The control pipe itself stays usable.
    case stall
    /// Not yet: the bus asks again.
    case nak
    /// The bus had an error, for devices that play faults.
    case fault(BusFault)
}

/// A device's answer to an OUT packet.
public enum Handshake: Sendable, Hashable {
    /// Taken.
    case accept
    /// Not now: the host sends the packet again.
    case nak
    /// The endpoint halts.
    case stall
    /// The bus had an error, for devices that play faults.
    case fault(BusFault)
}

/// A device's answer to an IN token.
public enum Reply: Sendable, Hashable {
    /// So many bytes were written; fewer than the largest packet end the host's request.
    case data(Int)
    /// Nothing now: the host asks again.
    case nak
    /// The endpoint halts.
    case stall
    /// The bus had an error, for devices that play faults.
    case fault(BusFault)
}
