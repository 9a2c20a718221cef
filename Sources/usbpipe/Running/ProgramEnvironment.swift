// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The variables by which a program that uses the C library learns its bus and finds the library.
struct ProgramEnvironment: Equatable {
    /// The name of the library's file.
    static let libraryFile = "libswiftusb.so"
    /// Names the one device that discovery shows.
    static let deviceVariable = "USB_DEVICE"
    /// Allows that a driver of the system is detached.
    static let detachVariable = "USB_DETACH_DRIVER"
    /// The directories in which the dynamic linker looks first.
    static let libraryPathVariable = "LD_LIBRARY_PATH"

    /// The variables to set, in the order in which they are shown.
    private(set) var variables: [(name: String, value: String)] = []

    /// - Parameters:
    ///   - host: the bus.
    ///   - device: the one device that discovery is to show; nil for all.
    ///   - detachesDriver: whether a driver of the system may be detached.
    ///   - libraryDirectory: where the library's file is; nil when the linker finds it by itself.
    ///   - libraryPath: what is set already as directories of libraries.
    init(
        host: HostAddress, device: String? = nil, detachesDriver: Bool = false, libraryDirectory: String? = nil,
        libraryPath: String? = nil
    ) {
        variables.append((HostAddress.environmentVariable, "\(host)"))
        if let device { variables.append((Self.deviceVariable, device)) }
        if detachesDriver { variables.append((Self.detachVariable, "1")) }
        if let libraryDirectory {
            let rest = libraryPath.flatMap { $0.isEmpty ? nil : ":" + $0 } ?? ""
            variables.append((Self.libraryPathVariable, libraryDirectory + rest))
        }
    }

    static func == (left: ProgramEnvironment, right: ProgramEnvironment) -> Bool {
        left.variables.elementsEqual(right.variables, by: ==)
    }

    /// A line for each variable that a POSIX shell reads.
    var shellText: String {
        variables.map { "export \($0.name)='\($0.value.replacing("'", with: "'\\''"))'\n" }.joined()
    }

    /// Where the library's file is, seen from this program: beside it, as in a build folder, or in the `lib` beside its
    /// `bin`, as when installed. Nil when it is in neither.
    static func libraryDirectory(ofExecutable path: String, exists: (String) -> Bool) -> String? {
        let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let candidates = [directory.joined(separator: "/"), (directory.dropLast() + ["lib"]).joined(separator: "/")]
        return candidates.first { exists($0 + "/" + libraryFile) }
    }

    /// Replaces this program by another that sees the variables. Returns only when that fails, with the error's number.
    func replaceProgram(by arguments: [String]) -> Int32 {
        // Sound: no other thread of this program looks at the environment, and the strings live until the program is
        // replaced or the call has failed.
        for (name, value) in variables { unsafe setenv(name, value, 1) }
        var pointers = unsafe arguments.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        guard let file = unsafe pointers[0] else { return ENOMEM }
        unsafe execvp(file, pointers)
        let code = errno
        unsafe pointers.forEach { unsafe free($0) }
        return code
    }

    /// The file of this program.
    static var executablePath: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, count < buffer.count else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
