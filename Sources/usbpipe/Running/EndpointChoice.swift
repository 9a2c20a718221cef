// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// The place of an endpoint in a configuration.
struct EndpointChoice: Equatable, Sendable {
    /// The endpoint with what belongs to it.
    var endpoint: EndpointLayout
    /// The number of its interface.
    var interface: UInt8
    /// The number of its alternate setting.
    var alternate: UInt8

    /// Finds an endpoint: in the lowest alternate setting that has it, unless one is named.
    ///
    /// - Throws: `ToolError` that names the endpoints there are.
    init(
        _ name: EndpointName, _ direction: Direction, alternate wanted: UInt8?, in configuration: Configuration
    ) throws(ToolError) {
        let all = Self.all(in: configuration)
        let address = EndpointAddress(rawValue: name.address)
        let here = all.filter { $0.endpoint.descriptor.address == address }
        if address.direction != direction {
            let mirrored = EndpointAddress(number: address.number, direction: direction)
            let isMirrored = all.contains { $0.endpoint.descriptor.address == mirrored }
            let (verb, other) = direction == .out ? ("write", "read") : ("read", "write")
            var message = "endpoint \(address) is an \(address.direction) endpoint, to \(other)"
            if isMirrored { message += "; to \(verb) there is \(mirrored)" }
            throw ToolError(.badEndpoint, message)
        }
        guard !here.isEmpty else {
            throw ToolError(
                .badEndpoint,
                "configuration \(configuration.value) has no endpoint \(address); it has \(Self.list(all))")
        }
        let candidates = here.filter { wanted == nil || $0.alternate == wanted }
        guard let choice = candidates.min(by: { $0.alternate < $1.alternate }) else {
            let settings = here.map { "\($0.alternate)" }.joined(separator: ", ")
            throw ToolError(
                .badEndpoint,
                "endpoint \(address) is not in alternate setting \(wanted ?? 0), but in \(settings)")
        }
        self = choice
        guard endpoint.descriptor.transferType != .control else {
            throw ToolError(
                .badEndpoint, "endpoint \(address) is for control transfers, which have no pipe to read or write")
        }
    }

    private init(_ endpoint: EndpointLayout, interface: UInt8, alternate: UInt8) {
        self.endpoint = endpoint
        self.interface = interface
        self.alternate = alternate
    }

    private static func all(in configuration: Configuration) -> [EndpointChoice] {
        configuration.interfaces.flatMap { interface in
            interface.alternateSettings.flatMap { setting in
                setting.endpoints.map {
                    EndpointChoice($0, interface: interface.number, alternate: setting.descriptor.alternateSetting)
                }
            }
        }
    }

    private static func list(_ all: [EndpointChoice]) -> String {
        var seen: Set<EndpointAddress> = []
        let names = all.map(\.endpoint.descriptor).filter { seen.insert($0.address).inserted }.map {
            "\($0.address) (\($0.transferType) \($0.direction))"
        }
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }
}
