// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Foundation
import USBSpecification

/// What is to be done, in the words that all peers take (Benchmarks/Peers/README.md).
struct Job {
    /// What kind of transfers.
    enum Kind: String {
        case bulk
        case isochronous = "iso"
        /// Bulk, each by a call that returns when the transfer has ended.
        case synchronous = "sync"
    }

    var node: String
    var kind: Kind
    var configuration: UInt8?
    var interface: UInt8
    var setting: UInt8
    var endpoint: EndpointAddress
    /// Of a transfer, or of a packet if isochronous.
    var bytes: Int
    /// Of an isochronous transfer.
    var packets = 1
    var depth: Int
    /// How many.
    var transfers: Int
    var gate: FileHandle?
    var stamps: String?

    static let usage = """
        usage: Peer [--gate FILE] [--stamps FILE] [--configuration N] NODE bulk INTERFACE SETTING ENDPOINT BYTES DEPTH \
        TRANSFERS
               Peer [--gate FILE] [--stamps FILE] [--configuration N] NODE iso INTERFACE SETTING ENDPOINT BYTES DEPTH \
        TRANSFERS PACKETS
               Peer [--gate FILE] [--configuration N] NODE sync INTERFACE SETTING ENDPOINT BYTES TRANSFERS
        """

    /// Reads the words; nil if they are others.
    init?(_ words: [String]) {
        var words = words[...]
        while words.count >= 2, let option = words.first, option.hasPrefix("--") {
            let value = words[words.startIndex + 1]
            switch option {
            case "--gate": gate = FileHandle(forWritingAtPath: value)
            case "--stamps": stamps = value
            case "--configuration": configuration = UInt8(value)
            default: return nil
            }
            words = words.dropFirst(2)
        }
        var rest = Array(words)
        guard rest.count >= 7, let kind = Kind(rawValue: rest[1]) else { return nil }
        if kind == .synchronous {
            guard stamps == nil else { return nil }
            rest.insert("1", at: 6)
        }
        guard rest.count == (kind == .isochronous ? 9 : 8), let interface = UInt8(rest[2]),
            let setting = UInt8(rest[3]),
            let endpoint = UInt8(rest[4].replacing("0x", with: ""), radix: 16), let bytes = Int(rest[5]), bytes > 0,
            let depth = Int(rest[6]), depth > 0, let transfers = Int(rest[7]), transfers >= depth
        else { return nil }
        node = rest[0]
        self.kind = kind
        self.interface = interface
        self.setting = setting
        self.endpoint = EndpointAddress(rawValue: endpoint)
        self.bytes = bytes
        self.depth = depth
        self.transfers = transfers
        if kind == .isochronous {
            guard let packets = Int(rest[8]), packets > 0 else { return nil }
            self.packets = packets
        }
    }
}
