// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

package import VirtualUSB

/// What a virtual speaker has heard so far.
package struct HeardSound {
    /// The sample frames per second.
    package let rate: Int
    /// The samples: 16 bits each, little endian, left and right in turn.
    package let samples: [UInt8]

    /// Takes a copy. The rate is that of the first sound, or the one that is set if there has been none.
    package init(_ speaker: Attachment<Speaker>) {
        (rate, samples) = speaker.withPeripheral { ($0.sections.first?.sampleRate ?? $0.sampleRate, $0.heard) }
    }

    /// Writes a WAV file, which is one without sound if nothing was heard.
    package func save(as path: String) throws(FileError) {
        var writer = try WAVWriter(DataFile.create(path), rate: rate, channels: Speaker.channels)
        try writer.write(samples)
        try writer.finish()
    }
}
