// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import USB

/// `usbpipe control`
struct ControlVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "control", abstract: "Sends a control request to a device.",
        discussion: """
            With --length the device sends data, which are shown in hexadecimal; with --data or --file it is sent data; \
            with none of them there are no data. For example, the device descriptor:

              usbpipe control 0525:a4a0 --type standard --request 6 --value 0x100 --length 18
            """)

    /// Who defined the request.
    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
        case standard
        case `class`
        case vendor
    }

    /// What part of the device is addressed.
    enum Recipient: String, ExpressibleByArgument, CaseIterable, Sendable {
        case device
        case interface
        case endpoint
        case other
    }

    @Argument(
        help: ArgumentHelp("VID:PID, VID:PID:SERIAL, or the path that list shows.", valueName: "device"),
        transform: { try DeviceName(parsing: $0) })
    var device: DeviceName

    @Option(help: "Who defined the request.")
    var type = Kind.vendor

    @Option(help: "What part of the device is addressed; interface and endpoint are numbered by --index.")
    var recipient = Recipient.device

    @Option(help: "The request's code, 0 to 255.", transform: { try Field(parsing: $0, as: UInt8.self) })
    var request: Field<UInt8>

    @Option(help: "The request's value, 0 to 65535.", transform: { try Field(parsing: $0, as: UInt16.self) })
    var value = Field<UInt16>(number: 0)

    @Option(help: "The request's index, 0 to 65535.", transform: { try Field(parsing: $0, as: UInt16.self) })
    var index = Field<UInt16>(number: 0)

    @Option(
        help: ArgumentHelp("Ask the device for at most so many bytes.", valueName: "bytes"),
        transform: { try Field(parsing: $0, as: UInt16.self) })
    var length: Field<UInt16>?

    @Option(
        help: ArgumentHelp("Send these bytes, in hexadecimal.", valueName: "hex"),
        transform: { Bytes(bytes: try HexDump.parse($0)) })
    var data: Bytes?

    @Option(help: ArgumentHelp("Send the bytes of this file.", valueName: "path"))
    var file: String?

    @Flag(help: "Print the device's answer as it is instead of in hexadecimal.")
    var raw = false

    @Option(
        help: ArgumentHelp("How long the device may take, such as 500ms or 2s.", valueName: "time"),
        transform: { PipeOptions.Limit(duration: try Quantities.timeLimit($0)) })
    var timeout = PipeOptions.Limit(duration: Device.controlTimeout)

    @OptionGroup var claim: ClaimOptions

    @OptionGroup var host: HostOptions

    /// A number in a setup packet.
    struct Field<Number: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
        var number: Number

        init(number: Number) { self.number = number }

        init(parsing text: String, as type: Number.Type) throws(ArgumentError) {
            guard let number = Quantities.unsigned(text).flatMap(Number.init(exactly:)) else {
                throw ArgumentError(description: "give a number from 0 to \(Number.max), such as 16 or 0x10")
            }
            self.number = number
        }
    }

    /// Bytes to send.
    struct Bytes: Sendable {
        var bytes: [UInt8]
    }

    func validate() throws {
        let sources = [length != nil, data != nil, file != nil].count { $0 }
        guard sources <= 1 else { throw ValidationError("Give only one of --length, --data and --file.") }
    }

    func execute(_ session: HostSession, _ console: Console) async throws -> ExitStatus {
        guard !claim.detach || recipient == .interface else {
            throw ToolError(.badUsage, "--detach is for requests to an interface")
        }
        let payload = try outgoing()
        let setup = SetupPacket(
            requestType: RequestType(
                direction: length == nil ? .out : .in, kind: type.kind, recipient: recipient.recipient),
            request: request.number, value: value.number, index: index.number,
            length: length?.number ?? UInt16(clamping: payload.count))
        try Self.refuseReserved(setup)
        let description = try session.controller.device(named: device)
        let answer = try await session.controller.run { () async throws -> [UInt8]? in
            let device = try session.controller.open(description)
            // A request to an interface is for whoever has it.
            let interface =
                claim.detach && recipient == .interface
                ? try device.claim(UInt8(truncatingIfNeeded: index.number), detachingDriver: true) : nil
            defer { withExtendedLifetime(interface) {} }
            if length != nil { return try await device.read(setup, timeout: timeout.duration) }
            if payload.isEmpty {
                try await device.control(setup, timeout: timeout.duration)
            } else {
                _ = try await device.control(setup, sending: payload.span, timeout: timeout.duration)
            }
            return nil
        }
        if let answer {
            if raw { try console.output.write(answer) } else { try console.output.write(HexDump.lines(answer)) }
        }
        return .success
    }

    /// What is to be sent.
    private func outgoing() throws -> [UInt8] {
        let limit = Int(UInt16.max)
        let bytes = try file.map { try DataFile.open($0).readAll(limit: limit + 1) } ?? data?.bytes ?? []
        guard bytes.count <= limit else {
            throw ToolError(.badInput, "a control request carries at most \(limit) bytes")
        }
        return bytes
    }

    /// Refuses what would change the host's own view of the device, and says what to do instead.
    private static func refuseReserved(_ setup: SetupPacket) throws(ToolError) {
        switch setup.standardRequest {
        case .setAddress:
            throw ToolError(.badUsage, "\(setup): addresses are given by the host controller")
        case .setConfiguration:
            throw ToolError(.badUsage, "\(setup): use the option --configuration of read and write")
        case .setInterface:
            throw ToolError(.badUsage, "\(setup): use the option --alternate of read and write")
        default: break
        }
    }
}

extension ControlVerb.Kind {
    fileprivate var kind: RequestType.Kind {
        switch self {
        case .standard: .standard
        case .class: .class
        case .vendor: .vendor
        }
    }
}

extension ControlVerb.Recipient {
    fileprivate var recipient: RequestType.Recipient {
        switch self {
        case .device: .device
        case .interface: .interface
        case .endpoint: .endpoint
        case .other: .other
        }
    }
}
