// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct AudioRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

/// Devices whose descriptors are known byte by byte.
enum AudioExamples {
    /// The microphone of Audio 1.0 appendix B.1: one channel of 16 bits at 8,000 Hz.
    static let microphone: [UInt8] = [
        // Configuration, control interface.
        0x09, 0x02, 0x64, 0x00, 0x02, 0x01, 0x00, 0x80, 0x32,
        0x09, 0x04, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00,
        0x09, 0x24, 0x01, 0x00, 0x01, 0x1E, 0x00, 0x01, 0x01,
        0x0C, 0x24, 0x02, 0x01, 0x01, 0x02, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
        0x09, 0x24, 0x03, 0x02, 0x01, 0x01, 0x00, 0x01, 0x00,
        // Streaming interface: silence, and sound.
        0x09, 0x04, 0x01, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00,
        0x09, 0x04, 0x01, 0x01, 0x01, 0x01, 0x02, 0x00, 0x00,
        0x07, 0x24, 0x01, 0x02, 0x01, 0x01, 0x00,
        0x0B, 0x24, 0x02, 0x01, 0x01, 0x02, 0x10, 0x01, 0x40, 0x1F, 0x00,
        0x09, 0x05, 0x81, 0x01, 0x10, 0x00, 0x01, 0x00, 0x00,
        0x07, 0x25, 0x01, 0x00, 0x00, 0x00, 0x00,
    ]

    /// A headset with an asynchronous output, at interfaces 2 to 4: a feature unit for two channels without a master
    /// on the way out, a selector and a feature unit on the way in, both rates of the way in continuous.
    static let headset = Configuration(interfaces: [
        InterfaceLayout(
            number: 2,
            alternateSettings: [
                AlternateSetting(
                    descriptor: InterfaceDescriptor(number: 2, interfaceClass: .audioControl),
                    extras: [
                        AudioControlHeader(totalLength: 84, streamingInterfaces: [3, 4]).raw,
                        AudioInputTerminal(id: 1, type: .usbStreaming, channels: 2, channelPlaces: 3).raw,
                        AudioFeatureUnit(id: 2, source: 1, master: .mute, channels: [.volume, .volume]).raw,
                        AudioOutputTerminal(id: 3, type: .headphones, source: 2).raw,
                        AudioInputTerminal(id: 4, type: .microphone, channels: 1, channelPlaces: 0).raw,
                        RawDescriptor(type: .classInterface, payload: [0x05, 5, 1, 4, 0]),
                        AudioFeatureUnit(id: 6, source: 5, master: [.mute, .volume, .automaticGain], channels: []).raw,
                        AudioOutputTerminal(id: 7, type: .usbStreaming, source: 6).raw,
                    ])
            ]),
        InterfaceLayout(
            number: 3,
            alternateSettings: [
                AlternateSetting(descriptor: InterfaceDescriptor(number: 3, interfaceClass: .audioStreaming)),
                AlternateSetting(
                    descriptor: InterfaceDescriptor(number: 3, alternateSetting: 1, interfaceClass: .audioStreaming),
                    extras: [
                        AudioStreamingGeneral(terminalLink: 1).raw,
                        AudioFormat(
                            channels: 2, bytesPerSample: 3, bitResolution: 24,
                            rates: .discrete([44_100, 48_000, 96_000])
                        ).raw,
                    ],
                    endpoints: [
                        EndpointLayout(
                            EndpointDescriptor(
                                address: 0x01, transferType: .isochronous, maximumPacketSize: 582, interval: 1,
                                synchronization: .asynchronous, trailing: [0, 0x81]),
                            extras: [AudioEndpointGeneral(attributes: [.samplingFrequency, .pitch]).raw]),
                        EndpointLayout(
                            EndpointDescriptor(
                                address: 0x81, transferType: .isochronous, maximumPacketSize: 3, interval: 1,
                                trailing: [2, 0])),
                    ]),
            ]),
        InterfaceLayout(
            number: 4,
            alternateSettings: [
                AlternateSetting(descriptor: InterfaceDescriptor(number: 4, interfaceClass: .audioStreaming)),
                AlternateSetting(
                    descriptor: InterfaceDescriptor(number: 4, alternateSetting: 1, interfaceClass: .audioStreaming),
                    extras: [
                        AudioStreamingGeneral(terminalLink: 7).raw,
                        AudioFormat(
                            channels: 1, bytesPerSample: 2, bitResolution: 16,
                            rates: .continuous(lower: 8000, upper: 48_000)
                        ).raw,
                    ],
                    endpoints: [
                        EndpointLayout(
                            EndpointDescriptor(
                                address: 0x82, transferType: .isochronous, maximumPacketSize: 98, interval: 1,
                                synchronization: .adaptive, trailing: [0, 0]),
                            extras: [
                                AudioEndpointGeneral(
                                    attributes: .maximumPacketsOnly, lockDelayUnit: .samples, lockDelay: 500
                                ).raw
                            ])
                    ]),
            ]),
    ])
}
