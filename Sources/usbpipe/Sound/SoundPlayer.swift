// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// Streams a sound to the output of a device.
struct SoundPlayer {
    let output: SoundOutput
    let source: SoundSource
    let controller: any HostController
    /// Whether a driver of the system is detached meanwhile.
    var detachesDriver = false

    /// How far the stream is filled ahead of the bus, and how much at once.
    private static let options = StreamOptions(depth: .milliseconds(48), batch: .milliseconds(4))
    /// More than any batch takes.
    private static let ahead = 64 * 1024

    /// How playing ended.
    struct Ending: Sendable {
        var statistics = StreamStatistics()
        /// Of the bytes that were given to the stream.
        var sent = CheckSum()
        var error: (any Error)?
    }

    /// Plays until the sound or the task ends. `progress` is called for each batch.
    func play(progress: (StreamStatistics) -> Void) async throws -> Ending {
        let setting = output.setting
        let device = try controller.open(output.device)
        let interface = try device.claim(setting.interface, detachingDriver: detachesDriver)
        try await interface.selectAlternateSetting(setting.alternateSetting)
        let ending: Ending
        do {
            try await device.setSampleRate(source.format.rate, of: setting)
            let pipe = try interface.outPipe(setting.endpoint.address, Isochronous.self)
            ending = try await stream(to: pipe, progress)
        } catch {
            await interface.giveBack()
            throw error
        }
        await interface.giveBack()
        return ending
    }

    private func stream(
        to pipe: OutPipe<Isochronous>, _ progress: (StreamStatistics) -> Void
    ) async throws -> Ending {
        let interval = ServiceInterval(microframes: pipe.endpoint.intervalMicroframes) ?? .frame
        guard
            let plan = SampleRatePlan(
                rate: source.format.rate, bytesPerSampleFrame: SoundOutput.bytesPerFrame, interval: interval)
        else { throw ToolError(.badInput, "a sound of \(source.format.rate) Hz cannot be cut into packets") }
        var ending = Ending()
        var stream = try pipe.stream(.samples(plan), options: Self.options)
        var waiting: [UInt8] = []
        var used = 0
        var isOver = false
        do {
            while true {
                while !isOver, waiting.count - used < Self.ahead {
                    guard let piece = try await source.next() else {
                        isOver = true
                        break
                    }
                    waiting.removeFirst(used)
                    used = 0
                    waiting += piece
                }
                if Task.isCancelled { throw CancellationError() }
                if used == waiting.count { break }
                try await stream.next { batch in
                    let count = min(batch.byteCount, waiting.count - used)
                    batch.truncate(to: count)
                    let bytes = waiting.span.extracting(used..<used + count)
                    batch.withMutableBytes { target in
                        for index in bytes.indices { target[index] = bytes[index] }
                    }
                    ending.sent.add(bytes)
                    used += count
                }
                progress(stream.statistics)
            }
            ending.statistics = try await stream.finish()
        } catch {
            source.stop()
            ending.error = error
            ending.statistics = await stream.cancel()
        }
        return ending
    }
}
