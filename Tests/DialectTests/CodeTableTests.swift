// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import Foundation
import Testing
import USBHost
import USBRequests
import Win32

@testable import USBDriverKit
@testable import WinUSB

/// The tables of the article "Four dialects, one engine", against the code that they describe.
@Suite("codes of all dialects")
struct CodeTableTests {
    private static let faults: KeyValuePairs<String, BusFault> = [
        "transaction": .transaction, "cyclicRedundancyCheck": .cyclicRedundancyCheck, "noResponse": .noResponse,
        "babble": .babble, "hostMemory": .hostMemory,
    ]

    private static let kinds: [(name: String, kind: USBError.Kind)] =
        [
            ("cancelled", .cancelled), ("timedOut", .timedOut), ("stalled", .stalled), ("deviceGone", .deviceGone),
            ("closed", .closed), ("overflow", .overflow), ("invalidArgument", .invalidArgument),
            ("unsupported", .unsupported), ("notFound", .notFound), ("accessDenied", .accessDenied), ("busy", .busy),
            ("noBandwidth", .noBandwidth), ("outOfMemory", .outOfMemory), ("notAccepting", .notAccepting),
            ("tooLate", .tooLate), ("tooEarly", .tooEarly), ("discontinuous", .discontinuous),
            ("neverCompletes", .neverCompletes), ("other", .other),
        ] + faults.map { ("bus(.\($0))", .bus($1)) }

    private static let packets: [(name: String, status: PacketStatus)] =
        [
            ("completed", .completed), ("expired", .expired), ("missed", .missed), ("notServiced", .notServiced),
            ("notAttempted", .notAttempted),
        ] + faults.map { ("failed(.\($0))", .failed($1)) }

    /// The rows of the article's tables that begin with a case of the engine's, by its name: the cells behind it.
    private func rows(columns: Int) throws -> [String: [String]] {
        let article = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/USB/USB.docc/FourDialectsOneEngine.md")
        var rows: [String: [String]] = [:]
        for line in try String(contentsOf: article, encoding: .utf8).split(separator: "\n")
        where line.hasPrefix("| `.") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == columns else { continue }
            let name = String(cells[0].dropFirst(2).dropLast())
            try #require(rows.updateValue(Array(cells.dropFirst()), forKey: name) == nil, "\(name) stands there twice")
        }
        return rows
    }

    /// The numbers of 32 bits in a cell.
    private func codes(_ cell: String) -> [UInt32] {
        cell.split { !$0.isHexDigit && $0 != "x" }.filter { $0.hasPrefix("0x") }.compactMap {
            UInt32($0.dropFirst(2), radix: 16)
        }
    }

    @Test("every error of the engine has its row, with the code of each dialect")
    func errors() throws {
        let rows = try rows(columns: 5)
        #expect(Set(rows.keys) == Set(Self.kinds.map(\.name)))
        for (name, kind) in Self.kinds {
            let row = try #require(rows[name])
            let block = BlockStatus.of(kind)
            #expect(row[0].prefix { $0.isNumber } == "\(NTStatus(kind).systemError)", "\(name), WinUSB")
            #expect(codes(row[1]) == [UInt32(bitPattern: BlockStatus.requestStatus(block))], "\(name), WDF")
            #expect(codes(row[2]) == [UInt32(bitPattern: block)], "\(name), USBD")
            #expect(codes(row[3]) == [UInt32(bitPattern: ReturnCode.of(kind))], "\(name), USBDriverKit")
        }
    }

    @Test("every status of a packet has its row, with the codes of its dialects")
    func packets() throws {
        let rows = try rows(columns: 3)
        #expect(Set(rows.keys) == Set(Self.packets.map(\.name)))
        let ends: [TransferStatus] = [.cancelled, .deviceGone, .failed(.other)]
        for (name, packet) in Self.packets {
            let row = try #require(rows[name])
            let own = codes(row[0])
            let expected = own.count == 1 ? [own[0], own[0], own[0]] : own
            #expect(ends.map { UInt32(bitPattern: BlockStatus.of(packet, in: $0)) } == expected, "\(name), USBD")
            #expect(ends.map { UInt32(bitPattern: PacketCode.of(packet, in: $0)) } == expected, "\(name), WinUSB")
            let entries = [(false, true), (true, true), (false, false)].map { isShort, isIn in
                UInt32(bitPattern: ReturnCode.of(packet, isShort: isShort, isIn: isIn))
            }
            #expect(Set(codes(row[1])) == Set(entries), "\(name), USBDriverKit")
        }
    }
}
