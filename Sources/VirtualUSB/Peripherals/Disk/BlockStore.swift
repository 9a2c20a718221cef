// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Why a store could not do what a disk asked of it. The host is told of a medium error.
public struct BlockStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a person is told.
    public var description: String

    /// Makes an error.
    public init(_ description: String) { self.description = description }
}

/// Where a ``Disk`` keeps its bytes: blocks of 512 bytes, numbered from 0.
///
/// Calls come one at a time, under the bus's lock, and with a block that exists.
public protocol BlockStore: AnyObject {
    /// The number of blocks. It does not change.
    var blockCount: Int { get }

    /// Whether blocks cannot be written: a disk on it is write-protected.
    var isReadOnly: Bool { get }

    /// Copies a block into `bytes`, which has 512.
    func read(_ block: Int, into bytes: inout MutableSpan<UInt8>) throws(BlockStoreError)

    /// Replaces a block by `bytes`, which has 512.
    func write(_ block: Int, from bytes: Span<UInt8>) throws(BlockStoreError)

    /// Makes what was written last beyond the end of the program.
    func synchronize() throws(BlockStoreError)
}

extension BlockStore {
    /// False.
    public var isReadOnly: Bool { false }
}

/// Blocks in memory, all zeros at first.
public final class MemoryBlockStore: BlockStore {
    /// The bytes of all blocks.
    public private(set) var bytes: [UInt8]

    /// Makes a store of so many blocks; fewer than one count as one.
    public init(blockCount: Int) { bytes = [UInt8](repeating: 0, count: max(1, blockCount) * Disk.blockSize) }

    /// The number of blocks.
    public var blockCount: Int { bytes.count / Disk.blockSize }

    /// Copies a block.
    public func read(_ block: Int, into buffer: inout MutableSpan<UInt8>) throws(BlockStoreError) {
        guard block >= 0, block < blockCount else { throw BlockStoreError("no block \(block)") }
        let offset = block * Disk.blockSize
        let all = bytes
        buffer.copyPrefix(of: all.span.extracting(offset..<offset + Disk.blockSize))
    }

    /// Replaces a block.
    public func write(_ block: Int, from contents: Span<UInt8>) throws(BlockStoreError) {
        guard block >= 0, block < blockCount else { throw BlockStoreError("no block \(block)") }
        bytes.replace(from: block * Disk.blockSize, with: contents)
    }

    /// Does nothing: memory does not outlive the program.
    public func synchronize() throws(BlockStoreError) {}
}
