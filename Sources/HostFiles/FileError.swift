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
package struct FileError: Error, Equatable {
    /// What was being done.
    package enum Operation: String, Sendable {
        case open
        case read
        case write
        case create
        case close
        case run
    }

    /// What was being done.
    package var operation: Operation
    /// The file as the user named it, or "standard input" and the like.
    package var name: String
    /// The system's error number (`errno`).
    package var code: Int32

    package init(operation: Operation, name: String, code: Int32) {
        self.operation = operation
        self.name = name
        self.code = code
    }

    /// Whether the output was closed by its reader, as `head` does.
    package var isClosedOutput: Bool { code == EPIPE }
}

extension FileError: CustomStringConvertible {
    package var description: String {
        // strerror returns a constant or thread-local string for every number, unknown ones too.
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return "cannot \(operation.rawValue) \(name.printable): \(reason)"
    }
}
