// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The parts of a WAV file in front of its samples, taken from bytes that nobody has checked.
struct WAVHeader: Equatable {
    /// How the samples are stored.
    var format: WAVFormat
    /// The size of the sample data in bytes, or nil if it goes on to the end of the file.
    var dataBytes: Int?
    /// Whether `dataBytes` is one of the sizes that programs write when they do not know the length: then the end of
    /// the file before it is no defect.
    var isSizeNominal: Bool

    /// Reads up to the first byte of the samples, and not beyond. Chunks of other kinds are skipped.
    static func read(from source: inout some ByteSource) throws(WAVError) -> WAVHeader {
        var input = Input(source: source)
        defer { source = input.source }
        let riffBytes = try input.readOpening()
        var format: WAVFormat?
        while true {
            let start = input.position
            let chunk = try input.take(8, part: "header")
            let size = Int(clamping: chunk.uint32(at: 4))
            switch String(decoding: chunk.prefix(4), as: UTF8.self) {
            case "fmt " where format == nil:
                format = try input.readFormat(chunkAt: start, size: size)
            case "data":
                guard let format else {
                    throw .malformed(offset: start, reason: "the samples come before their format")
                }
                return WAVHeader(format: format, riffBytes: riffBytes, dataBytes: size, dataAt: input.position)
            default:
                try input.skip(size + size % 2)
            }
        }
    }

    private init(format: WAVFormat, riffBytes: Int, dataBytes: Int, dataAt: Int) {
        self.format = format
        self.isSizeNominal = Self.nominalSizes.contains(dataBytes)
        switch dataBytes {
        case Int(clamping: UInt32.max):
            self.dataBytes = nil
        case 0:
            // A program that writes into a pipe leaves 0 behind, and so does one that recorded nothing. In the second
            // case the size of the whole file is right too, and may go on behind the samples.
            let riffEnd = riffBytes + 8
            let isWholeFileKnown =
                riffEnd > dataAt && riffBytes < Int(clamping: UInt32.max) && !Self.nominalSizes.contains(riffBytes)
            self.dataBytes = isWholeFileKnown ? 0 : nil
        default:
            self.dataBytes = dataBytes
        }
    }

    /// 2 GiB and a little below: what recorders that write into a pipe put there, less their header and rounding.
    private static let nominalSizes = 0x7FFF_F000...0x8000_0000
}

/// A source with a count of the bytes taken from it.
private struct Input<Source: ByteSource> {
    var source: Source
    var position = 0

    /// Takes the first 12 bytes.
    ///
    /// - Returns: the size of the file as its header has it, without the first 8 bytes.
    mutating func readOpening() throws(WAVError) -> Int {
        let opening = try takeAvailable(FileKind.bytesNeeded)
        let isRIFF = opening.starts(with: "RIFF".utf8.prefix(opening.count))
        let isWAVE = opening.dropFirst(8).starts(with: "WAVE".utf8.prefix(max(0, opening.count - 8)))
        guard !opening.isEmpty, isRIFF, isWAVE else { throw .notWAV(looksLike: FileKind.name(of: opening)) }
        guard opening.count == FileKind.bytesNeeded else {
            throw .truncated(missing: FileKind.bytesNeeded - opening.count, part: "header")
        }
        return Int(clamping: opening.uint32(at: 4))
    }

    mutating func readFormat(chunkAt start: Int, size: Int) throws(WAVError) -> WAVFormat {
        guard size >= 16 else { throw .malformed(offset: start + 4, reason: "a format of \(size) bytes is too short") }
        let fields = try take(min(size, WAVFormat.extensibleBytes), part: "header")
        let format = try WAVFormat(fields, at: start + 8)
        try skip(size + size % 2 - fields.count)
        return format
    }

    /// Takes `count` bytes, or fewer only if the source ends.
    mutating func takeAvailable(_ count: Int) throws(WAVError) -> [UInt8] {
        var bytes: [UInt8] = []
        do throws(FileError) {
            while bytes.count < count, try source.read(upTo: count - bytes.count, into: &bytes) > 0 {}
        } catch {
            throw .file(error)
        }
        position += bytes.count
        return bytes
    }

    mutating func take(_ count: Int, part: String) throws(WAVError) -> [UInt8] {
        let bytes = try takeAvailable(count)
        guard bytes.count == count else { throw .truncated(missing: count - bytes.count, part: part) }
        return bytes
    }

    /// Passes over bytes in bounded steps: the size stands in the file and may be anything.
    mutating func skip(_ count: Int) throws(WAVError) {
        var left = count
        while left > 0 {
            let step = try takeAvailable(min(left, 1 << 16)).count
            guard step > 0 else { throw .truncated(missing: left, part: "header") }
            left -= step
        }
    }
}

extension WAVFormat {
    /// The size of the longest form of the format chunk, WAVE_FORMAT_EXTENSIBLE.
    fileprivate static let extensibleBytes = 40

    /// Checks the fields of a format chunk.
    ///
    /// - Parameters:
    ///   - fields: 16 bytes or more.
    ///   - offset: where they stand in the file.
    fileprivate init(_ fields: [UInt8], at offset: Int) throws(WAVError) {
        var tag = fields.uint16(at: 0)
        if tag == 0xFFFE {
            guard fields.count >= Self.extensibleBytes else {
                throw .malformed(offset: offset, reason: "an extensible format of \(fields.count) bytes is too short")
            }
            guard fields[26...].elementsEqual(Self.subformatTail) else {
                throw .unsupported(encoding: "sound in a private format")
            }
            tag = fields.uint16(at: 24)
        }
        let channels = Int(fields.uint16(at: 2))
        let rate = Int(clamping: fields.uint32(at: 4))
        let bits = Int(fields.uint16(at: 14))
        guard tag == 1 || tag == 3 else { throw .unsupported(encoding: Self.name(ofTag: tag)) }
        guard channels > 0 else { throw .malformed(offset: offset + 2, reason: "it has no channels") }
        guard rate > 0 else { throw .malformed(offset: offset + 4, reason: "its sample rate is 0") }

        // Samples of fewer bits than their bytes hold stand in the upper bits, so that the bytes alone count.
        switch (tag, (bits + 7) / 8) {
        case (1, 1): encoding = .unsigned8
        case (1, 2): encoding = .signed16
        case (1, 3): encoding = .signed24
        case (1, 4): encoding = .signed32
        case (3, 4) where bits == 32: encoding = .float32
        default: throw .unsupported(encoding: "\(bits)-bit \(tag == 1 ? "PCM" : "floating-point") sound")
        }
        self.channels = channels
        self.rate = rate
        let frame = Int(fields.uint16(at: 12))
        guard frame == bytesPerFrame else {
            throw .malformed(
                offset: offset + 12,
                reason: "\(bits) bits and \(channels) channels do not make a frame of \(frame) bytes")
        }
    }

    /// The last 14 bytes of a subformat identifier whose first two are a format tag.
    private static let subformatTail: [UInt8] = [
        0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71,
    ]

    private static func name(ofTag tag: UInt16) -> String {
        switch tag {
        case 0x0002: "compressed sound (Microsoft ADPCM)"
        case 0x0006: "compressed sound (A-law)"
        case 0x0007: "compressed sound (µ-law)"
        case 0x0011: "compressed sound (IMA ADPCM)"
        case 0x0031: "compressed sound (GSM 6.10)"
        case 0x0050: "compressed sound (MPEG)"
        case 0x0055: "compressed sound (MP3)"
        case 0x0092, 0x2000: "compressed sound (AC-3)"
        case 0x00FF, 0x1600, 0x1610: "compressed sound (AAC)"
        case 0x0160...0x0163: "compressed sound (Windows Media)"
        case 0xF1AC: "compressed sound (FLAC)"
        default: "sound in format 0x\(String(tag, radix: 16, uppercase: true))"
        }
    }
}

extension Array<UInt8> {
    /// A little-endian number; the caller has checked that its bytes are there.
    fileprivate func uint16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    /// A little-endian number; the caller has checked that its bytes are there.
    fileprivate func uint32(at offset: Int) -> UInt32 {
        UInt32(uint16(at: offset)) | UInt32(uint16(at: offset + 2)) << 16
    }
}
