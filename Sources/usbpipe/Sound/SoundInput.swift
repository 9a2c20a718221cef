// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// The part of a device that gives 16-bit sound in mono or stereo.
struct SoundInput {
    /// The device.
    var device: DeviceDescription
    /// Its alternate setting for such sound.
    var setting: AudioStreamingFormat
    /// Sample frames per second.
    var rate: Int

    /// Bytes of one sample frame: a sample of 16 bits for each channel.
    var bytesPerFrame: Int { setting.format.bytesPerFrame }

    /// The rate that is taken where the device has it and none was asked for.
    private static let usualRate = 48_000

    /// Finds the input of a device, or of the first device that has one.
    ///
    /// - Parameter rate: sample frames per second; nil for 48,000 Hz or else the highest of the device.
    /// - Throws: `ToolError` that says what there is instead.
    init(_ name: DeviceName?, rate: Int?, on controller: any HostController) throws {
        let devices = try name.map { [try controller.device(named: $0)] } ?? controller.devices()
        var rates: [Int] = []
        for device in devices {
            for setting in Self.settings(of: device) {
                let list = Self.list(setting.format.rates)
                let wanted = rate ?? (setting.format.rates.contains(Self.usualRate) ? Self.usualRate : list.max())
                if let wanted, setting.format.rates.contains(wanted) {
                    self.device = device
                    self.setting = setting
                    self.rate = wanted
                    return
                }
                rates += list
            }
        }
        guard !rates.isEmpty else {
            let whose = name.map { "device \($0) has" } ?? "no device has"
            throw ToolError(.deviceNotFound, "\(whose) no input of 16-bit sound in mono or stereo (USB Audio 1.0)")
        }
        let list = Set(rates).sorted().map { "\($0) Hz" }.joined(separator: ", ")
        throw ToolError(.badInput, "\(rate ?? 0) Hz cannot be recorded; the device has \(list)")
    }

    private static func settings(of device: DeviceDescription) -> [AudioStreamingFormat] {
        device.configurations.filter { $0.value == device.activeConfiguration }
            .flatMap { AudioStreamingFormat.all(in: $0) }
            .filter { $0.direction == .in && $0.isPCM && $0.format.bytesPerSample == 2 }
            .filter { (1...2).contains($0.format.channels) }
    }

    private static func list(_ rates: AudioSampleRates) -> [Int] {
        switch rates {
        case .discrete(let rates): rates
        case .continuous(let lower, let upper): [lower, upper]
        }
    }
}
