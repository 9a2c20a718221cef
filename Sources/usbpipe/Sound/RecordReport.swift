// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// What was recorded.
struct RecordReport: Encodable, Sendable {
    /// Bytes of sound in the file.
    var bytes: Int
    /// Sample frames per second.
    var rate: Int
    var channels: Int
    var packets = MoveReport.PacketCounts()
    /// Times that the stream was interrupted.
    var gaps: Int
    /// Frames (1 ms) that those gaps took.
    var gapFrames: Double
    /// Times that it may have been interrupted, on a bus that cannot tell.
    var possibleGaps: Int
    var firstFrame: Int64?
    var nextFrame: Int64?
    var error: String?

    init(_ ending: SoundRecorder.Ending, _ input: SoundInput, error: (any Error)?) {
        let statistics = ending.statistics
        bytes = ending.bytes
        rate = input.rate
        channels = Int(input.setting.format.channels)
        packets.completed = statistics.packetsCompleted
        packets.missed = statistics.packetsMissed
        packets.failed = statistics.packetsFailed
        gaps = statistics.gapCount
        possibleGaps = statistics.possibleGapCount
        gapFrames = Double(statistics.gapMicroframes) / Double(Frame.microframes)
        firstFrame = statistics.firstPosition?.frame.count
        nextFrame = statistics.nextPosition?.frame.count
        self.error = error.map { "\($0)" }
    }

    /// Whether nothing was lost.
    var isWhole: Bool { packets.missed == 0 && packets.failed == 0 && gaps == 0 }

    /// The line for a person.
    var text: String {
        let seconds = Readable.decimal(Double(bytes / (2 * max(1, channels))) / Double(max(1, rate)), places: 3)
        var text =
            "recorded \(seconds) s at \(rate) Hz: \(Readable.bytes(bytes)) in "
            + "\(Readable.count(packets.completed, "packet")), "
            + "\(packets.missed) missed, \(packets.failed) failed, \(Readable.count(gaps, "gap"))"
        if gapFrames > 0 { text += " of \(Readable.decimal(gapFrames, places: 1)) ms in all" }
        if possibleGaps > 0 { text += " and perhaps \(possibleGaps) more" }
        if !isWhole { text += "; sound was LOST, and the file is shorter by it" }
        return text
    }
}
