// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Bytes in memory, read like a file.
package struct MemorySource: ByteSource {
    private var rest: ArraySlice<UInt8>
    private let chunk: Int
    private let knowsLength: Bool

    /// - Parameters:
    ///   - bytes: what there is to read.
    ///   - chunk: the most that one read returns, as a pipe returns less than was asked for.
    ///   - knowsLength: whether `remaining` answers, as it does for a file and does not for a pipe.
    package init(_ bytes: [UInt8], chunk: Int = .max, knowsLength: Bool = true) {
        self.rest = bytes[...]
        self.chunk = max(1, chunk)
        self.knowsLength = knowsLength
    }

    package var remaining: Int? { knowsLength ? rest.count : nil }

    package mutating func read(upTo count: Int, into bytes: inout [UInt8]) throws(FileError) -> Int {
        let part = rest.prefix(max(0, min(count, chunk)))
        bytes.append(contentsOf: part)
        rest = rest.dropFirst(part.count)
        return part.count
    }
}
