// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file operation that the system refused.
struct FileError: Error, Equatable {
    /// What was being done.
    enum Operation: String, Sendable {
        case open
        case read
        case write
        case create
        case close
    }

    /// What was being done.
    var operation: Operation
    /// The file as the user named it, or "standard input" and the like.
    var name: String
    /// The system's error number (`errno`).
    var code: Int32

    /// Whether the output was closed by its reader, as `head` does.
    var isClosedOutput: Bool { code == EPIPE }
}

extension FileError: CustomStringConvertible {
    var description: String {
        // strerror returns a constant or thread-local string for every number, unknown ones too.
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return "cannot \(operation.rawValue) \(name.printable): \(reason)"
    }
}
