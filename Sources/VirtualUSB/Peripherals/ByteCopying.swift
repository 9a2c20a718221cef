// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension MutableSpan where Element == UInt8 {
    /// Copies bytes to the start of the span, as many as fit; empty spans are no harm.
    ///
    /// - Returns: how many were copied.
    @discardableResult
    mutating func copyPrefix(of bytes: Span<UInt8>) -> Int {
        let count = Swift.min(count, bytes.count)
        // Sound: both buffers are of bytes and at least `count` long, and the spans keep them alive for the call.
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
            }
        }
        return count
    }
}

extension Span where Element == UInt8 {
    /// Whether all bytes are the same as the first ones of `pattern`, which must not be shorter. Eight bytes are
    /// compared at a time.
    func isPrefix(of pattern: Span<UInt8>) -> Bool {
        guard count <= pattern.count else { return false }
        // Sound: every load lies below `count`, which neither buffer is shorter than; any bits make an integer.
        return unsafe withUnsafeBytes { mine in
            unsafe pattern.withUnsafeBytes { theirs in
                var offset = 0
                while offset &+ 8 <= mine.count {
                    let left = unsafe mine.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    let right = unsafe theirs.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    guard left == right else { return false }
                    offset &+= 8
                }
                while offset < mine.count {
                    guard unsafe mine[offset] == theirs[offset] else { return false }
                    offset &+= 1
                }
                return true
            }
        }
    }
}

extension [UInt8] {
    /// Replaces the bytes from `offset` on; what would stand outside the array is left out.
    mutating func replace(from offset: Int, with bytes: Span<UInt8>) {
        guard indices.contains(offset) else { return }
        let count = Swift.min(count - offset, bytes.count)
        // Sound: `offset + count` is at most the array's count, and `count` at most the span's.
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
            }
        }
    }

    /// Appends the bytes of a span in one copy.
    mutating func append(contentsOf bytes: Span<UInt8>) {
        // Sound: the buffer is only read, and the span keeps it alive for the call.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
