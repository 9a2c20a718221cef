// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import USBHost
import USBSpecification

/// Isochronous traffic to and from the device, which every dialect is to bring about.
struct Plan: Sendable, CustomStringConvertible {
    /// A transfer of whole frames, which begins at an exact frame.
    struct Transfer: Hashable, Sendable {
        /// The first frame.
        var frame: UInt32
        /// What goes out in each service interval, or the room for what comes in.
        var sizes: [Int]

        var byteCount: Int { sizes.reduce(0, +) }

        /// Where each packet begins in the transfer's memory.
        var offsets: [Int] {
            var end = 0
            return sizes.map { size in
                defer { end += size }
                return end
            }
        }
    }

    /// The sizes of OUT packets.
    enum Sizes: Hashable, Sendable {
        /// Every packet is full but for the last of a transfer, as WinUSB sends them.
        case full
        /// Each packet has a size of its own, which may be nothing.
        case varied
    }

    /// The frame in which the first transfer begins. Where a frame has one packet, that of this frame is spoilt.
    static let firstFrame: UInt32 = 1_000_217

    let layout: StreamingDevice.Layout
    let seed: UInt64
    private(set) var out: [Transfer] = []
    private(set) var `in`: [Transfer] = []

    /// Transfers of one to six frames each, the first of one, directly one behind the other or with a gap of some frames.
    init(_ layout: StreamingDevice.Layout, _ sizes: Sizes, seed: UInt64) {
        self.layout = layout
        self.seed = seed
        var numbers = SeededGenerator(seed: seed)
        var frame = Self.firstFrame
        for index in 0..<8 {
            let frames = index == 0 ? 1 : Int.random(in: 1...6, using: &numbers)
            let full = [Int](repeating: layout.packetSize, count: frames * layout.packetsPerFrame)
            var outSizes = full
            switch sizes {
            case .full: outSizes[full.count - 1] = .random(in: 1...layout.packetSize, using: &numbers)
            case .varied: outSizes = full.map { .random(in: 0...$0, using: &numbers) }
            }
            out.append(Transfer(frame: frame, sizes: outSizes))
            self.in.append(Transfer(frame: frame, sizes: full))
            // The first two are chained in any case.
            frame += UInt32(frames) + (index == 0 ? 0 : [0, 0, 1, 3].randomElement(using: &numbers) ?? 0)
        }
    }

    /// The frame behind the last transfer.
    var endFrame: UInt32 {
        `in`.map { $0.frame + UInt32($0.sizes.count / layout.packetsPerFrame) }.max() ?? Self.firstFrame
    }

    /// Puts off the last OUT transfer by a frame.
    mutating func delayLast() { out[out.count - 1].frame += 1 }

    /// Takes a byte from the first packet of the last OUT transfer.
    mutating func shortenLast() { out[out.count - 1].sizes[0] -= 1 }

    /// What goes out in a transfer, from its first packet to its last: other bytes in each.
    func bytes(of index: Int) -> [UInt8] {
        (0..<out[index].byteCount).map { UInt8(truncatingIfNeeded: $0 + $0 / 251 + 17 * index) }
    }

    var description: String { "\(layout), seed \(seed)" }

    /// Plans for every layout and some seeds.
    static func all(_ sizes: Sizes) -> [Plan] {
        StreamingDevice.Layout.all.flatMap { layout in
            (1...UInt64(lengthy(2, by: 2))).map { Plan(layout, sizes, seed: $0) }
        }
    }
}
