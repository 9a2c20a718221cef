// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// Puts together the interfaces of an audio function, with the lengths and numbers that its descriptors share
/// (Audio 1.0 sections 4.3 and 4.5).
public enum AudioClassDescriptors {
    /// The control interface, without endpoints. Its header is made here.
    ///
    /// - Parameters:
    ///   - interface: the control interface's number.
    ///   - streamingInterfaces: the streaming interfaces of the function.
    ///   - inputTerminals: where sound enters.
    ///   - featureUnits: what changes it.
    ///   - outputTerminals: where it leaves.
    ///   - name: the index of the interface's name, 0 for none.
    public static func control(
        interface: UInt8, streamingInterfaces: [UInt8], inputTerminals: [AudioInputTerminal],
        featureUnits: [AudioFeatureUnit], outputTerminals: [AudioOutputTerminal], name: UInt8 = 0
    ) -> InterfaceLayout {
        let body = inputTerminals.map(\.raw) + featureUnits.map(\.raw) + outputTerminals.map(\.raw)
        var header = AudioControlHeader(totalLength: 0, streamingInterfaces: streamingInterfaces)
        let length = ([header.raw] + body).reduce(0) { $0 + $1.bytes.count }
        header.totalLength = UInt16(clamping: length)
        return InterfaceLayout(
            number: interface,
            alternateSettings: [
                AlternateSetting(
                    descriptor: InterfaceDescriptor(
                        number: interface, interfaceClass: .audioControl, nameString: name),
                    extras: [header.raw] + body)
            ])
    }

    /// A streaming interface: setting 0 without endpoints, for silence, and setting 1 with one isochronous endpoint.
    ///
    /// - Parameters:
    ///   - interface: the streaming interface's number.
    ///   - general: the terminal that it leads to, and the coding.
    ///   - format: channels, sample size and sampling frequencies.
    ///   - endpoint: the endpoint's standard fields. The two bytes that Audio 1.0 adds (bRefresh and bSynchAddress,
    ///     table 4-20) are put behind them as 0, unless there are such bytes already.
    ///   - endpointGeneral: what can be set at the endpoint.
    ///   - name: the index of the interface's name, 0 for none.
    public static func streaming(
        interface: UInt8, general: AudioStreamingGeneral, format: AudioFormat, endpoint: EndpointDescriptor,
        endpointGeneral: AudioEndpointGeneral, name: UInt8 = 0
    ) -> InterfaceLayout {
        var endpoint = endpoint
        if endpoint.trailing.isEmpty { endpoint.trailing = [0, 0] }
        func header(_ alternate: UInt8) -> InterfaceDescriptor {
            InterfaceDescriptor(
                number: interface, alternateSetting: alternate, interfaceClass: .audioStreaming, nameString: name)
        }
        return InterfaceLayout(
            number: interface,
            alternateSettings: [
                AlternateSetting(descriptor: header(0)),
                AlternateSetting(
                    descriptor: header(1), extras: [general.raw, format.raw],
                    endpoints: [EndpointLayout(endpoint, extras: [endpointGeneral.raw])]),
            ])
    }
}
