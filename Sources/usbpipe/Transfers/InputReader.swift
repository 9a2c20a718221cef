// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Dispatch

/// Reads a file or pipe on a thread of its own, a little ahead, so that the bus never waits for a blocking read.
final class InputReader: Sendable {
    private let queue: ByteQueue
    private let failure = Locked<FileError?>(nil)

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - pieceSize: bytes in each piece; only the last may be shorter. From a terminal a piece is a line.
    ///   - limit: the most bytes to read in all; nil for all there are.
    ///   - ahead: how many pieces are read before they are asked for.
    init(_ file: DataFile, pieceSize: Int, limit: Int?, ahead: Int = 4) {
        queue = ByteQueue(limit: ahead)
        let isInteractive = file.isTerminal
        DispatchQueue(label: "usbpipe input").async { [queue, self] in
            do throws(FileError) {
                try Self.read(file, into: queue, pieceSize: max(1, pieceSize), limit: limit ?? .max, isInteractive)
            } catch {
                failure.withLock { $0 = error }
            }
            queue.finish()
        }
    }

    /// The next piece; nil at the end, or when the task has been cancelled.
    func next() async throws(FileError) -> [UInt8]? {
        if let piece = await queue.next() { return piece }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return nil
    }

    /// Says that no more is wanted. A read that blocks is left to itself.
    func stop() { queue.close() }

    private static func read(
        _ file: DataFile, into queue: ByteQueue, pieceSize: Int, limit: Int, _ isInteractive: Bool
    ) throws(FileError) {
        var rest = limit
        while rest > 0 {
            let size = min(pieceSize, rest)
            var piece: [UInt8] = []
            piece.reserveCapacity(size)
            while piece.count < size {
                guard try file.read(upTo: size - piece.count, into: &piece) > 0 else {
                    rest = piece.count
                    break
                }
                if isInteractive { break }
            }
            rest -= piece.count
            guard !piece.isEmpty, queue.put(piece) else { return }
        }
    }
}
