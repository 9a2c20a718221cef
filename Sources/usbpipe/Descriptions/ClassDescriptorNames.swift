// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// Names and meanings of the descriptors that device classes add to a configuration.
enum ClassDescriptorNames {
    /// The name of a descriptor, if it is known.
    ///
    /// - Parameter code: the class of the interface that it belongs to.
    static func name(_ descriptor: RawDescriptor, of code: ClassCode?) -> String? {
        let subtype = descriptor.payload.first ?? 0
        switch (code?.base, descriptor.type) {
        case (0x01, .classInterface):
            return audioInterface(subtype, subclass: code?.subclass ?? 0).map { "audio \($0)" }
        case (0x01, .classEndpoint): return subtype == 1 ? "audio endpoint" : nil
        case (0x02, .classInterface), (0x0A, .classInterface):
            return communications(subtype).map { "communications \($0)" }
        case (0x03, .hid): return "HID"
        case (0x0E, .classInterface):
            return video(subtype, subclass: code?.subclass ?? 0).map { "video \($0)" }
        default: return nil
        }
    }

    /// Audio 1.0 tables, MIDI 1.0 table A.1.
    private static func audioInterface(_ subtype: UInt8, subclass: UInt8) -> String? {
        switch (subclass, subtype) {
        case (1, 1), (3, 1): "header"
        case (1, 2): "input terminal"
        case (1, 3): "output terminal"
        case (1, 4): "mixer unit"
        case (1, 5): "selector unit"
        case (1, 6): "feature unit"
        case (1, 7): "processing unit"
        case (1, 8): "extension unit"
        case (2, 1): "stream"
        case (2, 2): "format"
        case (2, 3): "format details"
        case (3, 2): "MIDI input"
        case (3, 3): "MIDI output"
        default: nil
        }
    }

    /// CDC 1.2 table 13.
    private static func communications(_ subtype: UInt8) -> String? {
        switch subtype {
        case 0x00: "header"
        case 0x01: "call management"
        case 0x02: "abstract control management"
        case 0x06: "union"
        case 0x0F: "Ethernet networking"
        case 0x1A: "network control model"
        case 0x1B: "mobile broadband"
        default: nil
        }
    }

    /// Video 1.5 tables.
    private static func video(_ subtype: UInt8, subclass: UInt8) -> String? {
        switch (subclass, subtype) {
        case (1, 1): "header"
        case (1, 2): "input terminal"
        case (1, 3): "output terminal"
        case (1, 4): "selector unit"
        case (1, 5): "processing unit"
        case (1, 6): "extension unit"
        case (2, 1): "input header"
        case (2, 2): "output header"
        case (2, 4): "uncompressed format"
        case (2, 5): "uncompressed frame"
        case (2, 6): "MJPEG format"
        case (2, 7): "MJPEG frame"
        case (2, 0x0D): "colour matching"
        case (2, 0x10): "frame-based format"
        case (2, 0x11): "frame-based frame"
        default: nil
        }
    }

    /// What a descriptor says, for those of sound that can be read.
    static func meaning(_ descriptor: RawDescriptor, of code: ClassCode?) -> String? {
        guard code?.base == 0x01 else { return nil }
        if code?.subclass == ClassCode.audioStreaming.subclass {
            if let format = AudioFormat(descriptor) { return format.description }
            if let stream = AudioStreamingGeneral(descriptor) {
                let coding = stream.formatTag == AudioStreamingGeneral.pcm ? "PCM" : "coding \(stream.formatTag)"
                return "\(coding) for terminal \(stream.terminalLink)"
            }
            return nil
        }
        if let terminal = AudioInputTerminal(descriptor) { return "\(terminal.id): \(terminal.type)" }
        if let terminal = AudioOutputTerminal(descriptor) {
            return "\(terminal.id): \(terminal.type), from \(terminal.source)"
        }
        if let unit = AudioFeatureUnit(descriptor) { return "\(unit.id): from \(unit.source)" }
        return nil
    }
}
