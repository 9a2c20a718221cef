// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe write`
struct WriteVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Writes standard input, or a file, to an endpoint of a device.",
        discussion: """
            The input is cut into transfers, several of which are under way at a time. To an isochronous endpoint one \
            packet goes out in every service interval.
            """)

    @OptionGroup var pipe: PipeOptions
    @OptionGroup var host: HostOptions

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        let source = try pipe.file.map { try DataFile.open($0) } ?? console.input
        let report = try await pipe.withPipe(.out, on: session.controller) { anyPipe in
            let clock = session.controller.clock
            let settings = MoveSettings(pipe)
            if let bulk = anyPipe.outPipe(Bulk.self) {
                return await DataWriter(pipe: bulk, clock: clock, settings: settings).run(source)
            } else if let interrupt = anyPipe.outPipe(Interrupt.self) {
                return await DataWriter(pipe: interrupt, clock: clock, settings: settings).run(source)
            } else if let isochronous = anyPipe.outPipe(Isochronous.self) {
                return await IsochronousWriter(pipe: isochronous, controller: session.controller, settings: settings)
                    .run(source)
            }
            throw ToolError(.badEndpoint, "endpoint \(anyPipe.endpoint.address) cannot be written to")
        }
        return console.tell(report, "wrote", json: pipe.json)
    }
}
