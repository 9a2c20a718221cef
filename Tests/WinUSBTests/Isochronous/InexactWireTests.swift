// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import Testing
import USBHost
import USBSpecification
import VirtualUSB

@testable import WinUSB

/// What explicit frames promise on a wire that cannot start at a frame, and continuation on one that infers it.
@Suite("Isochronous transfers on an inexact wire")
struct InexactWireTests {
    /// A virtual bus that says of itself what usbfs does.
    private final class InexactBus: HostController {
        let bus: VirtualBus
        init(_ bus: VirtualBus) { self.bus = bus }

        var capabilities: ControllerCapabilities {
            ControllerCapabilities(exactStartFrame: false, continuation: .inferred, frameClock: .estimated)
        }
        var clock: BusClock { bus.clock }
        var executor: BusExecutor { bus.executor }
        var events: DeviceEvents { bus.events }
        func devices() throws(USBError) -> [DeviceDescription] { try bus.devices() }
        func openDevice(_ id: DeviceID, sink: any DeviceSink) throws(USBError) -> any WireDevice {
            try bus.openDevice(id, sink: sink)
        }
        func frame() -> FrameReading { bus.frame() }
    }

    @Test("An explicit frame is met as closely as the wire can: never early, and the number goes on by the frames")
    func bestEffort() throws {
        try Session.run(over: { InexactBus($0) }) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 2)
            let calls = (0..<10).map { _ in IsochronousBlock() }
            var frame = session.frame + 6
            let start = frame
            for call in calls {
                #expect(buffer.write(0, 16384, frame: &frame, call) == .pending)
            }
            #expect(frame == start + 20)
            for call in calls { #expect(call.result(session) == (.success, 0)) }
            let positions = session.received.map(\.position)
            #expect(positions.count == 160)
            let first = try #require(positions.first)
            #expect(
                first >= Frame(Int64(start)).firstMicroframe - 1 && first <= Frame(Int64(start)).firstMicroframe + 8)
            #expect(isTrue(zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 == 1 }), "a chain has no gap")
        }
    }

    @Test("A frame of the past is sent as soon as possible, whole")
    func past() throws {
        try Session.run(over: { InexactBus($0) }) { session in
            session.bus.advance(by: .milliseconds(50))
            let buffer = try Registered(session, IsochronousDevice.out, frames: 2)
            var frame = session.frame - 10
            let start = frame
            #expect(buffer.write(0, 16384, frame: &frame, nil) == .success)
            #expect(frame == start + 2)
            #expect(session.received.count == 16)
        }
    }

    @Test("The window and the length rules hold as everywhere")
    func rules() throws {
        try Session.run(over: { InexactBus($0) }) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 2)
            var frame = session.frame + 1024
            #expect(buffer.write(0, 8192, frame: &frame, nil) == .failure(31))
            #expect(buffer.write(0, 9216, frame: &frame, nil) == .failure(87))
            #expect(session.received.isEmpty)
        }
    }

    @Test("TRUE continues while something is queued, and is 87 at its end when nothing is")
    func inferredContinuation() throws {
        try Session.run(over: { InexactBus($0) }) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 2)
            let calls = (0..<3).map { _ in IsochronousBlock() }
            #expect(buffer.write(0, 8192, continuing: true, calls[0]) == .pending)
            #expect(calls[0].result(session) == (.failure(87), 0))
            for (index, call) in calls.enumerated() {
                #expect(buffer.write(0, 8192, continuing: index > 0, call) == .pending)
            }
            for call in calls { #expect(call.result(session) == (.success, 0)) }
            #expect(buffer.write(0, 8192, continuing: true, nil) == .failure(87))
            let positions = session.received.map(\.position)
            #expect(isTrue(zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 == 1 }))
        }
    }
}
