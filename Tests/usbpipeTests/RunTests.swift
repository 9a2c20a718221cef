// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Testing
import USB

@testable import usbpipe

@Suite("usbpipe run")
struct RunTests {
    @Test("The program sees the bus, the device and the library's directory before those that were set")
    func environment() throws {
        let host = try HostAddress(parsing: "virtual:zero,disk=a%2Cb?clock=free")
        let plain = ProgramEnvironment(host: host)
        #expect(plain.variables.map(\.name) == ["USB_HOST"])
        #expect(try HostAddress(parsing: plain.variables[0].value) == host)
        let full = ProgramEnvironment(
            host: host, device: "0525:a4a0/1", detachesDriver: true, libraryDirectory: "/opt/lib", libraryPath: "/a:/b")
        #expect(
            full.variables.dropFirst().map { "\($0.name)=\($0.value)" }
                == ["USB_DEVICE=0525:a4a0/1", "USB_DETACH_DRIVER=1", "LD_LIBRARY_PATH=/opt/lib:/a:/b"])
        let unset = ProgramEnvironment(host: host, libraryDirectory: "/opt/lib", libraryPath: "")
        #expect(unset.variables.last?.value == "/opt/lib", "an empty path would mean the working directory")
    }

    @Test("A shell reads the variables back, whatever is in them")
    func shell() throws {
        let environment = ProgramEnvironment(host: try HostAddress(parsing: "virtual:keyboard=it's"))
        #expect(environment.shellText == "export USB_HOST='virtual:keyboard=it'\\''s'\n")
    }

    @Test(
        "The library is looked for beside the program and in the lib beside its bin",
        arguments: [
            ("/x/.build/debug/usbpipe", "/x/.build/debug/libswiftusb.so", "/x/.build/debug"),
            ("/usr/bin/usbpipe", "/usr/lib/libswiftusb.so", "/usr/lib"),
            ("/usr/bin/usbpipe", "/elsewhere/libswiftusb.so", nil),
        ])
    func library(executable: String, file: String, directory: String?) {
        #expect(ProgramEnvironment.libraryDirectory(ofExecutable: executable) { $0 == file } == directory)
    }

    @Test("What is no device, or no program, is refused by the command line")
    func badUsage() throws {
        for device in ["zero", "1234", "1234:5678/", "1234:5678/x", "1-2"] {
            #expect(throws: (any Error).self) { try RunVerb.parse(["--device", device]) }
        }
        let verb = try RunVerb.parse(["--device", "1d6b:0104:AB/2", "--", "./program", "--host", "x"])
        #expect(verb.device == "1d6b:0104:AB/2")
        #expect(verb.program == ["./program", "--host", "x"])
        #expect(throws: (any Error).self) { try RunVerb.parse(["./program"]) }
    }
}
