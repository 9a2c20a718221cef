// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

@testable import USBHost

/// What a scripted endpoint does with one request.
struct Reply: Sendable {
    /// How the request ends; nil when it never does by itself.
    var status: WireCompletion.Status?
    /// Bytes moved; nil for as many as are asked for.
    var byteCount: Int?
    /// Bytes that have moved when a cancel takes hold.
    var byteCountWhenCancelled = 0
    /// Nanoseconds from the start of service to the end.
    var delay: Int64 = 125_000

    static let all = Reply(status: .completed)
    static let never = Reply(status: nil)
    static let stall = Reply(status: .stalled, byteCount: 0)

    static func short(_ count: Int) -> Reply { Reply(status: .completed, byteCount: count) }
    static func fault(_ fault: BusFault, after count: Int) -> Reply { Reply(status: .failed(fault), byteCount: count) }
    static func never(moving count: Int) -> Reply { Reply(status: nil, byteCountWhenCancelled: count) }

    func after(_ nanoseconds: Int64) -> Reply {
        var reply = self
        reply.delay = nanoseconds
        return reply
    }
}

/// What the wire keeps for each request slot.
final class ScriptedRecord {
    enum State { case idle, queued, serving, ready }
    var state = State.idle
    var reply = Reply.never
    var due: Int64?
    var order = 0
}

/// One endpoint of the scripted device, and the requests that wait for it.
final class ScriptedEndpoint {
    typealias Behaviour = @Sendable (WireRequest) -> Reply

    let address: EndpointAddress
    var behaviour: Behaviour
    var queue: [WireRequest] = []
    var isStalled = false
    /// A part ended early: what continues it is dropped.
    var isChainBroken = false
    /// Where the last isochronous request ended.
    var end: Int64 = 0
    weak var sink: (any CompletionSink)?

    init(_ address: EndpointAddress, behaviour: @escaping Behaviour) {
        self.address = address
        self.behaviour = behaviour
    }
}

extension WireRequest {
    var scripted: ScriptedRecord {
        guard let record = record as? ScriptedRecord else { fatalError("a request without the record that was made") }
        return record
    }
    /// The bytes, for a behaviour to read or fill.
    var bytes: [UInt8] { unsafe Array(buffer) }
    func fill(_ byte: (Int) -> UInt8) {
        for index in 0..<(unsafe buffer.count) { unsafe buffer[index] = byte(index) }
    }
}
