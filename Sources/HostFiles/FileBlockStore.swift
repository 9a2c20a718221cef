// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

package import VirtualUSB

/// The blocks of a virtual disk in a file, whose size is a whole number of them and stays as it is.
package final class FileBlockStore: BlockStore, Sendable {
    package let blockCount: Int
    package let isReadOnly: Bool
    private let file: DataFile

    /// Opens a file. One that may not be written gives a disk that is write-protected.
    ///
    /// - Throws: `FileError`, or `HostFilesError` for a file that cannot be a disk.
    package init(_ path: String) throws {
        (file, isReadOnly) = try DataFile.openForUpdate(path)
        guard let size = file.size, size > 0, size % Disk.blockSize == 0 else {
            throw HostFilesError.noDisk(file.name)
        }
        blockCount = size / Disk.blockSize
    }

    package func read(_ block: Int, into bytes: inout MutableSpan<UInt8>) throws(BlockStoreError) {
        do throws(FileError) { try file.read(into: &bytes, at: block * Disk.blockSize) } catch {
            throw BlockStoreError("\(error)")
        }
    }

    package func write(_ block: Int, from bytes: Span<UInt8>) throws(BlockStoreError) {
        do throws(FileError) { try file.overwrite([UInt8](copying: bytes), at: block * Disk.blockSize) } catch {
            throw BlockStoreError("\(error)")
        }
    }

    package func synchronize() throws(BlockStoreError) {
        do throws(FileError) { try file.synchronize() } catch { throw BlockStoreError("\(error)") }
    }
}
