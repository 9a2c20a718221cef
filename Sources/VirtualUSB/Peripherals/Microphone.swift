// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A microphone that hears a known tone: USB Audio 1.0 at full speed, 16-bit stereo at 44,100 or 48,000 Hz.
///
/// Interface 0 controls the function: an input terminal that is a microphone and an output terminal that leads to USB.
/// Interface 1 carries the sound: setting 0 has no endpoint, setting 1 the synchronous isochronous endpoint IN 0x81,
/// which sends up to 192 bytes every frame (48 samples). The sampling frequency is set at the endpoint, and is 48,000 Hz
/// after a reset.
///
/// What it sends is ``sample(_:channel:rate:)``, sample after sample, beginning with number 0 in the first frame in which
/// the host asks after setting 1 was selected or the frequency changed. Sound goes on while nobody asks: the samples of a
/// frame without an IN token are lost, and what comes next tells by its tone how many they were.
///
/// The identity 1209:0002 is one of those that pid.codes sets aside for tests; it must not be used for a device that
/// leaves the house.
public final class Microphone: Peripheral {
    /// The sampling frequencies, in Hz.
    public static let sampleRates = [44_100, 48_000]
    /// The number of channels.
    public static let channels = 2
    /// The bytes of a sample of both channels.
    public static let bytesPerFrame = 4
    /// The endpoint that sends the sound.
    public static let endpoint: EndpointAddress = 0x81
    /// The frequencies of the tones left and right, in Hz. They have no common divisor, so that at no two places within
    /// a second both channels are at the same point of their waves.
    public static let frequencies = [440, 331]
    /// The largest sample; the smallest is its negative.
    public static let amplitude = 12_000

    /// What the device is.
    public let model: PeripheralModel
    /// The sampling frequency that is set, in Hz.
    public private(set) var sampleRate = 48_000
    /// Whether setting 1 of the streaming interface is selected.
    public private(set) var isStreaming = false
    /// Packets sent since the device was made.
    public private(set) var packetsSent = 0
    /// Frames between two packets of a stream in which the host did not ask, since the device was made.
    public private(set) var framesLost = 0

    private var plans: [Int: SampleRatePlan] = [:]
    private var firstFrame: Frame?
    private var lastFrame: Frame?

    /// Makes a microphone.
    ///
    /// - Parameter serialNumber: tells one microphone from another.
    public init(serialNumber: String = "VM0001") {
        model = Microphone.model(serialNumber: serialNumber)
        for rate in Microphone.sampleRates {
            plans[rate] = SampleRatePlan(rate: rate, bytesPerSampleFrame: Microphone.bytesPerFrame, interval: .frame)
        }
    }

    // MARK: the tone

    /// A sample of the tone: half waves that are parabolas, near enough to a sine, computed in integers alone.
    ///
    /// - Parameters:
    ///   - index: the sample's number in its stream, of any sign.
    ///   - channel: 0 for left, any other for right.
    ///   - rate: the sampling frequency in Hz, at least 2.
    public static func sample(_ index: Int64, channel: Int, rate: Int) -> Int16 {
        let rate = Int64(max(2, min(rate, 1 << 20)))
        var phase = index % rate * Int64(frequencies[channel == 0 ? 0 : 1]) % rate
        if phase < 0 { phase += rate }
        // In units of half a period's `rate`-th part, so that odd rates have their middle too.
        let place = 2 * phase % rate
        let height = 4 * Int64(amplitude) * place * (rate - place) / (rate * rate)
        return Int16(truncatingIfNeeded: 2 * phase < rate ? height : -height)
    }

    /// The bytes of a run of samples as they are sent: low byte first, left and right in turn.
    public static func bytes(ofSamples samples: Range<Int64>, rate: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(samples.count * bytesPerFrame)
        for index in samples {
            for channel in 0..<channels {
                let value = UInt16(bitPattern: sample(index, channel: channel, rate: rate))
                bytes.append(UInt8(truncatingIfNeeded: value))
                bytes.append(UInt8(truncatingIfNeeded: value >> 8))
            }
        }
        return bytes
    }

    // MARK: what the bus says

    /// Stops the stream and returns to 48,000 Hz.
    public func reset() {
        configurationSelected(0)
        sampleRate = 48_000
    }

    /// Stops the stream.
    public func configurationSelected(_ value: UInt8) { begin(false) }

    /// Starts a stream with setting 1, or ends it with setting 0.
    public func alternateSettingSelected(_ alternate: UInt8, interface: UInt8) {
        if interface == Microphone.streamingInterface { begin(alternate == 1) }
    }

    private func begin(_ isOn: Bool) {
        isStreaming = isOn
        firstFrame = nil
        lastFrame = nil
    }

    /// Sets the sampling frequency. One that the format does not list is refused with STALL.
    public func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        guard isForRate(setup), setup.request == AudioRequest.setCurrent.rawValue,
            let rate = AudioSampleRates.rate(received), Microphone.sampleRates.contains(rate)
        else { return .stall }
        if rate != sampleRate { begin(isStreaming) }
        sampleRate = rate
        return .accepted
    }

    /// Tells the sampling frequency.
    public func control(_ setup: SetupPacket) -> ControlReply {
        guard isForRate(setup), setup.request == AudioRequest.getCurrent.rawValue else { return .stall }
        return .data(AudioSampleRates.bytes(of: sampleRate))
    }

    private func isForRate(_ setup: SetupPacket) -> Bool {
        setup.requestType.kind == .class && setup.requestType.recipient == .endpoint
            && setup.index == UInt16(Microphone.endpoint.rawValue)
            && setup.value == UInt16(AudioControl.samplingFrequency.selector) << 8
    }

    /// Sends the sound of one frame. Too little room for it is a babble.
    public func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        guard endpoint == Microphone.endpoint, isStreaming, let plan = plans[sampleRate] else { return .nak }
        let frame = microframe.frame
        let number = frame - (firstFrame ?? frame)
        if firstFrame == nil { firstFrame = frame }
        if let lastFrame { framesLost &+= Int(clamping: max(1, frame - lastFrame) - 1) }
        lastFrame = frame
        packetsSent &+= 1
        var index = plan.samples(beforePacket: number)
        let count = plan.bytes(inPacket: number)
        guard count <= buffer.count else { return .data(count) }
        for offset in stride(from: 0, to: count, by: Microphone.bytesPerFrame) {
            for channel in 0..<Microphone.channels {
                let value = UInt16(
                    bitPattern: Microphone.sample(index, channel: channel, rate: sampleRate))
                buffer[offset + 2 * channel] = UInt8(truncatingIfNeeded: value)
                buffer[offset + 2 * channel + 1] = UInt8(truncatingIfNeeded: value >> 8)
            }
            index &+= 1
        }
        return .data(count)
    }
}

extension Microphone {
    private static let controlInterface: UInt8 = 0
    private static let streamingInterface: UInt8 = 1
    private static let inputTerminal: UInt8 = 1
    private static let outputTerminal: UInt8 = 2

    private static func model(serialNumber: String) -> PeripheralModel {
        let control = AudioClassDescriptors.control(
            interface: controlInterface, streamingInterfaces: [streamingInterface],
            inputTerminals: [
                // The two channels are left front and right front.
                AudioInputTerminal(
                    id: inputTerminal, type: .microphone, channels: UInt8(channels), channelPlaces: 0x0003)
            ],
            featureUnits: [],
            outputTerminals: [AudioOutputTerminal(id: outputTerminal, type: .usbStreaming, source: inputTerminal)])
        let streaming = AudioClassDescriptors.streaming(
            interface: streamingInterface, general: AudioStreamingGeneral(terminalLink: outputTerminal),
            format: AudioFormat(
                channels: UInt8(channels), bytesPerSample: 2, bitResolution: 16, rates: .discrete(sampleRates)),
            // Locked to the bus's frames: 48 samples in each, never 49.
            endpoint: EndpointDescriptor(
                address: endpoint, transferType: .isochronous, maximumPacketSize: 48 * bytesPerFrame, interval: 1,
                synchronization: .synchronous),
            endpointGeneral: AudioEndpointGeneral(attributes: .samplingFrequency))
        return PeripheralModel(
            speed: .full,
            device: DeviceDescriptor(
                usbRelease: 0x0110, vendorID: 0x1209, productID: 0x0002, manufacturerString: 1, productString: 2,
                serialNumberString: 3),
            configurations: [Configuration(interfaces: [control, streaming])],
            strings: [1: "swift-usb", 2: "Virtual Microphone", 3: serialNumber])
    }
}
