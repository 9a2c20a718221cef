// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing

@testable import usbpipe

@Suite struct DataFileTests {
    @Test("A file that is not there, and a directory, are errors with the name in them") func missing() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/none.wav"
            let error = #expect(throws: FileError.self) { _ = try DataFile.open(path) }
            #expect(error?.description == "cannot open '\(path)': No such file or directory")
            #expect(throws: FileError.self) { _ = try DataFile.open(directory) }
            #expect(throws: FileError.self) { _ = try DataFile.create(directory) }
        }
    }

    @Test("What is left is known for files and falls as they are read") func remaining() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/file"
            try DataFile.create(path).write([1, 2, 3, 4, 5])
            let file = try DataFile.open(path)
            #expect(file.remaining == 5)
            var bytes: [UInt8] = [9]
            #expect(try file.read(upTo: 2, into: &bytes) == 2)
            #expect(bytes == [9, 1, 2])
            #expect(file.remaining == 3)
            #expect(try file.readAll(limit: 2) == [3, 4])
            #expect(try file.readAll(limit: 2) == [5])
            #expect(try file.read(upTo: 2, into: &bytes) == 0)
        }
    }

    @Test("Bytes are written over in place") func overwrite() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/file"
            let file = try DataFile.create(path)
            #expect(file.patchablePosition == 0)
            try file.write([1, 2, 3, 4])
            #expect(file.patchablePosition == 4)
            try file.overwrite([8, 9], at: 1)
            try file.write("!")
            #expect(try DataFile.open(path).readAll(limit: 100) == [1, 8, 9, 4, 33])
        }
    }

    @Test("A file whose size the system does not tell is read to its end") func endless() throws {
        guard let zero = try? DataFile.open("/dev/zero") else { return }
        #expect(zero.remaining == nil)
        #expect(zero.patchablePosition == nil)
        #expect(try zero.readAll(limit: 70000) == Array(repeating: 0, count: 70000))
    }
}
