// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

extension Device {
    /// Sets the rate where the endpoint lets it be set; elsewhere the setting has just one (Audio 1.0, 5.2.3.2.3.1).
    func setSampleRate(_ rate: Int, of setting: AudioStreamingFormat) async throws(USBError) {
        guard setting.hasSamplingFrequencyControl else { return }
        let bytes = AudioSampleRates.bytes(of: rate)
        try await control(
            .audioSamplingFrequency(.setCurrent, endpoint: setting.endpoint.address), sending: bytes.span)
    }
}
