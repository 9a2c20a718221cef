// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// When a fault is injected.
///
/// Packets and bytes are counted for each endpoint from 0, and only those that moved: a packet which met a fault keeps
/// its number for the next attempt. Round a controller a request stands in place of a packet.
public enum FaultTrigger: Sendable, Hashable {
    /// At the first opportunity in this frame or later.
    case frame(Frame)
    /// At this packet of an endpoint.
    case packet(Int)
    /// At the packet that carries this byte of an endpoint, or has room for it.
    case byte(Int)
    /// At each opportunity with this probability, from 0 to 1.
    case chance(Double)
}

/// One fault and when it happens.
public struct FaultRule<Fault: Sendable & Hashable>: Sendable, Hashable {
    /// What happens.
    public var fault: Fault
    /// When it happens.
    public var trigger: FaultTrigger
    /// The only endpoint concerned; nil for every one.
    public var endpoint: EndpointAddress?
    /// How often it happens at the most.
    public var limit: Int

    /// Makes a rule. Without a limit it applies once, or, when it goes by chance, again and again.
    public init(_ fault: Fault, _ trigger: FaultTrigger, endpoint: EndpointAddress? = nil, limit: Int? = nil) {
        self.fault = fault
        self.trigger = trigger
        self.endpoint = endpoint
        if let limit {
            self.limit = max(0, limit)
        } else if case .chance = trigger {
            self.limit = .max
        } else {
            self.limit = 1
        }
    }
}

/// Which faults happen in a run: a value that can be kept, compared and played again.
public struct FaultPlan<Fault: Sendable & Hashable>: Sendable, Hashable {
    /// The rules; where several apply at once, the first one counts.
    public var rules: [FaultRule<Fault>]
    /// Where the random numbers of the rules by chance begin.
    public var seed: UInt64

    /// Makes a plan.
    public init(_ rules: [FaultRule<Fault>] = [], seed: UInt64 = 0) {
        self.rules = rules
        self.seed = seed
    }
}

/// A fault that was injected, and where.
public struct InjectedFault<Fault: Sendable & Hashable>: Sendable, Hashable {
    /// What happened.
    public var fault: Fault
    /// The endpoint.
    public var endpoint: EndpointAddress
    /// The frame; nil where it is not known, which may be so in a device's control requests, and round a controller when
    /// no rule goes by frames: in free flow a look at the frame count takes time.
    public var frame: Frame?
    /// The number of the packet (of the request, round a controller).
    public var packet: Int
    /// The bytes of the endpoint that had moved before.
    public var byte: Int
}

/// A plan while it is carried out: what has been counted, drawn and injected so far.
package struct FaultProgress<Fault: Sendable & Hashable> {
    private let rules: [FaultRule<Fault>]
    private var remaining: [Int]
    private var generator: SeededGenerator
    private var moved: [EndpointAddress: (packets: Int, bytes: Int)] = [:]
    package private(set) var injected: [InjectedFault<Fault>] = []

    /// Whether a rule goes by frames.
    package let usesFrames: Bool

    package init(_ plan: FaultPlan<Fault>) {
        usesFrames = plan.rules.contains { if case .frame = $0.trigger { true } else { false } }
        rules = plan.rules
        remaining = plan.rules.map(\.limit)
        generator = SeededGenerator(seed: plan.seed)
    }

    /// The fault for the packet that is about to move, if any. `room` is the most bytes that it can have, and
    /// `applies` says which faults make sense for it.
    package mutating func next(
        at endpoint: EndpointAddress, frame: Frame?, room: Int, where applies: (Fault) -> Bool
    ) -> Fault? {
        let (packets, bytes) = moved[endpoint] ?? (0, 0)
        for (index, rule) in rules.enumerated() where remaining[index] > 0 {
            guard rule.endpoint == nil || rule.endpoint == endpoint, applies(rule.fault) else { continue }
            let isDue =
                switch rule.trigger {
                case .frame(let due): frame.map { $0 >= due } ?? false
                case .packet(let number): packets >= number
                case .byte(let offset): bytes &+ max(1, room) > offset
                case .chance(let probability): Double(generator.next() >> 11) * 0x1p-53 < probability
                }
            guard isDue else { continue }
            remaining[index] -= 1
            injected.append(
                InjectedFault(fault: rule.fault, endpoint: endpoint, frame: frame, packet: packets, byte: bytes))
            return rule.fault
        }
        return nil
    }

    /// Counts a packet that has moved.
    package mutating func count(_ bytes: Int, at endpoint: EndpointAddress) {
        let (packets, before) = moved[endpoint] ?? (0, 0)
        moved[endpoint] = (packets &+ 1, before &+ bytes)
    }
}
