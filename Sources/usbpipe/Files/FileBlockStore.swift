// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import VirtualUSB

/// The blocks of a virtual disk in a file, whose size is a whole number of them and stays as it is.
final class FileBlockStore: BlockStore, Sendable {
    let blockCount: Int
    let isReadOnly: Bool
    private let file: DataFile

    /// Opens a file. One that may not be written gives a disk that is write-protected.
    ///
    /// - Throws: `FileError`, or `ToolError` for a file that cannot be a disk.
    init(_ path: String) throws {
        (file, isReadOnly) = try DataFile.openForUpdate(path)
        guard let size = file.size, size > 0, size % Disk.blockSize == 0 else {
            throw ToolError(
                .badInput,
                "\(file.name) is no disk: that takes a file of at least one block of \(Disk.blockSize) bytes, and of whole ones"
            )
        }
        blockCount = size / Disk.blockSize
    }

    func read(_ block: Int, into bytes: inout MutableSpan<UInt8>) throws(BlockStoreError) {
        do throws(FileError) { try file.read(into: &bytes, at: block * Disk.blockSize) } catch {
            throw BlockStoreError("\(error)")
        }
    }

    func write(_ block: Int, from bytes: Span<UInt8>) throws(BlockStoreError) {
        do throws(FileError) { try file.overwrite([UInt8](copying: bytes), at: block * Disk.blockSize) } catch {
            throw BlockStoreError("\(error)")
        }
    }

    func synchronize() throws(BlockStoreError) {
        do throws(FileError) { try file.synchronize() } catch { throw BlockStoreError("\(error)") }
    }
}
