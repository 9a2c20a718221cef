// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing

@testable import usbpipe

@Suite struct WAVWriterTests {
    @Test("What was written is read again, through a file", arguments: [0, 4, 44100 * 4, 7])
    func roundTrip(_ count: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(count))
        let samples = numbers.bytes(count)
        try withTemporaryDirectory { directory in
            let path = directory + "/sound.wav"
            var writer = try WAVWriter(DataFile.create(path), rate: 44100)
            try writer.write(Array(samples.prefix(3)))
            try writer.write(Array(samples.dropFirst(3)))
            try writer.finish()

            let file = try DataFile.open(path).readAll(limit: .max)
            #expect(file == WAVWriter.file(samples: samples, rate: 44100))
            var reader = try WAVReader(DataFile.open(path))
            #expect(reader.format == WAVFormat(encoding: .signed16, channels: 2, rate: 44100))
            #expect(try reader.readAllStereo16() == samples.prefix(count / 4 * 4) + [])
        }
    }

    @Test("The header is the 44 bytes that every reader expects") func header() {
        let expected =
            Array("RIFF".utf8) + little(UInt32(44)) + Array("WAVEfmt ".utf8) + little(UInt32(16))
            + little(UInt16(1)) + little(UInt16(1)) + little(UInt32(8000)) + little(UInt32(16000))
            + little(UInt16(2)) + little(UInt16(16)) + Array("data".utf8) + little(UInt32(8))
        let file = WAVWriter.file(samples: Array(1...8), rate: 8000, channels: 1)
        #expect(file == expected + Array(1...8))
        #expect(expected.count == WAVWriter.headerBytes)
    }

    @Test("A file that was never finished can be read to its end") func unfinished() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/sound.wav"
            do {
                var writer = try WAVWriter(DataFile.create(path), rate: 48000)
                try writer.write([1, 2, 3, 4])
            }
            var reader = try WAVReader(DataFile.open(path))
            #expect(reader.frameCount == nil)
            #expect(try reader.readAll() == [1, 2, 3, 4])
        }
    }

    @Test("A full device is an error that names the file") func fullDevice() throws {
        let full = try? DataFile.create("/dev/full")
        guard let full else { return }
        let error = #expect(throws: FileError.self) { _ = try WAVWriter(full, rate: 48000) }
        #expect(error?.description.contains("'/dev/full'") == true)
    }
}
