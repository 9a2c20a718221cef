// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// Streams the input of a device into a WAV file.
struct SoundRecorder {
    let input: SoundInput
    /// Sample frames to record; nil for no limit.
    let limit: Int?
    let controller: any HostController
    /// Whether a driver of the system is detached meanwhile.
    var detachesDriver = false

    /// How far the stream is ahead of the program, and how much it lends at once. Nobody hears the delay.
    private static let options = StreamOptions(depth: .milliseconds(256), batch: .milliseconds(8))

    /// How recording ended.
    struct Ending: Sendable {
        var statistics = StreamStatistics()
        /// Bytes of sound in the file.
        var bytes = 0
        var error: (any Error)?
    }

    /// Records until the limit or the end of the task. `progress` is called for each batch. The file is complete when
    /// this returns.
    func record(to file: DataFile, progress: (StreamStatistics) -> Void) async throws -> Ending {
        let setting = input.setting
        let device = try controller.open(input.device)
        let interface = try device.claim(setting.interface, detachingDriver: detachesDriver)
        try await interface.selectAlternateSetting(setting.alternateSetting)
        let ending: Ending
        do {
            try await device.setSampleRate(input.rate, of: setting)
            let pipe = try interface.inPipe(setting.endpoint.address, Isochronous.self)
            ending = try await stream(from: pipe, to: file, progress)
        } catch {
            await interface.giveBack()
            throw error
        }
        await interface.giveBack()
        return ending
    }

    private func stream(
        from pipe: InPipe<Isochronous>, to file: DataFile, _ progress: (StreamStatistics) -> Void
    ) async throws -> Ending {
        var writer = try WAVWriter(file, rate: input.rate, channels: Int(input.setting.format.channels))
        let output = OutputWriter(file, behind: 64)
        var ending = Ending()
        var stream = try pipe.stream(.filling, options: Self.options)
        var lent = StreamStatistics()
        let limitBytes = limit.map { $0.multipliedReportingOverflow(by: input.bytesPerFrame) }
        let most = limitBytes.map { $0.overflow ? Int.max : $0.partialValue } ?? .max
        do {
            while ending.bytes < most {
                if Task.isCancelled { throw CancellationError() }
                var bytes: [UInt8] = []
                try await stream.next { batch in
                    bytes.reserveCapacity(batch.byteCount)
                    for index in 0..<batch.packetCount {
                        batch.withPacket(index) { bytes += [UInt8](copying: $0) }
                    }
                }
                if bytes.count > most - ending.bytes { bytes.removeLast(bytes.count - (most - ending.bytes)) }
                ending.bytes += bytes.count
                lent = stream.statistics
                try await output.write(bytes)
                progress(stream.statistics)
            }
        } catch {
            ending.error = error
        }
        let all = await stream.cancel()
        // What came after the wish to stop is not part of the recording.
        let isStopped = ending.error.map { ExitStatus(of: $0) == .interrupted } ?? false
        ending.statistics = isStopped ? lent : all
        do {
            try await output.finish()
            writer.count(appended: ending.bytes)
            try writer.finish()
        } catch {
            ending.error = ending.error ?? error
        }
        return ending
    }
}
