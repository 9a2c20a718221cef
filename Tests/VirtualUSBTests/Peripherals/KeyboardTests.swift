// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification

@testable import VirtualUSB

/// What the keyboard says about itself, and what it types.
@Suite struct KeyboardTests {
    private func request(
        _ direction: Direction, _ code: UInt8, value: UInt16 = 0, length: UInt16 = 0, interface: UInt16 = 0
    ) -> SetupPacket {
        SetupPacket(
            requestType: RequestType(direction: direction, kind: .class, recipient: .interface), request: code,
            value: value, index: interface, length: length)
    }

    private func reports(of keyboard: Keyboard) -> [[UInt8]] {
        var reports: [[UInt8]] = []
        while let report = keyboard.send(8, from: 0x81) { reports.append(report) }
        return reports
    }

    @Test func configurationByteByByte() {
        let bytes = Keyboard().model.configurations[0].bytes
        #expect(
            bytes == [
                0x09, 0x02, 34, 0x00, 0x01, 0x01, 0x00, 0x80, 50,
                0x09, 0x04, 0x00, 0x00, 0x01, 0x03, 0x01, 0x01, 0x00,
                0x09, 0x21, 0x11, 0x01, 0x00, 0x01, 0x22, 63, 0x00,
                0x07, 0x05, 0x81, 0x03, 0x08, 0x00, 0x08,
            ])
        #expect(Configuration.parse(bytes, speed: .full).defects == [])
    }

    /// Usages from the HID Usage Tables, keyboard page.
    @Test(
        arguments: [
            ("a", 0, 0x04), ("z", 0, 0x1D), ("A", 2, 0x04), ("1", 0, 0x1E), ("0", 0, 0x27), ("!", 2, 0x1E),
            ("\n", 0, 0x28), ("\u{1B}", 0, 0x29), ("\t", 0, 0x2B), (" ", 0, 0x2C), ("-", 0, 0x2D), ("=", 0, 0x2E),
            ("[", 0, 0x2F), ("]", 0, 0x30), ("\\", 0, 0x31), ("|", 2, 0x31), (";", 0, 0x33), ("'", 0, 0x34),
            ("`", 0, 0x35), ("~", 2, 0x35), (",", 0, 0x36), (".", 0, 0x37), ("/", 0, 0x38), ("?", 2, 0x38),
        ] as [(String, UInt8, UInt8)])
    func keys(text: String, modifiers: UInt8, usage: UInt8) {
        let keyboard = Keyboard(typing: text)
        #expect(keyboard.send(8, from: 0x81) == [modifiers, 0, usage, 0, 0, 0, 0, 0])
        #expect(
            keyboard.control(request(.in, 0x01, value: 0x0100, length: 8))
                == .data([modifiers, 0, usage, 0, 0, 0, 0, 0]))
        #expect(keyboard.send(8, from: 0x81) == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(keyboard.reply(8, from: 0x81) == .nak)
        #expect(keyboard.reportsSent == 2)
    }

    @Test func allPrintableCharacters() {
        let text = String(decoding: Array(0x20...0x7E) as [UInt8], as: UTF8.self) + "aab\tAA\n"
        let keyboard = Keyboard()
        #expect(keyboard.type(text) == [])
        #expect(keyboard.reportsWaiting == 2 * text.count)
        #expect(Keyboard.text(of: reports(of: keyboard)) == text)
        #expect(keyboard.reportsWaiting == 0)
    }

    @Test func charactersThatTheLayoutDoesNotHave() {
        let keyboard = Keyboard()
        #expect(keyboard.type("café €\u{0}!") == ["é", "€", "\u{0}"])
        #expect(Keyboard.text(of: reports(of: keyboard)) == "caf !")
    }

    @Test func textOutlivesAReset() {
        let keyboard = Keyboard(typing: "ab")
        #expect(keyboard.send(8, from: 0x81) == [0, 0, 4, 0, 0, 0, 0, 0])
        keyboard.reset()
        #expect(keyboard.control(request(.in, 0x01, value: 0x0100, length: 8)) == .data([0, 0, 0, 0, 0, 0, 0, 0]))
        #expect(Keyboard.text(of: reports(of: keyboard)) == "b")
    }

    @Test func requests() {
        let keyboard = Keyboard()
        #expect(keyboard.control(request(.in, 0x03, length: 1)) == .data([1]))
        #expect(keyboard.control(request(.out, 0x0B, value: 0)) == .accepted)
        #expect(keyboard.isBootProtocol)
        #expect(keyboard.control(request(.in, 0x03, length: 1)) == .data([0]))
        #expect(keyboard.control(request(.out, 0x0A, value: 0x7D00)) == .accepted)
        #expect(keyboard.control(request(.in, 0x02, length: 1)) == .data([0x7D]))
        #expect(keyboard.control(request(.out, 0x09, value: 0x0200, length: 1), [0x03]) == .accepted)
        #expect(keyboard.lights == 3)
        #expect(keyboard.control(request(.in, 0x01, value: 0x0200, length: 1)) == .data([3]))
        for refused in [
            request(.out, 0x0B, value: 2), request(.out, 0x0A, value: 0x0001), request(.in, 0x01, value: 0x0300),
            request(.in, 0x01, value: 0x0100, interface: 1), request(.in, 0x7F), request(.out, 0x03),
        ] { #expect(keyboard.control(refused) == .stall) }
        #expect(keyboard.control(request(.out, 0x09, value: 0x0100, length: 1), [0]) == .stall)
        #expect(keyboard.control(request(.out, 0x09, value: 0x0200, length: 2), [0, 0]) == .stall)
        keyboard.reset()
        #expect((keyboard.lights, keyboard.idleRate, keyboard.isBootProtocol) == (0, 0, false))
    }

    @Test func tooLittleRoomIsABabbleAndLosesNothing() {
        let keyboard = Keyboard(typing: "x")
        #expect(keyboard.reply(7, from: 0x81) == .data(8))
        #expect(Keyboard.text(of: reports(of: keyboard)) == "x")
    }

    @Test func aHostReadsTheText() throws {
        try VirtualBus.simulate { bus in
            let attachment = try bus.attach(Keyboard(typing: "Hello, "))
            let device = try bus.open(attachment)
            let descriptor = try await device.read(
                SetupPacket(
                    requestType: RequestType(direction: .in, kind: .standard, recipient: .interface), request: 6,
                    value: 0x2200, index: 0, length: 255))
            #expect(descriptor == Keyboard.reportDescriptor)
            let pipe = try device.claim(0).inPipe(Keyboard.endpoint, Interrupt.self)
            var reports: [[UInt8]] = []
            for _ in 0..<14 { reports.append(try await pipe.read(upTo: 8)) }
            #expect(Keyboard.text(of: reports) == "Hello, ")
            // Nothing is typed until somebody types.
            let early = await #expect(throws: USBError.self) {
                _ = try await pipe.read(upTo: 8, timeout: .seconds(1))
            }
            #expect(early?.kind == .timedOut)
            attachment.withPeripheral { _ = $0.type("you!") }
            for _ in 0..<8 { reports.append(try await pipe.read(upTo: 8)) }
            #expect(Keyboard.text(of: reports) == "Hello, you!")
        }
    }

    @Test func idleReportsComeAtTheirRate() throws {
        try VirtualBus.simulate { bus in
            let device = try bus.open(try bus.attach(Keyboard()))
            // 10 x 4 ms, which is five times the interval of the endpoint.
            try await device.control(request(.out, 0x0A, value: 0x0A00))
            let pipe = try device.claim(0).inPipe(Keyboard.endpoint, Interrupt.self)
            _ = try await pipe.read(upTo: 8)
            let start = bus.clock.presentInstant.nanoseconds
            for _ in 0..<5 { #expect(try await pipe.read(upTo: 8) == [UInt8](repeating: 0, count: 8)) }
            #expect(bus.clock.presentInstant.nanoseconds - start == 200_000_000)
        }
    }
}
