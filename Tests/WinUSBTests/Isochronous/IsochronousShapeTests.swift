// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification

@testable import WinUSB

/// Behaviours 3 to 5 as arithmetic: which lengths an endpoint takes, and what they take up.
@Suite("Shapes of isochronous transfers")
struct IsochronousShapeTests {
    private static func shape(
        _ speed: Speed, bInterval: UInt8 = 1, bytes: Int = 1024, address: EndpointAddress = 0x01
    ) throws -> IsochronousShape {
        let interval = try ServiceInterval(speed: speed, type: .isochronous, bInterval: bInterval)
        return try #require(
            IsochronousShape(
                EndpointInfo(
                    address: address, type: .isochronous, speed: speed, interface: 0, alternateSetting: 0,
                    maximumPacketSize: bytes, maximumBytesPerInterval: bytes,
                    intervalMicroframes: interval.microframes)))
    }

    @Test(
        "Packets in a frame: 8, 4, 2, 1 for bInterval 1 to 4 above full speed, and 1 at full speed",
        arguments: [
            (Speed.high, 1, 8), (.high, 2, 4), (.high, 3, 2), (.high, 4, 1), (.superSpeed, 1, 8), (.superSpeed, 2, 4),
            (.superSpeed, 3, 2), (.superSpeed, 4, 1), (.full, 1, 1),
        ] as [(Speed, UInt8, Int)])
    func packetsPerFrame(speed: Speed, bInterval: UInt8, packets: Int) throws {
        let shape = try Self.shape(speed, bInterval: bInterval, bytes: 100)
        for frames in 1...5 {
            let extent = shape.extent(ofBytes: 100 * packets * frames)
            #expect(extent == .init(packets: packets * frames, frames: Int64(frames)))
        }
    }

    @Test(
        "An endpoint that is served less than once a frame takes no transfer",
        arguments: [(Speed.high, 5), (.high, 16), (.superSpeed, 5)] as [(Speed, UInt8)])
    func tooRare(speed: Speed, bInterval: UInt8) throws {
        let shape = try Self.shape(speed, bInterval: bInterval)
        for length in [1024, 2048, 8192, 16384] { #expect(shape.extent(ofBytes: length) == nil) }
    }

    @Test("At full speed the frames follow the descriptor's interval")
    func fullSpeedIntervals() throws {
        let shape = try Self.shape(.full, bInterval: 3, bytes: 64)
        #expect(shape.extent(ofBytes: 64) == .init(packets: 1, frames: 4))
        #expect(shape.extent(ofBytes: 640) == .init(packets: 10, frames: 40))
    }

    @Test(
        "OUT takes whole frames and one short packet in the last place, IN whole frames alone",
        arguments: [
            (Speed.high, 1, 8192, true, true), (.high, 1, 8191, true, false), (.high, 1, 7169, true, false),
            (.high, 1, 7168, false, false), (.high, 1, 9216, false, false), (.high, 1, 16384, true, true),
            (.high, 1, 16383, true, false), (.high, 1, 1, false, false), (.high, 1, 0, false, false),
            (.high, 4, 1, true, false), (.high, 4, 1024, true, true), (.high, 4, 1025, true, false),
            (.high, 3, 2048, true, true), (.high, 3, 1025, true, false), (.high, 3, 1024, false, false),
            (.full, 1, 1024, true, true), (.full, 1, 1023, true, false), (.full, 1, 1025, true, false),
        ] as [(Speed, UInt8, Int, Bool, Bool)])
    func lengths(speed: Speed, bInterval: UInt8, length: Int, out: Bool, in: Bool) throws {
        #expect((try Self.shape(speed, bInterval: bInterval).extent(ofBytes: length) != nil) == out)
        let read = try Self.shape(speed, bInterval: bInterval, address: 0x81)
        #expect((read.extent(ofBytes: length) != nil) == `in`)
    }

    @Test(
        "A transfer has at most 255 packets at full speed and 1024 above",
        arguments: [(Speed.full, 255), (.high, 1024), (.superSpeed, 1024)])
    func packetLimits(speed: Speed, limit: Int) throws {
        let shape = try Self.shape(speed, bytes: 8)
        #expect(shape.extent(ofBytes: 8 * limit)?.packets == limit)
        #expect(shape.extent(ofBytes: 8 * (limit + 8)) == nil)
        #expect(shape.extent(ofBytes: 8 * limit + 1) == nil)
    }

    @Test("An endpoint without bandwidth takes nothing")
    func noBandwidth() throws {
        let shape = try Self.shape(.full, bytes: 0)
        for length in [0, 1, 8] { #expect(shape.extent(ofBytes: length) == nil) }
    }

    @Test("Other endpoints have no shape")
    func others() {
        for type in [TransferType.bulk, .interrupt] {
            let info = EndpointInfo(
                address: 0x01, type: type, speed: .high, interface: 0, alternateSetting: 0, maximumPacketSize: 512,
                maximumBytesPerInterval: 512, intervalMicroframes: type == .bulk ? 0 : 8)
            #expect(IsochronousShape(info) == nil)
        }
    }
}
