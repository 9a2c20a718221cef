// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// What a ``Speaker`` says about itself.
enum SpeakerDescriptors {
    static let controlInterface: UInt8 = 0
    static let streamingInterface: UInt8 = 1
    /// 48 samples of both channels a frame, and one more: an adaptive endpoint must take a source that runs fast.
    static let packetSize = (48 + 1) * Speaker.bytesPerFrame

    private static let inputTerminal: UInt8 = 1
    private static let featureUnit: UInt8 = 2
    private static let outputTerminal: UInt8 = 3

    /// From -60 dB to 0 dB in steps of half a decibel.
    static var featureControls: AudioFeatureControls {
        AudioFeatureControls(
            unit: featureUnit, interface: controlInterface, minimum: AudioVolume(decibels: -60),
            maximum: .unchanged, resolution: 128)
    }

    static func model(serialNumber: String) -> PeripheralModel {
        PeripheralModel(
            speed: .full,
            device: DeviceDescriptor(
                usbRelease: 0x0110, vendorID: 0x1209, productID: 0x0001, manufacturerString: 1, productString: 2,
                serialNumberString: 3),
            configurations: [Configuration(interfaces: [control, streaming])],
            strings: [1: "swift-usb", 2: "Virtual Speaker", 3: serialNumber])
    }

    private static var control: InterfaceLayout {
        AudioClassDescriptors.control(
            interface: controlInterface, streamingInterfaces: [streamingInterface],
            inputTerminals: [
                // The two channels are left front and right front.
                AudioInputTerminal(
                    id: inputTerminal, type: .usbStreaming, channels: UInt8(Speaker.channels), channelPlaces: 0x0003)
            ],
            featureUnits: [
                AudioFeatureUnit(
                    id: featureUnit, source: inputTerminal, master: [.mute, .volume], channels: [[], []])
            ],
            outputTerminals: [AudioOutputTerminal(id: outputTerminal, type: .speaker, source: featureUnit)])
    }

    private static var streaming: InterfaceLayout {
        AudioClassDescriptors.streaming(
            interface: streamingInterface, general: AudioStreamingGeneral(terminalLink: inputTerminal),
            format: AudioFormat(
                channels: UInt8(Speaker.channels), bytesPerSample: 2, bitResolution: 16,
                rates: .discrete(Speaker.sampleRates)),
            endpoint: EndpointDescriptor(
                address: Speaker.endpoint, transferType: .isochronous, maximumPacketSize: packetSize, interval: 1,
                synchronization: .adaptive),
            endpointGeneral: AudioEndpointGeneral(attributes: .samplingFrequency))
    }
}
