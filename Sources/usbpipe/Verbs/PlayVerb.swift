// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB
import VirtualUSB

/// `usbpipe play`
struct PlayVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "play", abstract: "Plays a WAV file on a USB audio device.",
        discussion: """
            The sound is PCM in mono or stereo, at a rate that the device has; it is sent as 16-bit stereo, whatever \
            its own form. On a terminal a line tells the time, how far the buffer is filled, and the gaps. \
            When sound was lost, the exit status is not 0.
            """)

    @Argument(help: "The WAV file.")
    var file: String

    @Argument(
        help: "The device: VID:PID, VID:PID:SERIAL or a path such as 1-2; without it, the first that plays such sound.",
        transform: { try DeviceName(parsing: $0) })
    var device: DeviceName?

    @Option(help: ArgumentHelp("Save what a virtual speaker heard.", valueName: "file"))
    var heard: String?

    @Flag(help: "Write the summary as one line of JSON.")
    var json = false

    @OptionGroup var claim: ClaimOptions

    @OptionGroup var host: HostOptions

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        let source = try openSound()
        let output = try SoundOutput(device, rate: source.format.rate, on: session.controller)
        let speaker = session.host.virtual?.speakers.first { $0.attachment.id == output.device.id }?.attachment
        guard heard == nil || speaker != nil else {
            throw ToolError(.badUsage, "--heard needs a virtual speaker, and \(output.device.path) is another device")
        }
        let before = speaker?.withPeripheral { $0.heardCount } ?? 0
        let player = SoundPlayer(
            output: output, source: source, controller: session.controller, detachesDriver: claim.detach)
        let line = LineHolder()
        let clock = ContinuousClock()
        let start = clock.now
        let total = source.frameCount.map { Double($0) / Double(source.format.rate) }
        let ending = try await session.controller.run { () async throws -> SoundPlayer.Ending in
            try await player.play { statistics in
                line.update(at: start.duration(to: clock.now)) { progress(statistics, of: total, source.format.rate) }
            }
        }
        line.clear()
        var report = PlayReport(ending.statistics)
        if let speaker {
            let sum = Self.checkSum(of: speaker, from: before)
            report.heardBytes = sum.count
            // After a cancel the last packets that were given were never sent.
            if ending.error == nil { report.heardEqual = sum == ending.sent }
            if let heard { try HeardSound(speaker).save(as: heard) }
        }
        return tell(report, ending.error, console, rate: source.format.rate)
    }

    private func openSound() throws -> SoundSource {
        do {
            let source = try SoundSource(file)
            guard source.format.channels <= 2 else {
                throw ToolError(.badInput, "\(file): \(source.format) has more than two channels")
            }
            return source
        } catch let error as WAVError {
            throw ToolError(.badInput, "\(file): \(error)")
        }
    }

    private func progress(_ statistics: StreamStatistics, of total: Double?, _ rate: Int) -> String {
        let seconds = Double(statistics.byteCount / SoundOutput.bytesPerFrame) / Double(rate)
        let played = Readable.clock(.milliseconds(Int64(seconds * 1000)))
        let length = total.map { " of " + Readable.clock(.milliseconds(Int64($0 * 1000))) } ?? ""
        return "\(played)\(length)   buffer \(statistics.batchesQueued * 4) ms   "
            + Readable.count(statistics.gapCount, "gap")
    }

    private static func checkSum(of speaker: Attachment<Speaker>, from start: Int) -> CheckSum {
        speaker.withPeripheral { speaker in
            var sum = CheckSum()
            var skipped = 0
            speaker.withHeardChunks { chunk in
                let skip = min(chunk.count, start - skipped)
                skipped += skip
                sum.add(chunk.extracting(skip..<chunk.count))
            }
            return sum
        }
    }

    private func tell(_ report: PlayReport, _ error: (any Error)?, _ console: Console, rate: Int) -> ExitStatus {
        var report = report
        report.error = error.map { "\($0)" }
        if json {
            if let line = try? JSONLine.text(report) { console.note(line) }
        } else {
            for line in report.text(rate: rate).split(separator: "\n") { console.note(String(line)) }
        }
        if let error {
            let status = ExitStatus(of: error)
            return status == .interrupted || json ? status : console.report(error)
        }
        return report.isWhole ? .success : .transferFailed
    }
}
