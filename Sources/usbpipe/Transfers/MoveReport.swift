// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// What was moved through a pipe, and why it ended.
struct MoveReport: Sendable {
    /// Why moving ended before its time.
    enum Stop: Sendable {
        /// Ctrl-C.
        case interrupted
        /// The bus or the device.
        case failed(USBError)
        /// The file on this side.
        case file(FileError)
    }

    /// Isochronous packets by what became of them. Those that were never tried are not counted.
    struct PacketCounts: Sendable, Equatable, Encodable {
        /// Served by the bus, with whatever number of bytes.
        var completed = 0
        /// Not served in their interval.
        var missed = 0
        /// Ended by an error on the bus.
        var failed = 0
    }

    /// Bytes moved.
    var bytes = 0
    /// Transfers that moved them.
    var transfers = 0
    /// Isochronous packets; all 0 for other endpoints.
    var packets = PacketCounts()
    /// The frame of the first isochronous packet.
    var firstFrame: Int64?
    /// The frame in which the packet after the last one would go.
    var nextFrame: Int64?
    /// When the first transfer was submitted, as the bus's clock counts.
    var start: BusInstant?
    /// When the last one ended.
    var end: BusInstant?
    /// Why it ended, if not because everything was done.
    private(set) var stop: Stop?

    /// The time from the first submit to the last end, as the bus's clock counts.
    var duration: Duration {
        guard let start, let end, end > start else { return .zero }
        return start.duration(to: end)
    }

    /// Notes the end of a transfer. What ends a transfer ends everything, the first time.
    mutating func add(_ outcome: TransferOutcome, bytes moved: Int) {
        bytes += moved
        end = outcome.time
        if outcome.status == .completed || moved > 0 { transfers += 1 }
        if let error = outcome.error { stop(error.kind == .cancelled ? .interrupted : .failed(error)) }
    }

    /// Notes what became of one isochronous packet, and where it was.
    mutating func add(_ packet: IsochronousPacket, at position: Microframe?, next: Microframe?) {
        switch packet.status {
        case .completed: packets.completed += 1
        case .expired, .missed, .notServiced: packets.missed += 1
        case .failed: packets.failed += 1
        case .notAttempted: return
        }
        if firstFrame == nil { firstFrame = position?.frame.count }
        if let next { nextFrame = next.frame.count }
    }

    /// Ends moving; the first reason counts.
    mutating func stop(_ reason: Stop) {
        if stop == nil { stop = reason }
    }
}

extension MoveReport: Encodable {
    private enum CodingKeys: CodingKey {
        case bytes, transfers, packets, firstFrame, nextFrame, seconds, error
    }

    /// All keys are always there, null where there is nothing to say, but `error`, which is there after a failure only.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(bytes, forKey: .bytes)
        try container.encode(transfers, forKey: .transfers)
        try container.encode(packets, forKey: .packets)
        try container.encode(firstFrame, forKey: .firstFrame)
        try container.encode(nextFrame, forKey: .nextFrame)
        try container.encode(Readable.seconds(duration), forKey: .seconds)
        if let error { try container.encode("\(error)", forKey: .error) }
    }

    /// What went wrong; nil when everything was done, or stopped by the user.
    private var error: (any Error)? {
        switch stop {
        case nil, .interrupted: nil
        case .failed(let error): error
        case .file(let error): error
        }
    }

    /// What the shell is told.
    var status: ExitStatus {
        if case .interrupted = stop { return .interrupted }
        if let error { return ExitStatus(of: error) }
        return packets.missed + packets.failed > 0 ? .transferFailed : .success
    }

    /// One line for a person.
    ///
    /// - Parameter verb: what was done, such as "wrote".
    func text(_ verb: String) -> String {
        var text = "\(verb) \(Readable.count(bytes, "byte")) in \(Readable.count(transfers, "transfer"))"
        text += ", \(Readable.duration(duration))"
        if let firstFrame, let nextFrame {
            text += "; packets: \(packets.completed) completed, \(packets.missed) missed, \(packets.failed) failed"
            text += "; first frame \(firstFrame), next \(nextFrame)"
        }
        if case .interrupted = stop { text += " (interrupted)" }
        return text
    }
}

extension Console {
    /// Tells the result, as a line for people or as one of JSON, and returns the status for the shell.
    ///
    /// - Parameter verb: what was done, such as "wrote".
    func tell(_ report: MoveReport, _ verb: String, json: Bool) -> ExitStatus {
        if report.status == .outputClosed { return .outputClosed }
        if json, let line = try? JSONLine.text(report) {
            note(line)
            return report.status
        }
        note(report.text(verb))
        switch report.stop {
        case nil, .interrupted: return report.status
        case .failed(let error): return self.report(error)
        case .file(let error): return self.report(error)
        }
    }
}
