// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// A feature unit's mute and volume for all channels together, and its answers to the requests for them
/// (Audio 1.0 section 5.2.2.4.3).
struct AudioFeatureControls {
    /// The unit's number.
    let unit: UInt8
    /// The control interface.
    let interface: UInt8
    /// The softest volume apart from silence.
    let minimum: AudioVolume
    /// The loudest volume.
    let maximum: AudioVolume
    /// The distance between volumes, in 1/256 dB; above 0.
    let resolution: Int16

    /// Whether the sound is off.
    private(set) var isMuted = false
    /// The volume.
    private(set) var volume = AudioVolume.unchanged

    init(unit: UInt8, interface: UInt8, minimum: AudioVolume, maximum: AudioVolume, resolution: Int16) {
        self.unit = unit
        self.interface = interface
        self.minimum = minimum
        self.maximum = maximum
        self.resolution = resolution
    }

    /// Sound on, at 0 dB.
    mutating func reset() {
        isMuted = false
        volume = .unchanged
    }

    /// Answers a request that asks; STALL for any that is not for this unit or cannot be answered.
    func answer(_ setup: SetupPacket) -> ControlReply {
        guard let control = control(of: setup), let request = AudioRequest(rawValue: setup.request) else {
            return .stall
        }
        switch (control, request) {
        case (.mute, .getCurrent): return .data([isMuted ? 1 : 0])
        case (.volume, .getCurrent): return .data(bytes(volume.rawValue))
        case (.volume, .getMinimum): return .data(bytes(minimum.rawValue))
        case (.volume, .getMaximum): return .data(bytes(maximum.rawValue))
        case (.volume, .getResolution): return .data(bytes(resolution))
        default: return .stall
        }
    }

    /// Obeys a request that sets; STALL for any that is not for this unit or has a value that cannot be. A volume
    /// between two steps is rounded to the nearer.
    mutating func obey(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        guard let control = control(of: setup), setup.request == AudioRequest.setCurrent.rawValue,
            received.count == control.valueSize
        else { return .stall }
        if control == .mute {
            isMuted = received[0] != 0
            return .accepted
        }
        let wanted = AudioVolume(rawValue: Int16(bitPattern: UInt16(received[0]) | UInt16(received[1]) << 8))
        if wanted == .silence {
            volume = wanted
            return .accepted
        }
        guard wanted >= minimum, wanted <= maximum else { return .stall }
        let steps = (Int(wanted.rawValue) - Int(minimum.rawValue) + Int(resolution) / 2) / Int(resolution)
        let rounded = Int(minimum.rawValue) + steps * Int(resolution)
        volume = AudioVolume(rawValue: Int16(min(rounded, Int(maximum.rawValue))))
        return .accepted
    }

    private func control(of setup: SetupPacket) -> AudioControl? {
        guard setup.requestType.kind == .class, setup.requestType.recipient == .interface,
            setup.index == UInt16(unit) << 8 | UInt16(interface), setup.value & 0xFF == 0
        else { return nil }
        let selector = UInt8(setup.value >> 8)
        return [AudioControl.mute, .volume].first { $0.selector == selector }
    }

    private func bytes(_ value: Int16) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    }
}
