// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// What was played.
struct PlayReport: Encodable, Sendable {
    var bytes = 0
    var transfers = 0
    var packets = MoveReport.PacketCounts()
    var firstFrame: Int64?
    var nextFrame: Int64?
    /// Times that the stream ran dry.
    var gaps = 0
    /// Frames (1 ms) that those gaps took.
    var gapFrames: Double = 0
    /// Times that it may have run dry, on a bus that cannot tell.
    var possibleGaps = 0
    /// Bus time from the first packet to the last.
    var seconds: Double = 0
    /// The bytes that a virtual speaker heard, and whether they are those that were sent.
    var heardBytes: Int?
    var heardEqual: Bool?
    var error: String?

    init() {}

    init(_ statistics: StreamStatistics) {
        bytes = statistics.byteCount
        transfers = statistics.transferCount
        packets.completed = statistics.packetsCompleted
        packets.missed = statistics.packetsMissed
        packets.failed = statistics.packetsFailed
        firstFrame = statistics.firstPosition?.frame.count
        nextFrame = statistics.nextPosition?.frame.count
        gaps = statistics.gapCount
        possibleGaps = statistics.possibleGapCount
        gapFrames = Double(statistics.gapMicroframes) / Double(Frame.microframes)
        if let first = statistics.firstPosition, let next = statistics.nextPosition {
            seconds = Double(next - first) * Double(Microframe.nanoseconds) / 1_000_000_000
        }
    }

    /// Whether nothing was lost. Where the stream ran dry, the sound went on later.
    var isWhole: Bool { packets.missed == 0 && packets.failed == 0 && heardEqual != false }

    /// The lines for a person.
    func text(rate: Int) -> String {
        let frames = bytes / SoundOutput.bytesPerFrame
        let played = Readable.decimal(Double(frames) / Double(rate), places: 3)
        var text =
            "played \(played) s: \(Readable.bytes(bytes)) in \(Readable.count(packets.completed, "packet")), "
            + "\(packets.missed) missed, \(packets.failed) failed, \(Readable.count(gaps, "gap"))"
        if gapFrames > 0 { text += " of \(Readable.decimal(gapFrames, places: 1)) ms in all" }
        if possibleGaps > 0 { text += " and perhaps \(possibleGaps) more" }
        if packets.missed + packets.failed > 0 { text += "; sound was LOST" }
        switch (heardEqual, heardBytes) {
        case (true?, let count?): text += "\nthe speaker heard the same \(count) bytes"
        case (false?, let count?): text += "\nthe speaker heard \(count) bytes, which are NOT those that were sent"
        default: break
        }
        return text
    }
}

/// A running check sum, to compare what was sent with what was heard without keeping both (FNV-1a, 64 bits).
struct CheckSum: Equatable, Sendable {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var count = 0

    mutating func add(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            value = (value ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3
        }
        count += bytes.count
    }
}
