// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Dispatch

/// Reads the samples of a WAV file on a thread of its own, a little ahead, so that the bus never waits for the file.
final class SoundSource: Sendable {
    /// What the file holds.
    let format: WAVFormat
    /// The sample frames that the file should have; nil if only its end will tell.
    let frameCount: Int?

    private let queue = ByteQueue(limit: 8)
    private let failure = Locked<WAVError?>(nil)
    private static let framesPerPiece = 8192

    /// Begins to read a file.
    ///
    /// - Throws: `FileError` for a file that cannot be opened, `WAVError` for one that is no sound or is cut short.
    init(_ path: String) throws {
        let reader = try WAVReader(DataFile.open(path))
        format = reader.format
        frameCount = reader.frameCount
        DispatchQueue(label: "usbpipe sound").async { [queue, self] in
            var reader = reader
            do throws(WAVError) {
                while true {
                    var piece: [UInt8] = []
                    guard try reader.readStereo16(frames: Self.framesPerPiece, into: &piece) > 0, queue.put(piece)
                    else { break }
                }
            } catch {
                failure.withLock { $0 = error }
            }
            queue.finish()
        }
    }

    /// The next samples, 16 bits each, left and right in turn; nil at the end, or when the task has been cancelled.
    func next() async throws(WAVError) -> [UInt8]? {
        if let piece = await queue.next() { return piece }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return nil
    }

    /// Says that no more is wanted.
    func stop() { queue.close() }
}
