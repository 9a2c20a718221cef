// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import Testing
import USBSpecification
import VirtualUSB

@testable import USBHost

/// What was on the bus, what the device received, and what the program was told.
struct Traffic: Equatable, Sendable {
    /// Every isochronous packet of the bus, in order.
    var trace: [TransactionRecord] = []
    /// What the device received, and when.
    var received: [StreamingDevice.Packet] = []
    /// What the program was told.
    var report = Report()
}

/// What a dialect told of its transfers, in terms that all of them have.
struct Report: Equatable, Sendable {
    /// Of each OUT transfer: how many bytes moved; nil from WinUSB, which tells none of isochronous transfers.
    var sent: [Int]? = []
    /// Of each IN transfer, packet by packet: what came, or nil for a packet with an error.
    var came: [[[UInt8]?]] = []
}

/// A device on a bus of its own, whose time moves by hand. The calls of the test's thread mean that bus.
struct Stage: ~Copyable {
    let bus: VirtualBus
    let attachment: AttachedPeripheral<StreamingDevice>
    let plan: Plan

    /// Plays a plan by `dialect`, which submits all transfers, calls ``run()`` and collects what became of them.
    static func play(_ plan: Plan, by dialect: Dialect) throws -> Traffic {
        let bus = VirtualBus(flow: .manual, seed: plan.seed, driver: .caller)
        let stage = Stage(bus: bus, attachment: try bus.attach(StreamingDevice(plan.layout)), plan: plan)
        let log = Log<TransactionRecord>()
        bus.setTrace { if $0.type == .isochronous { log.append($0) } }
        let report = try ProcessHost.withHost(bus) { try dialect.play(stage) }
        bus.setTrace(nil)
        return Traffic(
            trace: log.elements, received: stage.attachment.withPeripheral { $0.received }, report: report)
    }

    /// Lets time come near to the first transfer, when everything is prepared.
    func approach() throws {
        try #require(bus.frame().frame.truncated32 < Plan.firstFrame - 20, "the preparations took too long")
        bus.advance(to: Frame(Int64(Plan.firstFrame - 20)).firstMicroframe)
    }

    /// Lets the time of all transfers pass.
    func run() { bus.advance(to: Frame(Int64(plan.endFrame + 2)).firstMicroframe) }
}

/// How traffic is brought about.
enum Dialect: CaseIterable, Sendable {
    case swift, winUSB, wdf, driverKit

    /// Plays the plan of a stage.
    func play(_ stage: borrowing Stage) throws -> Report {
        switch self {
        case .swift: try playInSwift(stage)
        case .winUSB: try playByWinUSB(stage)
        case .wdf: try playByWDF(stage)
        case .driverKit: try playByDriverKit(stage)
        }
    }
}

/// Values that several threads note, in order.
final class Log<Element: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var list: [Element] = []

    var elements: [Element] { lock.withLock { list } }

    func append(_ element: Element) { lock.withLock { list.append(element) } }
}

/// Ends of transfers that other threads may tell, to be waited for while the bus's time stands still.
final class Ends: @unchecked Sendable {
    private let lock = Lock()
    private let changed: Condition
    private var count = 0

    init() { changed = Condition(lock) }

    func add() {
        lock.withLock {
            count += 1
            changed.broadcast()
        }
    }

    func wait(for wanted: Int) {
        lock.withLock {
            while count < wanted { changed.wait() }
        }
    }
}
