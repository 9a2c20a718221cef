// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A text file that lines are added to from any thread. They are collected, so that one that is added at a bad moment
/// costs little.
package final class TraceFile: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var failure: FileError?
    }

    private let file: DataFile
    private let state = Locked(State())
    private static let pieceSize = 1 << 16

    package init(_ file: DataFile) {
        self.file = file
    }

    /// Adds a line. An error is kept for `finish`.
    package func append(_ line: String) {
        state.withLock { state in
            guard state.failure == nil else { return }
            state.pending.append(contentsOf: line.utf8)
            state.pending.append(UInt8(ascii: "\n"))
            if state.pending.count >= Self.pieceSize { write(&state) }
        }
    }

    /// Writes what is left.
    ///
    /// - Throws: the first error since the file was created.
    package func finish() throws(FileError) {
        let failure = state.withLock { state in
            if state.failure == nil { write(&state) }
            return state.failure
        }
        if let failure { throw failure }
    }

    private func write(_ state: inout State) {
        do throws(FileError) {
            try file.write(state.pending)
        } catch {
            state.failure = error
        }
        state.pending.removeAll(keepingCapacity: true)
    }
}
