// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Reads a WAV file from its start to its end, a piece at a time, so that files larger than memory and pipes do.
struct WAVReader {
    /// What to do about a file that ends before its header says.
    enum Truncation: Sendable {
        /// Throw `WAVError.truncated`: at once if the size of the file is known, else after what there is.
        case refuse
        /// Take what there is for the whole.
        case accept
    }

    /// How the samples are stored in the file.
    let format: WAVFormat
    /// The number of sample frames that the file should have, or nil if only its end will tell.
    let frameCount: Int?

    private var source: any ByteSource
    private let truncation: Truncation
    /// Bytes of whole frames that should still come; nil if the end decides.
    private var bytesLeft: Int?
    /// Set at the end if bytes are missing then and that matters.
    private var missing: Int?
    private var isAtEnd = false
    private var scratch: [UInt8] = []

    /// Reads the header.
    init(_ source: any ByteSource, truncation: Truncation = .refuse) throws(WAVError) {
        var source = source
        let header = try Self.readHeader(&source)
        self.source = source
        self.format = header.format
        let frameBytes = header.format.bytesPerFrame
        if let dataBytes = header.dataBytes {
            self.truncation = header.isSizeNominal ? .accept : truncation
            self.frameCount = header.isSizeNominal ? nil : dataBytes / frameBytes
            self.bytesLeft = dataBytes - dataBytes % frameBytes
            if self.truncation == .refuse, let there = source.remaining, there < dataBytes {
                throw .truncated(missing: dataBytes - there, part: "samples")
            }
        } else {
            self.truncation = truncation
            self.frameCount = nil
            self.bytesLeft = nil
        }
    }

    /// Reads sample frames as they are stored in the file and appends them.
    ///
    /// - Returns: the number of frames, fewer than `frames` only at the end.
    mutating func read(frames: Int, into bytes: inout [UInt8]) throws(WAVError) -> Int {
        if isAtEnd {
            if let missing { throw .truncated(missing: missing, part: "samples") }
            return 0
        }
        let frameBytes = format.bytesPerFrame
        let (product, overflow) = max(0, frames).multipliedReportingOverflow(by: frameBytes)
        let wanted = min(overflow ? Int.max - Int.max % frameBytes : product, bytesLeft ?? .max)
        var got = 0
        do throws(FileError) {
            while got < wanted {
                let count = try source.read(upTo: min(wanted - got, 1 << 16), into: &bytes)
                guard count > 0 else {
                    isAtEnd = true
                    break
                }
                got += count
            }
        } catch {
            throw .file(error)
        }
        if let left = bytesLeft {
            bytesLeft = left - got
            if left == got { isAtEnd = true }
        }
        if isAtEnd, truncation == .refuse {
            let lacking = bytesLeft ?? (got % frameBytes == 0 ? 0 : frameBytes - got % frameBytes)
            missing = lacking > 0 ? lacking : nil
        }
        bytes.removeLast(got % frameBytes)
        let whole = got / frameBytes
        if whole == 0, let missing { throw .truncated(missing: missing, part: "samples") }
        return whole
    }

    /// Reads sample frames and appends them as 16-bit stereo, little endian, four bytes each.
    ///
    /// - Returns: the number of frames, fewer than `frames` only at the end.
    /// - Throws: also `tooManyChannels` for a file that is neither mono nor stereo.
    mutating func readStereo16(frames: Int, into bytes: inout [UInt8]) throws(WAVError) -> Int {
        guard format.channels <= 2 else { throw .tooManyChannels(format.channels) }
        if format.encoding == .signed16, format.channels == 2 { return try read(frames: frames, into: &bytes) }
        scratch.removeAll(keepingCapacity: true)
        var raw = scratch
        scratch = []
        defer { scratch = raw }
        let count = try read(frames: frames, into: &raw)
        SampleConversion.appendStereo16(raw, encoding: format.encoding, channels: format.channels, to: &bytes)
        return count
    }

    /// Opens the existential, whose header is read in place.
    private static func readHeader(_ source: inout any ByteSource) throws(WAVError) -> WAVHeader {
        func read(_ opened: inout some ByteSource) throws(WAVError) -> WAVHeader { try .read(from: &opened) }
        return try read(&source)
    }
}
