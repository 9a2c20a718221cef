// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB
import VirtualUSB

/// A bus opened for one verb, with the files that its address asks for.
final class HostSession: Sendable {
    /// The open bus.
    let host: OpenHost
    private let trace: TraceFile?

    /// The bus, to list and open devices on.
    var controller: any HostController { host.controller }

    /// Opens the bus.
    ///
    /// - Throws: `USBError`, `FileError` for a file that cannot be opened or created, `ToolError` for a disk that is no
    ///   disk and for a clock that nobody would move.
    init(_ address: HostAddress) throws {
        var traceName: String?
        var stores: [String: FileBlockStore] = [:]
        if case .virtual(let virtual) = address {
            guard virtual.clock != .manual else {
                throw ToolError(
                    .badUsage, "clock=manual is for programs that move the time; use clock=real or clock=free")
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
    init(_ host: OpenHost) {
        self.host = host
        trace = nil
    }

    /// Writes what is due at the end: the rest of the trace, and what the speakers heard.
    func finish() throws(FileError) {
        if let trace {
            host.virtual?.bus.setTrace(nil)
            try trace.finish()
        }
        for speaker in host.virtual?.speakers ?? [] {
            if let file = speaker.file { try HeardSound(speaker.attachment).save(as: file) }
        }
    }
}

/// What a virtual speaker has heard so far.
struct HeardSound {
    /// The sample frames per second.
    let rate: Int
    /// The samples: 16 bits each, little endian, left and right in turn.
    let samples: [UInt8]

    /// Takes a copy. The rate is that of the first sound, or the one that is set if there has been none.
    init(_ speaker: Attachment<Speaker>) {
        (rate, samples) = speaker.withPeripheral { ($0.sections.first?.sampleRate ?? $0.sampleRate, $0.heard) }
    }

    /// Writes a WAV file, which is one without sound if nothing was heard.
    func save(as path: String) throws(FileError) {
        var writer = try WAVWriter(DataFile.create(path), rate: rate, channels: Speaker.channels)
        try writer.write(samples)
        try writer.finish()
    }
}
