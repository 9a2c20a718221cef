// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Names of vendors, products and device classes from the list that Linux distributions install as `usb.ids`.
///
/// One pass over the file notes where each vendor and class begins; names are decoded when they are asked for. Lines
/// that do not follow the format are passed over, and of two entries for one number the first counts.
struct USBNames: Sendable {
    /// The system's list, read when first used. Empty, and thus without names, where none is installed.
    static let system = USBNames(firstOf: [
        "/usr/share/misc/usb.ids", "/var/lib/usbutils/usb.ids", "/usr/share/hwdata/usb.ids",
    ])

    /// Several times the size that the list has reached in twenty-five years.
    private static let largestFile = 16 << 20

    private let text: [UInt8]
    /// Where in `text` the name of a vendor begins, by number.
    private let vendors: [UInt16: Int]
    /// Where in `text` the name of a class begins, by number.
    private let classes: [UInt8: Int]

    /// Reads the first of the files that can be read.
    init(firstOf paths: [String]) {
        for path in paths {
            if let text = try? DataFile.open(path).readAll(limit: Self.largestFile), !text.isEmpty {
                self.init(text)
                return
            }
        }
        self.init([])
    }

    /// Takes the contents of a list.
    init(_ text: [UInt8]) {
        var vendors: [UInt16: Int] = [:]
        var classes: [UInt8: Int] = [:]
        var lines = Lines(text, from: 0)
        while let line = lines.next() {
            if let number = line.number(UInt16.self, digits: 4, at: 0), let name = line.name(after: 4) {
                vendors[number] = vendors[number] ?? name
            } else if line.starts(with: "C "),
                let number = line.number(UInt8.self, digits: 2, at: 2), let name = line.name(after: 4)
            {
                classes[number] = classes[number] ?? name
            }
        }
        self.text = text
        self.vendors = vendors
        self.classes = classes
    }

    /// The name of a vendor.
    func vendor(_ vendor: UInt16) -> String? {
        vendors[vendor].map(name)
    }

    /// The name of a vendor's product.
    func product(vendor: UInt16, product: UInt16) -> String? {
        guard let start = vendors[vendor] else { return nil }
        return entry(product, digits: 4, depth: 1, behind: start).map(name)
    }

    /// The name of a device or interface class.
    func deviceClass(_ code: UInt8) -> String? {
        classes[code].map(name)
    }

    /// The name of a subclass.
    func subclass(_ code: UInt8, of deviceClass: UInt8) -> String? {
        guard let start = classes[deviceClass] else { return nil }
        return entry(code, digits: 2, depth: 1, behind: start).map(name)
    }

    /// The name of a protocol of a subclass.
    func `protocol`(_ code: UInt8, of subclass: UInt8, of deviceClass: UInt8) -> String? {
        guard let start = classes[deviceClass],
            let subclassStart = entry(subclass, digits: 2, depth: 1, behind: start)
        else { return nil }
        return entry(code, digits: 2, depth: 2, behind: subclassStart).map(name)
    }

    /// Finds an entry among the lines below another one: those that are indented as far, or further.
    ///
    /// - Parameters:
    ///   - depth: the number of tabs in front of the entry.
    ///   - start: any place in the line above the first candidate.
    /// - Returns: where the entry's name begins.
    private func entry<Number: FixedWidthInteger>(
        _ wanted: Number, digits: Int, depth: Int, behind start: Int
    ) -> Int? {
        var lines = Lines(text, from: start)
        _ = lines.next()
        while let line = lines.next() {
            if line.isBlankOrComment { continue }
            let indentation = line.indentation
            if indentation < depth { return nil }
            if indentation == depth, line.number(Number.self, digits: digits, at: depth) == wanted,
                let name = line.name(after: depth + digits)
            {
                return name
            }
        }
        return nil
    }

    /// The text from a place to the end of its line: UTF-8, or else Latin-1, in which old lists were written.
    private func name(at start: Int) -> String {
        var lines = Lines(text, from: start)
        guard let line = lines.next() else { return "" }
        var bytes = line.bytes
        while let last = bytes.last, Line.isSpace(last) { bytes.removeLast() }
        let decoded = String(validating: bytes, as: UTF8.self)
        return (decoded ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))).printable
    }
}

/// The lines of a text, one after the other.
private struct Lines {
    private let text: [UInt8]
    private var position: Int

    init(_ text: [UInt8], from position: Int) {
        self.text = text
        self.position = position
    }

    mutating func next() -> Line? {
        guard position < text.count else { return nil }
        let start = position
        var end = start
        while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
        position = end + 1
        return Line(text: text, start: start, end: end)
    }
}

/// One line without its line feed. Places are counted from its first byte.
private struct Line {
    let text: [UInt8]
    let start: Int
    let end: Int

    /// The bytes.
    var bytes: ArraySlice<UInt8> { text[start..<end] }

    /// The byte at a place, or nil behind the end.
    private func byte(_ place: Int) -> UInt8? { start + place < end ? text[start + place] : nil }

    func starts(with prefix: String) -> Bool { bytes.starts(with: prefix.utf8) }

    /// The number of tabs at the start.
    var indentation: Int { bytes.prefix { $0 == UInt8(ascii: "\t") }.count }

    /// Whether the line says nothing.
    var isBlankOrComment: Bool {
        guard let first = byte(0) else { return true }
        return first == UInt8(ascii: "#") || bytes.allSatisfy(Self.isSpace)
    }

    /// A hexadecimal number of exactly so many digits.
    func number<Number: FixedWidthInteger>(_: Number.Type, digits: Int, at place: Int) -> Number? {
        var number: Number = 0
        for index in place..<(place + digits) {
            let digit: UInt8
            switch byte(index) {
            case let byte? where (0x30...0x39).contains(byte): digit = byte - 0x30
            case let byte? where (0x41...0x46).contains(byte & 0xDF): digit = (byte & 0xDF) - 0x41 + 10
            default: return nil
            }
            number = number << 4 | Number(digit)
        }
        return number
    }

    /// Where the name begins, counted from the start of the text: behind the spaces that must follow a number.
    func name(after place: Int) -> Int? {
        var place = place
        guard let space = byte(place), Self.isSpace(space) else { return nil }
        while let byte = byte(place) {
            if !Self.isSpace(byte) { return start + place }
            place += 1
        }
        return nil
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
