// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which key gives which character on a US keyboard (HID Usage Tables, page 0x07).
enum KeyboardLayout {
    /// The modifier bit of the left shift key.
    static let leftShift: UInt8 = 0x02

    /// The characters of the usages from 0x04 on: alone, and with shift.
    private static let plain = Array("abcdefghijklmnopqrstuvwxyz1234567890\n\u{1B}\u{8}\t -=[]\\\u{0};'`,./")
    private static let shifted = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()\n\u{1B}\u{8}\t _+{}|\u{0}:\"~<>?")
    private static let firstUsage = 0x04

    /// The key for a character, and whether shift is held; nil if there is none.
    static func key(for character: Character) -> (usage: UInt8, isShifted: Bool)? {
        guard character != "\u{0}" else { return nil }
        if let index = plain.firstIndex(of: character) { return (UInt8(index + firstUsage), false) }
        if let index = shifted.firstIndex(of: character) { return (UInt8(index + firstUsage), true) }
        return nil
    }

    /// The character of a key; nil if it has none.
    static func character(of usage: UInt8, isShifted: Bool) -> Character? {
        let index = Int(usage) - firstUsage
        let characters = isShifted ? shifted : plain
        guard characters.indices.contains(index), characters[index] != "\u{0}" else { return nil }
        return characters[index]
    }
}
