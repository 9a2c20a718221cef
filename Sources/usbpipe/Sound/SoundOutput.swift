// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// The part of a device that takes 16-bit stereo sound at a given rate.
struct SoundOutput {
    /// The device.
    var device: DeviceDescription
    /// Its alternate setting for such sound.
    var setting: AudioStreamingFormat

    /// Bytes of one sample frame: two samples of 16 bits.
    static let bytesPerFrame = 4

    /// Finds the output of a device, or of the first device that has one.
    ///
    /// - Throws: `ToolError` that says what there is instead.
    init(_ name: DeviceName?, rate: Int, on controller: any HostController) throws {
        let devices = try name.map { [try controller.device(named: $0)] } ?? controller.devices()
        var rates: [Int] = []
        for device in devices {
            for setting in Self.settings(of: device) {
                if setting.format.rates.contains(rate) {
                    self.device = device
                    self.setting = setting
                    return
                }
                rates += Self.list(setting.format.rates)
            }
        }
        guard !rates.isEmpty else {
            let whose = name.map { "device \($0) has" } ?? "no device has"
            throw ToolError(.deviceNotFound, "\(whose) no output for 16-bit stereo sound (USB Audio 1.0)")
        }
        let list = Set(rates).sorted().map { "\($0) Hz" }.joined(separator: ", ")
        throw ToolError(.badInput, "the sound has \(rate) Hz; the device has \(list)")
    }

    private static func settings(of device: DeviceDescription) -> [AudioStreamingFormat] {
        device.configurations.filter { $0.value == device.activeConfiguration }
            .flatMap { AudioStreamingFormat.all(in: $0) }
            .filter { $0.direction == .out && $0.isPCM && $0.format.bytesPerFrame == bytesPerFrame }
            .filter { $0.format.channels == 2 && $0.format.bytesPerSample == 2 }
    }

    private static func list(_ rates: AudioSampleRates) -> [Int] {
        switch rates {
        case .discrete(let rates): rates
        case .continuous(let lower, let upper): [lower, upper]
        }
    }
}
