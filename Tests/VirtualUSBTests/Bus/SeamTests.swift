// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBSpecification

@testable import USBHost
@testable import VirtualUSB

/// Collects completions, as the engine's pipe would.
private final class RecordingSink: CompletionSink, DeviceSink, @unchecked Sendable {
    var completions: [(request: ObjectIdentifier, completion: WireCompletion)] = []
    var goneCount = 0

    func complete(_ request: WireRequest, _ completion: WireCompletion) {
        completions.append((ObjectIdentifier(request), completion))
    }
    func deviceGone() { goneCount += 1 }
}

/// A request with memory of its own.
@safe private final class OwnRequest {
    let request: WireRequest
    private let core: TransferCore
    private let bytes: UnsafeMutableRawBufferPointer
    private let packets: UnsafeMutableBufferPointer<WirePacket>

    init(on bus: VirtualBus, _ info: EndpointInfo, count: Int, packetSizes: [Int] = []) {
        core = TransferCore(pipe: PipeCore(info: info, controller: bus, owner: nil), memory: .none)
        unsafe bytes = .allocate(byteCount: count, alignment: 8)
        unsafe packets = .allocate(capacity: packetSizes.count)
        var offset = 0
        for (index, size) in packetSizes.enumerated() {
            unsafe packets.initializeElement(at: index, to: WirePacket(offset: offset, length: size))
            offset += size
        }
        request = WireRequest(transfer: core, index: 0)
        unsafe request.buffer = unsafe bytes
        unsafe request.packets = unsafe packets
        request.operation = packetSizes.isEmpty ? .data : .isochronous
    }

    var statuses: [PacketStatus] { unsafe packets.map(\.status) }

    deinit {
        unsafe bytes.deallocate()
        unsafe packets.deallocate()
    }
}

@Suite struct SeamTests {
    private let bus = VirtualBus(flow: .manual, driver: .caller)
    private let sink = RecordingSink()
    private let device: any WireDevice
    private let attachment: AttachedPeripheral<TestDevice>

    init() throws {
        attachment = try bus.attach(TestDevice())
        device = try bus.openDevice(attachment.id, sink: sink)
    }

    private func info(_ address: EndpointAddress, alternate: UInt8 = 0, interface: UInt8 = 0) throws -> EndpointInfo {
        let model = attachment.withPeripheral { $0.model }
        let setting = try #require(model.configurations[0].alternateSetting(alternate, of: interface))
        let layout = try #require(setting.endpoint(address))
        return try EndpointInfo(layout, speed: .high, interface: interface, alternateSetting: alternate)
    }

    /// Claims the streaming interface and selects its setting with endpoints, as a control transfer does.
    private func openStreaming() throws -> any WirePipe {
        try device.claim(interface: 1, detach: false)
        let control = try device.openPipe(.control(speed: .high, maximumPacketSize: 64), sink: sink)
        let selection = OwnRequest(on: bus, .control(speed: .high, maximumPacketSize: 64), count: 0)
        selection.request.operation = .control(.setInterface(1, alternateSetting: 1))
        try control.submit(selection.request, record: nil)
        bus.advance(by: .microseconds(125))
        #expect(sink.completions.last?.completion.status == .completed)
        sink.completions = []
        return try device.openPipe(info(TestDevice.isochronousOut, alternate: 1, interface: 1), sink: sink)
    }

    @Test func pipesNeedAClaimAndTheSelectedSetting() throws {
        let bulk = try info(TestDevice.bulkIn)
        #expect(throws: USBError.self) { _ = try device.openPipe(bulk, sink: sink) }
        try device.claim(interface: 0, detach: false)
        try device.claim(interface: 0, detach: false)
        _ = try device.openPipe(bulk, sink: sink)
        var wrong = bulk
        wrong.type = .interrupt
        #expect(throws: USBError.self) { _ = try device.openPipe(wrong, sink: sink) }
        wrong = bulk
        wrong.alternateSetting = 1
        #expect(throws: USBError.self) { _ = try device.openPipe(wrong, sink: sink) }
        let streaming = try info(TestDevice.isochronousOut, alternate: 1, interface: 1)
        try device.claim(interface: 1, detach: false)
        #expect(throws: USBError.self) { _ = try device.openPipe(streaming, sink: sink) }
        #expect(throws: USBError.self) { try device.claim(interface: 2, detach: false) }
    }

    @Test func requestsThatMakeNoSenseAreRefused() throws {
        let control = try device.openPipe(.control(speed: .high, maximumPacketSize: 64), sink: sink)
        let info = EndpointInfo.control(speed: .high, maximumPacketSize: 64)
        let address = OwnRequest(on: bus, info, count: 0)
        address.request.operation = .control(.setAddress(5))
        #expect(throws: USBError.self) { try control.submit(address.request, record: nil) }
        let tooLong = OwnRequest(on: bus, info, count: 8)
        tooLong.request.operation = .control(.getDescriptor(type: .device, length: 18))
        #expect(throws: USBError.self) { try control.submit(tooLong.request, record: nil) }
        let data = OwnRequest(on: bus, info, count: 8)
        #expect(throws: USBError.self) { try control.submit(data.request, record: nil) }
        #expect(bus.poll(until: nil, wait: true) == .exhausted)
        #expect(sink.completions.isEmpty)
    }

    @Test func packetsOutsideTheBufferOrTheEndpointAreRefused() throws {
        let pipe = try openStreaming()
        let info = try info(TestDevice.isochronousOut, alternate: 1, interface: 1)
        for sizes in [[1025], [10, 11], [-1], [.max], [.min]] {
            let request = OwnRequest(on: bus, info, count: sizes == [1025] ? 2000 : 20, packetSizes: sizes)
            #expect(throws: USBError.self) { try pipe.submit(request.request, record: nil) }
        }
        let empty = OwnRequest(on: bus, info, count: 20)
        empty.request.operation = .isochronous
        #expect(throws: USBError.self) { try pipe.submit(empty.request, record: nil) }
        for position in [Int64.max, .min, .max / 125_000, -1] {
            let request = OwnRequest(on: bus, info, count: 20, packetSizes: [10, 10])
            request.request.start = .at(Microframe(position))
            #expect(throws: USBError.self) { try pipe.submit(request.request, record: nil) }
        }
    }

    @Test func positionsThatAreTakenAreRefused() throws {
        let pipe = try openStreaming()
        let info = try info(TestDevice.isochronousOut, alternate: 1, interface: 1)
        let first = OwnRequest(on: bus, info, count: 30, packetSizes: [10, 10, 10])
        first.request.start = .at(microframe(50))
        try pipe.submit(first.request, record: nil)
        let second = OwnRequest(on: bus, info, count: 30, packetSizes: [10, 10, 10])
        for taken: Int64 in [10, 49, 50, 52] {
            second.request.start = .at(microframe(taken))
            #expect(throws: USBError.self) { try pipe.submit(second.request, record: nil) }
        }
        second.request.start = .at(microframe(53))
        try pipe.submit(second.request, record: nil)
        bus.advance(to: microframe(60))
        #expect(sink.completions.map(\.completion.status) == [.completed, .completed])
        #expect(sink.completions.map(\.completion.firstPosition) == [microframe(50), microframe(53)])
        #expect(sink.completions.map(\.completion.nextPosition) == [microframe(53), microframe(56)])
    }

    @Test func aContinuationThatComesTooLateIsNotSent() throws {
        let pipe = try openStreaming()
        let info = try info(TestDevice.isochronousOut, alternate: 1, interface: 1)
        let orphan = OwnRequest(on: bus, info, count: 10, packetSizes: [10])
        orphan.request.start = .continuing
        try pipe.submit(orphan.request, record: nil)
        #expect(bus.poll(until: nil, wait: false) == .progressed)
        #expect(sink.completions.last?.completion.status == .expired)
        #expect(sink.completions.last?.completion.firstPosition == nil)

        let first = OwnRequest(on: bus, info, count: 10, packetSizes: [10])
        first.request.start = .at(microframe(20))
        try pipe.submit(first.request, record: nil)
        bus.advance(to: microframe(21))
        let second = OwnRequest(on: bus, info, count: 10, packetSizes: [10])
        second.request.start = .continuing
        try pipe.submit(second.request, record: nil)
        bus.advance(to: microframe(23))
        #expect(sink.completions.last?.completion.status == .completed)
        #expect(sink.completions.last?.completion.firstPosition == microframe(21))
        let third = OwnRequest(on: bus, info, count: 10, packetSizes: [10])
        third.request.start = .continuing
        try pipe.submit(third.request, record: nil)
        bus.advance(to: microframe(25))
        #expect(sink.completions.last?.completion.status == .expired)
        #expect(third.statuses == [.expired])
    }

    @Test func aWakeEndsOnePoll() {
        bus.wake()
        #expect(bus.poll(until: BusInstant(nanoseconds: 1_000), wait: true) == .idle)
        #expect(bus.clock.presentInstant.nanoseconds == 0)
        #expect(bus.poll(until: BusInstant(nanoseconds: 1_000), wait: true) == .idle)
        #expect(bus.clock.presentInstant.nanoseconds == 1_000)
        #expect(bus.poll(until: nil, wait: true) == .exhausted)
    }

    @Test(arguments: sparing(0..<20 as Range<UInt64>))
    func everyRequestCompletesOnce(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        attachment.withPeripheral {
            $0.packets[TestDevice.bulkIn] = [[UInt8](repeating: 1, count: 512)]
            $0.repeats = [TestDevice.bulkIn]
        }
        try device.claim(interface: 0, detach: false)
        let streaming = try openStreaming()
        let isochronous = try info(TestDevice.isochronousOut, alternate: 1, interface: 1)
        var pipes: [(any WirePipe, EndpointInfo)] = [(streaming, isochronous)]
        for address in [TestDevice.bulkIn, TestDevice.bulkOut, TestDevice.interruptIn] {
            let info = try info(address)
            pipes.append((try device.openPipe(info, sink: sink), info))
        }
        var accepted: [(own: OwnRequest, pipe: any WirePipe)] = []
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...4:
                let (pipe, info) = try #require(pipes.randomElement(using: &random))
                let isPeriodic = info.type == .isochronous
                let sizes = isPeriodic ? (0..<5).map { _ in Int.random(in: 0...100, using: &random) } : []
                let count = isPeriodic ? 500 : Int.random(in: 0...3000, using: &random)
                let own = OwnRequest(on: bus, info, count: count, packetSizes: sizes)
                let starts: [WireRequest.Start] = [.asSoonAsPossible, .continuing, .at(bus.frame().microframe + 3)]
                own.request.start = starts.randomElement(using: &random) ?? .asSoonAsPossible
                if (try? pipe.submit(own.request, record: nil)) != nil { accepted.append((own, pipe)) }
            case 5...6:
                if let (own, pipe) = accepted.randomElement(using: &random) { pipe.cancel(own.request, record: nil) }
            default: bus.advance(by: .microseconds(Int64.random(in: 0...400, using: &random)))
            }
        }
        attachment.unplug()
        bus.advance(by: .milliseconds(1))
        let requests = accepted.map { ObjectIdentifier($0.own.request) }
        #expect(sink.completions.count == requests.count)
        #expect(Set(sink.completions.map(\.request)) == Set(requests))
        #expect(sink.goneCount == 1)
        #expect(accepted.count > 50)
        #expect(bus.poll(until: nil, wait: true) == .exhausted)
        let (pipe, info) = pipes[1]
        let late = OwnRequest(on: bus, info, count: 10)
        #expect(throws: USBError.self) { try pipe.submit(late.request, record: nil) }
    }

    @Test func whatIsOutstandingWhenTheDeviceIsClosedIsForgotten() throws {
        try device.claim(interface: 0, detach: false)
        let info = try info(TestDevice.bulkIn)
        let pipe = try device.openPipe(info, sink: sink)
        let own = OwnRequest(on: bus, info, count: 10)
        try pipe.submit(own.request, record: nil)
        pipe.close()
        #expect(throws: USBError.self) { try pipe.submit(own.request, record: nil) }
        device.close()
        attachment.withPeripheral { $0.packets[TestDevice.bulkIn] = [[1]] }
        #expect(bus.poll(until: nil, wait: true) == .exhausted)
        #expect(sink.completions.isEmpty)
        #expect(attachment.withPeripheral { $0.packets[TestDevice.bulkIn]?.count } == 1)
    }
}
