// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost
public import USBSpecification

/// A bus in memory as an address describes it: its devices and its settings.
public struct VirtualHostAddress: Hashable, Sendable {
    /// A device in memory.
    public enum Device: Hashable, Sendable {
        /// `zero`, or `zero=full`: Gadget Zero at high or full speed.
        case zero(speed: Speed)
        /// `speaker`, or `speaker=FILE`: a loudspeaker, and the WAV file that what it heard is to be saved in.
        case speaker(file: String?)
        /// `microphone`: a microphone that hears a known tone.
        case microphone
        /// `disk`, or `disk=FILE`: a disk in memory, or one whose bytes are in a file.
        case disk(file: String?)
        /// `keyboard`, or `keyboard=TEXT`: a keyboard, and what it types.
        case keyboard(text: String?)
    }

    /// The devices of an address that names none: one of each, none of which needs a file.
    public static let oneOfEach: [Device] = [
        .zero(speed: .high), .speaker(file: nil), .microphone, .disk(file: nil), .keyboard(text: nil),
    ]

    /// The devices, in the order in which they are attached.
    public var devices: [Device]
    /// How the bus's time passes.
    public var clock: TimeFlow
    /// The seed of what is left to chance.
    public var seed: UInt64
    /// The file that a record of every transaction goes to. The program that opens the bus writes it.
    public var trace: String?

    /// Describes a bus in memory.
    public init(
        devices: [Device] = oneOfEach, clock: TimeFlow = .real, seed: UInt64 = 0, trace: String? = nil
    ) {
        self.devices = devices
        self.clock = clock
        self.seed = seed
        self.trace = trace
    }

    /// Reads what follows `virtual` in an address.
    init(parsing text: Substring) throws(HostAddressError) {
        self.init()
        let end = text.unicodeScalars.firstIndex(of: "?") ?? text.endIndex
        if text.first == ":" {
            devices = []
            for part in text[..<end].dropFirst().parts(separatedBy: ",") {
                devices.append(try Device(parsing: part))
            }
        }
        guard end < text.endIndex else { return }
        var seen: Set<Substring> = []
        for part in text[text.unicodeScalars.index(after: end)...].parts(separatedBy: "&") {
            let (name, value) = part.nameAndValue
            guard seen.insert(name).inserted else {
                throw HostAddressError(part: part, problem: "sets '\(name)' again", allowed: "each setting once")
            }
            try set(name, to: value, part: part)
        }
    }

    private mutating func set(
        _ name: Substring, to value: Substring?, part: Substring
    ) throws(HostAddressError) {
        switch name {
        case "clock":
            guard let flow = TimeFlow(word: value) else {
                throw HostAddressError(
                    part: part, problem: "is no clock", allowed: "clock=real, clock=free or clock=manual")
            }
            clock = flow
        case "seed":
            guard let value, value.first?.isWholeNumber == true, let number = UInt64(value) else {
                throw HostAddressError(part: part, problem: "is no seed", allowed: "seed=NUMBER, 0 to \(UInt64.max)")
            }
            seed = number
        case "trace":
            trace = try part.fileName(value, allowed: "trace=FILE")
        default:
            throw HostAddressError(part: part, problem: "is no setting", allowed: "clock=, seed= and trace=")
        }
    }
}

extension VirtualHostAddress: CustomStringConvertible {
    /// What follows `virtual` in an address; settings that have their usual values are left out.
    public var description: String {
        var settings: [String] = []
        if clock != .real { settings.append("clock=\(clock.word)") }
        if seed != 0 { settings.append("seed=\(seed)") }
        if let trace { settings.append("trace=\(trace.escaped)") }
        let names = devices.map(\.description).joined(separator: ",")
        return (devices == VirtualHostAddress.oneOfEach ? "" : ":\(names)")
            + (settings.isEmpty ? "" : "?" + settings.joined(separator: "&"))
    }
}

extension VirtualHostAddress.Device: CustomStringConvertible {
    init(parsing part: Substring) throws(HostAddressError) {
        let (name, value) = part.nameAndValue
        switch (name, value) {
        case ("zero", nil), ("zero", "high"): self = .zero(speed: .high)
        case ("zero", "full"): self = .zero(speed: .full)
        case ("zero", _):
            throw HostAddressError(
                part: part, problem: "has an unknown speed", allowed: "zero, zero=high and zero=full")
        case ("speaker", nil): self = .speaker(file: nil)
        case ("speaker", _): self = .speaker(file: try part.fileName(value, allowed: "speaker or speaker=FILE"))
        case ("microphone", nil): self = .microphone
        case ("microphone", _):
            throw HostAddressError(part: part, problem: "takes no value", allowed: "microphone")
        case ("disk", nil): self = .disk(file: nil)
        case ("disk", _): self = .disk(file: try part.fileName(value, allowed: "disk or disk=FILE"))
        case ("keyboard", nil): self = .keyboard(text: nil)
        case ("keyboard", ""):
            throw HostAddressError(part: part, problem: "gives no text", allowed: "keyboard or keyboard=TEXT")
        case ("keyboard", _):
            self = .keyboard(text: try part.fileName(value, allowed: "keyboard or keyboard=TEXT"))
        default:
            throw HostAddressError(
                part: part, problem: "is no virtual device",
                allowed:
                    "zero, zero=full, speaker, speaker=FILE, microphone, disk, disk=FILE, keyboard and keyboard=TEXT")
        }
    }

    /// The device as an address has it.
    public var description: String {
        switch self {
        case .zero(let speed): speed == .full ? "zero=full" : "zero"
        case .speaker(let file): file.map { "speaker=\($0.escaped)" } ?? "speaker"
        case .microphone: "microphone"
        case .disk(let file): file.map { "disk=\($0.escaped)" } ?? "disk"
        case .keyboard(let text): text.map { "keyboard=\($0.escaped)" } ?? "keyboard"
        }
    }
}

extension TimeFlow {
    fileprivate init?(word: Substring?) {
        switch word {
        case "real": self = .real
        case "free": self = .free
        case "manual": self = .manual
        default: return nil
        }
    }

    fileprivate var word: String {
        switch self {
        case .real: "real"
        case .free: "free"
        case .manual: "manual"
        }
    }
}

extension Substring {
    /// What stands between the separators. They count as such by themselves: a character of a file's name may merge with
    /// the one before it or behind it.
    fileprivate func parts(separatedBy separator: Unicode.Scalar) -> [Substring] {
        unicodeScalars.split(separator: separator, omittingEmptySubsequences: false).map { Substring($0) }
    }

    /// The text before the first `=`, and the text behind it if there is one.
    fileprivate var nameAndValue: (name: Substring, value: Substring?) {
        guard let sign = unicodeScalars.firstIndex(of: "=") else { return (self, nil) }
        return (self[..<sign], self[unicodeScalars.index(after: sign)...])
    }

    /// The name of a file or another text, its escapes undone; throws an error about the whole part if there is none.
    fileprivate func fileName(_ value: Substring?, allowed: String) throws(HostAddressError) -> String {
        guard let value, !value.isEmpty else {
            throw HostAddressError(part: self, problem: "names no file", allowed: allowed)
        }
        var bytes: [UInt8] = []
        var rest = value.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let text = String(digits), text.allSatisfy(\.isHexDigit),
                let code = UInt8(text, radix: 16), code != 0
            else {
                throw HostAddressError(
                    part: self, problem: "has a '%' without two hexadecimal digits behind it",
                    allowed: "%25 for the character itself")
            }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        guard let name = String(validating: bytes, as: UTF8.self) else {
            throw HostAddressError(part: self, problem: "is not UTF-8", allowed: allowed)
        }
        return name
    }
}

extension String {
    /// The text with the characters that divide an address written as escapes.
    fileprivate var escaped: String {
        // By scalars: a mark behind one of these would make both another character, which the reader takes apart.
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar {
            case "%": result.append(contentsOf: "%25".unicodeScalars)
            case ",": result.append(contentsOf: "%2C".unicodeScalars)
            case "?": result.append(contentsOf: "%3F".unicodeScalars)
            case "&": result.append(contentsOf: "%26".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
