// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Bytes that only ever become more, in pieces that are never moved once written.
struct ChunkedBytes {
    /// The bytes of a piece: 1.4 seconds of 48 kHz stereo.
    static let chunkSize = 1 << 18

    /// The pieces; all but the last are full.
    private(set) var chunks: [[UInt8]] = []
    /// The bytes in all pieces.
    private(set) var count = 0

    /// Adds bytes at the end. Memory is allocated once for each piece.
    mutating func append(_ bytes: Span<UInt8>) {
        var rest = 0
        while rest < bytes.count {
            if count == chunks.count * ChunkedBytes.chunkSize {
                var chunk: [UInt8] = []
                chunk.reserveCapacity(ChunkedBytes.chunkSize)
                chunks.append(chunk)
            }
            let room = chunks.count * ChunkedBytes.chunkSize - count
            let piece = min(room, bytes.count - rest)
            chunks[chunks.count - 1].append(contentsOf: bytes.extracting(rest..<rest + piece))
            count += piece
            rest += piece
        }
    }

    /// All bytes in one array.
    var joined: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        for chunk in chunks { result.append(contentsOf: chunk) }
        return result
    }
}
