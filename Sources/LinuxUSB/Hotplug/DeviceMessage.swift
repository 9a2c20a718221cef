// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
/// One message about a device, from the kernel or from its device manager.
struct DeviceMessage: Hashable, Sendable {
    /// What happened.
    enum Action: Hashable, Sendable { case add, remove, bind, other }

    var action: Action
    /// The name of the device's directory, such as "1-2.3".
    var name: String

    /// Reads a message; nil if it is not about a whole USB device, or malformed.
    ///
    /// The kernel sends a line and then pairs, each ended by a zero byte; the device manager sends a binary header that
    /// says where the pairs are.
    init?(_ bytes: [UInt8]) {
        guard let pairs = DeviceMessage.pairs(in: bytes) else { return nil }
        var values: [String: String] = [:]
        for pair in bytes[pairs].split(separator: 0) {
            guard let mark = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = String(decoding: pair[pair.index(after: mark)...], as: UTF8.self)
            values[String(decoding: pair[..<mark], as: UTF8.self)] = value
        }
        guard values["SUBSYSTEM"] == "usb", values["DEVTYPE"] == "usb_device", let path = values["DEVPATH"] else {
            return nil
        }
        name = DeviceTree.lastPart(path)
        guard !name.isEmpty else { return nil }
        action =
            switch values["ACTION"] {
            case "add": .add
            case "remove": .remove
            case "bind": .bind
            default: .other
            }
    }

    /// Where the pairs are.
    private static func pairs(in bytes: [UInt8]) -> Range<Int>? {
        let mark = Array("libudev".utf8) + [0]
        guard bytes.starts(with: mark) else {
            // The first line of the kernel's has no pair in it.
            return bytes.firstIndex(of: 0).map { $0..<bytes.count }
        }
        // The header: mark, magic number in network order, then in host order its size, and offset and length of the
        // pairs.
        guard bytes.count >= 24, bytes[8...11].elementsEqual([0xfe, 0xed, 0xca, 0xfe]) else { return nil }
        func word(_ offset: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(bytes[offset + (isLittleEndian ? $1 : 3 - $1)]) << (8 * $1) }
        }
        let (start, length) = (word(16), word(20))
        guard start <= bytes.count, length <= bytes.count - start else { return nil }
        return start..<(start + length)
    }

    private static var isLittleEndian: Bool { UInt16(1).littleEndian == 1 }
}
#endif
