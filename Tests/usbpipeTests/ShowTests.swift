// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Foundation
import Testing
import USB

@testable import usbpipe

@Suite struct ShowTests {
    @Test("The tree of zero") func zero() async throws {
        let result = try await runTool(["show", "0525:a4a0"], in: try .virtual())
        #expect(result.status == .success)
        #expect(
            result.text == """
                0525:a4a0 at 2-1, high speed
                  vendor: swift-usb
                  product: Gadget Zero
                  serial number: 0123456789.0123456789.0123456789
                  USB 2.00, device release 1.00, class Vendor Specific
                  control 0x00, packets of 64 bytes
                  configuration 3 "source and sink data", active: up to 2 mA, self-powered
                    interface 0 "source and sink data"
                      alternate setting 0: Vendor Specific
                        bulk IN 0x81, packets of 512 bytes
                        bulk OUT 0x01, packets of 512 bytes
                      alternate setting 1: Vendor Specific
                        bulk IN 0x81, packets of 512 bytes
                        bulk OUT 0x01, packets of 512 bytes
                        isochronous IN 0x82, 1024 bytes every 1 ms
                        isochronous OUT 0x02, 1024 bytes every 1 ms
                      alternate setting 2: Vendor Specific
                        interrupt IN 0x83, 1024 bytes every 1 ms
                        interrupt OUT 0x03, 1024 bytes every 1 ms
                  configuration 2 "loop input to output": up to 2 mA, self-powered
                    interface 0 "loop input to output"
                      alternate setting 0: Vendor Specific
                        bulk IN 0x81, packets of 512 bytes
                        bulk OUT 0x01, packets of 512 bytes

                """)
    }

    @Test("The tree of a speaker, with the descriptors of its class") func speaker() async throws {
        let result = try await runTool(["show", "1-1"], in: try .virtual())
        #expect(
            result.text == """
                1209:0001 at 1-1, full speed
                  vendor: swift-usb
                  product: Virtual Speaker
                  serial number: VS0001
                  USB 1.10, device release 1.00, class Per Interface
                  control 0x00, packets of 64 bytes
                  configuration 1, active: up to 100 mA
                    interface 0
                      alternate setting 0: Audio / Control, no endpoints
                        audio header: 09 24 01 00 01 28 00 01 01
                        audio input terminal, 1: USB streaming: 0c 24 02 01 01 01 00 02 03 00 00 00
                        audio feature unit, 2: from 1: 0a 24 06 02 01 01 03 00 00 00
                        audio output terminal, 3: speaker, from 2: 09 24 03 03 01 03 00 02 00
                    interface 1
                      alternate setting 0: Audio / Streaming, no endpoints
                      alternate setting 1: Audio / Streaming
                        audio stream, PCM for terminal 1: 07 24 01 01 01 01 00
                        audio format, 2 channels of 16 bits in 2 bytes, 44100, 48000 Hz: \
                0e 24 02 01 02 02 10 02 44 ac 00 80 bb 00
                        isochronous OUT 0x01, 196 bytes every 1 ms, adaptive
                          audio endpoint: 07 25 01 01 00 00 00

                """)
    }

    @Test("The same as JSON") func json() async throws {
        let result = try await runTool(["show", "0525:a4a0", "--json"], in: try .virtual())
        let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        #expect(report["vendorID"] as? String == "0525")
        let configurations = try #require(report["configurations"] as? [[String: Any]])
        #expect(configurations.map { $0["value"] as? Int } == [3, 2])
        #expect(configurations.map { $0["isActive"] as? Bool } == [true, false])
        #expect(result.text.filter { $0 == "\n" }.count == 1)
    }

    @Test(
        "What endpoints mean",
        arguments: [
            (
                EndpointDescriptor(address: 0x01, transferType: .bulk, maximumPacketSize: 64), Speed.full,
                "bulk OUT 0x01, packets of 64 bytes"
            ),
            (
                EndpointDescriptor(address: 0x83, transferType: .interrupt, maximumPacketSize: 8, interval: 10), .low,
                "interrupt IN 0x83, 8 bytes every 10 ms"
            ),
            (
                EndpointDescriptor(address: 0x83, transferType: .interrupt, maximumPacketSize: 1, interval: 4), .high,
                "interrupt IN 0x83, 1 byte every 1 ms"
            ),
            (
                EndpointDescriptor(
                    address: 0x01, transferType: .isochronous, maximumPacketSize: 192, interval: 1), .full,
                "isochronous OUT 0x01, 192 bytes every 1 ms"
            ),
            (
                EndpointDescriptor(
                    address: 0x82, transferType: .isochronous, maximumPacketSize: 1024, additionalTransactions: 2,
                    interval: 1, synchronization: .asynchronous), .high,
                "isochronous IN 0x82, 3072 bytes every 125 us in packets of 1024, asynchronous"
            ),
            (
                EndpointDescriptor(
                    address: 0x81, transferType: .isochronous, maximumPacketSize: 4, interval: 4,
                    synchronization: .none, usage: .feedback), .high,
                "isochronous IN 0x81, 4 bytes every 1 ms, feedback"
            ),
        ])
    func meanings(_ descriptor: EndpointDescriptor, speed: Speed, meaning: String) {
        let report = DeviceReport.EndpointReport(EndpointLayout(descriptor), of: .vendorSpecific, speed: speed)
        #expect(report.meaning == meaning)
    }

    @Test("An endpoint that makes no sense is shown with the reason") func nonsense() {
        let descriptor = EndpointDescriptor(
            address: 0x01, transferType: .isochronous, maximumPacketSize: 192, interval: 0)
        let report = DeviceReport.EndpointReport(EndpointLayout(descriptor), of: .vendorSpecific, speed: .full)
        #expect(report.meaning.hasPrefix("isochronous OUT 0x01, with a wrong descriptor: "))
        #expect(report.bytesPerInterval == nil)
    }
}

@Suite struct ListTests {
    @Test("The table has a line for each device") func table() async throws {
        let result = try await runTool(["list"], in: try .virtual())
        #expect(
            result.text == """
                PATH  ID         SPEED  NAME                          SERIAL
                1-1   1209:0001  full   swift-usb Virtual Speaker     VS0001
                1-2   1209:0002  full   swift-usb Virtual Microphone  VM0001
                1-3   1209:0003  full   swift-usb Virtual Keyboard    VK0001
                2-1   0525:a4a0  high   swift-usb Gadget Zero         0123456789.0123456789.0123456789
                2-2   1209:0004  high   swift-usb Virtual Disk        000000000001

                """)
    }

    @Test("JSON has an object for each device") func json() async throws {
        let result = try await runTool(["list", "--json"], in: try .virtual())
        let devices = try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [[String: Any]])
        #expect(devices.map { $0["path"] as? String } == ["1-1", "1-2", "1-3", "2-1", "2-2"])
        #expect(devices.map { $0["productID"] as? String } == ["0001", "0002", "0003", "a4a0", "0004"])
        #expect(devices.map { $0["speed"] as? String } == ["full", "full", "full", "high", "high"])
    }
}

@Suite struct ControlTests {
    @Test("The device's answer is shown in hexadecimal, or as it is") func answers() async throws {
        let arguments = ["control", "0525:a4a0", "--type", "standard", "--request", "6", "--value", "0x100"]
        let shown = try await runTool(arguments + ["--length", "18"], in: try .virtual())
        #expect(
            shown.text == """
                0000  12 01 00 02 ff 00 00 40 25 05 a0 a4 00 01 01 02  .......@%.......
                0010  03 02                                            ..

                """)
        let raw = try await runTool(arguments + ["--length", "8", "--raw"], in: try .virtual())
        #expect(raw.output == [0x12, 0x01, 0x00, 0x02, 0xFF, 0x00, 0x00, 0x40])
    }

    @Test("Data are sent and read back") func sending() async throws {
        let session = try HostSession.virtual()
        let zero = ["control", "0525:a4a0", "--type", "vendor", "--request"]
        #expect(try await runTool(zero + ["0x5b", "--data", "01 a2:FF"], in: session).status == .success)
        #expect(try await runTool(zero + ["0x5c", "--length", "3", "--raw"], in: session).output == [1, 0xA2, 0xFF])
        try await withTemporaryDirectory { directory in
            try DataFile.create("\(directory)/data").write([9, 8, 7, 6])
            let sent = try await runTool(zero + ["0x5b", "--file", "\(directory)/data"], in: session)
            #expect(sent.status == .success)
        }
        #expect(try await runTool(zero + ["0x5c", "--length", "4", "--raw"], in: session).output == [9, 8, 7, 6])
    }

    @Test(
        "What is no request",
        arguments: [
            ["--request", "256"], ["--request", "-1"], ["--value", "65536", "--request", "1"],
            ["--request", "1", "--length", "1", "--data", "00"], ["--request", "1", "--data", "0"],
            ["--request", "1", "--data", "0g"], ["--request", "1", "--type", "other"], [],
        ])
    func nonsense(_ arguments: [String]) {
        #expect(throws: (any Error).self) { _ = try USBPipe.parseAsRoot(["control", "0525:a4a0"] + arguments) }
    }
}
