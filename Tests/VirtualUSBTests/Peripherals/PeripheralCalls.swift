// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

@testable import VirtualUSB

extension Peripheral {
    /// Sends one OUT packet.
    func receive(_ bytes: [UInt8], at endpoint: EndpointAddress, in microframe: Int64 = 8_000_000) -> Handshake {
        receive(bytes.span, at: endpoint, in: Microframe(microframe))
    }

    /// Asks for up to `count` bytes; nil if the answer was not data, or more than there was room for.
    func send(_ count: Int, from endpoint: EndpointAddress, in microframe: Int64 = 8_000_000) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        guard case .data(let sent) = reply(into: &bytes, from: endpoint, in: microframe), sent <= count else {
            return nil
        }
        return Array(bytes.prefix(sent))
    }

    /// The answer to an IN token.
    func reply(into bytes: inout [UInt8], from endpoint: EndpointAddress, in microframe: Int64 = 8_000_000) -> Reply {
        var span = bytes.mutableSpan
        return transmit(into: &span, at: endpoint, in: Microframe(microframe))
    }

    /// The answer to an IN token with room for `count` bytes.
    func reply(_ count: Int, from endpoint: EndpointAddress) -> Reply {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        return reply(into: &bytes, from: endpoint)
    }

    /// Sends a control request with data.
    func control(_ setup: SetupPacket, _ data: [UInt8]) -> ControlReply { control(setup, received: data.span) }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct PeripheralRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}
