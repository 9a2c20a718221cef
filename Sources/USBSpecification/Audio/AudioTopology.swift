// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The inside of an audio function: its terminals and units, and which of them feeds which, as the class-specific
/// descriptors of its control interface tell (Audio 1.0 sections 3.5 and 4.3.2).
///
/// The descriptors come from a device and may be wrong. Those that cannot be read are passed over; of two with the same
/// number the first counts; a unit that feeds itself is no harm.
public struct AudioTopology: Hashable, Sendable {
    /// The number of the control interface, to which requests to units go.
    public let controlInterface: UInt8
    /// The header; nil if the device has none that can be read.
    public let header: AudioControlHeader?
    /// The terminals where sound enters the function, in the order of their descriptors.
    public let inputTerminals: [AudioInputTerminal]
    /// The terminals where sound leaves the function, in the order of their descriptors.
    public let outputTerminals: [AudioOutputTerminal]
    /// The units for volume, tone and the like, in the order of their descriptors.
    public let featureUnits: [AudioFeatureUnit]

    /// From a terminal or unit to those that feed it.
    private let sources: [UInt8: [UInt8]]
    /// From a terminal or unit to those that it feeds.
    private let sinks: [UInt8: [UInt8]]

    /// Reads a control interface; nil if the setting is not one, or is of a later version of the class.
    public init?(_ setting: AlternateSetting) {
        guard setting.descriptor.interfaceClass == .audioControl else { return nil }
        controlInterface = setting.descriptor.number
        var header: AudioControlHeader?
        var inputs: [AudioInputTerminal] = []
        var outputs: [AudioOutputTerminal] = []
        var features: [AudioFeatureUnit] = []
        var sources: [UInt8: [UInt8]] = [:]

        func isNew(_ id: UInt8, fedBy feeders: [UInt8]) -> Bool {
            guard id != 0, sources[id] == nil else { return false }
            sources[id] = feeders
            return true
        }
        for raw in setting.extras {
            if let found = AudioControlHeader(raw) {
                header = header ?? found
            } else if let terminal = AudioInputTerminal(raw) {
                if isNew(terminal.id, fedBy: []) { inputs.append(terminal) }
            } else if let terminal = AudioOutputTerminal(raw) {
                if isNew(terminal.id, fedBy: [terminal.source]) { outputs.append(terminal) }
            } else if let unit = AudioFeatureUnit(raw) {
                if isNew(unit.id, fedBy: [unit.source]) { features.append(unit) }
            } else if let unit = AudioJunction(raw) {
                _ = isNew(unit.id, fedBy: unit.sources)
            }
        }
        var sinks: [UInt8: [UInt8]] = [:]
        for (id, feeders) in sources.sorted(by: { $0.key < $1.key }) {
            for feeder in feeders { sinks[feeder, default: []].append(id) }
        }
        self.header = header
        inputTerminals = inputs
        outputTerminals = outputs
        featureUnits = features
        self.sources = sources
        self.sinks = sinks
    }

    /// The feature unit nearest to a terminal, on the way that its sound takes: forward from an input terminal, back
    /// from an output terminal. Nil if there is none.
    public func featureUnit(nearest terminal: UInt8) -> AudioFeatureUnit? {
        for id in reached(from: terminal) {
            if let unit = featureUnits.first(where: { $0.id == id }) { return unit }
        }
        return nil
    }

    /// What stands at the other end of a terminal's sound: for a terminal that takes sound from USB for example a
    /// speaker. Nearest first; empty if the terminal does not exist or leads nowhere.
    public func farTerminals(of terminal: UInt8) -> [AudioTerminalType] {
        let startsAtInput = inputTerminals.contains { $0.id == terminal }
        return reached(from: terminal).compactMap { id in
            startsAtInput
                ? outputTerminals.first { $0.id == id }?.type : inputTerminals.first { $0.id == id }?.type
        }
    }

    /// Everything that can be reached from a terminal in the direction of its sound, nearest first.
    private func reached(from terminal: UInt8) -> [UInt8] {
        let edges = inputTerminals.contains { $0.id == terminal } ? sinks : sources
        var reached = [terminal]
        var seen: Set<UInt8> = [terminal]
        var next = 0
        while next < reached.count {
            for id in edges[reached[next]] ?? [] where seen.insert(id).inserted { reached.append(id) }
            next += 1
        }
        return Array(reached.dropFirst())
    }
}

/// A mixer, selector, processing or extension unit, of which only the way of the sound matters here
/// (Audio 1.0 tables 4-5, 4-6, 4-8 and 4-15).
private struct AudioJunction {
    let id: UInt8
    let sources: [UInt8]

    init?(_ raw: RawDescriptor) {
        for (subtype, countOffset) in AudioJunction.kinds {
            guard let fields = AudioFields(raw, type: .classInterface, subtype: subtype, length: countOffset + 1) else {
                continue
            }
            id = fields.byte(3)
            sources = fields.bytes(countOffset + 1, count: Int(fields.byte(countOffset)))
            return
        }
        return nil
    }

    /// Where bNrInPins stands in each kind of unit.
    private static let kinds: [(subtype: UInt8, countOffset: Int)] = [
        (AudioSubtype.mixerUnit, 4), (AudioSubtype.selectorUnit, 4), (AudioSubtype.processingUnit, 6),
        (AudioSubtype.extensionUnit, 6),
    ]
}
