// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Plays half a second of a 441 Hz tone into a loudspeaker in memory, and compares what it heard with what was played.
//
//     swift run IsochronousTone

import USB
import VirtualUSB

/// A sine wave by rotation: each sample turns a pointer by a small angle.
struct Tone {
    private var sine = 0.0
    private var cosine = 1.0
    private let step: Double

    init(frequency: Double, sampleRate: Int) { step = 2 * Double.pi * frequency / Double(sampleRate) }

    mutating func nextSample() -> Int16 {
        sine += step * cosine
        cosine -= step * sine
        return Int16(sine * 16_000)
    }
}

let sampleRate = 44_100
let bus = VirtualBus(flow: .free)
let speaker = try bus.attach(Speaker())
let device = try bus.open(vendorID: 0x1209, productID: 0x0001)

// Setting 0 of an audio interface has no endpoint, and takes no bus time; setting 1 has one.
let interface = try device.claim(1)
try await interface.selectAlternateSetting(1)
let pipe = try interface.outPipe(Speaker.endpoint, Isochronous.self)
let rate = AudioSampleRates.bytes(of: sampleRate)
_ = try await device.control(
    .audioSamplingFrequency(.setCurrent, endpoint: Speaker.endpoint), sending: rate.span)

// 44,100 Hz does not divide the frame rate: nine packets of 44 samples, then one of 45.
guard let plan = SampleRatePlan(rate: sampleRate, bytesPerSampleFrame: 4, interval: .frame) else {
    fatalError("no packets make up \(sampleRate) Hz")
}

/// Plays half a second, and returns the bytes with what the stream has to say. A stream has one owner, here a function.
func play() async throws -> ([UInt8], StreamStatistics) {
    var stream = try pipe.stream(.samples(plan), options: StreamOptions(depth: .milliseconds(20)))
    var tone = Tone(frequency: 441, sampleRate: sampleRate)
    var played: [UInt8] = []
    let statistics = try await stream.run { batch in
        batch.withMutableBytes { bytes in
            for sample in 0..<bytes.count / 4 {
                let value = UInt16(bitPattern: tone.nextSample())
                for channel in 0..<2 {
                    bytes[sample * 4 + channel * 2] = UInt8(truncatingIfNeeded: value)
                    bytes[sample * 4 + channel * 2 + 1] = UInt8(truncatingIfNeeded: value >> 8)
                }
            }
            for index in bytes.indices { played.append(bytes[index]) }
        }
        return played.count < sampleRate * 4 / 2 ? .next : .stop
    }
    return (played, statistics)
}

let (played, result) = try await play()
let (heard, sizes) = speaker.withPeripheral { ($0.heard, $0.packetSizes) }
guard heard == played, result.gapCount == 0, sizes == [176: 450, 180: 50] else {
    fatalError("played \(played.count) bytes with \(result.gapCount) gaps, heard \(heard.count) in packets of \(sizes)")
}
print("\(heard.count) bytes in \(result.packetsCompleted) packets were heard as they were played")
