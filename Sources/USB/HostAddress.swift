// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where a USB bus is found, as a user writes it.
///
/// | address | the bus |
/// | --- | --- |
/// | `local` | the machine's own |
/// | `virtual` | in memory, with one of each virtual device |
/// | `virtual:zero,speaker=HEARD.wav?clock=free` | in memory, with these devices |
/// | `usbip://HOST[:PORT]` | of another machine on the network |
///
/// The part of a virtual address behind `?` has settings, joined by `&`: `clock=real`, `clock=free` or `clock=manual`
/// (see `TimeFlow`; `real` unless said otherwise), `seed=NUMBER` for everything on the bus that is left to
/// chance, and `trace=FILE` for a record of every transaction. In the names of files `,`, `?`, `&` and `%` are written
/// `%2C`, `%3F`, `%26` and `%25`.
///
/// The description of an address is read back as the same address.
public enum HostAddress: Hashable, Sendable {
    /// The machine's own bus.
    case local
    /// A bus in memory.
    case virtual(VirtualHostAddress)
    /// The bus of another machine, reached by USB/IP.
    case usbip(host: String, port: UInt16)

    /// The port on which USB/IP servers listen unless told otherwise.
    public static let usbipPort: UInt16 = 3240

    /// Reads an address.
    ///
    /// Throws ``HostAddressError``, which names the part that is wrong and what may stand there.
    public init(parsing text: String) throws(HostAddressError) {
        if text == "local" {
            self = .local
        } else if let rest = text.dropping(prefix: "virtual"), rest.isEmpty || rest.first == ":" || rest.first == "?" {
            self = .virtual(try VirtualHostAddress(parsing: rest))
        } else if let rest = text.dropping(prefix: "usbip://") {
            self = try HostAddress.parseNetwork(rest)
        } else {
            throw HostAddressError(
                part: text, problem: "is no address of a host",
                allowed: "local, virtual, virtual:DEVICES, usbip://HOST or usbip://HOST:PORT")
        }
    }

    private static func parseNetwork(_ text: Substring) throws(HostAddressError) -> HostAddress {
        var host = text
        var portText: Substring?
        if text.first == "[" {
            // An IPv6 address has colons of its own and so stands in brackets.
            guard let end = text.firstIndex(of: "]") else {
                throw HostAddressError(
                    part: text, problem: "has no closing bracket", allowed: "[ADDRESS] or [ADDRESS]:PORT")
            }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else {
                throw HostAddressError(part: rest, problem: "stands behind the host", allowed: ":PORT")
            }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        guard !host.isEmpty, host.allSatisfy({ $0.isASCII && !$0.isWhitespace && !"/?#@[]".contains($0) }) else {
            throw HostAddressError(
                part: host, problem: "is no name of a host", allowed: "a name, an IPv4 address or [an IPv6 address]")
        }
        guard let portText else { return .usbip(host: String(host), port: usbipPort) }
        guard portText.allSatisfy(\.isWholeNumber), let port = UInt16(portText), port > 0 else {
            throw HostAddressError(part: portText, problem: "is no port", allowed: "1 to 65535")
        }
        return .usbip(host: String(host), port: port)
    }
}

extension HostAddress: CustomStringConvertible {
    /// The address as ``init(parsing:)`` reads it, in its shortest form.
    public var description: String {
        switch self {
        case .local: return "local"
        case .virtual(let address): return "virtual\(address)"
        case .usbip(let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            return "usbip://\(name)" + (port == HostAddress.usbipPort ? "" : ":\(port)")
        }
    }
}

/// Why a text is no address of a host.
public struct HostAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The part that is wrong, as it was written.
    public var part: String
    /// What is wrong with it, as a phrase that follows it in a sentence.
    public var problem: String
    /// What may stand there.
    public var allowed: String

    init(part: some StringProtocol, problem: String, allowed: String) {
        self.part = String(part)
        self.problem = problem
        self.allowed = allowed
    }

    /// One sentence for a person.
    public var description: String { "'\(part)' \(problem); allowed: \(allowed)" }
}

extension StringProtocol {
    /// The rest behind a prefix; nil if it begins otherwise.
    func dropping(prefix: String) -> SubSequence? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
