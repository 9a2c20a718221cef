// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing

@testable import usbpipe

@Suite struct WAVReaderTests {
    @Test(
        "Every form of sample is read with its format",
        arguments: [
            (UInt16(1), UInt16(8), WAVFormat.Encoding.unsigned8), (1, 12, .signed16), (1, 16, .signed16),
            (1, 20, .signed24), (1, 24, .signed24), (1, 32, .signed32), (3, 32, .float32),
        ], [UInt16(1), 2, 6])
    func formats(_ form: (tag: UInt16, bits: UInt16, encoding: WAVFormat.Encoding), channels: UInt16) throws {
        let frame = Int(channels) * form.encoding.bytes
        var numbers = SeededNumbers(seed: UInt64(form.bits))
        let samples = numbers.bytes(frame * 25)
        var file = RawWAV(tag: form.tag, channels: channels, rate: 44100, bits: form.bits, data: samples)
        for isExtensible in [false, true] {
            if isExtensible {
                file.extensible = (form.tag, form.bits)
                file.bits = UInt16(form.encoding.bytes * 8)
            }
            var reader = try WAVReader(MemorySource(file.bytes))
            #expect(reader.format == WAVFormat(encoding: form.encoding, channels: Int(channels), rate: 44100))
            #expect(reader.frameCount == 25)
            #expect(try reader.readAll() == samples)
        }
    }

    @Test("Formats are described for people") func descriptions() {
        #expect("\(WAVFormat(encoding: .signed16, channels: 2, rate: 48000))" == "48000 Hz, 16-bit, stereo")
        #expect("\(WAVFormat(encoding: .float32, channels: 1, rate: 8000))" == "8000 Hz, 32-bit float, mono")
        #expect("\(WAVFormat(encoding: .unsigned8, channels: 6, rate: 1))" == "1 Hz, 8-bit, 6 channels")
    }

    @Test("Chunks that are not known are skipped, with the padding of odd ones")
    func unknownChunks() throws {
        let samples: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        let file = RawWAV(
            chunks: [("LIST", [1, 2, 3]), ("junk", []), ("cue ", [9]), ("fmt ", [7])],
            data: samples, tail: Array("LIST".utf8) + little(UInt32(2)) + [1, 2])
        var reader = try WAVReader(MemorySource(file.bytes))
        #expect(try reader.readAll() == samples)
    }

    @Test("The result does not depend on how the bytes arrive", arguments: [1, 2, 3, 7, 1000])
    func anyPieces(_ piece: Int) throws {
        var numbers = SeededNumbers(seed: 4)
        let samples = numbers.bytes(4 * 333)
        let file = RawWAV(chunks: [("LIST", numbers.bytes(99))], data: samples).bytes
        for frames in [1, 2, 100, 5000] {
            var reader = try WAVReader(MemorySource(file, chunk: piece, knowsLength: false))
            #expect(try reader.readAll(frames: frames) == samples)
        }
    }

    @Test("A piece has as many frames as were asked for, but for the last one") func pieceSizes() throws {
        var reader = try WAVReader(
            MemorySource(RawWAV(data: Array(repeating: 7, count: 40)).bytes, chunk: 3, knowsLength: false))
        var bytes: [UInt8] = []
        #expect(try reader.read(frames: 4, into: &bytes) == 4)
        #expect(try reader.read(frames: 0, into: &bytes) == 0)
        #expect(try reader.read(frames: .min, into: &bytes) == 0)
        #expect(try reader.read(frames: .max, into: &bytes) == 6)
        #expect(try reader.read(frames: 4, into: &bytes) == 0)
        #expect(bytes.count == 40)
    }

    @Test("A size of nothing or everything means: until the end", arguments: [0, UInt32.max], [36, 0, UInt32.max])
    func untilTheEnd(dataSize: UInt32, riffSize: UInt32) throws {
        let samples = Array(UInt8(0)..<200)
        let file = RawWAV(riffSize: riffSize, dataSize: dataSize, data: samples).bytes
        var reader = try WAVReader(MemorySource(file))
        #expect(reader.frameCount == nil)
        #expect(try reader.readAll(frames: 7) == samples)
        var cut = try WAVReader(MemorySource(file.dropLast(1) + []))
        #expect(throws: WAVError.truncated(missing: 1, part: "samples")) { try cut.readAll(frames: 7) }
    }

    @Test(
        "The sizes that recorders put into pipes are not believed",
        arguments: [
            UInt32(0x7FFF_F000), 0x7FFF_FF00, 0x7FFF_FFFF, 0x8000_0000,
        ])
    func nominalSizes(_ dataSize: UInt32) throws {
        let samples = Array(UInt8(0)..<100)
        var reader = try WAVReader(MemorySource(RawWAV(dataSize: dataSize, data: samples).bytes))
        #expect(reader.frameCount == nil)
        #expect(try reader.readAll() == samples)
    }

    @Test("A recording of nothing is read as nothing, not as the chunk behind it") func emptyRecording() throws {
        var reader = try WAVReader(MemorySource(RawWAV(tail: Array("LIST".utf8) + little(UInt32(2)) + [1, 2]).bytes))
        #expect(reader.frameCount == 0)
        #expect(try reader.readAll().isEmpty)
        var plain = try WAVReader(MemorySource(RawWAV().bytes))
        #expect(try plain.readAll().isEmpty)
    }

    @Test("A frame that the size itself cuts off is left out") func oddDataSize() throws {
        var reader = try WAVReader(MemorySource(RawWAV(data: [1, 2, 3, 4, 5, 6, 7]).bytes))
        #expect(reader.frameCount == 1)
        #expect(try reader.readAll() == [1, 2, 3, 4])
    }

    @Test("A truncated file is refused at once where its size is known", arguments: [1, 4, 99, 100])
    func truncatedFile(_ missing: Int) throws {
        let file = Array(RawWAV(data: Array(repeating: 1, count: 100)).bytes.dropLast(missing))
        #expect(throws: WAVError.truncated(missing: missing, part: "samples")) {
            _ = try WAVReader(MemorySource(file))
        }
        var reader = try WAVReader(MemorySource(file), truncation: .accept)
        #expect(reader.frameCount == 25)
        #expect(try reader.readAll().count == (100 - missing) / 4 * 4)
    }

    @Test("In a pipe a truncated file is read to its end, then refused", arguments: [1, 4, 99, 100], [1, 7, 1000])
    func truncatedPipe(missing: Int, frames: Int) throws {
        let file = Array(RawWAV(data: Array(repeating: 1, count: 100)).bytes.dropLast(missing))
        var reader = try WAVReader(MemorySource(file, knowsLength: false))
        var bytes: [UInt8] = []
        #expect(throws: WAVError.truncated(missing: missing, part: "samples")) {
            while try reader.read(frames: frames, into: &bytes) > 0 {}
        }
        #expect(bytes.count == (100 - missing) / 4 * 4)
        #expect(throws: WAVError.truncated(missing: missing, part: "samples")) {
            try reader.read(frames: frames, into: &bytes)
        }
    }

    @Test("A file that ends within its header is truncated, wherever it ends") func truncatedHeader() throws {
        let file = RawWAV(chunks: [("LIST", [1, 2, 3])], data: [1, 2, 3, 4]).bytes
        for count in 1..<(file.count - 4) {
            let error = #expect(throws: WAVError.self) {
                _ = try WAVReader(MemorySource(Array(file.prefix(count)), knowsLength: false))
            }
            guard case .truncated(let missing, "header") = error else {
                Issue.record("\(count) bytes: \(String(describing: error))")
                continue
            }
            #expect(missing > 0 && missing <= file.count - count)
        }
    }

    @Test(
        "Other files are called by their names",
        arguments: [
            (Array("ID3\u{4}".utf8), "an MP3 file"), ([0xFF, 0xFB, 0x90, 0x00], "an MP3 file"),
            ([0xFF, 0xF1, 0x50], "an AAC file"), (Array("OggS".utf8), "an Ogg file"),
            (Array("fLaC".utf8), "a FLAC file"),
            (Array("RIFF1234AVI LIST".utf8), "an AVI file"), (Array("FORM1234AIFFCOMM".utf8), "an AIFF file"),
            (Array("RIFF1234RMID".utf8), "a RIFF file of another kind"), (Array("RIFX".utf8), "a big-endian WAV file"),
            (Array("RF64".utf8), "a 64-bit WAV file (RF64)"),
            ([0, 0, 0, 0x20] + Array("ftypM4A ".utf8), "an MP4 file"),
            ([0x1F, 0x8B, 8], "a gzip archive"), ([], "an empty file"),
        ] as [([UInt8], String)])
    func otherFiles(_ start: [UInt8], kind: String) {
        for rest in [0, 100] where !start.isEmpty || rest == 0 {
            let bytes = start + Array(repeating: 0, count: rest)
            #expect(throws: WAVError.notWAV(looksLike: kind)) { _ = try WAVReader(MemorySource(bytes)) }
        }
    }

    @Test("A file of no known kind is just not a WAV file", arguments: ["hello", "0123456789abcdef", "\u{FF}"])
    func unknownFiles(_ text: String) {
        #expect(throws: WAVError.notWAV(looksLike: nil)) { _ = try WAVReader(MemorySource(Array(text.utf8))) }
    }

    @Test(
        "Compressed and strange formats are named",
        arguments: [
            (UInt16(2), UInt16(4), "Microsoft ADPCM"), (6, 8, "A-law"), (7, 8, "µ-law"), (0x11, 4, "IMA ADPCM"),
            (0x55, 0, "MP3"), (0x1234, 16, "0x1234"), (1, 64, "64-bit PCM"), (1, 0, "0-bit PCM"),
            (3, 64, "64-bit floating-point"), (3, 16, "16-bit floating-point"),
        ])
    func unsupported(_ tag: UInt16, bits: UInt16, name: String) throws {
        for file in [
            RawWAV(tag: tag, bits: bits, data: [1, 2, 3, 4]),
            RawWAV(bits: bits, extensible: (tag, bits), data: [1, 2, 3, 4]),
        ] {
            let error = #expect(throws: WAVError.self) { _ = try WAVReader(MemorySource(file.bytes)) }
            guard case .unsupported(let encoding) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(encoding.contains(name))
        }
    }

    @Test("Contradictory headers are refused with the place of the defect") func malformed() {
        func offset(_ bytes: [UInt8]) -> Int? {
            do {
                _ = try WAVReader(MemorySource(bytes))
                return nil
            } catch {
                if case .malformed(let offset, _) = error { return offset }
                return nil
            }
        }
        #expect(offset(RawWAV(channels: 0).bytes) == 22)
        #expect(offset(RawWAV(rate: 0).bytes) == 24)
        #expect(offset(RawWAV(frameBytes: 3).bytes) == 32)
        #expect(offset(Array("RIFF    WAVEdata".utf8) + little(UInt32(0))) == 12)
        #expect(offset(Array("RIFF    WAVEfmt ".utf8) + little(UInt32(14)) + Array(repeating: 0, count: 14)) == 16)
    }

    @Test("No bytes whatever bring the reader down, and it never makes up samples") func anyBytes() throws {
        var numbers = SeededNumbers(seed: 2024)
        let good = RawWAV(bits: 24, extensible: (1, 24), chunks: [("LIST", [1, 2, 3])], data: numbers.bytes(60)).bytes
        for _ in 0..<sparing(4000) {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let index = Int.random(in: 0..<bytes.count, using: &numbers)
                bytes[index] =
                    [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &numbers)]
                    .randomElement(using: &numbers) ?? 0
            }
            bytes.removeLast(Int.random(in: 0...3, using: &numbers) * Int.random(in: 0..<20, using: &numbers))
            guard var reader = try? WAVReader(MemorySource(bytes, chunk: 13, knowsLength: false)) else { continue }
            var samples: [UInt8] = []
            do {
                while try reader.readStereo16(frames: 3, into: &samples) > 0 {}
            } catch {}  // only a WAVError, which the compiler knows
            #expect(samples.count <= 4 * bytes.count)
        }
    }

    @Test("More than two channels are not mixed down in silence") func manyChannels() throws {
        var reader = try WAVReader(MemorySource(RawWAV(channels: 6, data: Array(repeating: 0, count: 24)).bytes))
        var bytes: [UInt8] = []
        #expect(throws: WAVError.tooManyChannels(6)) { try reader.readStereo16(frames: 1, into: &bytes) }
    }

    @Test("Errors say what is wrong and what to do") func messages() {
        #expect("\(WAVError.notWAV(looksLike: "an MP3 file"))" == "not a WAV file: it looks like an MP3 file")
        #expect("\(WAVError.truncated(missing: 1, part: "samples"))" == "truncated WAV file: the samples lack 1 byte")
        #expect("\(WAVError.truncated(missing: 7, part: "header"))" == "truncated WAV file: the header lacks 7 bytes")
        #expect(
            "\(WAVError.unsupported(encoding: "compressed sound (MP3)"))"
                == "compressed sound (MP3) cannot be played: convert the file to PCM first")
    }
}
