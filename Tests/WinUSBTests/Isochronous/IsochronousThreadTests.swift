// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import TestEffort
import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import WinUSB

/// Several threads on one pipe, and sequences that nobody would write down.
@Suite("Isochronous operations and threads")
struct IsochronousThreadTests {
    @Test("A blocked call ends with 995 when another thread aborts the pipe")
    func abortFromAnotherThread() throws {
        try Session.run(flow: .real) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            let isDone = Flag()
            let thread = TestThread {
                while !isDone.isSet { session.abort(IsochronousDevice.out) }
            }
            var ends = 0
            // The frame is a second away; an abort comes before, now or in the next round.
            while ends < 3 {
                var frame: ULONG = 0
                var time = LARGE_INTEGER()
                unsafe WinUsb_GetCurrentFrameNumber(session.interface, &frame, &time)
                frame += 1_000
                switch buffer.write(0, 8192, frame: &frame, nil) {
                case .failure(995): ends += 1
                case let other: Issue.record("\(other)")
                }
                if ends == 0 { break }
            }
            isDone.set()
            thread.join()
            #expect(ends == 3)
        }
    }

    @Test("Another thread unregisters: it waits for what the first has begun, and later calls fail")
    func unregisterFromAnotherThread() throws {
        try Session.run(flow: .real) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 20)
            let call = IsochronousBlock()
            #expect(buffer.write(0, 20 * 8192, call) == .pending)
            let thread = TestThread { #expect(buffer.unregister() == .success) }
            #expect(call.result(session) == (.success, 0))
            thread.join()
            #expect(buffer.write(0, 8192, call) == .failure(6))
        }
    }

    @Test("Four threads share a pipe: each call ends once, and everything is sent once")
    func sharedPipe() throws {
        try Session.run(flow: .real) { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 4)
            let host = ProcessHost.current
            let threads = (0..<4).map { index in
                TestThread {
                    ProcessHost.withHost(host) {
                        for _ in 0..<10 {
                            let call = IsochronousBlock()
                            #expect(buffer.write(index * 8192, 8192, call) == .pending)
                            #expect(call.result(session) == (.success, 0))
                        }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(session.received.count == 320)
            let positions = session.received.map(\.position)
            #expect(isTrue(zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 }))
        }
    }

    /// Every code with which an operation may end, by the articles of the functions.
    private static let codes: Set<DWORD> = [0, 31, 87, 995, 1167]

    @Test(
        "Whatever is submitted, aborted and unplugged, each operation ends once with a code that is written down",
        arguments: sparing(0..<60, by: 4))
    func seeds(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let layouts = IsochronousDevice.Layout.all
        let layout = layouts[Int.random(in: 0..<layouts.count, using: &random)]
        try Session.run(layout, seed: seed, answer: { _ in .bytes([1]) }) { session in
            let buffers = try [Direction.out, .out, .in].map { direction in
                (
                    direction,
                    try Registered(session, direction == .out ? IsochronousDevice.out : IsochronousDevice.in, frames: 6)
                )
            }
            var calls: [(IsochronousBlock, Packets)] = []
            var isPlugged = true
            for _ in 0..<80 {
                let (direction, buffer) = buffers[Int.random(in: 0..<3, using: &random)]
                switch Int.random(in: 0..<20, using: &random) {
                case 0..<12:
                    let frames = Int.random(in: 1...6, using: &random)
                    let length = frames * layout.bytesPerFrame
                    let packets = Packets(frames * layout.packetsPerFrame)
                    let call = IsochronousBlock()
                    let answer: Answer<BOOL>
                    if Bool.random(using: &random) {
                        var frame = session.frame &+ UInt32(bitPattern: Int32.random(in: -8...40, using: &random))
                        let start = frame
                        answer = buffer.transfer(direction, length, frame: &frame, packets, call)
                        #expect(frame == start &+ (answer == .pending ? UInt32(frames) : 0))
                    } else {
                        answer = buffer.transfer(
                            direction, length, continuing: Bool.random(using: &random), packets, call)
                    }
                    if answer == .pending {
                        calls.append((call, packets))
                    } else {
                        #expect(answer == .failure(87) || !isPlugged && answer == .failure(1167))
                        #expect(!call.isPending)
                    }
                case 12..<15: session.bus.advance(by: .microseconds(Int.random(in: 1...9_000, using: &random)))
                case 15: session.abort(direction == .out ? IsochronousDevice.out : IsochronousDevice.in)
                case 16:
                    guard let (call, _) = calls.randomElement(using: &random) else { continue }
                    let wasPending = call.isPending
                    let cancelled = answer { unsafe CancelIoEx(session.file, call.block) }
                    #expect(cancelled == .success ? wasPending : cancelled == .failure(1168))
                case 17:
                    guard let (call, _) = calls.randomElement(using: &random) else { continue }
                    #expect(Self.codes.contains(call.result(session).answer.error))
                case 18 where Int.random(in: 0..<6, using: &random) == 0:
                    session.device.unplug()
                    isPlugged = false
                default: session.bus.advance(by: .microseconds(125))
                }
            }
            for (_, buffer) in buffers { #expect(buffer.unregister() == .success) }
            for (call, _) in calls {
                #expect(!call.isPending, "unregistering waits for the end")
                let status = call.status
                #expect(Self.codes.contains(call.result(session, wait: false).answer.error))
                // Nothing touches a block that has ended.
                session.bus.advance(by: .milliseconds(1))
                #expect(call.status == status)
            }
        }
    }
}

/// A thread that is waited for.
final class TestThread: @unchecked Sendable {
    private let end = BusEvent(on: BusExecutorOfTests.shared)

    init(_ body: @escaping @Sendable () -> Void) {
        let end = end
        startThread(name: "test") {
            body()
            end.set()
        }
    }

    func join() { _ = BusEvent.wait(for: [end], on: BusExecutorOfTests.shared) }
}

/// A bus in real time that serves nothing but joins.
private enum BusExecutorOfTests {
    static let bus = VirtualBus(flow: .real)
    static var shared: BusExecutor { bus.executor }
}

final class Flag: @unchecked Sendable {
    private let lock = Lock()
    private var value = false
    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}

/// Numbers that a seed determines (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
