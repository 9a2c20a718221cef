// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Dispatch

/// Writes to a file or pipe on a thread of its own, a little behind, so that the bus never waits for a blocking write.
final class OutputWriter: Sendable {
    private let queue: ByteQueue
    private let failure = Locked<FileError?>(nil)

    /// Begins to write.
    ///
    /// - Parameter behind: how many pieces may wait to be written.
    init(_ file: DataFile, behind: Int = 8) {
        queue = ByteQueue(limit: behind)
        DispatchQueue(label: "usbpipe output").async { [queue, self] in
            while let piece = queue.take() {
                do throws(FileError) {
                    try file.write(piece)
                } catch {
                    failure.withLock { $0 = error }
                    break
                }
            }
            queue.close()
        }
    }

    /// Hands bytes over to be written, and waits while too many are waiting.
    ///
    /// - Throws: the error that an earlier piece met.
    func write(_ bytes: [UInt8]) async throws(FileError) {
        guard !bytes.isEmpty, !(await queue.add(bytes)) else { return }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// Waits until everything is written.
    ///
    /// - Throws: the error that a piece met.
    func finish() async throws(FileError) {
        queue.finish()
        await queue.closed()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
