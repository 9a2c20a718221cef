// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Bytes that arrive in order and end: a file, a pipe, or bytes in memory.
package protocol ByteSource: Sendable {
    /// Appends at least one and at most `count` bytes, or none at the end of the source.
    ///
    /// - Returns: the number of bytes appended; 0 means the end (or that `count` was 0).
    mutating func read(upTo count: Int, into bytes: inout [UInt8]) throws(FileError) -> Int

    /// Bytes left before the end where the source knows; nil for pipes and terminals.
    var remaining: Int? { get }
}

/// An open file, pipe or terminal; the only place in this program that calls the system for them.
///
/// Interrupted calls are repeated, and a descriptor in non-blocking mode is waited for, so that `read` and `write`
/// have only three results: bytes moved, end of file, an error.
package final class DataFile: ByteSource {
    /// The system's number of the open file.
    package let descriptor: Int32
    /// The name for messages.
    package let name: String
    private let isOwned: Bool

    /// Takes a descriptor that is open already.
    ///
    /// - Parameter owned: whether to close it when this object goes.
    package init(descriptor: Int32, name: String, owned: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.isOwned = owned
    }

    deinit {
        if isOwned { _ = systemClose(descriptor) }
    }

    package static let standardInput = DataFile(descriptor: 0, name: "standard input", owned: false)
    package static let standardOutput = DataFile(descriptor: 1, name: "standard output", owned: false)
    package static let standardError = DataFile(descriptor: 2, name: "standard error", owned: false)

    /// Opens a file for reading. A directory is refused here rather than at the first read.
    package static func open(_ path: String) throws(FileError) -> DataFile {
        let descriptor = systemOpen(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(operation: .open, name: "'\(path)'", code: errno) }
        let file = DataFile(descriptor: descriptor, name: "'\(path)'", owned: true)
        if file.fileType == S_IFDIR { throw FileError(operation: .open, name: file.name, code: EISDIR) }
        return file
    }

    /// Creates a file for writing, or empties an existing one.
    package static func create(_ path: String) throws(FileError) -> DataFile {
        let descriptor = systemOpen(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(operation: .create, name: "'\(path)'", code: errno) }
        return DataFile(descriptor: descriptor, name: "'\(path)'", owned: true)
    }

    /// Opens a file for reading and writing at any place, or for reading alone if it may not be written.
    package static func openForUpdate(_ path: String) throws(FileError) -> (file: DataFile, isReadOnly: Bool) {
        let descriptor = systemOpen(path, O_RDWR | O_CLOEXEC)
        if descriptor >= 0 { return (DataFile(descriptor: descriptor, name: "'\(path)'", owned: true), false) }
        guard errno == EACCES || errno == EROFS || errno == EPERM else {
            throw FileError(operation: .open, name: "'\(path)'", code: errno)
        }
        return (try open(path), true)
    }

    /// The bytes of a regular file; nil for others.
    package var size: Int? { status.flatMap { $0.st_mode & S_IFMT == S_IFREG ? Int($0.st_size) : nil } }

    /// Whether a person looks at it.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// The terminal's width in characters, if it is a terminal that tells.
    package var terminalColumns: Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The position of the next byte, where the file has positions that can be written again.
    package var patchablePosition: Int? {
        // Linux appends what pwrite is given when the file was opened for appending.
        guard fileType == S_IFREG, fcntl(descriptor, F_GETFL) & O_APPEND == 0 else { return nil }
        let position = lseek(descriptor, 0, SEEK_CUR)
        return position >= 0 ? Int(position) : nil
    }

    package var remaining: Int? {
        guard let status, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let position = lseek(descriptor, 0, SEEK_CUR)
        // Files under /proc and /sys are regular ones of size 0 that have contents.
        guard position >= 0, status.st_size > 0 else { return nil }
        return max(0, Int(status.st_size) - Int(position))
    }

    private var status: stat? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? status : nil
    }

    private var fileType: mode_t? { status.map { $0.st_mode & S_IFMT } }

    package func read(upTo count: Int, into bytes: inout [UInt8]) throws(FileError) -> Int {
        guard count > 0 else { return 0 }
        while true {
            var result = 0
            var code: Int32 = 0
            bytes.append(addingCapacity: count) { span in
                // The buffer is the span's own free room, at least `count` bytes, and lives for the call.
                unsafe span.withUnsafeMutableBufferPointer { room, initialized in
                    result = unsafe systemRead(descriptor, room.baseAddress, count)
                    code = errno
                    initialized = max(0, result)
                }
            }
            if result >= 0 { return result }
            try waitOrThrow(code, .read, for: POLLIN)
        }
    }

    /// Writes all of the bytes.
    package func write(_ bytes: RawSpan) throws(FileError) {
        var done = 0
        while done < bytes.byteCount {
            var code: Int32 = 0
            let result = unsafe bytes.extracting(droppingFirst: done).withUnsafeBytes { rest in
                let result = unsafe systemWrite(descriptor, rest.baseAddress, rest.count)
                code = errno
                return result
            }
            if result >= 0 {
                done += result
            } else {
                try waitOrThrow(code, .write, for: POLLOUT)
            }
        }
    }

    /// Writes all of the bytes.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        // Viewing numbers as bytes is unsafe only for types with padding.
        try unsafe write(bytes.span.bytes)
    }

    /// Writes all of the text as UTF-8.
    package func write(_ text: String) throws(FileError) {
        try write(Array(text.utf8))
    }

    /// Writes over bytes that were written before, without moving the position of the next write.
    package func overwrite(_ bytes: [UInt8], at position: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let offset = off_t(clamping: position + done)
            var code: Int32 = 0
            let result = unsafe bytes[done...].withUnsafeBytes { rest in
                let result = unsafe pwrite(descriptor, rest.baseAddress, rest.count, offset)
                code = errno
                return result
            }
            if result >= 0 {
                done += result
            } else {
                try waitOrThrow(code, .write, for: POLLOUT)
            }
        }
    }

    /// Fills `bytes` with those from a position on.
    ///
    /// - Throws: an error also when the file ends before.
    package func read(into bytes: inout MutableSpan<UInt8>, at position: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            var code: Int32 = 0
            // The buffer is the span's own, and the call stays within it.
            let result = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let result = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(clamping: position + done))
                code = errno
                return result
            }
            if result > 0 {
                done += result
            } else if result == 0 {
                throw FileError(operation: .read, name: name, code: EIO)
            } else {
                try waitOrThrow(code, .read, for: POLLIN)
            }
        }
    }

    /// Makes what was written last beyond a failure of the machine.
    package func synchronize() throws(FileError) {
        while fsync(descriptor) != 0 {
            let code = errno
            guard code == EINTR else { throw FileError(operation: .write, name: name, code: code) }
        }
    }

    /// Reads what is left, but at most `limit` bytes.
    package func readAll(limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit, try read(upTo: min(1 << 16, limit - bytes.count), into: &bytes) > 0 {}
        return bytes
    }

    /// Returns if the call is worth repeating, after waiting if need be.
    private func waitOrThrow(_ code: Int32, _ operation: FileError.Operation, for events: Int32) throws(FileError) {
        switch code {
        case EINTR:
            return
        case EAGAIN:
            // Standard input and output may share an open file that another program made non-blocking.
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            _ = unsafe poll(&entry, 1, -1)
        default:
            throw FileError(operation: operation, name: name, code: code)
        }
    }
}

// The methods above have the names of these functions, which would hide them.

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
    unsafe open(path, flags, mode)
}

private func systemRead(_ descriptor: Int32, _ room: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
    unsafe read(descriptor, room, count)
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
