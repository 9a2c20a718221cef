// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB

@Suite struct HostAddressTests {
    @Test(
        "Addresses are read",
        arguments: [
            ("local", HostAddress.local),
            ("virtual", .virtual(VirtualHostAddress())),
            ("virtual:zero", .virtual(VirtualHostAddress(devices: [.zero(speed: .high)]))),
            ("virtual:zero=high", .virtual(VirtualHostAddress(devices: [.zero(speed: .high)]))),
            (
                "virtual:zero=full,speaker=HEARD.wav",
                .virtual(VirtualHostAddress(devices: [.zero(speed: .full), .speaker(file: "HEARD.wav")]))
            ),
            (
                "virtual:speaker,speaker",
                .virtual(VirtualHostAddress(devices: [.speaker(file: nil), .speaker(file: nil)]))
            ),
            (
                "virtual:microphone,disk,disk=a%2Cb.img,keyboard,keyboard=Hi%2C%0A",
                .virtual(
                    VirtualHostAddress(devices: [
                        .microphone, .disk(file: nil), .disk(file: "a,b.img"), .keyboard(text: nil),
                        .keyboard(text: "Hi,\n"),
                    ]))
            ),
            ("virtual?clock=real", .virtual(VirtualHostAddress(clock: .real))),
            ("virtual?clock=free", .virtual(VirtualHostAddress(clock: .free))),
            ("virtual?clock=manual", .virtual(VirtualHostAddress(clock: .manual))),
            (
                "virtual:zero?seed=18446744073709551615&trace=/tmp/t=1.txt&clock=free",
                .virtual(
                    VirtualHostAddress(
                        devices: [.zero(speed: .high)], clock: .free, seed: .max, trace: "/tmp/t=1.txt"))
            ),
            (
                "virtual:speaker=a%2Cb%3fc%26d%25.wav",
                .virtual(VirtualHostAddress(devices: [.speaker(file: "a,b?c&d%.wav")]))
            ),
            ("usbip://server", .usbip(host: "server", port: 3240)),
            ("usbip://192.0.2.1:3241", .usbip(host: "192.0.2.1", port: 3241)),
            ("usbip://[2001:db8::1]", .usbip(host: "2001:db8::1", port: 3240)),
            ("usbip://[::1]:80", .usbip(host: "::1", port: 80)),
        ])
    func reading(_ text: String, address: HostAddress) throws {
        #expect(try HostAddress(parsing: text) == address)
        #expect(try HostAddress(parsing: address.description) == address)
    }

    /// In none of these names is every divider a character by itself: a mark behind one, or U+0600 before one, merges
    /// with it.
    @Test(
        "Any name of a file comes back",
        arguments: ["%\u{301}", "a,\u{301}b", "\u{301}", "\u{600}", "a?\u{301}&\u{301}=\u{301}", "\u{600}%41"])
    func fileNames(_ name: String) throws {
        let devices: [VirtualHostAddress.Device] = [.speaker(file: name), .zero(speed: .high), .speaker(file: name)]
        let address = HostAddress.virtual(VirtualHostAddress(devices: devices, clock: .free, seed: 1, trace: name))
        #expect(try HostAddress(parsing: address.description) == address)
    }

    @Test(
        "The shortest form is written",
        arguments: [
            "local", "virtual", "virtual:zero", "virtual:zero=full,speaker=a%2Cb.wav?clock=free&seed=7&trace=t.txt",
            "virtual?clock=manual", "virtual:speaker=100%25.wav", "virtual:microphone,disk=x.img,keyboard=a%26b",
            "usbip://server", "usbip://server:1",
            "usbip://[::1]:80",
        ])
    func writing(_ text: String) throws {
        #expect(try HostAddress(parsing: text).description == text)
    }

    @Test(
        "What has another, longer form is shortened",
        arguments: [
            ("virtual:zero,speaker,microphone,disk,keyboard", "virtual"), ("virtual:zero=high", "virtual:zero"),
            ("virtual?clock=real", "virtual"), ("virtual?seed=0", "virtual"), ("usbip://server:3240", "usbip://server"),
        ])
    func shortening(_ text: String, shortest: String) throws {
        #expect(try HostAddress(parsing: text).description == shortest)
    }

    @Test(
        "An error names the part that is wrong, and what may stand there",
        arguments: [
            ("", "", "local"), ("Local", "Local", "local"), ("local:", "local:", "local"),
            ("virtually", "virtually", "virtual:DEVICES"), ("usbip:server", "usbip:server", "usbip://HOST"),
            ("virtual:", "", "zero"), ("virtual:zero,", "", "speaker"), ("virtual:zero,mouse", "mouse", "zero"),
            ("virtual:disk=", "disk=", "disk=FILE"),
            ("virtual:microphone=x", "microphone=x", "microphone"), ("virtual:keyboard=", "keyboard=", "keyboard=TEXT"),
            ("virtual:zero=slow", "zero=slow", "zero=full"),
            ("virtual:speaker=", "speaker=", "speaker=FILE"), ("virtual:speaker=%2", "speaker=%2", "%25"),
            ("virtual:speaker=%zz", "speaker=%zz", "%25"), ("virtual:speaker=%00", "speaker=%00", "%25"),
            ("virtual:speaker=%+1", "speaker=%+1", "%25"), ("virtual:speaker=%ff", "speaker=%ff", "FILE"),
            ("virtual?", "", "clock="), ("virtual?clock", "clock", "clock=real"),
            ("virtual?clock=fast", "clock=fast", "clock=free"), ("virtual?seed=-1", "seed=-1", "seed=NUMBER"),
            ("virtual?seed=+1", "seed=+1", "seed=NUMBER"),
            ("virtual?seed=18446744073709551616", "seed=18446744073709551616", "18446744073709551615"),
            ("virtual?trace=", "trace=", "trace=FILE"), ("virtual?speed=9", "speed=9", "trace="),
            ("virtual?clock=free&clock=real", "clock=real", "once"), ("usbip://", "", "IPv4"),
            ("usbip://:80", "", "name"), ("usbip://host:", "", "65535"), ("usbip://host:0", "0", "65535"),
            ("usbip://host:65536", "65536", "65535"), ("usbip://host:+1", "+1", "65535"),
            ("usbip://ho st", "ho st", "name"), ("usbip://host/x", "host/x", "name"),
            ("usbip://[::1", "[::1", "ADDRESS"),
            ("usbip://[::1]80", "80", ":PORT"), ("usbip://[]", "", "IPv6"), ("usbip://[[a]", "[a", "IPv6"),
            ("usbip://a]b", "a]b", "IPv6"),
        ])
    func refusing(_ text: String, part: String, allowed: String) {
        let error = #expect(throws: HostAddressError.self) { _ = try HostAddress(parsing: text) }
        #expect(error?.part == part)
        #expect(error?.allowed.contains(allowed) == true, "\(error?.allowed ?? "")")
        #expect(error?.description.hasPrefix("'\(part)' ") == true)
    }
}
