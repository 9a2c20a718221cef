// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

package import USB
import VirtualUSB

/// A bus opened by its address, with the files that the address asks for.
package final class HostSession: Sendable {
    /// The open bus.
    package let host: OpenHost
    private let trace: TraceFile?

    /// The bus, to list and open devices on.
    package var controller: any HostController { host.controller }

    /// Opens the bus.
    ///
    /// - Throws: `USBError`, `FileError` for a file that cannot be opened or created, `HostFilesError` for a disk that is no
    ///   disk and for a clock that nobody would move.
    package init(_ address: HostAddress) throws {
        var traceName: String?
        var stores: [String: FileBlockStore] = [:]
        if case .virtual(let virtual) = address {
            guard virtual.clock != .manual else {
                throw HostFilesError.clockOfNobody
            }
            traceName = virtual.trace
            for case .disk(let file?) in virtual.devices where stores[file] == nil {
                stores[file] = try FileBlockStore(file)
            }
        }
        let trace = try traceName.map { TraceFile(try DataFile.create($0)) }
        self.trace = trace
        let opened = stores
        host = try address.open { file throws(USBError) in
            guard let store = opened[file] else { throw USBError(.notFound, message: "'\(file)' is not open") }
            return store
        }
        if let trace {
            host.virtual?.bus.setTrace { trace.append($0.description) }
        }
    }

    /// Takes a bus that is open already.
    package init(_ host: OpenHost) {
        self.host = host
        trace = nil
    }

    /// Writes what is due at the end: the rest of the trace, and what the speakers heard.
    package func finish() throws(FileError) {
        if let trace {
            host.virtual?.bus.setTrace(nil)
            try trace.finish()
        }
        for speaker in host.virtual?.speakers ?? [] {
            if let file = speaker.file { try HeardSound(speaker.attachment).save(as: file) }
        }
    }
}
