// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

@testable import usbpipe

/// Sound files: the input as it comes, from a source that knows its length and from one that does not.
func fuzz(_ input: [UInt8]) {
    let whole = read(MemorySource(input), .accept)
    let pieces = read(MemorySource(input, chunk: 3, knowsLength: false), .accept)
    require(whole == pieces, "a pipe and a file are read differently")
    let strict = read(MemorySource(input), .refuse)
    if case .success = strict { require(strict == whole, "the strict reading reads something else") }
    if let name = FileKind.name(of: input.prefix(FileKind.bytesNeeded)) { require(!name.isEmpty, "a kind has no name") }
}

/// Samples, or why there are none, in words.
private enum Outcome: Equatable {
    case success([UInt8])
    case failure(String)
}

private func read(_ source: MemorySource, _ truncation: WAVReader.Truncation) -> Outcome {
    do throws(WAVError) {
        var reader = try WAVReader(source, truncation: truncation)
        require(reader.format.channels > 0 && reader.format.rate > 0, "a format is impossible")
        _ = reader.format.description
        var frames = 0
        var samples: [UInt8] = []
        while true {
            let count = try reader.readStereo16(frames: 17, into: &samples)
            require((0...17).contains(count), "more was read than was asked for")
            if count == 0 { break }
            frames += count
        }
        require(samples.count == frames * 4, "frames and bytes do not fit")
        if truncation == .refuse, let expected = reader.frameCount {
            require(frames == expected, "frames are missing, and nobody said so")
        }
        return .success(samples)
    } catch {
        require(!error.description.isEmpty, "an error has no text")
        return .failure(error.description)
    }
}
