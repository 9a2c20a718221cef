// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// A device that sends a running count on each IN endpoint and keeps everything that it is sent.
final class LedgerDevice: Peripheral {
    let model: PeripheralModel
    private var generator: SeededGenerator
    /// Bytes sent so far, by endpoint.
    private(set) var sent: [EndpointAddress: Int] = [:]
    /// Bytes received so far, by endpoint.
    private(set) var received: [EndpointAddress: [UInt8]] = [:]
    /// When isochronous packets came and went, and their sizes.
    private(set) var packets: [EndpointAddress: [Microframe: Int]] = [:]

    init(speed: Speed, generator: SeededGenerator) {
        model = TestDevice(speed: speed, isochronousBytes: 96).model
        self.generator = generator
    }

    /// What the device sends at a place of its count.
    static func byte(_ index: Int, of endpoint: EndpointAddress) -> UInt8 {
        UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8 &+ Int(endpoint.rawValue))
    }

    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        for index in bytes.indices { received[endpoint, default: []].append(bytes[index]) }
        if endpoint == TestDevice.isochronousOut { packets[endpoint, default: [:]][microframe] = bytes.count }
        return .accept
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        let isShort = Int.random(in: 0..<6, using: &generator) == 0
        let count = isShort ? Int.random(in: 0...buffer.count, using: &generator) : buffer.count
        let first = sent[endpoint, default: 0]
        for index in 0..<count { buffer[index] = Self.byte(first + index, of: endpoint) }
        sent[endpoint] = first + count
        if endpoint == TestDevice.isochronousIn { packets[endpoint, default: [:]][microframe] = count }
        return .data(count)
    }
}
