// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A loudspeaker that keeps what it hears: USB Audio 1.0 at full speed, 16-bit stereo at 44,100 or 48,000 Hz.
///
/// Interface 0 controls the function: an input terminal fed by USB, a feature unit with mute and volume for both
/// channels together, and an output terminal that is a speaker. Interface 1 carries the sound: setting 0 has no
/// endpoint, setting 1 the adaptive isochronous endpoint OUT 0x01, up to 196 bytes every frame (48 samples and one
/// more). The sampling frequency is set at the endpoint, and is 48,000 Hz after a reset.
///
/// While setting 1 is selected, the bytes of each packet are kept exactly as they come. Neither volume nor mute changes
/// them; both are told apart from the sound, in ``volume`` and ``isMuted``.
///
/// What was heard, and the counters, outlive bus resets and unplugging: they belong to whoever listens, not to the
/// device. See ``clear()``.
///
/// The identity 1209:0001 is one of those that pid.codes sets aside for tests; it says nothing about a maker, and must
/// not be used for a device that leaves the house.
public final class Speaker: Peripheral {
    /// How much of the sound is kept.
    public enum Keeping: Sendable, Hashable {
        /// All of it.
        case everything
        /// The first so many bytes. What comes later is counted only.
        case first(bytes: Int)
        /// None; sound is counted only.
        case nothing
    }

    /// Sound in one piece: the bytes kept between the selection of setting 1, or a change of the sampling frequency, and
    /// the next of these.
    public struct Section: Sendable, Hashable {
        /// The sampling frequency, in Hz.
        public var sampleRate: Int
        /// When its first packet came.
        public var start: Microframe
        /// Where its bytes are in ``Speaker/heard``.
        public var bytes: Range<Int>
    }

    /// The sampling frequencies, in Hz.
    public static let sampleRates = [44_100, 48_000]
    /// The number of channels.
    public static let channels = 2
    /// The bytes of a sample of both channels.
    public static let bytesPerFrame = 4
    /// The endpoint that takes the sound.
    public static let endpoint: EndpointAddress = 0x01

    /// What the device is.
    public let model: PeripheralModel
    /// How much of the sound is kept.
    public let keeping: Keeping

    /// The sampling frequency that is set, in Hz.
    public private(set) var sampleRate = 48_000
    /// Whether setting 1 of the streaming interface is selected.
    public var isStreaming: Bool { reception.isStreaming }
    /// Packets that came while setting 1 was selected, empty ones included.
    public var packetsReceived: Int { reception.packets }
    /// Packets that held no whole number of samples of both channels.
    public var brokenPackets: Int { reception.brokenPackets }
    /// Bytes in these packets, kept or not.
    public var bytesHeard: Int { reception.bytes }
    /// How often one or more frames without a packet lay between two packets of a stream.
    public var gaps: Int { reception.gaps }
    /// Frames without a packet between the first and the last packet of each stream, together.
    public var silentFrames: Int { reception.silentFrames }
    /// The pieces of which ``heard`` consists.
    public private(set) var sections: [Section] = []

    private var controls = SpeakerDescriptors.featureControls
    private var kept = ChunkedBytes()
    private var reception = Reception()
    private var beginsSection = true

    /// What each packet depends on and changes: one value, so that a packet means one access.
    private struct Reception {
        var isStreaming = false
        var packets = 0
        var brokenPackets = 0
        var bytes = 0
        var gaps = 0
        var silentFrames = 0
        /// Packets by size: entry n counts those of n bytes.
        var sizes = [Int](repeating: 0, count: SpeakerDescriptors.packetSize + 1)
        var lastFrame: Frame?

        /// Counts a packet; returns whether there is a stream that it belongs to.
        mutating func take(_ size: Int, in frame: Frame) -> Bool {
            guard isStreaming else { return false }
            if let lastFrame {
                let distance = frame - lastFrame
                if distance > 1 {
                    gaps &+= 1
                    silentFrames &+= Int(distance - 1)
                }
            }
            lastFrame = frame
            packets &+= 1
            bytes &+= size
            sizes[min(size, SpeakerDescriptors.packetSize)] &+= 1
            if size % Speaker.bytesPerFrame != 0 { brokenPackets &+= 1 }
            return true
        }

        mutating func clear() {
            let isStreaming = isStreaming
            self = Reception()
            self.isStreaming = isStreaming
        }
    }

    /// Makes a speaker.
    ///
    /// - Parameters:
    ///   - keeping: how much of the sound is kept.
    ///   - serialNumber: tells one speaker from another.
    public init(keeping: Keeping = .everything, serialNumber: String = "VS0001") {
        self.keeping = keeping
        model = SpeakerDescriptors.model(serialNumber: serialNumber)
    }

    /// Makes a speaker that keeps all of the sound, or none.
    public convenience init(keepsSound: Bool) { self.init(keeping: keepsSound ? .everything : .nothing) }

    // MARK: what was heard

    /// The volume that is set. It does not change what is kept.
    public var volume: AudioVolume { controls.volume }

    /// Whether the sound is muted. It is kept all the same.
    public var isMuted: Bool { controls.isMuted }

    /// All bytes kept, in the order in which they came: samples of 16 bits, low byte first, left and right in turn.
    ///
    /// This copies them; for long sound see ``withHeardChunks(_:)``.
    public var heard: [UInt8] { kept.joined }

    /// The number of bytes kept.
    public var heardCount: Int { kept.count }

    /// Lends the bytes kept, piece by piece in order, without copying them.
    public func withHeardChunks<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        for chunk in kept.chunks { try body(chunk.span) }
    }

    /// How many packets of each size came, by size in bytes.
    public var packetSizes: [Int: Int] {
        var result: [Int: Int] = [:]
        for (size, count) in reception.sizes.enumerated() where count > 0 { result[size] = count }
        return result
    }

    /// Forgets the sound and sets the counters to 0. A stream that runs goes on as a new section.
    public func clear() {
        kept = ChunkedBytes()
        sections = []
        beginsSection = true
        reception.clear()
    }

    // MARK: what the bus says

    /// Stops the stream and returns to 48,000 Hz, 0 dB, not muted. What was heard stays.
    public func reset() {
        configurationSelected(0)
        sampleRate = 48_000
        controls.reset()
    }

    /// Stops the stream.
    public func configurationSelected(_ value: UInt8) { reception.isStreaming = false }

    /// Starts a stream with setting 1, or ends it with setting 0.
    public func alternateSettingSelected(_ alternate: UInt8, interface: UInt8) {
        guard interface == SpeakerDescriptors.streamingInterface else { return }
        reception.isStreaming = alternate == 1
        beginsSection = true
        reception.lastFrame = nil
    }

    /// Sets mute, volume or sampling frequency. A frequency that the format does not list is refused with STALL.
    public func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        guard isForEndpoint(setup) else { return controls.obey(setup, received: received) }
        guard setup.request == AudioRequest.setCurrent.rawValue, let rate = AudioSampleRates.rate(received),
            Speaker.sampleRates.contains(rate)
        else { return .stall }
        if rate != sampleRate { beginsSection = true }
        sampleRate = rate
        return .accepted
    }

    /// Tells mute, volume and its limits, or the sampling frequency.
    public func control(_ setup: SetupPacket) -> ControlReply {
        guard isForEndpoint(setup) else { return controls.answer(setup) }
        guard setup.request == AudioRequest.getCurrent.rawValue else { return .stall }
        return .data(AudioSampleRates.bytes(of: sampleRate))
    }

    private func isForEndpoint(_ setup: SetupPacket) -> Bool {
        setup.requestType.kind == .class && setup.requestType.recipient == .endpoint
            && setup.index == UInt16(Speaker.endpoint.rawValue)
            && setup.value == UInt16(AudioControl.samplingFrequency.selector) << 8
    }

    /// Takes a packet of sound.
    public func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        guard endpoint == Speaker.endpoint, reception.take(bytes.count, in: microframe.frame) else { return .stall }
        if keeping != .nothing { keep(bytes, from: microframe) }
        return .accept
    }

    private func keep(_ bytes: Span<UInt8>, from microframe: Microframe) {
        let room =
            switch keeping {
            case .everything: bytes.count
            case .first(let limit): min(max(limit - kept.count, 0), bytes.count)
            case .nothing: 0
            }
        guard room > 0 else { return }
        if beginsSection {
            sections.append(Section(sampleRate: sampleRate, start: microframe, bytes: kept.count..<kept.count))
            beginsSection = false
        }
        kept.append(bytes.extracting(0..<room))
        let last = sections.count - 1
        sections[last].bytes = sections[last].bytes.lowerBound..<kept.count
    }
}
