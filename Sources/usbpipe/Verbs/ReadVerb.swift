// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe read`
struct ReadVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Reads from an endpoint of a device to standard output, or to a file.",
        discussion: """
            Reading goes on until as many bytes have come as --count says, or until it is interrupted. What the device \
            sends beyond that count in its last packet is dropped.
            """)

    @OptionGroup var pipe: PipeOptions
    @OptionGroup var host: HostOptions

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        let target = try pipe.file.map { try DataFile.create($0) } ?? console.output
        let report = try await pipe.withPipe(.in, on: session.controller) { anyPipe in
            let clock = session.controller.clock
            let settings = MoveSettings(pipe)
            if let bulk = anyPipe.inPipe(Bulk.self) {
                return await DataReader(pipe: bulk, clock: clock, settings: settings).run(target)
            } else if let interrupt = anyPipe.inPipe(Interrupt.self) {
                return await DataReader(pipe: interrupt, clock: clock, settings: settings).run(target)
            } else if let isochronous = anyPipe.inPipe(Isochronous.self) {
                return await IsochronousReader(pipe: isochronous, controller: session.controller, settings: settings)
                    .run(target)
            }
            throw ToolError(.badEndpoint, "endpoint \(anyPipe.endpoint.address) cannot be read from")
        }
        return console.tell(report, "read", json: pipe.json)
    }
}
