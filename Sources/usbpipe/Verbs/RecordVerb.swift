// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe record`
struct RecordVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Records from a USB audio device into a WAV file.",
        usage:
            "usbpipe record [<device>] <file> [--seconds <seconds>] [--rate <hertz>] [--json] [--detach] [--host <address>]",
        discussion: """
            The sound is 16-bit PCM in mono or stereo, as the device gives it. Recording ends after --seconds, or with \
            Ctrl-C; the file is complete either way. On a terminal a line tells the time and what was lost. When sound \
            was lost, the summary tells how much, and the exit status is not 0.
            """)

    @Argument(
        help: ArgumentHelp(
            "The device (VID:PID, VID:PID:SERIAL or a path such as 1-2; without it, the first that gives such sound), then the WAV file.",
            valueName: "device-and-file"))
    var names: [String]

    @Option(help: "How long to record.")
    var seconds: Double?

    @Option(help: ArgumentHelp("Sample frames per second; 48000 if the device has it.", valueName: "hertz"))
    var rate: Int?

    @Flag(help: "Write the summary as one line of JSON.")
    var json = false

    @OptionGroup var claim: ClaimOptions

    @OptionGroup var host: HostOptions

    func validate() throws {
        guard (1...2).contains(names.count) else {
            throw ValidationError("Name the WAV file, or a device and the WAV file.")
        }
        if names.count == 2 { _ = try DeviceName(parsing: names[0]) }
        if let seconds, !(seconds > 0 && seconds <= 1e9) {
            throw ValidationError("--seconds is a number above 0.")
        }
        if let rate, rate < 1 { throw ValidationError("--rate is a number above 0.") }
    }

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        let device = names.count == 2 ? try DeviceName(parsing: names[0]) : nil
        let input = try SoundInput(device, rate: rate, on: session.controller)
        let file = try DataFile.create(names[names.count - 1])
        let limit = seconds.map { Int(($0 * Double(input.rate)).rounded(.up)) }
        let recorder = SoundRecorder(
            input: input, limit: limit, controller: session.controller, detachesDriver: claim.detach)
        let line = LineHolder()
        let clock = ContinuousClock()
        let start = clock.now
        let ending = try await session.controller.run { () async throws -> SoundRecorder.Ending in
            try await recorder.record(to: file) { statistics in
                line.update(at: start.duration(to: clock.now)) { progress(statistics, input) }
            }
        }
        line.clear()
        return tell(ending, input, console)
    }

    private func progress(_ statistics: StreamStatistics, _ input: SoundInput) -> String {
        let seconds = Double(statistics.byteCount / input.bytesPerFrame) / Double(input.rate)
        let total = self.seconds.map { " of " + Readable.clock(.milliseconds(Int64($0 * 1000))) } ?? ""
        let lost = statistics.packetsMissed + statistics.packetsFailed
        return Readable.clock(.milliseconds(Int64(seconds * 1000))) + total + "   "
            + Readable.count(lost, "packet") + " lost   " + Readable.count(statistics.gapCount, "gap")
    }

    private func tell(_ ending: SoundRecorder.Ending, _ input: SoundInput, _ console: Console) -> ExitStatus {
        // Without a length, Ctrl-C is the way to end.
        let isStopped = seconds == nil && ending.error.map { ExitStatus(of: $0) == .interrupted } ?? false
        let error = isStopped ? nil : ending.error
        let report = RecordReport(ending, input, error: error)
        if json {
            if let line = try? JSONLine.text(report) { console.note(line) }
        } else {
            console.note(report.text)
        }
        if let error {
            let status = ExitStatus(of: error)
            return status == .interrupted || json ? status : console.report(error)
        }
        return report.isWhole ? .success : .transferFailed
    }
}
