// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// What `read` and `write` have in common.
struct PipeOptions: ParsableArguments, Sendable {
    @Argument(
        help: ArgumentHelp("VID:PID, VID:PID:SERIAL, or the path that list shows.", valueName: "device"),
        transform: { try DeviceName(parsing: $0) })
    var device: DeviceName

    @Argument(
        help: ArgumentHelp("The endpoint, such as 0x81, 1in or 2out.", valueName: "endpoint"),
        transform: { try EndpointName(parsing: $0) })
    var endpoint: EndpointName

    @Option(help: ArgumentHelp("A file to use instead of standard input or output.", valueName: "path"))
    var file: String?

    @Option(
        help: ArgumentHelp("The alternate setting; by default the lowest that has the endpoint.", valueName: "number"))
    var alternate: UInt8?

    @Option(help: ArgumentHelp("Select this configuration first.", valueName: "value"))
    var configuration: UInt8?

    @Option(
        help: ArgumentHelp(
            "How long the device may take for one transfer, such as 500ms or 2s; by default for ever.",
            valueName: "time"),
        transform: { try Limit(duration: Quantities.timeLimit($0)) })
    var timeout = Limit(duration: nil)

    @Option(
        help: ArgumentHelp("Stop after so many bytes, such as 4096 or 64K.", valueName: "bytes"),
        transform: { try Quantities.byteCount($0) })
    var count: Int?

    @Option(
        help: ArgumentHelp(
            "Isochronous only: start in that frame, as soon as possible (asap), or so many milliseconds from now (+10).",
            valueName: "frame|asap|+ms"),
        transform: { try StartTime(parsing: $0) })
    var at: StartTime?

    @Option(
        help: ArgumentHelp("Isochronous only: bytes in a packet; by default as many as fit.", valueName: "bytes"),
        transform: { try Quantities.byteCount($0) })
    var packetBytes: Int?

    @Flag(help: "Print the result on standard error as one line of JSON.")
    var json = false

    @OptionGroup var claim: ClaimOptions

    /// A time limit, or none. (An optional option could not tell "none" from its absence.)
    struct Limit: Sendable {
        var duration: Duration?
    }

    /// Checks what is for isochronous endpoints only.
    func check(against endpoint: EndpointInfo) throws(ToolError) {
        guard endpoint.type == .isochronous else {
            let option = at != nil ? "--at" : packetBytes != nil ? "--packet-bytes" : nil
            guard let option else { return }
            throw ToolError(
                .badUsage, "\(option) is for isochronous endpoints; \(endpoint.address) is \(endpoint.type)")
        }
        guard endpoint.maximumBytesPerInterval > 0 else {
            throw ToolError(
                .badEndpoint,
                "endpoint \(endpoint.address) carries nothing in alternate setting \(endpoint.alternateSetting)")
        }
        if let packetBytes, packetBytes < 1 || packetBytes > endpoint.maximumBytesPerInterval {
            throw ToolError(
                .badUsage,
                "packets of \(packetBytes) bytes do not fit: \(endpoint.address) takes 1 to "
                    + "\(endpoint.maximumBytesPerInterval)")
        }
    }

    /// Opens the pipe, runs `body` on the bus's executor, and gives the interface back.
    func withPipe(
        _ direction: Direction, on controller: any HostController,
        _ body: @Sendable (AnyPipe) async throws -> MoveReport
    ) async throws -> MoveReport {
        let description = try controller.device(named: device)
        return try await controller.run { () async throws -> MoveReport in
            let device = try controller.open(description)
            if let value = configuration, device.configuration?.value != value {
                try await device.selectConfiguration(value)
            }
            guard let layout = device.configuration else {
                throw ToolError(.badEndpoint, "the device is not configured; select one with --configuration")
            }
            let choice = try EndpointChoice(endpoint, direction, alternate: alternate, in: layout)
            let interface = try device.claim(choice.interface, detachingDriver: claim.detach)
            if choice.alternate != 0 || alternate != nil {
                try await interface.selectAlternateSetting(choice.alternate)
            }
            let result: Result<MoveReport, any Error>
            do {
                let pipe = try interface.pipe(choice.endpoint.descriptor.address)
                try check(against: pipe.endpoint)
                // A transfer waits for those before it; that is not the device's delay.
                pipe.policy.timeoutStart = .service
                result = .success(try await body(pipe))
            } catch {
                result = .failure(error)
            }
            await interface.giveBack()
            return try result.get()
        }
    }
}
