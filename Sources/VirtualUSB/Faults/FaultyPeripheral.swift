// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost
public import USBSpecification

/// What a faulty device, or the cable to it, does to one packet or control request.
public enum PeripheralFault: Sendable, Hashable {
    /// The device is not ready this once.
    case nak
    /// The device refuses. A bulk or interrupt endpoint halts; on an isochronous one the packet gets no answer.
    case stall
    /// The packet is damaged or gets no answer. The device does not notice it, and has its data still.
    case bus(BusFault)
    /// The device sends more than was asked. Concerns packets to the host.
    case babble
    /// The device sends at most so many bytes. Concerns packets to the host.
    case short(Int)
    /// The device is not ready for this many frames.
    case late(frames: Int)
}

/// A device whose faults are planned: a wrapper round any peripheral.
///
/// A fault meets a packet in place of the device, which learns nothing of it; only a short packet comes from the device
/// itself, which is lent less room. The plan goes on across resets and plugging in again.
///
///     let zero = FaultyPeripheral(GadgetZero(), plan: FaultPlan([FaultRule(.stall, .packet(3), endpoint: 0x81)]))
///     let attachment = try bus.attach(zero)
public final class FaultyPeripheral<P: Peripheral>: Peripheral {
    /// The device itself.
    public let peripheral: P
    /// What is planned.
    public let plan: FaultPlan<PeripheralFault>

    private var progress: FaultProgress<PeripheralFault>
    /// Endpoints that answer NAK, with the beginnings of frames until they are ready.
    private var busy: [EndpointAddress: Int] = [:]
    /// The last frame that is known to have begun.
    private var frame: Frame?
    private let controlFrame: Frame?

    /// Wraps a device.
    public init(_ peripheral: sending P, plan: FaultPlan<PeripheralFault>) {
        self.peripheral = peripheral
        self.plan = plan
        progress = FaultProgress(plan)
        controlFrame =
            plan.rules.compactMap { rule in
                guard case .frame(let frame) = rule.trigger, rule.endpoint == .control else { return nil }
                return frame
            }.max()
    }

    /// The faults so far, in the order of the bus.
    public var injected: [InjectedFault<PeripheralFault>] { progress.injected }

    /// The model of the device itself.
    public var model: PeripheralModel { peripheral.model }

    /// Resets the device; it is no longer late.
    public func reset() {
        busy = [:]
        peripheral.reset()
    }

    /// Passed on.
    public func configurationSelected(_ value: UInt8) { peripheral.configurationSelected(value) }

    /// Passed on.
    public func alternateSettingSelected(_ alternate: UInt8, interface: UInt8) {
        peripheral.alternateSettingSelected(alternate, interface: interface)
    }

    /// Passed on.
    public func haltCleared(_ endpoint: EndpointAddress) { peripheral.haltCleared(endpoint) }

    /// Passed on, after what is late has come nearer.
    public func frameStarted(_ frame: Frame) {
        self.frame = frame
        for (endpoint, frames) in busy { busy[endpoint] = frames > 1 ? frames - 1 : nil }
        if peripheral.wantsFrames { peripheral.frameStarted(frame) }
    }

    /// Whether the device wants frames, or a fault ends or begins with time alone.
    public var wantsFrames: Bool {
        if !busy.isEmpty || peripheral.wantsFrames { return true }
        // A control request carries no time of its own.
        guard let controlFrame else { return false }
        return frame.map { $0 < controlFrame } ?? true
    }

    // MARK: Packets

    /// A control request with data for the device, or a fault.
    public func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        switch meet(.control, frame, received.count, isToHost: false) {
        case .pass, .short: break
        case .nak: return .nak
        case .stall: return .stall
        case .fault(let fault): return .fault(fault)
        }
        let reply = peripheral.control(setup, received: received)
        if reply != .nak { progress.count(received.count, at: .control) }
        return reply
    }

    /// A control request with data for the host or none, or a fault.
    public func control(_ setup: SetupPacket) -> ControlReply {
        var limit = Int.max
        switch meet(.control, frame, Int(setup.length), isToHost: setup.length > 0) {
        case .pass: break
        case .short(let count): limit = count
        case .nak: return .nak
        case .stall: return .stall
        case .fault(let fault): return .fault(fault)
        }
        let reply = peripheral.control(setup)
        guard case .data(let bytes) = reply else {
            if reply != .nak { progress.count(0, at: .control) }
            return reply
        }
        let sent = min(bytes.count, limit, Int(setup.length))
        progress.count(sent, at: .control)
        return .data(Array(bytes.prefix(sent)))
    }

    /// A packet for the device, or a fault.
    public func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        switch meet(endpoint, microframe.frame, bytes.count, isToHost: false) {
        case .pass, .short: break
        case .nak: return .nak
        case .stall: return .stall
        case .fault(let fault): return .fault(fault)
        }
        let handshake = peripheral.receive(bytes, at: endpoint, in: microframe)
        if handshake == .accept { progress.count(bytes.count, at: endpoint) }
        return handshake
    }

    /// A packet from the device, or a fault.
    public func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        let reply: Reply
        switch meet(endpoint, microframe.frame, buffer.count, isToHost: true) {
        case .pass: reply = peripheral.transmit(into: &buffer, at: endpoint, in: microframe)
        case .short(let count):
            var bytes = [UInt8](repeating: 0, count: min(count, buffer.count))
            var room = bytes.mutableSpan
            let answer = peripheral.transmit(into: &room, at: endpoint, in: microframe)
            if case .data(let sent) = answer {
                guard sent <= bytes.count else { return .fault(.babble) }
                buffer.copyPrefix(of: bytes.span.extracting(first: max(0, sent)))
            }
            reply = answer
        case .nak: return .nak
        case .stall: return .stall
        case .fault(let fault): return .fault(fault)
        }
        if case .data(let count) = reply, count >= 0 { progress.count(count, at: endpoint) }
        return reply
    }

    private enum Meeting {
        case pass
        case nak
        case stall
        case short(Int)
        case fault(BusFault)
    }

    /// What a packet meets.
    private func meet(_ endpoint: EndpointAddress, _ frame: Frame?, _ room: Int, isToHost: Bool) -> Meeting {
        if busy[endpoint] != nil { return .nak }
        let fault = progress.next(at: endpoint, frame: frame, room: room) { fault in
            switch fault {
            case .babble, .short: isToHost
            default: true
            }
        }
        switch fault {
        case nil: return .pass
        case .nak:
            // The bus must come back by itself: nothing that it sees will change.
            busy[endpoint] = 1
            return .nak
        case .late(let frames):
            busy[endpoint] = max(1, frames)
            return .nak
        case .stall: return .stall
        case .bus(let fault): return .fault(fault)
        case .babble: return .fault(.babble)
        case .short(let count): return .short(max(0, count))
        }
    }
}
